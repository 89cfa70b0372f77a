/* Variables that no rule of their path reads. Paths whose rules are all `true` or `false` are left
 * alone: there a variable is the way to say "one level". */

#include "lint.h"
#include "path_variables.h"

struct use {
    slice name; /* without the $ */
    bool found;
};

static bool on_enter(void *context, struct ast_node *node)
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
    struct ast_visitor visitor = {.enter = on_enter, .context = &use};
    for (uint32_t i = run->path_starts[path->number]; i < run->path_starts[path->number + 1]; i++) {
        if (run->rules[i]->tree != NULL)
            ast_walk(run->rules[i]->tree, &visitor);
    }
    return use.found;
}

static bool has_expressions(const struct lint_run *run, const struct rule_path *path)
{
    for (uint32_t i = run->path_starts[path->number]; i < run->path_starts[path->number + 1]; i++) {
        if (run->rules[i]->tree != NULL)
            return true;
    }
    return false;
}

void lint_unused_variables(struct lint_run *run)
{
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        struct path_variable variable;
        size_t position = 0;
        if (!has_expressions(run, path))
            continue;
        while (path_variable_next(path->text, &position, &variable)) {
            if (!is_used(run, path, variable.name))
                diagnose_text(run->compilation->diagnostics, DIAG_UNUSED_VARIABLE, &path->mapped,
                              (uint32_t)variable.start, (uint32_t)variable.end,
                              SLICE_ARGUMENTS(variable.name));
        }
    }
}
