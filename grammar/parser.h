#pragma once
/* What the generated parser shares with parse.c: its state, and the actions that need more than a
 * line. Private to grammar. */

#include "lexer.h"

struct seen_token {
    int token;
    union token_value value;
    struct token_span span;
    bool is_refused; /* something was said about it, or about what was left out before it */
};

struct parser {
    struct lexer lexer;
    struct arena *arena;
    struct ast_node *root;
    struct seen_token before, newest; /* for messages */
    bool refused_word;                /* what follows one is no news */
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

/* a || b and a ?? b, which must not be mixed with each other, nor ?? with &&. Reports when they
 * are. */
struct ast_node *parser_choice(struct parser *parser, enum ast_operator op,
                               struct token_span op_span, struct ast_node *left,
                               struct ast_node *right, struct token_span span);

/* One level of nesting; false after a reported error. */
bool parser_enter(struct parser *parser, struct token_span span);
void parser_leave(struct parser *parser);

/* ---- unexpected.c: what is said about a text that is no rule ---- */

/* Reports at a place of the expression. */
void parser_report(struct parser *parser, enum diagnostic_id id, struct token_span span);

/* Reports `__proto__` as the key of an object literal. */
void parser_check_key(struct parser *parser, slice key, struct token_span span);

/* Reports a word that the language does not have. */
void parser_refuse(struct parser *parser, enum diagnostic_id id, struct token_span span);
void parser_refuse_word(struct parser *parser, slice word, struct token_span span);

/* Reports the newest token, which stands where it cannot; `expected` says what could. */
void parser_unexpected(struct parser *parser, const char *expected);
