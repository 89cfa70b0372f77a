#pragma once
/* What the generated parser shares with parse.c: its state, and the actions that need more than a
 * line. Private to grammar. */

#include "lexer.h"

struct parser {
    struct lexer lexer;
    struct arena *arena;
    struct ast_node *root;
    int newest_token; /* for messages */
    int token_before;
    union token_value newest;
    bool value_before; /* the token before the newest one ended a value */
};

struct ast_node *parser_leaf(struct parser *parser, enum ast_kind kind, struct token_span span);
struct ast_node *parser_number(struct parser *parser, double number, struct token_span span);
struct ast_node *parser_text(struct parser *parser, enum ast_kind kind, slice text,
                             struct token_span span);
struct ast_node *parser_regex(struct parser *parser, slice body, slice flags,
                              struct token_span span);

/* Operators; op_span is where the sign stands. */
struct ast_node *parser_unary(struct parser *parser, enum ast_operator op,
                              struct token_span op_span, struct ast_node *operand,
                              struct token_span span);
struct ast_node *parser_binary(struct parser *parser, enum ast_operator op,
                               struct token_span op_span, struct ast_node *left,
                               struct ast_node *right, struct token_span span);
struct ast_node *parser_conditional(struct parser *parser, struct ast_node *condition,
                                    struct ast_node *yes, struct ast_node *no,
                                    struct token_span span);

/* Chains: a.name, a[index], a(arguments). The children of `arguments` become those of the call. */
struct ast_node *parser_member(struct parser *parser, struct ast_node *value, slice name,
                               struct token_span name_span, struct token_span span);
struct ast_node *parser_index(struct parser *parser, struct ast_node *value, struct ast_node *index,
                              struct token_span span);
struct ast_node *parser_call(struct parser *parser, struct ast_node *callee,
                             struct ast_node *arguments, struct token_span span);
struct ast_node *parser_optional(struct ast_node *node);

/* Wraps a finished chain that holds a `?.` in a CHAIN node; any other node is returned as it is. */
struct ast_node *parser_end_chain(struct parser *parser, struct ast_node *node,
                                  struct token_span span);

/* Members of an object literal. */
struct ast_node *parser_property(struct parser *parser, slice key, struct ast_node *value,
                                 struct token_span span);
struct ast_node *parser_computed_property(struct parser *parser, struct ast_node *key,
                                          struct ast_node *value, struct token_span span);

/* Reports at a place of the expression. */
void parser_report(struct parser *parser, enum diagnostic_id id, struct token_span span);

/* Reports a `??` that stands beside && or || without parentheses; true when it did. */
bool parser_is_mixed(struct parser *parser, enum ast_operator op, struct ast_node *left,
                     struct ast_node *right, struct token_span op_span);

/* Reports a token that stands where it cannot. */
void parser_unexpected(struct parser *parser, int token, struct token_span span);
