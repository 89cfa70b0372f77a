/* The regular-expression characters of a path, for those who meant them literally. */

#include "pattern/pattern_internal.h"

static size_t class_end(slice text, size_t start)
{
    size_t i = start + 1;
    while (i < text.length && text.at[i] != ']')
        i += text.at[i] == '\\' && i + 1 < text.length ? 2 : 1;
    return i < text.length ? i + 1 : text.length;
}

static size_t skip_digits(slice text, size_t i)
{
    while (i < text.length && text.at[i] >= '0' && text.at[i] <= '9')
        i++;
    return i;
}

/* The end of {n}, {n,} or {n,m}; start when the brace is literal. */
static size_t repetition_end(slice text, size_t start)
{
    size_t i = skip_digits(text, start + 1);
    if (i == start + 1)
        return start;
    if (i < text.length && text.at[i] == ',')
        i = skip_digits(text, i + 1);
    return i < text.length && text.at[i] == '}' ? i + 1 : start;
}

static size_t escape_end(slice text, size_t start)
{
    size_t i = start + 2;
    while (i < text.length && ((unsigned char)text.at[i] & 0xC0) == 0x80)
        i++;
    return i < text.length ? i : text.length;
}

/* The end of what has a meaning at start; start when that is an ordinary character. */
static size_t meaning_end(slice text, size_t start)
{
    switch (text.at[start]) {
    case '.':
    case '+':
    case '?':
    case '(':
    case ')':
    case '|':
    case '^':
        return start + 1;
    case '$':
        return start + 1 == text.length ? start + 1 : start;
    case '[':
        return class_end(text, start);
    case '{':
        return repetition_end(text, start);
    case '\\':
        return escape_end(text, start);
    default:
        return start;
    }
}

bool pattern_remark(const struct pattern *pattern, uint32_t i, struct pattern_remark *remark)
{
    slice text = pattern->text;
    for (size_t position = 0; position < text.length;) {
        size_t end = meaning_end(text, position);
        if (end > position && i-- == 0) {
            *remark = (struct pattern_remark){position, end - position};
            return true;
        }
        position = end > position ? end : position + 1;
    }
    return false;
}
