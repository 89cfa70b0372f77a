/* Regular expressions that some texts make take very long. The match limit turns that into an error
 * (valve.md 5.6), which denies. */

#include "lint.h"
#include "regex/regex.h"

/* The pattern as written stands byte for byte in the rule when nothing in it is an escape of the
 * literal. */
static bool stands_as_written(const struct ast_node *node, uint32_t delimiters)
{
    return node->end - node->start == node->text.length + node->flags.length + delimiters;
}

static bool is_pattern(const struct ast_node *node)
{
    enum builtin builtin;
    if (node->kind == AST_REGEX)
        return true;
    const struct ast_node *call = node->parent;
    return node->kind == AST_TEXT && call != NULL && shape_called_builtin(call, &builtin) &&
           builtin == BUILTIN_MATCH && call->first_child->next == node;
}

void lint_regex(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    size_t offset, length;
    if (!is_pattern(node) || !regex_is_catastrophic(node->text, node->flags, &offset, &length))
        return;
    uint32_t start = node->start, end = node->end;
    if (stands_as_written(node, 2)) {
        start = node->start + 1 + (uint32_t)offset;
        end = start + (uint32_t)length;
    }
    diagnose_text(run->compilation->diagnostics, DIAG_CATASTROPHIC_REGEX, rule->text, start, end);
}
