/* The lexer: every token of the language on one page (valve.md 5.1). Texts, templates and regular
 * expressions are read by lexer_text.c once their first character is seen. */

#include "lexer.h"

#include "base/utf8.h"
#include "valve_parser.h"

#include <math.h>
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
    };
}

static void report(struct lexer *lexer, enum diagnostic_id id)
{
    slice token = {lexer->start, (size_t)(lexer->cursor - lexer->start)};
    diagnose_text(lexer->diagnostics, id, lexer->text, lexer_offset(lexer, lexer->start),
                  lexer_offset(lexer, lexer->cursor), SLICE_ARGUMENTS(token));
}

static int fail(struct lexer *lexer, enum diagnostic_id id)
{
    report(lexer, id);
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
    return lexer->after_dot ? TOKEN_NAME : word_token(value->text);
}

/* Digits of a number without the separators; prefix is what stands before them. */
static slice without_separators(struct lexer *lexer, size_t prefix)
{
    const char *digits = lexer->start + prefix;
    char *copy = arena_alloc(lexer->arena, (size_t)(lexer->cursor - digits) + 1);
    size_t length = 0;
    for (const char *at = digits; at < lexer->cursor; at++)
        if (*at != '_')
            copy[length++] = *at;
    copy[length] = '\0';
    return (slice){copy, length};
}

static int read_decimal(struct lexer *lexer, union token_value *value)
{
    value->number = strtod(without_separators(lexer, 0).at, NULL);
    return TOKEN_NUMBER;
}

/* Digits of 1, 3 or 4 bits. Bits that a double cannot hold are kept as one sticky bit, so that the
 * conversion rounds as if it saw them all. */
static int read_power_of_two(struct lexer *lexer, unsigned bits_per_digit, union token_value *value)
{
    slice digits = without_separators(lexer, 2);
    uint64_t mantissa = 0, sticky = 0;
    int exponent = 0;
    for (size_t i = 0; i < digits.length; i++) {
        char c = digits.at[i];
        uint64_t digit = c <= '9' ? (uint64_t)(c - '0') : (uint64_t)((c | 0x20) - 'a' + 10);
        for (unsigned bit = bits_per_digit; bit-- > 0;) {
            if (mantissa >> 63 == 0) {
                mantissa = mantissa << 1 | (digit >> bit & 1);
            } else {
                sticky |= digit >> bit & 1;
                exponent++;
            }
        }
    }
    value->number = ldexp((double)(mantissa | sticky), exponent);
    return TOKEN_NUMBER;
}

static int open_bracket(struct lexer *lexer, char opened, int token)
{
    if (lexer->bracket_count == PARSE_MAX_NESTING)
        return fail(lexer, DIAG_NESTED_TOO_DEEPLY);
    lexer->brackets[lexer->bracket_count++] =
        (struct bracket){opened, lexer_offset(lexer, lexer->start)};
    return token;
}

static char opening_of(char closing)
{
    return closing == ')' ? '(' : closing == ']' ? '[' : '{';
}

