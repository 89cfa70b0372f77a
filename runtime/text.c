/* Texts are compared and searched as bytes wherever that gives the answer of UTF-16 units. The byte
 * order differs from theirs only between U+E000 to U+FFFF and the characters above, and a text is
 * found across the bytes of a character only when it starts or ends with half a pair. */

#define _GNU_SOURCE /* memmem */
#include "text.h"

#include "text_units.h"

uint32_t text_length(valve_value text)
{
    if ((text.flags & VALUE_ASCII) != 0)
        return text.length;
    return (uint32_t)unit_count(value_slice(text));
}

static valve_value part(valve_value text, size_t start, size_t end)
{
    valve_value shorter = value_text(slice_part(value_slice(text), start, end));
    shorter.flags = text.flags;
    return shorter;
}

/* One half of the pair that starts at a place, as a text of its own. */
static bool half_of_pair(struct evaluation *evaluation, slice text, struct unit_place place,
                         valve_value *unit)
{
    struct unit_cursor cursor = unit_cursor_at(text, place);
    uint16_t half;
    unit_next(&cursor, &half);
    return text_from_units(evaluation, &half, 1, unit);
}

bool text_unit_at(struct evaluation *evaluation, valve_value text, uint32_t index,
                  valve_value *unit)
{
    slice bytes = value_slice(text);
    if ((text.flags & VALUE_ASCII) != 0) {
        *unit = index < text.length ? part(text, index, (size_t)index + 1) : value_undefined();
        return true;
    }
    if (!text_spend(evaluation, bytes.length))
        return false;
    struct unit_place place = unit_seek(bytes, index);
    if (place.byte == bytes.length) {
        *unit = value_undefined();
        return true;
    }
    size_t end = place.byte;
    if (utf8_next(bytes, &end) >= 0x10000)
        return half_of_pair(evaluation, bytes, place, unit);
    *unit = part(text, place.byte, end);
    return true;
}

/* ---- order ---- */

static size_t equal_bytes(slice a, slice b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    size_t i = 0;
    while (i + 8 <= shorter && memcmp(a.at + i, b.at + i, 8) == 0)
        i += 8;
    while (i < shorter && a.at[i] == b.at[i])
        i++;
    return i;
}

static bool is_character_start(slice text, size_t i)
{
    return i >= text.length || ((unsigned char)text.at[i] & 0xC0) != 0x80;
}

/* From the start of a character on, in which the texts first differ. */
static int compare_units(struct unit_cursor a, struct unit_cursor b)
{
    for (;;) {
        uint16_t in_a, in_b;
        bool more_a = unit_next(&a, &in_a), more_b = unit_next(&b, &in_b);
        if (!more_a || !more_b)
            return (int)more_a - (int)more_b;
        if (in_a != in_b)
            return in_a < in_b ? -1 : 1;
    }
}

int text_compare(valve_value a, valve_value b)
{
    slice in_a = value_slice(a), in_b = value_slice(b);
    size_t i = equal_bytes(in_a, in_b);
    if (i == in_a.length || i == in_b.length)
        return (in_a.length > i) - (in_b.length > i);
    while (i > 0 && !(is_character_start(in_a, i) && is_character_start(in_b, i)))
        i--;
    return compare_units((struct unit_cursor){.text = in_a, .at = i},
                         (struct unit_cursor){.text = in_b, .at = i});
}

/* ---- search ---- */

/* Positions past the end stand for the end. */
static struct unit_place place_of(valve_value text, uint32_t unit)
{
    if (unit == 0 || (text.flags & VALUE_ASCII) != 0)
        return (struct unit_place){unit < text.length ? unit : text.length, false};
    return unit_seek(value_slice(text), unit);
}

static bool may_cut_pairs(valve_value needle)
{
    slice bytes = value_slice(needle);
    return (needle.flags & VALUE_ASCII) == 0 && (unit_starts_low(bytes) || unit_ends_high(bytes));
}

static bool has_units_at(struct unit_cursor text, slice needle)
{
    struct unit_cursor wanted = {.text = needle};
    uint16_t in_text, in_needle;
    while (unit_next(&wanted, &in_needle)) {
        if (!unit_next(&text, &in_text) || in_text != in_needle)
            return false;
    }
    return true;
}

bool text_has_at(valve_value text, valve_value needle, uint32_t start)
{
    slice bytes = value_slice(text), wanted = value_slice(needle);
    struct unit_place place = place_of(text, start);
    if (place.half || may_cut_pairs(needle))
        return has_units_at(unit_cursor_at(bytes, place), wanted);
    return slice_starts_with(slice_part(bytes, place.byte, bytes.length), wanted);
}

