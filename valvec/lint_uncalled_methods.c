/* `data.s.trim` without parentheses is a field of that name, and undefined on texts and lists
 * (valve.md 5.4). A field may really be called `match`, so that one needs a receiver that is known.
 */

#include "lint.h"

#include "builtins.h"

static bool is_called(const struct ast_node *node)
{
    const struct ast_node *parent = node->parent;
    return parent != NULL && parent->kind == AST_CALL && parent->first_child == node;
}

static const char *example_arguments(enum builtin builtin)
{
    switch (builtin) {
    case BUILTIN_TO_UPPER_CASE:
    case BUILTIN_TO_LOWER_CASE:
    case BUILTIN_TRIM:
        return "";
    default:
        return "...";
    }
}

void lint_uncalled_methods(struct lint_run *run, const struct rule *rule,
                           const struct ast_node *node)
{
    enum builtin builtin;
    if (node->kind != AST_MEMBER || is_called(node) || !builtin_find(node->text, &builtin))
        return;
    uint32_t receiver = node->first_child->types;
    bool may_have_field = (receiver & TYPE_OBJECT) != 0;
    bool has_method = (receiver & (TYPES_TEXT | TYPE_ARRAY)) != 0;
    if (!has_method || (may_have_field && builtin == BUILTIN_MATCH))
        return;
    diagnose_text(run->compilation->diagnostics, DIAG_UNCALLED_METHOD, rule->text, node->name_start,
                  node->end, SLICE_ARGUMENTS(node->text), SLICE_ARGUMENTS(node->text),
                  example_arguments(builtin));
}
