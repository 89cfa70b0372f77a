/* Reads texts from standard input, each as its length in bytes, a line end and the bytes, and
 * answers each with a line: `accepted`, or the ids of what is wrong with it as an expression. */

#include "base/check.h"
#include "parse.h"

#include <stdlib.h>

static void answer(slice text)
{
    struct arena arena;
    struct source source;
    struct diagnostics diagnostics;
    struct text_piece start = {0, 0};
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    source_init(&source, SLICE("rule"), text, &arena);
    struct mapped_text mapped = {text, &source, &start, 1};
    if (parse_expression(&mapped, &arena, &diagnostics) != NULL)
        printf("accepted");
    for (size_t i = 0; i < diagnostics.list.count; i++)
        printf("%s ", diagnostic_info(diagnostics.list.items[i].id)->id);
    printf("\n");
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
}

int main(void)
{
    char line[32];
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strtoul(line, NULL, 10);
        char *text = malloc(length + 1);
        CHECK(text != NULL);
        CHECK(fread(text, 1, length, stdin) == length);
        answer((slice){text, length});
        free(text);
    }
    return 0;
}
