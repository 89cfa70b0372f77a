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

void parser_report(struct parser *parser, enum diagnostic_id id, struct token_span span)
{
    diagnose_text(parser->lexer.diagnostics, id, parser->lexer.text, span.start, span.end);
}

static bool is_open_logical(const struct ast_node *node, bool coalesce)
{
    return node->kind == AST_LOGICAL && !node->parenthesised &&
           (node->op == OPERATOR_COALESCE) == coalesce;
}

bool parser_is_mixed(struct parser *parser, enum ast_operator op, struct ast_node *left,
                     struct ast_node *right, struct token_span op_span)
{
    bool coalesce = op == OPERATOR_COALESCE;
    if (!is_open_logical(left, !coalesce) && !(coalesce && is_open_logical(right, false)))
        return false;
    parser_report(parser, DIAG_MIXED_COALESCE, op_span);
    return true;
}

/* ---- unexpected tokens ---- */

static const char *operator_of_word(slice word)
{
    static const struct {
        const char *word, *operator;
    } words[] = {{"and", "&&"}, {"or", "||"}, {"is", "==="}, {"equals", "==="}, {"eq", "==="},
                 {"ne", "!=="}, {"mod", "%"}, {"lt", "<"},   {"gt", ">"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_equal(word, slice_of(words[i].word)))
            return words[i].operator;
    return NULL;
}

static const char *word_hint(slice word)
{
#define WORD(text, token, hint)                                                                    \
    if (slice_equal(word, SLICE(text)))                                                            \
        return hint;
#include "words.def"
#undef WORD
    return "";
}

static char closing_of(char opened)
{
    return opened == '(' ? ')' : opened == '[' ? ']' : '}';
}

static const char *expected_here(const struct parser *parser)
{
    const struct lexer *lexer = &parser->lexer;
    if (!parser->value_before)
        return "a value";
    if (lexer->bracket_count == 0)
        return "an operator";
    char closing = closing_of(lexer->brackets[lexer->bracket_count - 1].opened);
    return arena_printf(parser->arena, "an operator or `%c`", closing).at;
}

static void report_unclosed(struct parser *parser, struct bracket bracket)
{
    const char *shown = bracket.opened == '`' ? "${" : (char[]){bracket.opened, '\0'};
    uint32_t length = bracket.opened == '`' ? 0 : 1;
    diagnose_text(parser->lexer.diagnostics, DIAG_UNCLOSED_BRACKET, parser->lexer.text,
                  bracket.offset, bracket.offset + length, shown);
}

static void unexpected_end(struct parser *parser, struct token_span span)
{
    const struct lexer *lexer = &parser->lexer;
    if (!lexer->any_token)
        diagnose_text(lexer->diagnostics, DIAG_EMPTY_RULE, lexer->text, 0,
                      (uint32_t)lexer->text->text.length);
    else if (lexer->bracket_count > 0)
        report_unclosed(parser, lexer->brackets[lexer->bracket_count - 1]);
    else
        diagnose_text(lexer->diagnostics, DIAG_UNEXPECTED_END, lexer->text, span.start, span.start,
                      expected_here(parser));
}

/* Words that the language does not have, or that stand for an operator elsewhere. */
static bool is_reported_word(struct parser *parser, int token, struct token_span span)
{
    struct lexer *lexer = &parser->lexer;
    slice word = parser->newest.text;
    if (token == TOKEN_NEW || token == TOKEN_FUNCTION) {
        parser_report(parser, token == TOKEN_NEW ? DIAG_NEW_KEYWORD : DIAG_USER_FUNCTION, span);
        return true;
    }
    if (token == TOKEN_RESERVED) {
        diagnose_text(lexer->diagnostics, DIAG_RESERVED_WORD, lexer->text, span.start, span.end,
                      SLICE_ARGUMENTS(word), word_hint(word));
        return true;
    }
    const char *operator= token == TOKEN_NAME ? operator_of_word(word) : NULL;
    if (operator== NULL || !parser->value_before)
        return false;
    diagnose_text(lexer->diagnostics, DIAG_WORD_OPERATOR, lexer->text, span.start, span.end,
                  SLICE_ARGUMENTS(word), operator);
    return true;
}

void parser_unexpected(struct parser *parser, int token, struct token_span span)
{
    struct lexer *lexer = &parser->lexer;
    union token_value skipped;
    while (token == ';' && !lexer->any_token)
        token = lexer_next(lexer, &skipped, &span);
    if (token == TOKEN_FAILED)
        return;
    if (token == 0) {
        unexpected_end(parser, span);
        return;
    }
    if (parser->token_before == ';') {
        parser_report(parser, DIAG_STATEMENTS, span);
        return;
    }
    if (is_reported_word(parser, token, span))
        return;
    if (token == ',' && parser->value_before)
        parser_report(parser, DIAG_COMMA_OPERATOR, span);
    else if (token == TOKEN_TEMPLATE_START && parser->value_before)
        parser_report(parser, DIAG_TAGGED_TEMPLATE, span);
    else
        diagnose_text(lexer->diagnostics, DIAG_UNEXPECTED_TOKEN, lexer->text, span.start, span.end,
                      SLICE_ARGUMENTS(slice_part(lexer->text->text, span.start, span.end)),
                      expected_here(parser));
}

struct ast_node *parse_expression(const struct mapped_text *text, struct arena *arena,
                                  struct diagnostics *diagnostics)
{
    if (text->text.length > PARSE_MAX_TEXT_BYTES) {
        diagnose_text(diagnostics, DIAG_RULE_TOO_LONG, text, 0, (uint32_t)text->text.length,
                      PARSE_MAX_TEXT_BYTES);
        return NULL;
    }
    uint32_t errors_before = diagnostics->error_count;
    struct parser parser = {.arena = arena};
    lexer_init(&parser.lexer, text, arena, diagnostics);
    bool parsed = valve_parse(&parser) == 0;
    return parsed && diagnostics->error_count == errors_before ? parser.root : NULL;
}
