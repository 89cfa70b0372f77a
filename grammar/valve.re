/* The lexer: every token of the language on one page (valve.md 5.1). Texts, templates and regular
 * expressions are read by lexer_text.c once their first character is seen. */

#include "lexer.h"

#include "base/numeral.h"
#include "base/utf8.h"
#include "valve_parser.h"

#include <stdlib.h>

struct word {
    const char *text;
    int token;
};

static const struct word WORDS[] = {
#define WORD(text, token, hint) {text, TOKEN_##token},
#include "words.def"
#undef WORD
};

void lexer_init(struct lexer *lexer, const struct mapped_text *text, struct arena *arena,
                struct diagnostics *diagnostics)
{
    *lexer = (struct lexer){
        .text = text,
        .arena = arena,
        .diagnostics = diagnostics,
        .cursor = text->text.at,
        .start = text->text.at,
        .limit = text->text.at + text->text.length,
        .errors_before = diagnostics->error_count,
    };
}

static void report(struct lexer *lexer, enum diagnostic_id id)
{
    slice token = {lexer->start, (size_t)(lexer->cursor - lexer->start)};
    diagnose_text(lexer->diagnostics, id, lexer->text, lexer_offset(lexer, lexer->start),
                  lexer_offset(lexer, lexer->cursor), SLICE_ARGUMENTS(token));
}

/* Reports the token at hand; `meant` is what it is read as. */
static int refuse(struct lexer *lexer, enum diagnostic_id id, int meant)
{
    report(lexer, id);
    return meant;
}

static int fail(struct lexer *lexer, enum diagnostic_id id)
{
    return refuse(lexer, id, TOKEN_FAILED);
}

/* An operator that was not written as one; `sign` is how it is. */
static int refuse_sign(struct lexer *lexer, enum diagnostic_id id, int meant, const char *sign)
{
    slice token = {lexer->start, (size_t)(lexer->cursor - lexer->start)};
    diagnose_text(lexer->diagnostics, id, lexer->text, lexer_offset(lexer, lexer->start),
                  lexer_offset(lexer, lexer->cursor), SLICE_ARGUMENTS(token), sign);
    return meant;
}

static int refuse_arrow(struct lexer *lexer)
{
    diagnose_text(lexer->diagnostics, DIAG_USER_FUNCTION, lexer->text,
                  lexer_offset(lexer, lexer->start), lexer_offset(lexer, lexer->cursor),
                  "write the expression itself; to compare, write >=");
    return TOKEN_FAILED;
}

static int word_token(slice word)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (slice_equal(word, slice_of(WORDS[i].text)))
            return WORDS[i].token;
    return TOKEN_NAME;
}

static int read_name(struct lexer *lexer, union token_value *value)
{
    lexer_skip_name(lexer);
    value->text = (slice){lexer->start, (size_t)(lexer->cursor - lexer->start)};
    if (lexer->after_dot)
        return TOKEN_NAME;
#define WORD_OPERATOR(word, token, sign)                                                           \
    if (lexer->expects_operator && slice_equal(value->text, SLICE(word)))                          \
        return refuse_sign(lexer, DIAG_WORD_OPERATOR, token, sign);
#include "word_operators.def"
#undef WORD_OPERATOR
    return word_token(value->text);
}

/* A number ends before a character that no name begins with (5px, 1.in x). */
static int end_number(struct lexer *lexer)
{
    slice rest = {lexer->cursor, (size_t)(lexer->limit - lexer->cursor)};
    size_t length = 0;
    if (rest.length == 0 || !lexer_is_name_part(utf8_next(rest, &length)))
        return TOKEN_NUMBER;
    lexer_skip_name(lexer);
    return refuse(lexer, DIAG_BAD_NUMBER, TOKEN_NUMBER);
}

/* Digits of a number without the separators; prefix is what stands before them. */
static slice without_separators(struct lexer *lexer, size_t prefix)
{
    const char *digits = lexer->start + prefix;
    char *copy = arena_alloc(lexer->arena, (size_t)(lexer->cursor - digits));
    size_t length = 0;
    for (const char *at = digits; at < lexer->cursor; at++)
        if (*at != '_')
            copy[length++] = *at;
    return (slice){copy, length};
}

static int read_decimal(struct lexer *lexer, union token_value *value)
{
    value->number = numeral_decimal(without_separators(lexer, 0));
    return end_number(lexer);
}

static int read_power_of_two(struct lexer *lexer, unsigned bits, union token_value *value)
{
    value->number = numeral_power_of_two(without_separators(lexer, 2), bits);
    return end_number(lexer);
}

