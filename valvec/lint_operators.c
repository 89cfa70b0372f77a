/* Operators that look like others: `+` that appends, `in` that asks for keys, `&` and `|` between
 * conditions, `!` that binds stronger than `<` and `in`. */

#include "lint.h"

static bool is_text_read(const struct ast_node *node)
{
    return (node->types & ~(uint32_t)TYPES_TEXT) == 0 && node->types != TYPES_NONE &&
           (node->kind == AST_NAME || node->kind == AST_MEMBER || node->kind == AST_INDEX);
}

static bool is_number(const struct ast_node *node)
{
    return (node->types & ~(uint32_t)TYPES_NUMBER) == 0 && node->types != TYPES_NONE;
}

static void check_sum(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    const struct ast_node *text = node->first_child, *number = node->last_child;
    if (is_number(text)) {
        text = node->last_child;
        number = node->first_child;
    }
    if (!is_text_read(text) || !is_number(number))
        return;
    slice shown = lint_source(run, rule, text);
    lint_report(run, rule, DIAG_TEXT_PLUS_NUMBER, node, SLICE_ARGUMENTS(shown),
                SLICE_ARGUMENTS(shown));
}

static bool has_other_than_numbers(const struct ast_node *list)
{
    for (const struct ast_node *item = list->first_child; item != NULL; item = item->next) {
        if (item->kind != AST_NUMBER)
            return true;
    }
    return false;
}

static void check_in(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    const struct ast_node *list = node->last_child;
    if (list->kind != AST_ARRAY || !has_other_than_numbers(list))
        return;
    slice wanted = lint_source(run, rule, node->first_child);
    lint_report(run, rule, DIAG_IN_LIST, node, SLICE_ARGUMENTS(wanted));
}

static bool is_boolean(const struct ast_node *node)
{
    return (node->types & ~(uint32_t)TYPES_BOOLEAN) == 0 && node->types != TYPES_NONE;
}

static void check_bitwise(struct lint_run *run, const struct rule *rule,
                          const struct ast_node *node)
{
    if (is_boolean(node->first_child) && is_boolean(node->last_child))
        lint_report(run, rule, DIAG_BITWISE_CONDITION, node, ast_operator_text(node->op),
                    node->op == OPERATOR_BIT_AND ? "&&" : "||");
}

static void check_negated(struct lint_run *run, const struct rule *rule,
                          const struct ast_node *node)
{
    const struct ast_node *left = node->first_child;
    if (left->kind != AST_UNARY || left->op != OPERATOR_NOT || left->parenthesised)
        return;
    slice operand = lint_source(run, rule, left->first_child);
    lint_report(run, rule, DIAG_NEGATED_OPERAND, left, ast_operator_text(node->op),
                SLICE_ARGUMENTS(operand), ast_operator_text(node->op), "");
}

void lint_operators(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    if (node->kind != AST_BINARY)
        return;
    switch (node->op) {
    case OPERATOR_ADD:
        check_sum(run, rule, node);
        break;
    case OPERATOR_BIT_AND:
    case OPERATOR_BIT_OR:
        check_bitwise(run, rule, node);
        break;
    case OPERATOR_IN:
        check_in(run, rule, node);
        check_negated(run, rule, node);
        break;
    case OPERATOR_LESS:
    case OPERATOR_LESS_EQUAL:
    case OPERATOR_GREATER:
    case OPERATOR_GREATER_EQUAL:
        check_negated(run, rule, node);
        break;
    default:
        break;
    }
}
