#pragma once
/* A tree in one line, for tests: (+ a (* b 2)). Built with ast_walk, from enter, between and leave.
 *
 * NUMBER 1, TEXT 'a', REGEX /a/g, names and constants as written; UNARY and the binary kinds by
 * their operator; (? c a b), (. o name), (?. o name), ([] o k), (?[] o k), (call f a), (?call f a),
 * (chain x), [a b] with a hole as _, {k: v [computed]: v}, `template parts`. ! before a node in
 * parentheses. */

#include "ast.h"

#include "base/buf.h"

static inline void tree_open(struct buf *out, const struct ast_node *node, const char *plain,
                             const char *optional)
{
    buf_printf(out, "(%s ", node->optional ? optional : plain);
}

static inline bool tree_enter(void *context, struct ast_node *node)
{
    struct buf *out = context;
    if (node->parenthesised)
        buf_append_byte(out, '!');
    switch (node->kind) {
    case AST_NUMBER:
        buf_printf(out, "%.17g", node->number);
        break;
    case AST_TEXT:
        buf_printf(out, "'" SLICE_FORMAT "'", SLICE_ARGUMENTS(node->text));
        break;
    case AST_TRUE:
        buf_append_text(out, "true");
        break;
    case AST_FALSE:
        buf_append_text(out, "false");
        break;
    case AST_NULL:
        buf_append_text(out, "null");
        break;
    case AST_REGEX:
        buf_printf(out, "/" SLICE_FORMAT "/" SLICE_FORMAT, SLICE_ARGUMENTS(node->text),
                   SLICE_ARGUMENTS(node->flags));
        break;
    case AST_NAME:
        buf_append(out, node->text);
        break;
    case AST_ELISION:
        buf_append_byte(out, '_');
        break;
    case AST_TEMPLATE:
        buf_append_byte(out, '`');
        break;
    case AST_ARRAY:
        buf_append_byte(out, '[');
        break;
    case AST_OBJECT:
        buf_append_byte(out, '{');
        break;
    case AST_PROPERTY:
        if (node->first_child != node->last_child)
            buf_append_byte(out, '[');
        else
            buf_printf(out, SLICE_FORMAT ": ", SLICE_ARGUMENTS(node->text));
        break;
    case AST_MEMBER:
        tree_open(out, node, ".", "?.");
        break;
    case AST_INDEX:
        tree_open(out, node, "[]", "?[]");
        break;
    case AST_CALL:
        tree_open(out, node, "call", "?call");
        break;
    case AST_CHAIN:
        tree_open(out, node, "chain", "");
        break;
    case AST_CONDITIONAL:
        tree_open(out, node, "?", "");
        break;
    default:
        tree_open(out, node, ast_operator_text(node->op), "");
        break;
    }
    return true;
}

static inline void tree_between(void *context, struct ast_node *parent, struct ast_node *done)
{
    (void)done;
    buf_append_text(context, parent->kind == AST_PROPERTY ? "]: " : " ");
}

static inline void tree_leave(void *context, struct ast_node *node)
{
    struct buf *out = context;
    switch (node->kind) {
    case AST_TEMPLATE:
        buf_append_byte(out, '`');
        break;
    case AST_ARRAY:
        buf_append_byte(out, ']');
        break;
    case AST_OBJECT:
        buf_append_byte(out, '}');
        break;
    case AST_MEMBER:
        buf_printf(out, " " SLICE_FORMAT ")", SLICE_ARGUMENTS(node->text));
        break;
    case AST_INDEX:
    case AST_CALL:
    case AST_CHAIN:
    case AST_CONDITIONAL:
    case AST_UNARY:
    case AST_BINARY:
    case AST_LOGICAL:
        buf_append_byte(out, ')');
        break;
    default:
        break;
    }
}

static inline void tree_text(struct ast_node *root, struct buf *out)
{
    struct ast_visitor visitor = {tree_enter, tree_between, tree_leave, out};
    ast_walk(root, &visitor);
}