/* What begins like a number and is none. */
static int refuse_number(struct lexer *lexer, enum diagnostic_id id, union token_value *value)
{
    value->number = 0;
    return refuse(lexer, id, TOKEN_NUMBER);
}

static int open_bracket(struct lexer *lexer, char opened, int token)
{
    if (lexer->nesting == PARSE_MAX_NESTING)
        return fail(lexer, DIAG_NESTED_TOO_DEEPLY);
    lexer->nesting++;
    uint32_t length = opened == '`' ? 2 : 1;
    lexer->brackets[lexer->bracket_count++] =
        (struct bracket){opened, lexer_offset(lexer, lexer->cursor) - length};
    return token;
}

static char opening_of(char closing)
{
    return closing == ')' ? '(' : closing == ']' ? '[' : '{';
}

static int close_bracket(struct lexer *lexer, char closing, int token)
{
    struct bracket bracket = lexer->brackets[--lexer->bracket_count];
    lexer->nesting--;
    if (bracket.opened == '`' && closing == '}') {
        lexer->in_template = true;
        return TOKEN_TEMPLATE_RESUME;
    }
    if (bracket.opened == opening_of(closing))
        return token;
    const char *shown = bracket.opened == '`' ? "${" : (char[]){bracket.opened, '\0'};
    struct source_position position = source_position(
        lexer->text->source, mapped_text_file_offset(lexer->text, bracket.offset));
    diagnose_text(lexer->diagnostics, DIAG_MISMATCHED_BRACKET, lexer->text,
                  lexer_offset(lexer, lexer->start), lexer_offset(lexer, lexer->cursor), closing,
                  shown, position.line, position.column);
    return TOKEN_FAILED;
}

static int read_template(struct lexer *lexer, union token_value *value)
{
    bool expression;
    if (!lexer_read_template(lexer, &value->text, &expression))
        return TOKEN_FAILED;
    lexer->in_template = false;
    if (!expression)
        return TOKEN_TEMPLATE_END;
    return open_bracket(lexer, '`', TOKEN_TEMPLATE_TEXT);
}

static int read_text(struct lexer *lexer, char quote, union token_value *value)
{
    return lexer_read_text(lexer, quote, &value->text) ? TOKEN_TEXT : TOKEN_FAILED;
}

static int read_regex(struct lexer *lexer, union token_value *value)
{
    lexer->cursor = lexer->start + 1;
    bool good = lexer_read_regex(lexer, &value->regex.body, &value->regex.flags);
    return good ? TOKEN_REGEX : TOKEN_FAILED;
}

static bool is_quote(uint32_t c)
{
    return (c >= 0x2018 && c <= 0x201F) || c == 0xAB || c == 0xBB;
}

enum beyond_ascii { BEYOND_BLANK, BEYOND_NAME, BEYOND_QUOTE, BEYOND_OTHER };

/* Judges the character that starts at the token's start, and moves the cursor behind it. */
static enum beyond_ascii judge_beyond_ascii(struct lexer *lexer)
{
    slice rest = {lexer->start, (size_t)(lexer->limit - lexer->start)};
    size_t length = 0;
    uint32_t c = utf8_next(rest, &length);
    lexer->cursor = lexer->start + length;
    if (lexer_is_space(c))
        return BEYOND_BLANK;
    if (lexer_is_name_start(c))
        return BEYOND_NAME;
    return is_quote(c) ? BEYOND_QUOTE : BEYOND_OTHER;
}

/* A character that begins no token. The first byte of it is behind the cursor. */
static int refuse_character(struct lexer *lexer)
{
    slice rest = {lexer->start, (size_t)(lexer->limit - lexer->start)};
    size_t length = 0;
    uint32_t c = utf8_next(rest, &length);
    lexer->cursor = lexer->start + length;
    slice shown = slice_part(rest, 0, length);
    if (c < 0x20 || c == 0x7F)
        shown = arena_printf(lexer->arena, "U+%04X", c);
    diagnose_text(lexer->diagnostics, DIAG_STRAY_CHARACTER, lexer->text,
                  lexer_offset(lexer, lexer->start), lexer_offset(lexer, lexer->cursor),
                  SLICE_ARGUMENTS(shown));
    return TOKEN_FAILED;
}

