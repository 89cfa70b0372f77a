/* Making and freeing a regular expression. */

#include "regex/regex_internal.h"

#include "base/check.h"

static bool compile(struct regex *regex, slice pattern, slice flags, struct regex_error *error)
{
    if (!regex_parse(pattern, flags, &regex->arena, &regex->tree, error))
        return false;
    regex->program = regex_program_new(&regex->tree);
    if (regex->program == NULL)
        return regex_fail(error, 0, "regular expression too large");
    return true;
}

struct regex *regex_new(slice pattern, slice flags, struct regex_error *error)
{
    struct regex *regex = calloc(1, sizeof *regex);
    CHECK(regex != NULL);
    arena_init(&regex->arena, REGEX_MAX_COMPILED_BYTES);
    if (!compile(regex, pattern, flags, error))
        regex_free(&regex);
    return regex;
}

void regex_free(struct regex **regex)
{
    if (*regex == NULL)
        return;
    arena_fini(&(*regex)->arena);
    free(*regex);
    *regex = NULL;
}
