/* Works out at compile time what does not depend on the request. The runtime's own conversions do
 * the work, so a folded rule cannot differ from one that is not. Folded are only numbers, texts,
 * booleans, null and undefined, which no operation here can fail on. A node changes in place and
 * keeps its span. */

#include "passes.h"
#include "shape.h"

#include "convert.h"

#define MAX_FOLDED_TEXT 1024 /* bytes; bounds what folding a long chain of texts copies */

struct folder {
    struct evaluation evaluation;
};

static void become_constant(struct ast_node *node, valve_value value)
{
    node->first_child = node->last_child = NULL;
    switch (value.type) {
    case VALUE_NUMBER:
        node->kind = AST_NUMBER;
        node->number = value.as.number;
        break;
    case VALUE_TEXT:
        node->kind = AST_TEXT;
        node->text = value_slice(value);
        break;
    case VALUE_BOOLEAN:
        node->kind = value.as.boolean ? AST_TRUE : AST_FALSE;
        break;
    case VALUE_NULL:
        node->kind = AST_NULL;
        break;
    default:
        node->kind = AST_NAME;
        node->text = SLICE("undefined");
        node->symbol = SYMBOL_UNDEFINED;
        break;
    }
}

/* ---- operators ---- */

static bool fold_unary(struct folder *folder, enum ast_operator op, valve_value a,
                       valve_value *result)
{
    double number;
    switch (op) {
    case OPERATOR_NOT:
        *result = value_boolean(!value_truth(a));
        return true;
    case OPERATOR_TYPEOF:
        *result = value_text(value_type_of(a));
        return true;
    case OPERATOR_VOID:
        *result = value_undefined();
        return true;
    case OPERATOR_PLUS:
    case OPERATOR_MINUS:
        if (!convert_to_number(&folder->evaluation, a, &number))
            return false;
        *result = value_number(op == OPERATOR_MINUS ? -number : number);
        return true;
    default:
        return false;
    }
}

static bool fold_arithmetic(struct folder *folder, enum ast_operator op, valve_value a,
                            valve_value b, valve_value *result)
{
    double x, y;
    if (!convert_to_number(&folder->evaluation, a, &x) ||
        !convert_to_number(&folder->evaluation, b, &y))
        return false;
    switch (op) {
    case OPERATOR_SUBTRACT:
        *result = value_number(x - y);
        return true;
    case OPERATOR_MULTIPLY:
        *result = value_number(x * y);
        return true;
    case OPERATOR_DIVIDE:
        *result = value_number(x / y);
        return true;
    case OPERATOR_POWER:
        *result = value_number(operate_power(x, y));
        return true;
    default:
        return false;
    }
}

static bool fold_comparison(struct folder *folder, enum comparison comparison, valve_value a,
                            valve_value b, valve_value *result)
{
    bool holds;
    if (!operate_compare(&folder->evaluation, comparison, a, b, &holds))
        return false;
    *result = value_boolean(holds);
    return true;
}

static bool fold_equality(struct folder *folder, bool negated, valve_value a, valve_value b,
                          valve_value *result)
{
    bool equal;
    if (!operate_loose_equal(&folder->evaluation, a, b, &equal))
        return false;
    *result = value_boolean(equal != negated);
    return true;
}

/* An undefined part must stay visible, for the argument of `_` (valve.md 6.2 item 4). */
static bool fold_sum(struct folder *folder, valve_value a, valve_value b, valve_value *result)
{
    return a.type != VALUE_UNDEFINED && b.type != VALUE_UNDEFINED &&
           operate_add(&folder->evaluation, a, b, result) &&
           (result->type != VALUE_TEXT || result->length <= MAX_FOLDED_TEXT);
}

