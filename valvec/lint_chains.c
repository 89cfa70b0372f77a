/* Chains of `&&` or `||` whose operands repeat or exclude each other. */

#include "lint.h"

#define MAX_OPERANDS 32 /* of a chain that are compared with each other */

struct chain {
    const struct ast_node *operands[MAX_OPERANDS];
    uint32_t count;
    bool is_and;
};

static bool is_same_chain(const struct ast_node *node, const struct ast_node *chain)
{
    return node != NULL && node->kind == AST_LOGICAL && node->op == chain->op;
}

/* The operands from right to left, then turned. */
static void collect(const struct ast_node *node, struct chain *chain)
{
    const struct ast_node *top = node;
    chain->count = 0;
    chain->is_and = node->op == OPERATOR_AND;
    while (is_same_chain(node, top) && chain->count < MAX_OPERANDS - 1) {
        chain->operands[chain->count++] = node->last_child;
        node = node->first_child;
    }
    chain->operands[chain->count++] = node;
    for (uint32_t i = 0; i < chain->count / 2; i++) {
        const struct ast_node *swapped = chain->operands[i];
        chain->operands[i] = chain->operands[chain->count - 1 - i];
        chain->operands[chain->count - 1 - i] = swapped;
    }
}

/* `value === constant`, either way round. */
struct equality {
    const struct ast_node *value, *constant;
    bool negative;
};

static bool read_equality(const struct ast_node *node, struct equality *equality)
{
    valve_value ignored;
    if (node->kind != AST_BINARY)
        return false;
    switch (node->op) {
    case OPERATOR_EQUAL:
    case OPERATOR_STRICT_EQUAL:
        equality->negative = false;
        break;
    case OPERATOR_NOT_EQUAL:
    case OPERATOR_STRICT_NOT_EQUAL:
        equality->negative = true;
        break;
    default:
        return false;
    }
    bool swapped = shape_constant(node->first_child, &ignored);
    equality->constant = swapped ? node->first_child : node->last_child;
    equality->value = swapped ? node->last_child : node->first_child;
    return shape_constant(equality->constant, &ignored) &&
           !shape_constant(equality->value, &ignored);
}

/* Two constants of one type, so that no conversion makes them equal. */
static bool are_different(const struct ast_node *a, const struct ast_node *b)
{
    valve_value left, right;
    shape_constant(a, &left);
    shape_constant(b, &right);
    return left.type == right.type && !shape_same_expression(a, b) &&
           (left.type != VALUE_NUMBER || left.as.number != right.as.number);
}

static void report(struct lint_run *run, const struct rule *rule, const struct ast_node *first,
                   const struct ast_node *second, const struct ast_node *subject, bool always,
                   const char *why, const char *hint)
{
    slice shown = lint_source(run, rule, subject);
    diagnose_text(run->compilation->diagnostics, DIAG_CONTRADICTION, rule->text, first->start,
                  second->end, SLICE_ARGUMENTS(shown), why, always ? "true" : "false", hint);
}

static void check_equalities(struct lint_run *run, const struct rule *rule,
                             const struct chain *chain, const struct ast_node *first,
                             const struct ast_node *second)
{
    struct equality a, b;
    if (!read_equality(first, &a) || !read_equality(second, &b) || a.negative == chain->is_and ||
        b.negative == chain->is_and || !shape_same_expression(a.value, b.value) ||
        !are_different(a.constant, b.constant))
        return;
    if (chain->is_and)
        report(run, rule, first, second, a.value, false, "cannot equal both",
               "join the comparisons with `||`");
    else
        report(run, rule, first, second, a.value, true, "always differs from one of the two",
               "join the comparisons with `&&`");
}

static bool negates(const struct ast_node *a, const struct ast_node *b)
{
    return a->kind == AST_UNARY && a->op == OPERATOR_NOT && a->first_child->kind != AST_UNARY &&
           shape_same_expression(a->first_child, b);
}

static void check_pair(struct lint_run *run, const struct rule *rule, const struct chain *chain,
                       const struct ast_node *first, const struct ast_node *second)
{
    if (shape_same_expression(first, second)) {
        lint_report(run, rule, DIAG_REPEATED_OPERAND, second, chain->is_and ? "&&" : "||");
    } else if (negates(first, second) || negates(second, first)) {
        const struct ast_node *subject = negates(first, second) ? second : first;
        report(run, rule, first, second, subject, !chain->is_and,
               chain->is_and ? "cannot be true and false at once" : "is either true or false",
               "one of the two should probably be another condition");
    } else {
        check_equalities(run, rule, chain, first, second);
    }
}

void lint_chains(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    struct chain chain;
    if (node->kind != AST_LOGICAL || node->op == OPERATOR_COALESCE ||
        (is_same_chain(node->parent, node) && node->parent->first_child == node))
        return;
    collect(node, &chain);
    for (uint32_t second = 1; second < chain.count; second++) {
        for (uint32_t first = 0; first < second; first++)
            check_pair(run, rule, &chain, chain.operands[first], chain.operands[second]);
    }
}
