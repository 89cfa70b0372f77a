/* A string without escapes is a slice of the input. Eight bytes at a time are looked at; whatever
 * is not plain ASCII leaves that path: bytes of other characters for a careful look at their form,
 * a backslash for a copy that decodes. */

#include "json_text.h"

#include "base/utf8.h"

static bool is_special(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\';
}

static const char *skip_plain(const char *at, const char *end)
{
    at = json_skip_plain_words(at, end);
    while (at < end && !is_special(*at))
        at++;
    return at;
}

static bool fail_at(struct json_cursor *cursor, const char *at, const char *message)
{
    cursor->at = at;
    cursor->message = message;
    return false;
}

/* Moves past one character that is not ASCII. */
static bool skip_character(struct json_cursor *cursor, const char **at)
{
    slice rest = {*at, (size_t)(cursor->end - *at)};
    size_t length = 0;
    uint32_t c = utf8_next(rest, &length);
    if (length == 1 || (c >= 0xD800 && c < 0xE000))
        return fail_at(cursor, *at, "invalid UTF-8");
    *at += length;
    return true;
}

static bool read_hex(const char *at, const char *end, uint32_t *unit)
{
    if (end - at < 4)
        return false;
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i], lower = (char)(c | 0x20);
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            digit = (uint32_t)(lower - 'a') + 10;
        else
            return false;
        *unit = *unit << 4 | digit;
    }
    return true;
}

/* The character that a one-letter escape means, or 0. */
static char simple_escape(char letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return 0;
    }
}

/* Moves past the escape at *at, a backslash. */
static bool skip_escape(struct json_cursor *cursor, const char **at)
{
    const char *letter = *at + 1;
    uint32_t unit;
    if (letter < cursor->end && simple_escape(*letter) != 0) {
        *at += 2;
        return true;
    }
    if (letter < cursor->end && *letter == 'u' && read_hex(letter + 1, cursor->end, &unit)) {
        *at += 6;
        return true;
    }
    return fail_at(cursor, *at, "invalid escape");
}

/* ---- the first pass: where the string ends, and whether it can be used as it is ---- */

struct extent {
    const char *end; /* the closing quote */
    bool is_ascii;
    bool has_escapes;
};

static bool find_end(struct json_cursor *cursor, const char *at, struct extent *extent)
{
    for (;;) {
        at = skip_plain(at, cursor->end);
        if (at == cursor->end)
            return fail_at(cursor, at, "unterminated string");
        if (*at == '"')
            break;
        if (*at == '\\') {
            extent->has_escapes = true;
            if (!skip_escape(cursor, &at))
                return false;
        } else if ((unsigned char)*at < 0x20) {
            return fail_at(cursor, at, "control character in a string");
        } else {
            extent->is_ascii = false;
            if (!skip_character(cursor, &at))
                return false;
        }
    }
    extent->end = at;
    return true;
}

/* ---- the second pass, over strings with escapes, which are known to be well formed ---- */

/* The character of the \u escape at *at; two escapes that are a pair make one. */
static uint32_t decode_unicode(const char **at, const char *end)
{
    uint32_t unit = 0, low = 0;
    read_hex(*at + 2, end, &unit);
    *at += 6;
    if (unit >= 0xD800 && unit < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' &&
        read_hex(*at + 2, end, &low) && low >= 0xDC00 && low < 0xE000) {
        *at += 6;
        return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    return unit;
}

/* Writes no more bytes than it reads. Returns how many. */
static size_t decode(const char *at, const char *end, char *out, bool *is_ascii)
{
    size_t length = 0;
    while (at < end) {
        const char *backslash = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((backslash != NULL ? backslash : end) - at);
        memcpy(out + length, at, plain);
        length += plain;
        at += plain;
        if (at == end)
            break;
        if (at[1] == 'u') {
            uint32_t c = decode_unicode(&at, end);
            *is_ascii &= c < 0x80;
            length += utf8_encode(c, out + length);
        } else {
            out[length++] = simple_escape(at[1]);
            at += 2;
        }
    }
    return length;
}

static bool copy_decoded(struct json_cursor *cursor, const char *start, struct extent *extent,
                         valve_value *text)
{
    char *out = arena_try_alloc(cursor->arena, (size_t)(extent->end - start));
    if (out == NULL)
        return fail_at(cursor, start, "out of memory");
    *text = value_text((slice){out, decode(start, extent->end, out, &extent->is_ascii)});
    return true;
}

bool json_read_string_slow(struct json_cursor *cursor, const char *start, valve_value *text)
{
    struct extent extent = {.is_ascii = true};
    if (!find_end(cursor, start, &extent))
        return false;
    if (!extent.has_escapes)
        *text = value_text((slice){start, (size_t)(extent.end - start)});
    else if (!copy_decoded(cursor, start, &extent, text))
        return false;
    text->flags = extent.is_ascii ? VALUE_ASCII : 0;
    cursor->at = extent.end + 1;
    return true;
}