static bool fold_binary(struct folder *folder, enum ast_operator op, valve_value a, valve_value b,
                        valve_value *result)
{
    switch (op) {
    case OPERATOR_ADD:
        return fold_sum(folder, a, b, result);
    case OPERATOR_LESS:
        return fold_comparison(folder, COMPARE_LESS, a, b, result);
    case OPERATOR_LESS_EQUAL:
        return fold_comparison(folder, COMPARE_LESS_EQUAL, a, b, result);
    case OPERATOR_GREATER:
        return fold_comparison(folder, COMPARE_GREATER, a, b, result);
    case OPERATOR_GREATER_EQUAL:
        return fold_comparison(folder, COMPARE_GREATER_EQUAL, a, b, result);
    case OPERATOR_EQUAL:
        return fold_equality(folder, false, a, b, result);
    case OPERATOR_NOT_EQUAL:
        return fold_equality(folder, true, a, b, result);
    case OPERATOR_STRICT_EQUAL:
        *result = value_boolean(operate_strict_equal(a, b));
        return true;
    case OPERATOR_STRICT_NOT_EQUAL:
        *result = value_boolean(!operate_strict_equal(a, b));
        return true;
    default:
        return fold_arithmetic(folder, op, a, b, result);
    }
}

/* ---- choices ---- */

/* Whether putting `part` in place of node would make it part of a record name that `_` looks into,
 * which it was not as written. */
static bool would_join_name(const struct ast_node *node, const struct ast_node *part)
{
    bool is_chain = part->kind == AST_TEMPLATE || part->op == OPERATOR_ADD;
    const struct ast_node *parent = node->parent;
    return is_chain && parent != NULL && (parent->kind == AST_CALL || parent->op == OPERATOR_ADD);
}

/* `typeof` forgives an unknown name only where it stands alone. */
static bool would_be_forgiven(const struct ast_node *node, const struct ast_node *part)
{
    return part->kind == AST_NAME && node->parent != NULL && node->parent->op == OPERATOR_TYPEOF;
}

/* Makes node what one of its children is. */
static void become_child(struct ast_node *node, const struct ast_node *child)
{
    struct ast_node *parent = node->parent, *next = node->next;
    if (would_join_name(node, child) || would_be_forgiven(node, child))
        return;
    *node = *child;
    node->parent = parent;
    node->next = next;
    for (struct ast_node *inner = node->first_child; inner != NULL; inner = inner->next)
        inner->parent = node;
}

static void fold_logical(struct ast_node *node)
{
    valve_value left;
    if (!shape_constant(node->first_child, &left))
        return;
    bool takes_left = node->op == OPERATOR_AND  ? !value_truth(left)
                      : node->op == OPERATOR_OR ? value_truth(left)
                                                : !value_is_absent(left);
    become_child(node, takes_left ? node->first_child : node->last_child);
}

static void fold_conditional(struct ast_node *node)
{
    valve_value condition;
    if (shape_constant(node->first_child, &condition))
        become_child(node, value_truth(condition) ? node->first_child->next : node->last_child);
}

/* A template of one text, or none, is that text. */
static void fold_template(struct ast_node *node)
{
    if (ast_child_count(node) == 1 && node->first_child->kind == AST_TEXT)
        become_constant(node, value_text(node->first_child->text));
}

/* ---- the walk ---- */

static void fold_operator(struct folder *folder, struct ast_node *node)
{
    valve_value a, b, result;
    if (!shape_constant(node->first_child, &a))
        return;
    if (node->kind == AST_UNARY) {
        if (fold_unary(folder, node->op, a, &result))
            become_constant(node, result);
    } else if (shape_constant(node->last_child, &b) &&
               fold_binary(folder, node->op, a, b, &result)) {
        become_constant(node, result);
    }
}

static void leave(void *context, struct ast_node *node)
{
    switch (node->kind) {
    case AST_UNARY:
    case AST_BINARY:
        fold_operator(context, node);
        break;
    case AST_LOGICAL:
        fold_logical(node);
        break;
    case AST_CONDITIONAL:
        fold_conditional(node);
        break;
    case AST_TEMPLATE:
        fold_template(node);
        break;
    default:
        break;
    }
}

void fold(struct compilation *compilation, struct rule *rule)
{
    struct valve_options options = valve_options_default();
    struct folder folder = {.evaluation = {.arena = compilation->arena, .options = &options}};
    struct ast_visitor visitor = {.leave = leave, .context = &folder};
    ast_walk(rule->tree, &visitor);
}
