#pragma once
/* Expression text -> tokens. Private to grammar.
 *
 * The lexer knows from the token before whether a value or an operator comes next, which decides
 * what `/` means, and keeps the open brackets, which bounds nesting and gives back the text of a
 * template after `${...}`. A lexical error is reported once; where it is clear what was meant, that
 * token is given, else TOKEN_FAILED, which ends the tokens. */

#include "ast.h"
#include "diag.h"
#include "parse.h"

/* No more errors than these are reported for one rule. */
#define LEXER_MAX_ERRORS 8

struct bracket {
    char opened; /* '(' '[' '{', or '`' for the ${ of a template */
    uint32_t offset;
};

struct lexer {
    const struct mapped_text *text;
    struct arena *arena;
    struct diagnostics *diagnostics;
    const char *cursor;
    const char *start; /* of the token at hand */
    const char *limit;
    bool in_template;      /* the next token is text of a template */
    bool expects_operator; /* the token before ended a value */
    bool after_dot;
    bool any_token;
    uint32_t errors_before; /* that the diagnostics held at the start */
    uint32_t nesting;       /* open brackets, and operators that wait for what is right of them */
    uint32_t bracket_count;
    struct bracket brackets[PARSE_MAX_NESTING];
};

/* Byte range of the expression text; what bison calls a location. */
struct token_span {
    uint32_t start, end;
};

union token_value {
    struct ast_node *node;
    slice text;
    double number;
    enum ast_operator op;
    struct {
        slice body, flags;
    } regex;
};

void lexer_init(struct lexer *lexer, const struct mapped_text *text, struct arena *arena,
                struct diagnostics *diagnostics);

/* The next token: 0 at the end, else a number of the parser's token list. */
int lexer_next(struct lexer *lexer, union token_value *value, struct token_span *span);

/* Whether a value ends with this token, so that an operator comes next. */
bool lexer_ends_value(int token);

/* Errors of this rule so far. */
static inline uint32_t lexer_errors(const struct lexer *lexer)
{
    return lexer->diagnostics->error_count - lexer->errors_before;
}

static inline uint32_t lexer_offset(const struct lexer *lexer, const char *at)
{
    return (uint32_t)(at - lexer->text->text.at);
}

/* ---- lexer_text.c: texts, templates, regular expressions; false after a reported error ---- */

/* A wrong escape is reported and left out of the text, which is no failure. */

/* The cursor stands behind the opening quote; afterwards behind the closing one. */
bool lexer_read_text(struct lexer *lexer, char quote, slice *text);

/* The cursor stands in the text of a template; afterwards behind the closing `, or behind ${ with
 * *expression set. */
bool lexer_read_template(struct lexer *lexer, slice *text, bool *expression);

/* The cursor stands behind the opening /. */
bool lexer_read_regex(struct lexer *lexer, slice *body, slice *flags);

/* ---- lexer_name.c ---- */

bool lexer_is_name_start(uint32_t c);
bool lexer_is_name_part(uint32_t c);
bool lexer_is_space(uint32_t c); /* also line ends; beyond ASCII */

/* Moves the cursor behind the name that it stands in. */
void lexer_skip_name(struct lexer *lexer);
