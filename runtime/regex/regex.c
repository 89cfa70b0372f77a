/* Making and freeing a regular expression. */

#include "regex/regex_internal.h"

#include "base/check.h"
#include "regex/regex_facts.h"
#include "regex/regex_select.h"

static void keep_names(struct regex *regex, const struct regex_tree *tree)
{
    size_t list_bytes = tree->name_count * sizeof *tree->names, text_bytes = 0;
    for (uint32_t i = 0; i < tree->name_count; i++)
        text_bytes += tree->names[i].text.length;
    regex->name_count = tree->name_count;
    regex->names = malloc(list_bytes + text_bytes + 1);
    CHECK(regex->names != NULL);
    char *texts = (char *)(regex->names + tree->name_count);
    for (uint32_t i = 0; i < tree->name_count; i++) {
        slice text = tree->names[i].text;
        memcpy(texts, text.at, text.length);
        regex->names[i] = (struct regex_name){{texts, text.length}, tree->names[i].group};
        texts += text.length;
    }
}

static struct regex *compile(struct regex_tree *tree)
{
    struct regex *regex = calloc(1, sizeof *regex);
    CHECK(regex != NULL);
    regex_facts_compute(tree);
    regex->flags = tree->flags;
    regex->group_count = tree->group_count;
    keep_names(regex, tree);
    regex->program = regex_program_new(tree);
    regex->cost = regex_cost_of(tree);
    if (regex->cost.degree < REGEX_COST_UNBOUNDED && regex_needs_exact(tree) == NULL)
        regex_pcre_init(&regex->pcre, tree);
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

void regex_free(struct regex **regex)
{
    if (*regex == NULL)
        return;
    regex_pcre_fini(&(*regex)->pcre);
    free((*regex)->program);
    free((*regex)->names);
    free(*regex);
    *regex = NULL;
}
