#pragma once
/* The syntax tree of one rule expression. Nodes live in the arena that the parser was given and
 * link to parent, first child and next sibling, so that a walk needs neither recursion nor a stack.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

#include <stdint.h>

enum ast_kind {
#define AST(name, least, most, meaning) AST_##name,
#include "ast_nodes.def"
#undef AST
    AST_KIND_COUNT,
};

enum ast_operator {
    OPERATOR_NONE,
#define OPERATOR(name, text, kind, instruction) OPERATOR_##name,
#include "operators.def"
#undef OPERATOR
    AST_OPERATOR_COUNT,
};

struct ast_node {
    enum ast_kind kind;
    enum ast_operator op; /* UNARY, BINARY, LOGICAL */
    bool optional;        /* MEMBER, INDEX, CALL */
    bool parenthesised;   /* written in ( ); for the linter and fmt */
    uint32_t start, end;  /* bytes of the expression text, without parentheses around it */
    uint32_t name_start;  /* MEMBER: where the name stands; BINARY, LOGICAL, UNARY: the operator */
    uint32_t symbol;      /* NAME: enum symbol of valvec/passes.h; 0 until resolved */
    uint32_t variable;    /* NAME of a path variable: its number */
    uint32_t types;       /* set of value types, filled by valvec's type pass; 0 until then */
    double number;        /* NUMBER */
    slice text;           /* TEXT, REGEX, NAME, MEMBER, PROPERTY */
    slice flags;          /* REGEX */
    struct ast_node *parent;
    struct ast_node *first_child;
    struct ast_node *last_child;
    struct ast_node *next; /* sibling */
};

const char *ast_kind_name(enum ast_kind kind);
const char *ast_operator_text(enum ast_operator op);

struct ast_node *ast_new(struct arena *arena, enum ast_kind kind, uint32_t start, uint32_t end);
void ast_append(struct ast_node *parent, struct ast_node *child);
uint32_t ast_child_count(const struct ast_node *node);

/* Walks a tree in source order: `enter` before the children (false: skip them and leave), `between`
 * after each child but the last, `leave` after the children. Any of them may be NULL. `leave` may
 * change what the node it was called for is, and its children. */
struct ast_visitor {
    bool (*enter)(void *context, struct ast_node *node);
    void (*between)(void *context, struct ast_node *parent, struct ast_node *done);
    void (*leave)(void *context, struct ast_node *node);
    void *context;
};
void ast_walk(struct ast_node *root, const struct ast_visitor *visitor);