/* Texts up to this length are searched without the preparation of memmem. */
#define SHORT_SEARCH 32

static const char *find_in_short(slice text, slice needle)
{
    if (needle.length > text.length)
        return NULL;
    const char *last = text.at + (text.length - needle.length);
    for (const char *at = text.at; at <= last; at++) {
        if (*at == *needle.at && bytes_equal(at, needle.at, needle.length))
            return at;
    }
    return NULL;
}

/* The needle is not empty. */
static const char *find_in_bytes(slice text, slice needle)
{
    if (text.length <= SHORT_SEARCH)
        return find_in_short(text, needle);
    return memmem(text.at, text.length, needle.at, needle.length);
}

static double find_bytes(valve_value text, slice needle, uint32_t from, struct unit_place place)
{
    slice bytes = value_slice(text);
    size_t first = place.byte;
    if (place.half) {
        utf8_next(bytes, &first);
        from++;
    }
    const char *found = find_in_bytes(slice_part(bytes, first, bytes.length), needle);
    if (found == NULL)
        return -1;
    size_t at = (size_t)(found - bytes.at);
    if ((text.flags & VALUE_ASCII) != 0)
        return (double)at;
    return (double)from + (double)unit_count(slice_part(bytes, first, at));
}

/* For each prefix of the needle, the length of the longest shorter one that it ends with. */
static void make_fallbacks(const uint16_t *needle, uint32_t count, uint32_t *fallbacks)
{
    fallbacks[0] = 0;
    for (uint32_t i = 1, same = 0; i < count; i++) {
        while (same > 0 && needle[i] != needle[same])
            same = fallbacks[same - 1];
        same += needle[i] == needle[same];
        fallbacks[i] = same;
    }
}

/* Knuth, Morris and Pratt, over units: linear whatever both texts are. */
static double find_with_fallbacks(struct unit_cursor text, uint32_t from, const uint16_t *needle,
                                  uint32_t count, const uint32_t *fallbacks)
{
    uint32_t same = 0;
    uint16_t unit;
    for (uint32_t i = from; unit_next(&text, &unit); i++) {
        while (same > 0 && unit != needle[same])
            same = fallbacks[same - 1];
        same += unit == needle[same];
        if (same == count)
            return (double)(i + 1 - count);
    }
    return -1;
}

static bool find_units(struct evaluation *evaluation, valve_value text, slice needle, uint32_t from,
                       double *index)
{
    uint32_t count = (uint32_t)unit_count(needle);
    uint16_t *units = evaluation_alloc(evaluation, count * sizeof *units);
    uint32_t *fallbacks = evaluation_alloc(evaluation, count * sizeof *fallbacks);
    if (units == NULL || fallbacks == NULL)
        return false;
    text_to_units(needle, units);
    make_fallbacks(units, count, fallbacks);
    struct unit_cursor cursor = unit_cursor_at(value_slice(text), place_of(text, from));
    *index = find_with_fallbacks(cursor, from, units, count, fallbacks);
    return true;
}

bool text_index_of(struct evaluation *evaluation, valve_value text, valve_value needle,
                   uint32_t from, double *index)
{
    slice bytes = value_slice(text), wanted = value_slice(needle);
    if (!text_spend(evaluation, bytes.length + wanted.length))
        return false;
    if (wanted.length == 0) {
        uint32_t length = text_length(text);
        *index = from < length ? from : length;
        return true;
    }
    struct unit_place place = place_of(text, from);
    if (place.byte == bytes.length) {
        *index = -1;
        return true;
    }
    if (may_cut_pairs(needle))
        return find_units(evaluation, text, wanted, from, index);
    *index = find_bytes(text, wanted, from, place);
    return true;
}

/* ---- white space ---- */

/* Bytes of the space character that starts text, or 0 (the set of valve.md 5.5). */
static size_t leading_space(slice text)
{
    unsigned char first = (unsigned char)text.at[0];
    if (first < 0x80)
        return first == ' ' || (first >= '\t' && first <= '\r');
    size_t length = 0;
    uint32_t c = utf8_next(text, &length);
    bool is_space = c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
                    c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
    return is_space ? length : 0;
}

static size_t trailing_space(slice text)
{
    size_t start = text.length - 1;
    while (start > 0 && !is_character_start(text, start))
        start--;
    return leading_space(slice_part(text, start, text.length));
}

valve_value text_trim(valve_value text)
{
    slice bytes = value_slice(text);
    size_t start = 0, end = bytes.length;
    size_t space;
    while (start < end && (space = leading_space(slice_part(bytes, start, end))) > 0)
        start += space;
    while (start < end && (space = trailing_space(slice_part(bytes, start, end))) > 0)
        end -= space;
    return part(text, start, end);
}
