/* What is said about a token that stands where it cannot: the likely mistake where one can be told,
 * else what was expected. */

#include "parser.h"
#include "valve_parser.h"

#include "base/utf8.h"

/* Of a token that is quoted in a message; the rest stands below it anyway. */
#define MAX_QUOTED_BYTES 40u

void parser_report(struct parser *parser, enum diagnostic_id id, struct token_span span)
{
    diagnose_text(parser->lexer.diagnostics, id, parser->lexer.text, span.start, span.end);
}

void parser_check_key(struct parser *parser, slice key, struct token_span span)
{
    if (slice_equal(key, SLICE("__proto__")))
        parser_report(parser, DIAG_PROTO_KEY, span);
}

void parser_refuse(struct parser *parser, enum diagnostic_id id, struct token_span span)
{
    parser_report(parser, id, span);
    parser->refused_word = true;
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

void parser_refuse_word(struct parser *parser, slice word, struct token_span span)
{
    diagnose_text(parser->lexer.diagnostics, DIAG_RESERVED_WORD, parser->lexer.text, span.start,
                  span.end, SLICE_ARGUMENTS(word), word_hint(word));
    parser->refused_word = true;
}

static void report_unclosed(struct parser *parser, struct bracket bracket)
{
    const char *shown = bracket.opened == '`' ? "${" : (char[]){bracket.opened, '\0'};
    diagnose_text(parser->lexer.diagnostics, DIAG_UNCLOSED_BRACKET, parser->lexer.text,
                  bracket.offset, bracket.offset + (uint32_t)strlen(shown), shown);
}

static void unexpected_end(struct parser *parser, const char *expected)
{
    const struct lexer *lexer = &parser->lexer;
    uint32_t end = parser->newest.span.start;
    if (lexer->bracket_count > 0)
        report_unclosed(parser, lexer->brackets[lexer->bracket_count - 1]);
    else
        diagnose_text(lexer->diagnostics, DIAG_UNEXPECTED_END, lexer->text, end, end, expected);
}

/* A copy of the lexer that reads on without a word; diagnostics_fini(silent) ends it. */
static struct lexer look_ahead(const struct parser *parser, struct diagnostics *silent)
{
    struct lexer ahead = parser->lexer;
    diagnostics_init(silent, parser->arena);
    ahead.diagnostics = silent;
    ahead.errors_before = 0;
    return ahead;
}

/* Whether the newest token stands in the parameters of an arrow function, which may hold what no
 * expression does: `()`, `(a, b)`. */
static bool is_in_parameters(const struct parser *parser, struct token_span *arrow)
{
    struct diagnostics silent;
    struct lexer ahead = look_ahead(parser, &silent);
    uint32_t outside = ahead.bracket_count - (parser->newest.token == ',' ? 1 : 0);
    union token_value value;
    int token = ',';
    while (ahead.bracket_count > outside && token != 0 && token != TOKEN_FAILED)
        token = lexer_next(&ahead, &value, arrow);
    bool closed = token != 0 && token != TOKEN_FAILED;
    bool found = closed && lexer_next(&ahead, &value, arrow) == TOKEN_FAILED &&
                 silent.list.items[silent.list.count - 1].id == DIAG_USER_FUNCTION;
    diagnostics_fini(&silent);
    return found;
}

static bool is_reported_function(struct parser *parser)
{
    const struct lexer *lexer = &parser->lexer;
    int token = parser->newest.token;
    bool in_parentheses =
        lexer->bracket_count > 0 && lexer->brackets[lexer->bracket_count - 1].opened == '(';
    struct token_span span = parser->newest.span;
    if (token != TOKEN_FUNCTION && !(token == ')' && parser->before.token == '(') &&
        !(token == ',' && in_parentheses))
        return false;
    if (token != TOKEN_FUNCTION && !is_in_parameters(parser, &span))
        return false;
    diagnose_text(lexer->diagnostics, DIAG_USER_FUNCTION, lexer->text, span.start, span.end,
                  "write the expression itself");
    return true;
}

/* `not` is a name here, and the value behind it is what was not expected. */
static bool is_reported_negation(struct parser *parser)
{
    const struct seen_token *before = &parser->before;
    if (before->token != TOKEN_NAME || !slice_equal(before->value.text, SLICE("not")))
        return false;
    diagnose_text(parser->lexer.diagnostics, DIAG_WORD_OPERATOR, parser->lexer.text,
                  before->span.start, before->span.end, SLICE_ARGUMENTS(before->value.text), "!");
    return true;
}

static slice quoted(const struct parser *parser, struct token_span span)
{
    slice token = slice_part(parser->lexer.text->text, span.start, span.end);
    if (token.length <= MAX_QUOTED_BYTES)
        return token;
    size_t length = MAX_QUOTED_BYTES;
    while (((unsigned char)token.at[length] & 0xC0) == 0x80)
        length--;
    return arena_printf(parser->arena, SLICE_FORMAT "...",
                        SLICE_ARGUMENTS(slice_part(token, 0, length)));
}

static void report_token(struct parser *parser, const char *expected)
{
    struct lexer *lexer = &parser->lexer;
    struct token_span span = parser->newest.span;
    bool behind_value = parser->before.token != 0 && lexer_ends_value(parser->before.token);
    switch (parser->newest.token) {
    case TOKEN_NEW:
        parser_report(parser, DIAG_NEW_KEYWORD, span);
        return;
    case TOKEN_RESERVED:
    case TOKEN_REFUSED_PREFIX:
    case TOKEN_INSTANCEOF:
        parser_refuse_word(parser, parser->newest.value.text, span);
        return;
    case ',':
        if (!behind_value)
            break;
        parser_report(parser, DIAG_COMMA_OPERATOR, span);
        return;
    case TOKEN_TEMPLATE_START:
        if (!behind_value)
            break;
        parser_report(parser, DIAG_TAGGED_TEMPLATE, span);
        return;
    default:
        break;
    }
    diagnose_text(lexer->diagnostics, DIAG_UNEXPECTED_TOKEN, lexer->text, span.start, span.end,
                  SLICE_ARGUMENTS(quoted(parser, span)), expected);
}

/* Whether nothing but `;` stands up to the newest token, and what is behind it. */
static bool is_empty_up_to_semicolon(const struct parser *parser)
{
    struct diagnostics silent;
    struct lexer ahead = look_ahead(parser, &silent);
    union token_value value;
    struct token_span span;
    int token = parser->newest.token;
    while (token == ';' && !ahead.any_token)
        token = lexer_next(&ahead, &value, &span);
    diagnostics_fini(&silent);
    return token == 0 && !ahead.any_token;
}

/* One mistake is told once: what was refused, or stands right behind it, is no news. */
static bool is_old_news(const struct parser *parser)
{
    return parser->newest.is_refused || parser->before.is_refused || parser->refused_word ||
           parser->newest.token == TOKEN_FAILED;
}

void parser_unexpected(struct parser *parser, const char *expected)
{
    const struct lexer *lexer = &parser->lexer;
    if (is_old_news(parser))
        return;
    if (is_empty_up_to_semicolon(parser))
        diagnose_text(lexer->diagnostics, DIAG_EMPTY_RULE, lexer->text, 0,
                      (uint32_t)lexer->text->text.length);
    else if (parser->newest.token == 0)
        unexpected_end(parser, expected);
    else if (parser->before.token == ';')
        parser_report(parser, DIAG_STATEMENTS, parser->newest.span);
    else if (!is_reported_function(parser) && !is_reported_negation(parser))
        report_token(parser, expected);
}