static int close_bracket(struct lexer *lexer, char closing, int token)
{
    if (lexer->bracket_count == 0)
        return fail(lexer, DIAG_UNOPENED_BRACKET);
    struct bracket bracket = lexer->brackets[--lexer->bracket_count];
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

/* The words and signs of JavaScript that would change something (valve.md 5.2). `=` goes on as a
 * comparison, so that one typing error does not hide the next. */
static int refuse_assignment(struct lexer *lexer)
{
    report(lexer, DIAG_ASSIGNMENT);
    return TOKEN_EQUALITY_MEANT;
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
    return (c >= 0x2018 && c <= 0x201F) || c == 0xAB || c == 0xBB ? BEYOND_QUOTE : BEYOND_OTHER;
}

static int scan(struct lexer *lexer, union token_value *value)
{
    const char *marker;
blank:
    lexer->start = lexer->cursor;
    if (lexer->in_template)
        return read_template(lexer, value);
    if (lexer->cursor == lexer->limit)
        return 0;
    /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = lexer->cursor;
    re2c:define:YYLIMIT = lexer->limit;
    re2c:define:YYMARKER = marker;
    re2c:define:YYPEEK = "(lexer->cursor < lexer->limit ? (unsigned char)*lexer->cursor : 0)";
    re2c:api:style = free-form;
    re2c:yyfill:enable = 0;

    digits = [0-9] ("_"? [0-9])*;
    whole = "0" | [1-9] ("_"? [0-9])*;
    exponent = [eE] [+-]? digits;

    [ \t\v\f\r\n]+                                     { goto blank; }
    "//"                                               { goto line_comment; }
    "/*"                                               { goto block_comment; }

    (whole ("." digits?)? | "." digits) exponent?      { return read_decimal(lexer, value); }
    '0x' [0-9a-fA-F] ("_"? [0-9a-fA-F])*               { return read_power_of_two(lexer, 4, value); }
    '0o' [0-7] ("_"? [0-7])*                           { return read_power_of_two(lexer, 3, value); }
    '0b' [01] ("_"? [01])*                             { return read_power_of_two(lexer, 1, value); }
    whole "n"                                          { return fail(lexer, DIAG_BIG_INTEGER); }
    "0" [0-9_]+                                        { return fail(lexer, DIAG_LEADING_ZERO); }
    [0-9] [0-9a-zA-Z_$]*                               { return fail(lexer, DIAG_BAD_NUMBER); }

    ["]                                                { return read_text(lexer, '"', value); }
    [']                                                { return read_text(lexer, '\'', value); }
    "`"                                                { lexer->in_template = true; return TOKEN_TEMPLATE_START; }

    [a-zA-Z_$]                                         { return read_name(lexer, value); }

    "("                                                { return open_bracket(lexer, '(', '('); }
    "["                                                { return open_bracket(lexer, '[', '['); }
    "{"                                                { return open_bracket(lexer, '{', '{'); }
    ")"                                                { return close_bracket(lexer, ')', ')'); }
    "]"                                                { return close_bracket(lexer, ']', ']'); }
    "}"                                                { return close_bracket(lexer, '}', '}'); }

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

    "="                                                { return refuse_assignment(lexer); }
    "=<"                                               { return fail(lexer, DIAG_EQUAL_LESS); }
    "=" [ \t]+ "=" "="?                                { return fail(lexer, DIAG_SPLIT_EQUAL); }
    "<>"                                               { return fail(lexer, DIAG_UNEQUAL_SIGN); }
    "=>"                                               { return fail(lexer, DIAG_USER_FUNCTION); }
    "++" | "--"                                        { goto twice; }
    ("+" | "-" | "*" | "**" | "%" | "<<" | ">>" | ">>>" | "&" | "|" | "^" | "&&" | "||" | "??") "="
                                                       { return fail(lexer, DIAG_COMPOUND_ASSIGNMENT); }
    "/="                                               { goto slash; }
    "..."                                              { return fail(lexer, DIAG_SPREAD); }
    "<!--" | "-->"                                     { return fail(lexer, DIAG_HTML_COMMENT); }
    [\x80-\xff]                                        { goto beyond_ascii; }
    *                                                  { return fail(lexer, DIAG_STRAY_CHARACTER); }
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
    return lexer->cursor - lexer->start == 1 ? '/' : fail(lexer, DIAG_COMPOUND_ASSIGNMENT);

twice: /* `- --x` changes x; `1 --1` and `--1` are refused alike */
    return fail(lexer, DIAG_INCREMENT);

beyond_ascii:
    switch (judge_beyond_ascii(lexer)) {
    case BEYOND_BLANK:
        goto blank;
    case BEYOND_NAME:
        return read_name(lexer, value);
    case BEYOND_QUOTE:
        return fail(lexer, DIAG_SMART_QUOTE);
    default:
        return fail(lexer, DIAG_STRAY_CHARACTER);
    }
}

static bool ends_value(int token)
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
    lexer->expects_operator = ends_value(token);
    lexer->after_dot = token == '.' || token == TOKEN_OPTIONAL;
    lexer->any_token = lexer->any_token || (token != 0 && token != ';');
    return token;
}
