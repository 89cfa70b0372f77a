/* Runs the checks of lint_checks.def over a compilation. */

#include "lint.h"

#include "lint_pages.h"
#include "base/check.h"

static const struct lint_info LINTS[] = {
#define LINT(name, by_default, summary) {DIAG_##name, by_default, summary},
#include "lints.def"
#undef LINT
};

#define LINT_COUNT (sizeof LINTS / sizeof *LINTS)

uint32_t lint_count(void)
{
    return (uint32_t)LINT_COUNT;
}

const struct lint_info *lint_at(uint32_t i)
{
    CHECK(i < LINT_COUNT);
    return &LINTS[i];
}

const char *lint_id(const struct lint_info *lint)
{
    return diagnostic_info(lint->diagnostic)->id;
}

const struct lint_info *lint_find(slice id)
{
    for (size_t i = 0; i < LINT_COUNT; i++) {
        if (slice_equal(id, slice_of(lint_id(&LINTS[i]))))
            return &LINTS[i];
    }
    return NULL;
}

slice lint_page(const struct lint_info *lint)
{
    const struct lint_page *page = LINT_PAGES;
    while (page->id != NULL && strcmp(page->id, lint_id(lint)) != 0)
        page++;
    CHECK(page->id != NULL);
    return slice_of(page->text);
}

/* ---- running ---- */

static void (*const FILE_CHECKS[])(struct lint_run *) = {
#define FILE_CHECK(name) name,
#define RULE_CHECK(name)
#define NODE_CHECK(name)
#include "lint_checks.def"
#undef FILE_CHECK
#undef RULE_CHECK
};

static void (*const RULE_CHECKS[])(struct lint_run *, const struct rule *) = {
#define FILE_CHECK(name)
#define RULE_CHECK(name) name,
#include "lint_checks.def"
#undef RULE_CHECK
#undef NODE_CHECK
};

static void (*const NODE_CHECKS[])(struct lint_run *, const struct rule *,
                                   const struct ast_node *) = {
#define RULE_CHECK(name)
#define NODE_CHECK(name) name,
#include "lint_checks.def"
#undef FILE_CHECK
#undef RULE_CHECK
#undef NODE_CHECK
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Sorts the rules by path, keeping their order: the number of a path is its place in the file. */
static void group_rules(struct lint_run *run)
{
    const struct compilation *compilation = run->compilation;
    size_t path_count = compilation->paths.count, rule_count = compilation->rules.count;
    uint32_t *starts = arena_alloc_zeroed(run->arena, (path_count + 2) * sizeof *starts);
    const struct rule **rules = arena_alloc_zeroed(run->arena, (rule_count + 1) * sizeof *rules);
    for (size_t i = 0; i < rule_count; i++)
        starts[compilation->rules.items[i]->path->number + 2]++;
    for (size_t i = 2; i < path_count + 2; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < rule_count; i++)
        rules[starts[compilation->rules.items[i]->path->number + 1]++] =
            compilation->rules.items[i];
    run->rules = rules;
    run->path_starts = starts;
}

struct node_walk {
    struct lint_run *run;
    const struct rule *rule;
};

static bool on_enter(void *context, struct ast_node *node)
{
    struct node_walk *walk = context;
    for (size_t i = 0; i < COUNT(NODE_CHECKS); i++)
        NODE_CHECKS[i](walk->run, walk->rule, node);
    return true;
}

static void check_rule(struct lint_run *run, const struct rule *rule)
{
    struct node_walk walk = {run, rule};
    for (size_t i = 0; i < COUNT(RULE_CHECKS); i++)
        RULE_CHECKS[i](run, rule);
    ast_walk(rule->tree, &(struct ast_visitor){.enter = on_enter, .context = &walk});
}

void lint_run(struct compilation *compilation)
{
    struct lint_run run = {.compilation = compilation, .arena = compilation->arena};
    group_rules(&run);
    for (size_t i = 0; i < compilation->rules.count; i++) {
        const struct rule *rule = compilation->rules.items[i];
        if (rule->tree != NULL)
            types_infer(rule->tree, rule->kind);
    }
    for (size_t i = 0; i < COUNT(FILE_CHECKS); i++)
        FILE_CHECKS[i](&run);
    for (size_t i = 0; i < compilation->rules.count; i++) {
        if (compilation->rules.items[i]->tree != NULL)
            check_rule(&run, compilation->rules.items[i]);
    }
}
