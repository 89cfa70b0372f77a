/* Counting works on eight bytes at a time: a character is counted at its first byte, and twice when
 * it takes four bytes. */

#include "text_units.h"

#include "text.h"

#define TOP_BITS 0x8080808080808080u

static uint64_t load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Units of the characters that start in these eight bytes. Bits shifted in from a neighbour byte
 * are masked away: only the top bit of each byte is looked at. */
static unsigned units_of_word(uint64_t word)
{
    if ((word & TOP_BITS) == 0)
        return 8;
    uint64_t continues = word & ~(word << 1) & TOP_BITS;
    uint64_t takes_four = word & word << 1 & word << 2 & word << 3 & TOP_BITS;
    return 8 - (unsigned)__builtin_popcountll(continues) +
           (unsigned)__builtin_popcountll(takes_four);
}

static unsigned units_of_byte(char byte)
{
    unsigned char b = (unsigned char)byte;
    return (b & 0xC0) == 0x80 ? 0 : b >= 0xF0 ? 2 : 1;
}

size_t unit_count(slice text)
{
    size_t count = 0, i = 0;
    for (; i + 8 <= text.length; i += 8)
        count += units_of_word(load(text.at + i));
    for (; i < text.length; i++)
        count += units_of_byte(text.at[i]);
    return count;
}

bool unit_is_ascii(slice text)
{
    uint64_t seen = 0;
    size_t i = 0;
    for (; i + 8 <= text.length; i += 8)
        seen |= load(text.at + i);
    for (; i < text.length; i++)
        seen |= (unsigned char)text.at[i];
    return (seen & TOP_BITS) == 0;
}

struct unit_place unit_seek(slice text, uint32_t unit)
{
    size_t passed = 0, i = 0;
    for (; i + 8 <= text.length; i += 8) {
        unsigned units = units_of_word(load(text.at + i));
        if (passed + units > unit)
            break;
        passed += units;
    }
    for (; i < text.length; i++) {
        unsigned units = units_of_byte(text.at[i]);
        if (passed + units > unit)
            return (struct unit_place){i, passed < unit};
        passed += units;
    }
    return (struct unit_place){text.length, false};
}

struct unit_cursor unit_cursor_at(slice text, struct unit_place place)
{
    struct unit_cursor cursor = {.text = text, .at = place.byte};
    if (place.half) {
        uint16_t high;
        unit_next(&cursor, &high);
    }
    return cursor;
}

size_t text_to_units(slice text, uint16_t *out)
{
    if (out == NULL)
        return unit_count(text);
    struct unit_cursor cursor = {.text = text};
    size_t count = 0;
    while (unit_next(&cursor, &out[count]))
        count++;
    return count;
}

static size_t encode_units(const uint16_t *units, size_t count, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t c = units[i];
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < count && units[i + 1] >= 0xDC00 &&
            units[i + 1] < 0xE000)
            c = 0x10000 + ((c - 0xD800) << 10) + (units[++i] - 0xDC00u);
        length += utf8_encode(c, out + length);
    }
    return length;
}

bool text_from_units(struct evaluation *evaluation, const uint16_t *units, size_t count,
                     valve_value *text)
{
    char *out = evaluation_alloc(evaluation, count * 3);
    if (out == NULL)
        return false;
    size_t length = encode_units(units, count, out);
    *text = value_text((slice){out, length});
    text->flags = length == count ? VALUE_ASCII : 0;
    return true;
}
