/* Variables that no rule of their path reads. A variable is also the way to say "one level", so
 * paths are left alone whose rules are all `true` or `false`, or look at the record or message
 * itself. */

#include "lint.h"
#include "path_variables.h"

struct use {
    slice name; /* without the $ */
    bool found;
};

static bool on_enter_use(void *context, struct ast_node *node)
{
    struct use *use = context;
    if (node->kind == AST_NAME && node->symbol == SYMBOL_VARIABLE &&
        slice_equal(slice_part(node->text, 1, node->text.length), use->name))
        use->found = true;
    return !use->found;
}

static bool is_used(const struct lint_run *run, const struct rule_path *path, slice name)
{
    struct use use = {.name = name};
    struct ast_visitor visitor = {.enter = on_enter_use, .context = &use};
    for (uint32_t i = run->path_starts[path->number]; i < run->path_starts[path->number + 1]; i++) {
        if (run->rules[i]->tree != NULL)
            ast_walk(run->rules[i]->tree, &visitor);
    }
    return use.found;
}

/* What tells one record or message from another in place of a variable. */
static bool is_subject(const struct ast_node *node)
{
    if (node->kind != AST_NAME)
        return false;
    switch ((enum symbol)node->symbol) {
    case SYMBOL_DATA:
    case SYMBOL_OLD_DATA:
    case SYMBOL_NAME:
    case SYMBOL_CROSS_REFERENCE:
        return true;
    default:
        return false;
    }
}

static bool on_enter_subject(void *context, struct ast_node *node)
{
    bool *found = context;
    *found = *found || is_subject(node);
    return !*found;
}

/* Whether the path has expressions, and all of them are only about the user and the variables. */
static bool is_about_the_user(const struct lint_run *run, const struct rule_path *path)
{
    bool has_expressions = false, has_subject = false;
    struct ast_visitor visitor = {.enter = on_enter_subject, .context = &has_subject};
    for (uint32_t i = run->path_starts[path->number]; i < run->path_starts[path->number + 1]; i++) {
        if (run->rules[i]->tree == NULL)
            continue;
        has_expressions = true;
        ast_walk(run->rules[i]->tree, &visitor);
    }
    return has_expressions && !has_subject;
}

void lint_unused_variables(struct lint_run *run)
{
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        struct path_variable variable;
        size_t position = 0;
        if (!is_about_the_user(run, path))
            continue;
        while (path_variable_next(path->text, &position, &variable)) {
            if (!is_used(run, path, variable.name))
                diagnose_text(run->compilation->diagnostics, DIAG_UNUSED_VARIABLE, &path->mapped,
                              (uint32_t)variable.start, (uint32_t)variable.end,
                              SLICE_ARGUMENTS(variable.name));
        }
    }
}
