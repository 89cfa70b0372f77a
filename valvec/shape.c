/* Questions about the shape of a tree that several passes ask. */

#include "shape.h"

#include "builtins.h"
#include "passes.h"

#include <math.h>

static bool constant_name(const struct ast_node *node, valve_value *value)
{
    switch (node->symbol) {
    case SYMBOL_UNDEFINED:
        *value = value_undefined();
        return true;
    case SYMBOL_NAN:
        *value = value_number(NAN);
        return true;
    case SYMBOL_INFINITY:
        *value = value_number(INFINITY);
        return true;
    default:
        return false;
    }
}

static bool signed_number(const struct ast_node *node, valve_value *value)
{
    const struct ast_node *operand = node->first_child;
    if (node->op != OPERATOR_MINUS && node->op != OPERATOR_PLUS)
        return false;
    if (operand->kind != AST_NUMBER)
        return false;
    *value = value_number(node->op == OPERATOR_MINUS ? -operand->number : operand->number);
    return true;
}

bool shape_constant(const struct ast_node *node, valve_value *value)
{
    switch (node->kind) {
    case AST_NUMBER:
        *value = value_number(node->number);
        return true;
    case AST_TEXT:
        *value = value_text(node->text);
        return true;
    case AST_TRUE:
    case AST_FALSE:
        *value = value_boolean(node->kind == AST_TRUE);
        return true;
    case AST_NULL:
        *value = value_null();
        return true;
    case AST_NAME:
        return constant_name(node, value);
    case AST_UNARY:
        return signed_number(node, value);
    default:
        return false;
    }
}

bool shape_member_name(const struct ast_node *node, slice *name)
{
    if (node->kind == AST_MEMBER) {
        *name = node->text;
        return true;
    }
    if (node->kind == AST_INDEX && node->last_child->kind == AST_TEXT) {
        *name = node->last_child->text;
        return true;
    }
    return false;
}

bool shape_called_builtin(const struct ast_node *call, enum builtin *builtin)
{
    if (call->kind != AST_CALL)
        return false;
    const struct ast_node *callee = call->first_child;
    if (callee->kind == AST_CHAIN)
        callee = callee->first_child;
    return callee->kind == AST_MEMBER && builtin_find(callee->text, builtin);
}

static bool same_node(const struct ast_node *a, const struct ast_node *b)
{
    return a->kind == b->kind && a->op == b->op && a->optional == b->optional &&
           (a->kind != AST_NUMBER || a->number == b->number) && slice_equal(a->text, b->text) &&
           slice_equal(a->flags, b->flags) && (a->first_child == NULL) == (b->first_child == NULL);
}

bool shape_same_expression(const struct ast_node *a, const struct ast_node *b)
{
    const struct ast_node *root = a;
    for (;;) {
        if (!same_node(a, b))
            return false;
        if (a->first_child != NULL) {
            a = a->first_child;
            b = b->first_child;
            continue;
        }
        while (a != root && a->next == NULL) {
            if (b->next != NULL)
                return false;
            a = a->parent;
            b = b->parent;
        }
        if (a == root)
            return true;
        if (b->next == NULL)
            return false;
        a = a->next;
        b = b->next;
    }
}

bool shape_is_condition(const struct ast_node *node)
{
    for (;;) {
        const struct ast_node *parent = node->parent;
        if (parent == NULL)
            return true;
        if (parent->kind == AST_UNARY)
            return parent->op == OPERATOR_NOT;
        bool first = parent->first_child == node;
        if (parent->kind == AST_LOGICAL && first)
            return parent->op != OPERATOR_COALESCE;
        if (parent->kind == AST_CONDITIONAL && first)
            return true;
        if (parent->kind != AST_LOGICAL && parent->kind != AST_CONDITIONAL &&
            parent->kind != AST_CHAIN)
            return false;
        node = parent;
    }
}
