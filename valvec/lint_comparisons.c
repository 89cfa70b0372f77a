/* Comparisons of comparisons (`1 < 2 < 3`), and of `now` with seconds. */

#include "lint.h"

#include <inttypes.h>

static bool is_order(const struct ast_node *node)
{
    return node->kind == AST_BINARY &&
           (node->op == OPERATOR_LESS || node->op == OPERATOR_LESS_EQUAL ||
            node->op == OPERATOR_GREATER || node->op == OPERATOR_GREATER_EQUAL);
}

static bool is_equality(const struct ast_node *node)
{
    return node->kind == AST_BINARY &&
           (node->op == OPERATOR_EQUAL || node->op == OPERATOR_NOT_EQUAL ||
            node->op == OPERATOR_STRICT_EQUAL || node->op == OPERATOR_STRICT_NOT_EQUAL);
}

/* `a === b === true` compares on purpose; `a === b === c` hardly. */
static void check_chain(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    const struct ast_node *left = node->first_child;
    bool orders = is_order(node) && is_order(left);
    bool equalities = is_equality(node) && is_equality(left) &&
                      (node->last_child->types & ~(uint32_t)TYPES_BOOLEAN) != 0;
    if (left->parenthesised || !(orders || equalities))
        return;
    lint_report(run, rule, DIAG_CHAINED_COMPARISON, node, ast_operator_text(node->op),
                ast_operator_text(left->op), ast_operator_text(node->op));
}

static bool is_now(const struct ast_node *node)
{
    return node->kind == AST_NAME && node->symbol == SYMBOL_NOW;
}

#define LEAST_SECONDS 1e8 /* 1973; smaller numbers are hardly meant as a date */
#define LEAST_MILLISECONDS 1e11

static void check_now(struct lint_run *run, const struct rule *rule, const struct ast_node *number)
{
    if (number->kind != AST_NUMBER || number->number < LEAST_SECONDS ||
        number->number >= LEAST_MILLISECONDS)
        return;
    slice in_milliseconds = arena_printf(run->arena, "%" PRIu64, (uint64_t)(number->number * 1000));
    lint_report(run, rule, DIAG_NOW_IN_SECONDS, number, SLICE_ARGUMENTS(in_milliseconds));
}

void lint_comparisons(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    if (!is_order(node) && !is_equality(node))
        return;
    check_chain(run, rule, node);
    if (is_now(node->first_child))
        check_now(run, rule, node->last_child);
    else if (is_now(node->last_child))
        check_now(run, rule, node->first_child);
}
