/* The kinds of plain scalars (valve.md 1.2): booleans, null, numbers, dates; all else is text. */

#include "document/scalar.h"

#include "text.h"

#include <math.h>

static bool is_one_of(slice text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(text, slice_of(words[i])))
            return true;
    }
    return false;
}

#define IS_ONE_OF(text, ...)                                                                       \
    is_one_of(text, (const char *const[]){__VA_ARGS__},                                            \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Moves *i over digits; returns how many. */
static size_t skip_digits(slice text, size_t *i)
{
    size_t start = *i;
    while (*i < text.length && is_digit(text.at[*i]))
        ++*i;
    return *i - start;
}

static slice without_sign(slice text)
{
    bool has_sign = text.length > 0 && (text.at[0] == '-' || text.at[0] == '+');
    return slice_part(text, has_sign, text.length);
}

static bool has_base_prefix(slice digits)
{
    return digits.length > 2 && digits.at[0] == '0' &&
           (digits.at[1] == 'x' || digits.at[1] == 'o' || digits.at[1] == 'b');
}

static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;
}

static bool is_base_number(slice digits)
{
    unsigned base = digits.at[1] == 'x' ? 16 : digits.at[1] == 'o' ? 8 : 2;
    for (size_t i = 2; i < digits.length; i++) {
        if (digit_value(digits.at[i]) >= base)
            return false;
    }
    return true;
}

static bool is_decimal(slice digits)
{
    size_t i = 0;
    size_t count = skip_digits(digits, &i);
    if (i < digits.length && digits.at[i] == '.') {
        i++;
        count += skip_digits(digits, &i);
    }
    if (count == 0)
        return false;
    if (i < digits.length && (digits.at[i] | 0x20) == 'e') {
        i++;
        if (i < digits.length && (digits.at[i] == '-' || digits.at[i] == '+'))
            i++;
        if (skip_digits(digits, &i) == 0)
            return false;
    }
    return i == digits.length;
}

static bool is_infinity(slice digits)
{
    return IS_ONE_OF(digits, ".inf", ".Inf", ".INF");
}

static bool is_number(slice text)
{
    slice digits = without_sign(text);
    if (has_base_prefix(digits))
        return is_base_number(digits);
    return is_decimal(digits) || is_infinity(digits) || IS_ONE_OF(text, ".nan", ".NaN", ".NAN");
}

/* One part of a date: `least` to `most` digits. */
static bool skip_field(slice text, size_t *i, size_t least, size_t most)
{
    size_t count = skip_digits(text, i);
    return count >= least && count <= most;
}

static bool skip_char(slice text, size_t *i, char c)
{
    if (*i >= text.length || text.at[*i] != c)
        return false;
    ++*i;
    return true;
}

static bool is_zone(slice text, size_t i)
{
    while (i < text.length && (text.at[i] == ' ' || text.at[i] == '\t'))
        i++;
    if (i == text.length)
        return true;
    if (text.at[i] == 'Z')
        return i + 1 == text.length;
    if (!skip_char(text, &i, '+') && !skip_char(text, &i, '-'))
        return false;
    if (!skip_field(text, &i, 1, 2))
        return false;
    return i == text.length ||
           (skip_char(text, &i, ':') && skip_field(text, &i, 2, 2) && i == text.length);
}

/* 2001-12-14, or 2001-12-14t21:59:43.10-05:00 with a space or several in place of the t. */
static bool is_date(slice text)
{
    size_t i = 0;
    if (!skip_field(text, &i, 4, 4) || !skip_char(text, &i, '-'))
        return false;
    size_t month = i;
    if (!skip_field(text, &i, 1, 2) || !skip_char(text, &i, '-'))
        return false;
    size_t month_length = i - 1 - month, day = i;
    if (!skip_field(text, &i, 1, 2))
        return false;
    if (i == text.length)
        return month_length == 2 && i - day == 2;
    if (!skip_char(text, &i, 'T') && !skip_char(text, &i, 't')) {
        if (!skip_char(text, &i, ' ') && !skip_char(text, &i, '\t'))
            return false;
        while (skip_char(text, &i, ' ') || skip_char(text, &i, '\t'))
            continue;
    }
    if (!skip_field(text, &i, 1, 2) || !skip_char(text, &i, ':') || !skip_field(text, &i, 2, 2) ||
        !skip_char(text, &i, ':') || !skip_field(text, &i, 2, 2))
        return false;
    if (skip_char(text, &i, '.'))
        skip_digits(text, &i);
    return is_zone(text, i);
}

enum tree_kind scalar_kind(slice text, bool *boolean)
{
    if (text.length == 0 || IS_ONE_OF(text, "~", "null", "Null", "NULL"))
        return TREE_NULL;
    *boolean = IS_ONE_OF(text, "true", "True", "TRUE");
    if (*boolean || IS_ONE_OF(text, "false", "False", "FALSE"))
        return TREE_BOOLEAN;
    if (is_number(text))
        return TREE_NUMBER;
    return is_date(text) ? TREE_DATE : TREE_TEXT;
}

double scalar_number(slice text)
{
    slice digits = without_sign(text);
    double number = is_infinity(digits) ? HUGE_VAL : text_to_number(digits);
    return text.at[0] == '-' ? -number : number;
}

slice scalar_key_text(const struct tree_node *scalar, struct arena *arena)
{
    char number[NUMBER_TEXT_BYTES];
    switch (scalar->kind) {
    case TREE_NULL:
        return SLICE("null");
    case TREE_BOOLEAN:
        return scalar->boolean ? SLICE("true") : SLICE("false");
    case TREE_NUMBER:
        return arena_copy(arena,
                          (slice){number, number_to_text(scalar_number(scalar->text.text), number)});
    default:
        return scalar->text.text;
    }
}