/* The cursor stands behind a quote that is none in JavaScript. A text up to the next one was meant. */
static int refuse_quote(struct lexer *lexer, union token_value *value)
{
    report(lexer, DIAG_SMART_QUOTE);
    const char *start = lexer->cursor;
    while (lexer->cursor < lexer->limit && *lexer->cursor != '\n') {
        slice rest = {lexer->cursor, (size_t)(lexer->limit - lexer->cursor)};
        size_t length = 0;
        uint32_t c = utf8_next(rest, &length);
        value->text = (slice){start, (size_t)(lexer->cursor - start)};
        lexer->cursor += length;
        if (is_quote(c))
            return TOKEN_TEXT;
    }
    return TOKEN_FAILED;
}

static int scan(struct lexer *lexer, union token_value *value)
{
    const char *marker;
blank:
    lexer->start = lexer->cursor;
    if (lexer_errors(lexer) >= LEXER_MAX_ERRORS)
        return TOKEN_FAILED;
    if (lexer->in_template)
        return read_template(lexer, value);
    if (lexer->cursor == lexer->limit)
        return 0;
    /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYPEEK = "(lexer->cursor < lexer->limit ? (unsigned char)*lexer->cursor : 0)";
    re2c:define:YYSKIP = "lexer->cursor++;";
    re2c:define:YYBACKUP = "marker = lexer->cursor;";
    re2c:define:YYRESTORE = "lexer->cursor = marker;";
    re2c:flags:input = custom;
    re2c:api:style = free-form;
    re2c:yyfill:enable = 0;

    digits = [0-9] ("_"? [0-9])*;
    whole = "0" | [1-9] ("_"? [0-9])*;
    exponent = [eE] [+-]? digits;
    spaces = [ \t]+;

    [ \t\v\f\r\n]+                                     { goto blank; }
    "//"                                               { goto line_comment; }
    "/*"                                               { goto block_comment; }

    (whole ("." digits?)? | "." digits) exponent?      { return read_decimal(lexer, value); }
    '0x' [0-9a-fA-F] ("_"? [0-9a-fA-F])*               { return read_power_of_two(lexer, 4, value); }
    '0o' [0-7] ("_"? [0-7])*                           { return read_power_of_two(lexer, 3, value); }
    '0b' [01] ("_"? [01])*                             { return read_power_of_two(lexer, 1, value); }
    whole "n" | '0x' [0-9a-fA-F_]+ "n"                 { return refuse_number(lexer, DIAG_BIG_INTEGER, value); }
    "0" [0-9_]+ ("." [0-9]+)?                          { return refuse_number(lexer, DIAG_LEADING_ZERO, value); }
    [0-9] [0-9a-zA-Z_$]*                               { return refuse_number(lexer, DIAG_BAD_NUMBER, value); }

    ["]                                                { return read_text(lexer, '"', value); }
    [']                                                { return read_text(lexer, '\'', value); }
    "`"                                                { lexer->in_template = true; return TOKEN_TEMPLATE_START; }

    [a-zA-Z_$]                                         { return read_name(lexer, value); }

    "("                                                { return open_bracket(lexer, '(', '('); }
    "["                                                { return open_bracket(lexer, '[', '['); }
    "{"                                                { return open_bracket(lexer, '{', '{'); }
    ")" | "]" | "}"                                    { goto closing; }

    "."                                                { return '.'; }
    "?."                                               { goto optional; }
    ","                                                { return ','; }
    ":"                                                { return ':'; }
    ";"                                                { return ';'; }
    "?"                                                { return '?'; }
    "!"                                                { return '!'; }
    "~"                                                { return '~'; }
    "+"                                                { return '+'; }
    "-"                                                { return '-'; }
    "**"                                               { return TOKEN_POWER; }
    "*"                                                { return '*'; }
    "/"                                                { goto slash; }
    "%"                                                { return '%'; }
    "<<"                                               { return TOKEN_SHIFT_LEFT; }
    ">>"                                               { return TOKEN_SHIFT_RIGHT; }
    ">>>"                                              { return TOKEN_SHIFT_RIGHT_UNSIGNED; }
    "<"                                                { return '<'; }
    "<="                                               { return TOKEN_LESS_EQUAL; }
    ">"                                                { return '>'; }
    ">="                                               { return TOKEN_GREATER_EQUAL; }
    "=="                                               { return TOKEN_EQUAL; }
    "!="                                               { return TOKEN_NOT_EQUAL; }
    "==="                                              { return TOKEN_STRICT_EQUAL; }
    "!=="                                              { return TOKEN_STRICT_NOT_EQUAL; }
    "&"                                                { return '&'; }
    "|"                                                { return '|'; }
    "^"                                                { return '^'; }
    "&&"                                               { return TOKEN_AND; }
    "||"                                               { return TOKEN_OR; }
    "??"                                               { return TOKEN_COALESCE; }

    "="                                                { return refuse(lexer, DIAG_ASSIGNMENT, TOKEN_EQUALITY_MEANT); }
    ("+" | "-" | "*" | "**" | "%" | "<<" | ">>" | ">>>" | "&" | "|" | "^" | "&&" | "||" | "??") "="
                                                       { return refuse(lexer, DIAG_COMPOUND_ASSIGNMENT, TOKEN_EQUALITY_MEANT); }
    "++" | "--"                                        { report(lexer, DIAG_INCREMENT); goto blank; }
    "=" "="? spaces "=" "="?                           { return refuse_sign(lexer, DIAG_MISSPELT_OPERATOR, TOKEN_EQUALITY_MEANT, "==="); }
    "!" spaces "=" "="? | "<>"                         { return refuse_sign(lexer, DIAG_MISSPELT_OPERATOR, TOKEN_EQUALITY_MEANT, "!=="); }
    "<" spaces "=" | "=<"                              { return refuse_sign(lexer, DIAG_MISSPELT_OPERATOR, TOKEN_LESS_EQUAL, "<="); }
    ">" spaces "="                                     { return refuse_sign(lexer, DIAG_MISSPELT_OPERATOR, TOKEN_GREATER_EQUAL, ">="); }
    "=>"                                               { return refuse_arrow(lexer); }
    "/="                                               { goto slash; }
    "..."                                              { goto spread; }
    "<!--" | "-->"                                     { return fail(lexer, DIAG_HTML_COMMENT); }
    [\x80-\xff]                                        { goto beyond_ascii; }
    *                                                  { return refuse_character(lexer); }
    */

line_comment:
    lexer->cursor = lexer->start + 2;
    while (lexer->cursor < lexer->limit && *lexer->cursor != '\n' && *lexer->cursor != '\r') {
        slice rest = {lexer->cursor, (size_t)(lexer->limit - lexer->cursor)};
        if (slice_starts_with(rest, SLICE("\xE2\x80\xA8")) ||
            slice_starts_with(rest, SLICE("\xE2\x80\xA9")))
            break;
        lexer->cursor++;
    }
    goto blank;

block_comment:
    for (; lexer->cursor + 1 < lexer->limit; lexer->cursor++) {
        if (lexer->cursor[0] == '*' && lexer->cursor[1] == '/') {
            lexer->cursor += 2;
            goto blank;
        }
    }
    lexer->cursor = lexer->start + 2;
    return fail(lexer, DIAG_UNTERMINATED_COMMENT);

optional: /* `a?.5:1` is a choice between two numbers */
    if (lexer->cursor < lexer->limit && *lexer->cursor >= '0' && *lexer->cursor <= '9') {
        lexer->cursor--;
        return '?';
    }
    return TOKEN_OPTIONAL;

slash:
    if (!lexer->expects_operator)
        return read_regex(lexer, value);
    return lexer->cursor - lexer->start == 1
               ? '/'
               : refuse(lexer, DIAG_COMPOUND_ASSIGNMENT, TOKEN_EQUALITY_MEANT);

closing:
    if (lexer->bracket_count > 0)
        return close_bracket(lexer, *lexer->start, *lexer->start);
    report(lexer, DIAG_UNOPENED_BRACKET);
    goto blank;

spread: /* the elements of a list stand as well without it */
    report(lexer, DIAG_SPREAD);
    if (lexer->bracket_count == 0 || lexer->brackets[lexer->bracket_count - 1].opened == '{')
        return TOKEN_FAILED;
    goto blank;

beyond_ascii:
    switch (judge_beyond_ascii(lexer)) {
    case BEYOND_BLANK:
        goto blank;
    case BEYOND_NAME:
        return read_name(lexer, value);
    case BEYOND_QUOTE:
        return refuse_quote(lexer, value);
    default:
        return refuse_character(lexer);
    }
}

bool lexer_ends_value(int token)
{
    switch (token) {
    case TOKEN_NUMBER:
    case TOKEN_TEXT:
    case TOKEN_REGEX:
    case TOKEN_NAME:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NULL:
    case TOKEN_TEMPLATE_END:
    case ')':
    case ']':
    case '}':
        return true;
    default:
        return false;
    }
}

int lexer_next(struct lexer *lexer, union token_value *value, struct token_span *span)
{
    int token = scan(lexer, value);
    span->start = lexer_offset(lexer, lexer->start);
    span->end = lexer_offset(lexer, lexer->cursor);
    lexer->expects_operator = lexer_ends_value(token);
    lexer->after_dot = token == '.' || token == TOKEN_OPTIONAL;
    lexer->any_token = lexer->any_token || (token != 0 && token != ';');
    return token;
}
