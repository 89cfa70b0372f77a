/* Texts, templates and regular expressions: what stands between delimiters (valve.md 5.1). */

#include "lexer.h"

#include "base/utf8.h"

static bool fail(struct lexer *lexer, enum diagnostic_id id, const char *start, const char *end)
{
    diagnose_text(lexer->diagnostics, id, lexer->text, lexer_offset(lexer, start),
                  lexer_offset(lexer, end));
    return false;
}

/* What is wrong in a text but does not hide where it ends. */
static void report(struct lexer *lexer, enum diagnostic_id id, const char *start, const char *end)
{
    if (lexer_errors(lexer) < LEXER_MAX_ERRORS)
        fail(lexer, id, start, end);
}

static bool at_end(const struct lexer *lexer)
{
    return lexer->cursor == lexer->limit;
}

static bool looking_at(const struct lexer *lexer, const char *text)
{
    slice rest = {lexer->cursor, (size_t)(lexer->limit - lexer->cursor)};
    return slice_starts_with(rest, slice_of(text));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decoded text under construction. Decoding never makes a text longer than its source. */
struct decoded {
    char *at;
    size_t length;
};

static struct decoded decoded_new(struct lexer *lexer, const char *end)
{
    return (struct decoded){arena_alloc(lexer->arena, (size_t)(end - lexer->cursor) + 1), 0};
}

/* A low surrogate after a high one joins it (base/utf8.h). */
static void append_code_point(struct decoded *decoded, uint32_t c)
{
    if (c >= 0xDC00 && c < 0xE000 && decoded->length >= 3) {
        size_t position = decoded->length - 3;
        slice so_far = {decoded->at, decoded->length};
        uint32_t before = utf8_next(so_far, &position);
        if (before >= 0xD800 && before < 0xDC00 && position == decoded->length) {
            decoded->length -= 3;
            c = 0x10000 + ((before - 0xD800) << 10) + (c - 0xDC00);
        }
    }
    decoded->length += utf8_encode(c, decoded->at + decoded->length);
}

/* Reads `count` hexadecimal digits. */
static bool read_hex(struct lexer *lexer, unsigned count, uint32_t *c)
{
    *c = 0;
    for (unsigned i = 0; i < count; i++) {
        int digit = at_end(lexer) ? -1 : hex_digit(*lexer->cursor);
        if (digit < 0)
            return false;
        *c = *c << 4 | (uint32_t)digit;
        lexer->cursor++;
    }
    return true;
}

/* \u{H..}, behind the brace. */
static bool read_braced_hex(struct lexer *lexer, uint32_t *c)
{
    *c = 0;
    const char *start = lexer->cursor;
    while (!at_end(lexer) && hex_digit(*lexer->cursor) >= 0) {
        *c = *c << 4 | (uint32_t)hex_digit(*lexer->cursor++);
        if (*c > 0x10FFFF)
            return false;
    }
    return lexer->cursor > start && !at_end(lexer) && *lexer->cursor++ == '}';
}

static bool read_unicode_escape(struct lexer *lexer, uint32_t *c)
{
    if (looking_at(lexer, "{")) {
        lexer->cursor++;
        return read_braced_hex(lexer, c);
    }
    return read_hex(lexer, 4, c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* \0 is the zero character; with a digit after it, and \1 to \7, it would be an octal escape. \8
 * and \9 stand for themselves, but not in templates. */
static bool is_octal_escape(const struct lexer *lexer, char quote, char escaped)
{
    if (escaped == '0')
        return !at_end(lexer) && is_digit(*lexer->cursor);
    return is_digit(escaped) && (escaped < '8' || quote == '`');
}

/* Length of the line end at the cursor, 0 when there is none. */
static size_t line_end(const struct lexer *lexer)
{
    if (looking_at(lexer, "\r\n"))
        return 2;
    if (looking_at(lexer, "\n") || looking_at(lexer, "\r"))
        return 1;
    return looking_at(lexer, "\xE2\x80\xA8") || looking_at(lexer, "\xE2\x80\xA9") ? 3 : 0;
}

/* What a one-letter escape stands for; 0 when it stands for itself. */
static char simple_escape(char escaped)
{
    switch (escaped) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'v':
        return '\v';
    default:
        return 0;
    }
}

/* The cursor stands behind the backslash. */
static void read_escape(struct lexer *lexer, char quote, struct decoded *decoded)
{
    const char *start = lexer->cursor - 1;
    size_t ended_line = line_end(lexer);
    if (ended_line > 0) {
        lexer->cursor += ended_line;
        return;
    }
    char escaped = *lexer->cursor++;
    uint32_t c;
    if (escaped == 'x' || escaped == 'u') {
        bool good = escaped == 'x' ? read_hex(lexer, 2, &c) : read_unicode_escape(lexer, &c);
        if (good)
            append_code_point(decoded, c);
        else
            report(lexer, DIAG_BAD_ESCAPE, start, lexer->cursor);
    } else if (is_octal_escape(lexer, quote, escaped)) {
        report(lexer, DIAG_OCTAL_ESCAPE, start, lexer->cursor);
    } else if (escaped == '0') {
        decoded->at[decoded->length++] = '\0';
    } else {
        decoded->at[decoded->length++] =
            simple_escape(escaped) != 0 ? simple_escape(escaped) : escaped;
    }
}

/* A character that stands for itself. One that the file gave as a lone surrogate may find its other
 * half in an escape. */
static void read_character(struct lexer *lexer, struct decoded *decoded)
{
    slice rest = {lexer->cursor, (size_t)(lexer->limit - lexer->cursor)};
    size_t length = 0;
    uint32_t c = utf8_next(rest, &length);
    if (c >= 0xD800 && c < 0xE000) {
        append_code_point(decoded, c);
        lexer->cursor += length;
        return;
    }
    decoded->at[decoded->length++] = *lexer->cursor++;
}

/* Where the text at the cursor ends: before `quote`, before ${ when that ends it too, or at the
 * limit. *plain says that the source is the text, without anything to decode. */
static const char *text_end(const struct lexer *lexer, char quote, bool *plain)
{
    const char *at = lexer->cursor;
    *plain = true;
    while (at < lexer->limit && *at != quote) {
        if (quote == '`' && at[0] == '$' && at + 1 < lexer->limit && at[1] == '{')
            break;
        if (*at == '\\' || *at == '\r' || *at == '\n')
            *plain = false;
        at += *at == '\\' && at + 1 < lexer->limit ? 2 : 1;
    }
    return at;
}

/* One character or escape of a text in quotes or in a template. */
static bool read_piece(struct lexer *lexer, char quote, struct decoded *decoded)
{
    char c = *lexer->cursor;
    if (c == '\\') {
        lexer->cursor++;
        read_escape(lexer, quote, decoded);
        return true;
    }
    size_t ended_line = line_end(lexer);
    if (ended_line > 0 && ended_line < 3) {
        if (quote != '`')
            return fail(lexer, DIAG_LINE_BREAK_IN_TEXT, lexer->start, lexer->cursor);
        decoded->at[decoded->length++] = '\n';
        lexer->cursor += ended_line;
        return true;
    }
    read_character(lexer, decoded);
    return true;
}

/* Reads up to, not over, what ends the text. */
static bool read_until(struct lexer *lexer, char quote, slice *text)
{
    bool plain;
    const char *end = text_end(lexer, quote, &plain);
    if (plain) {
        *text = (slice){lexer->cursor, (size_t)(end - lexer->cursor)};
        lexer->cursor = end;
        return true;
    }
    struct decoded decoded = decoded_new(lexer, end);
    while (lexer->cursor < end) {
        if (lexer->cursor + 1 == lexer->limit && *lexer->cursor == '\\')
            break; /* a backslash at the very end: the caller says that the text does not end */
        if (!read_piece(lexer, quote, &decoded))
            return false;
    }
    lexer->cursor = end;
    *text = (slice){decoded.at, decoded.length};
    return true;
}

bool lexer_read_text(struct lexer *lexer, char quote, slice *text)
{
    if (!read_until(lexer, quote, text))
        return false;
    if (at_end(lexer))
        return fail(lexer, DIAG_UNTERMINATED_TEXT, lexer->start, lexer->limit);
    lexer->cursor++;
    return true;
}

bool lexer_read_template(struct lexer *lexer, slice *text, bool *expression)
{
    if (!read_until(lexer, '`', text))
        return false;
    if (at_end(lexer))
        return fail(lexer, DIAG_UNTERMINATED_TEMPLATE, lexer->start, lexer->limit);
    *expression = *lexer->cursor == '$';
    lexer->cursor += *expression ? 2 : 1;
    return true;
}

bool lexer_read_regex(struct lexer *lexer, slice *body, slice *flags)
{
    const char *opened = lexer->cursor - 1;
    bool in_class = false;
    while (!at_end(lexer) && (in_class || *lexer->cursor != '/') && line_end(lexer) == 0) {
        char c = *lexer->cursor++;
        if (c == '[')
            in_class = true;
        else if (c == ']')
            in_class = false;
        else if (c == '\\' && !at_end(lexer) && line_end(lexer) == 0)
            lexer->cursor++;
    }
    if (at_end(lexer) || *lexer->cursor != '/')
        return fail(lexer, DIAG_UNTERMINATED_REGEX, opened, lexer->cursor);
    *body = (slice){opened + 1, (size_t)(lexer->cursor - opened) - 1};
    const char *flags_start = ++lexer->cursor;
    lexer_skip_name(lexer);
    *flags = (slice){flags_start, (size_t)(lexer->cursor - flags_start)};
    return true;
}
