/* Conditions inside a rule whose outcome is known: the left side of `&&` and `||`, what `?` tests
 * and
 * `!` negates, and texts that stand where a comparison was meant. */

#include "lint.h"

static bool root_is_constant(const struct ast_node *node)
{
    while (node->parent != NULL)
        node = node->parent;
    return types_always_true(node->types) || types_always_false(node->types);
}

/* Whether the node decides which way its parent goes. */
static bool decides(const struct ast_node *node)
{
    const struct ast_node *parent = node->parent;
    if (parent == NULL)
        return false;
    switch (parent->kind) {
    case AST_LOGICAL:
        return parent->op != OPERATOR_COALESCE &&
               (parent->first_child == node ||
                (node->kind == AST_NUMBER && shape_is_condition(parent)));
    case AST_CONDITIONAL:
        return parent->first_child == node;
    case AST_UNARY:
        return parent->op == OPERATOR_NOT && node->kind != AST_NUMBER;
    default:
        return false;
    }
}

static bool is_text_operand(const struct ast_node *node)
{
    const struct ast_node *parent = node->parent;
    return node->kind == AST_TEXT && node->text.length > 0 && parent != NULL &&
           parent->kind == AST_LOGICAL && parent->op != OPERATOR_COALESCE &&
           shape_is_condition(parent);
}

/* What other lints tell better: a text in a chain, `!` before the left side of `in` or `<`. */
static bool is_told(const struct ast_node *node)
{
    const struct ast_node *negation = node->parent;
    bool ends_with_text = node->kind == AST_LOGICAL && node->last_child->kind == AST_TEXT;
    return ends_with_text || (negation->kind == AST_UNARY && !negation->parenthesised &&
                              negation->parent != NULL && negation->parent->kind == AST_BINARY);
}

void lint_conditions(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    if (is_text_operand(node)) {
        lint_report(run, rule, DIAG_TEXT_CONDITION, node);
        return;
    }
    if (!decides(node) || is_told(node) || root_is_constant(node))
        return;
    if (types_always_true(node->types))
        lint_report(run, rule, DIAG_CONSTANT_CONDITION, node, "true");
    else if (types_always_false(node->types))
        lint_report(run, rule, DIAG_CONSTANT_CONDITION, node, "false");
}
