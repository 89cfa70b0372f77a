#include "base/utf8.h"

static bool is_tail(slice text, size_t i)
{
    return i < text.length && ((unsigned char)text.at[i] & 0xC0) == 0x80;
}

static uint32_t tail(slice text, size_t i)
{
    return (unsigned char)text.at[i] & 0x3Fu;
}

uint32_t utf8_next(slice text, size_t *position)
{
    size_t i = *position;
    uint32_t lead = (unsigned char)text.at[i];
    *position = i + 1;
    if (lead < 0x80)
        return lead;
    if (lead >= 0xC2 && lead < 0xE0 && is_tail(text, i + 1)) {
        *position = i + 2;
        return (lead & 0x1F) << 6 | tail(text, i + 1);
    }
    if (lead >= 0xE0 && lead < 0xF0 && is_tail(text, i + 1) && is_tail(text, i + 2)) {
        uint32_t c = (lead & 0x0F) << 12 | tail(text, i + 1) << 6 | tail(text, i + 2);
        if (c >= 0x800) {
            *position = i + 3;
            return c;
        }
    }
    if (lead >= 0xF0 && lead < 0xF5 && is_tail(text, i + 1) && is_tail(text, i + 2) &&
        is_tail(text, i + 3)) {
        uint32_t c = (lead & 0x07) << 18 | tail(text, i + 1) << 12 | tail(text, i + 2) << 6 |
                     tail(text, i + 3);
        if (c >= 0x10000 && c <= 0x10FFFF) {
            *position = i + 4;
            return c;
        }
    }
    return 0xFFFD;
}

size_t utf8_encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static bool is_ascii(const char *eight)
{
    uint64_t word;
    memcpy(&word, eight, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

/* Where the run of ASCII that starts at i ends. */
static size_t skip_ascii(slice text, size_t i)
{
    while (text.length - i >= 8 && is_ascii(text.at + i))
        i += 8;
    if (text.length >= 8 && text.length - i < 8 && is_ascii(text.at + text.length - 8))
        return text.length;
    while (i < text.length && (unsigned char)text.at[i] < 0x80)
        i++;
    return i;
}

bool utf8_valid(slice text, bool allow_surrogates)
{
    bool after_high = false;
    for (size_t i = 0; i < text.length;) {
        if ((unsigned char)text.at[i] < 0x80) {
            i = skip_ascii(text, i + 1);
            after_high = false;
            continue;
        }
        size_t start = i;
        uint32_t c = utf8_next(text, &i);
        if (i == start + 1)
            return false;
        bool high = c >= 0xD800 && c < 0xDC00, low = c >= 0xDC00 && c < 0xE000;
        if ((high || low) && !allow_surrogates)
            return false;
        if (low && after_high)
            return false;
        after_high = high;
    }
    return true;
}

size_t utf8_count(slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return count;
}
