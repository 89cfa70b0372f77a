/* The door of the grammar, and the nodes that the parser's actions build. */

#include "parse.h"

#include "parser.h"
#include "valve_parser.h"

struct ast_node *parser_leaf(struct parser *parser, enum ast_kind kind, struct token_span span)
{
    return ast_new(parser->arena, kind, span.start, span.end);
}

struct ast_node *parser_number(struct parser *parser, double number, struct token_span span)
{
    struct ast_node *node = parser_leaf(parser, AST_NUMBER, span);
    node->number = number;
    return node;
}

struct ast_node *parser_text(struct parser *parser, enum ast_kind kind, slice text,
                             struct token_span span)
{
    struct ast_node *node = parser_leaf(parser, kind, span);
    node->text = text;
    return node;
}

struct ast_node *parser_regex(struct parser *parser, slice body, slice flags,
                              struct token_span span)
{
    struct ast_node *node = parser_text(parser, AST_REGEX, body, span);
    node->flags = flags;
    return node;
}

struct ast_node *parser_unary(struct parser *parser, enum ast_operator op,
                              struct token_span op_span, struct ast_node *operand,
                              struct token_span span)
{
    struct ast_node *node = parser_leaf(parser, AST_UNARY, span);
    node->op = op;
    node->name_start = op_span.start;
    ast_append(node, operand);
    return node;
}

static bool is_logical(enum ast_operator op)
{
    return op == OPERATOR_AND || op == OPERATOR_OR || op == OPERATOR_COALESCE;
}

struct ast_node *parser_binary(struct parser *parser, enum ast_operator op,
                               struct token_span op_span, struct ast_node *left,
                               struct ast_node *right, struct token_span span)
{
    struct ast_node *node = parser_leaf(parser, is_logical(op) ? AST_LOGICAL : AST_BINARY, span);
    node->op = op;
    node->name_start = op_span.start;
    ast_append(node, left);
    ast_append(node, right);
    return node;
}

struct ast_node *parser_conditional(struct parser *parser, struct ast_node *condition,
                                    struct ast_node *yes, struct ast_node *no,
                                    struct token_span span)
{
    struct ast_node *node = parser_leaf(parser, AST_CONDITIONAL, span);
    ast_append(node, condition);
    ast_append(node, yes);
    ast_append(node, no);
    return node;
}

struct ast_node *parser_member(struct parser *parser, struct ast_node *value, slice name,
                               struct token_span name_span, struct token_span span)
{
    struct ast_node *node = parser_text(parser, AST_MEMBER, name, span);
    node->name_start = name_span.start;
    ast_append(node, value);
    return node;
}

struct ast_node *parser_index(struct parser *parser, struct ast_node *value, struct ast_node *index,
                              struct token_span span)
{
    struct ast_node *node = parser_leaf(parser, AST_INDEX, span);
    ast_append(node, value);
    ast_append(node, index);
    return node;
}

struct ast_node *parser_call(struct parser *parser, struct ast_node *callee,
                             struct ast_node *arguments, struct token_span span)
{
    struct ast_node *node = parser_leaf(parser, AST_CALL, span);
    ast_append(node, callee);
    for (struct ast_node *argument = arguments->first_child; argument != NULL;) {
        struct ast_node *next = argument->next;
        argument->next = NULL;
        ast_append(node, argument);
        argument = next;
    }
    return node;
}

struct ast_node *parser_optional(struct ast_node *node)
{
    node->optional = true;
    return node;
}

static bool is_link(const struct ast_node *node)
{
    return node->kind == AST_MEMBER || node->kind == AST_INDEX || node->kind == AST_CALL;
}

struct ast_node *parser_end_chain(struct parser *parser, struct ast_node *node,
                                  struct token_span span)
{
    const struct ast_node *link = node;
    while (is_link(link) && !link->parenthesised && !link->optional)
        link = link->first_child;
    if (!is_link(link) || link->parenthesised)
        return node;
    struct ast_node *chain = parser_leaf(parser, AST_CHAIN, span);
    ast_append(chain, node);
    return chain;
}

struct ast_node *parser_property(struct parser *parser, slice key, struct ast_node *value,
                                 struct token_span span)
{
    struct ast_node *node = parser_text(parser, AST_PROPERTY, key, span);
    ast_append(node, value);
    return node;
}

struct ast_node *parser_computed_property(struct parser *parser, struct ast_node *key,
                                          struct ast_node *value, struct token_span span)
{
    struct ast_node *node = parser_leaf(parser, AST_PROPERTY, span);
    ast_append(node, key);
    ast_append(node, value);
    return node;
}

static bool is_open_logical(const struct ast_node *node, bool coalesce)
{
    return node->kind == AST_LOGICAL && !node->parenthesised &&
           (node->op == OPERATOR_COALESCE) == coalesce;
}

struct ast_node *parser_choice(struct parser *parser, enum ast_operator op,
                               struct token_span op_span, struct ast_node *left,
                               struct ast_node *right, struct token_span span)
{
    bool coalesce = op == OPERATOR_COALESCE;
    bool is_mixed = is_open_logical(left, !coalesce) || (coalesce && is_open_logical(right, false));
    struct ast_node *node = parser_binary(parser, op, op_span, left, right, span);
    if (is_mixed) {
        parser_report(parser, DIAG_MIXED_COALESCE, op_span);
        node->parenthesised = true; /* once said, the rest of the chain is no news */
    }
    return node;
}

bool parser_enter(struct parser *parser, struct token_span span)
{
    if (parser->lexer.nesting == PARSE_MAX_NESTING) {
        parser_report(parser, DIAG_NESTED_TOO_DEEPLY, span);
        return false;
    }
    parser->lexer.nesting++;
    return true;
}

void parser_leave(struct parser *parser)
{
    parser->lexer.nesting--;
}

struct ast_node *parse_expression(const struct mapped_text *text, struct arena *arena,
                                  struct diagnostics *diagnostics)
{
    if (text->text.length > PARSE_MAX_TEXT_BYTES) {
        diagnose_text(diagnostics, DIAG_RULE_TOO_LONG, text, 0, (uint32_t)text->text.length,
                      PARSE_MAX_TEXT_BYTES);
        return NULL;
    }
    struct parser parser = {.arena = arena};
    lexer_init(&parser.lexer, text, arena, diagnostics);
    bool parsed = valve_parse(&parser) == 0;
    return parsed && lexer_errors(&parser.lexer) == 0 ? parser.root : NULL;
}
