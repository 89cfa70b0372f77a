/* Making and freeing a regular expression. */

#include "regex/regex_internal.h"

#include "base/check.h"
#include "regex/regex_facts.h"
#include "regex/regex_select.h"

static bool compile(struct regex *regex, slice pattern, slice flags, struct regex_error *error)
{
    if (!regex_parse(pattern, flags, &regex->arena, &regex->tree, error))
        return false;
    regex_facts_compute(&regex->tree);
    regex->program = regex_program_new(&regex->tree);
    if (regex->program == NULL)
        return regex_fail(error, 0, "regular expression too large");
    regex->cost = regex_cost_of(&regex->tree);
    if (regex->cost.degree < REGEX_COST_UNBOUNDED && regex_needs_exact(&regex->tree) == NULL)
        regex_pcre_init(&regex->pcre, &regex->tree);
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

bool regex_check(slice pattern, slice flags, struct regex_error *error)
{
    struct arena arena;
    struct regex_tree tree;
    arena_init(&arena, REGEX_MAX_COMPILED_BYTES);
    bool parsed = regex_parse(pattern, flags, &arena, &tree, error);
    arena_fini(&arena);
    return parsed;
}

void regex_free(struct regex **regex)
{
    if (*regex == NULL)
        return;
    regex_pcre_fini(&(*regex)->pcre);
    arena_fini(&(*regex)->arena);
    free(*regex);
    *regex = NULL;
}
