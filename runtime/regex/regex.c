/* Making and freeing a regular expression. */

#include "regex/regex_internal.h"

#include "base/check.h"
#include "regex/regex_facts.h"
#include "regex/regex_select.h"

static void add_pcre(struct regex *regex, const struct regex_tree *tree)
{
    regex->cost = regex_cost_of(tree);
    if (regex->cost.degree < REGEX_COST_UNBOUNDED && regex_needs_exact(tree) == NULL)
        regex_pcre_init(&regex->pcre, tree);
}

static struct regex *compile(struct regex_tree *tree)
{
    struct regex *regex = calloc(1, sizeof *regex);
    CHECK(regex != NULL);
    tree->arena->limit_bytes = 0; /* the limit is of the tree, and bounds the program too */
    regex_facts_compute(tree);
    const struct regex_program *program = regex_program_build(tree);
    CHECK(program != NULL);
    regex->program = regex_program_copy(program);
    add_pcre(regex, tree);
    return regex;
}

struct regex *regex_new(slice pattern, slice flags, struct regex_error *error)
{
    struct arena arena;
    struct regex_tree tree;
    struct regex *regex = NULL;
    arena_init(&arena, REGEX_MAX_TREE_BYTES);
    if (regex_parse(pattern, flags, &arena, &tree, error))
        regex = compile(&tree);
    arena_fini(&arena);
    return regex;
}

const struct regex *regex_new_in(struct arena *arena, slice pattern, struct regex_error *error)
{
    struct regex_tree tree;
    if (!regex_parse(pattern, SLICE(""), arena, &tree, error))
        return NULL;
    regex_facts_compute(&tree);
    struct regex *regex = arena_try_alloc(arena, sizeof *regex);
    const struct regex_program *program = regex_program_build(&tree);
    if (regex == NULL || program == NULL) {
        regex_fail_exhausted(error);
        return NULL;
    }
    *regex = (struct regex){.program = program};
    return regex;
}

void regex_free(struct regex **regex)
{
    if (*regex == NULL)
        return;
    regex_pcre_fini(&(*regex)->pcre);
    free((void *)(*regex)->program);
    free(*regex);
    *regex = NULL;
}
