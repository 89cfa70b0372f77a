/* For compare.mjs: reads lines of a path and a name, both in hexadecimal, and writes for each what
 * the runtime makes of it: `error MESSAGE`, `no`, or `yes` and the byte range of each variable
 * (`-`: it takes no part). */

#include "base/check.h"
#include "pattern/pattern.h"

#include <stdio.h>

#define MAX_LINE 4096

static uint32_t hex_digit(char c)
{
    return c <= '9' ? (uint32_t)(c - '0') : (uint32_t)(c - 'a' + 10);
}

/* Decodes up to a space or the end of the line, in place. */
static slice decode(char **position)
{
    char *start = *position, *from = start, *to = start;
    for (; *from > ' '; from += 2)
        *to++ = (char)(hex_digit(from[0]) << 4 | hex_digit(from[1]));
    *position = *from == ' ' ? from + 1 : from;
    return (slice){start, (size_t)(to - start)};
}

static bool is_found(const struct pattern *pattern, slice name, struct arena *arena)
{
    const uint64_t wanted = 1;
    const struct pattern_index *index = pattern_index_new(&pattern, 1, arena);
    CHECK(index != NULL);
    return pattern_index_find(index, name, &wanted, arena) == 0;
}

static void answer(slice path, slice name, struct arena *arena)
{
    struct pattern_error error;
    slice captures[PATTERN_MAX_VARIABLES];
    const struct pattern *pattern = pattern_parse(path, arena, &error);
    if (pattern == NULL) {
        printf("error %s\n", error.message);
        return;
    }
    bool found = is_found(pattern, name, arena);
    CHECK(pattern_capture(pattern, name, arena, captures) == found);
    fputs(found ? "yes" : "no", stdout);
    for (uint32_t i = 0; found && i < pattern_variable_count(pattern); i++) {
        size_t start = captures[i].at == NULL ? 0 : (size_t)(captures[i].at - name.at);
        if (captures[i].at == NULL)
            fputs(" -", stdout);
        else
            printf(" %zu:%zu", start, start + captures[i].length);
    }
    putchar('\n');
}

int main(void)
{
    char line[MAX_LINE];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct arena arena;
        char *position = line;
        slice path = decode(&position), name = decode(&position);
        arena_init(&arena, 0);
        answer(path, name, &arena);
        arena_fini(&arena);
    }
    return ferror(stdin) || fflush(stdout) != 0;
}
