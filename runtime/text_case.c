/* Upper and lower case by Unicode's full mappings, without regard to any language, so that the
 * length may change. ASCII is mapped here; the rest by libunistring, which takes no lone
 * surrogates: the text is mapped between them. They are neither letters nor ignored between
 * letters, so the context of a final sigma does not reach across one. */

#include "text.h"

#include "base/check.h"
#include "text_units.h"

#include <unicase.h>

/* No character of UTF-8 grows to more than three times its bytes. */
#define MAX_GROWTH 3

typedef uint8_t *(*map_case)(const uint8_t *text, size_t length, const char *language,
                             uninorm_t form, uint8_t *out, size_t *out_length);

struct case_mapping {
    map_case map;
    char first, last; /* ASCII letters that change, by their one differing bit */
};

static const struct case_mapping to_upper = {u8_toupper, 'a', 'z'};
static const struct case_mapping to_lower = {u8_tolower, 'A', 'Z'};

#define CASE_BIT 0x20

static bool changes(const struct case_mapping *mapping, char c)
{
    return c >= mapping->first && c <= mapping->last;
}

static bool map_ascii(struct evaluation *evaluation, const struct case_mapping *mapping,
                      valve_value text, valve_value *mapped)
{
    uint32_t i = 0;
    while (i < text.length && !changes(mapping, text.as.text[i]))
        i++;
    *mapped = text;
    mapped->flags |= VALUE_ASCII;
    if (i == text.length)
        return true;

    char *out = evaluation_alloc(evaluation, text.length);
    if (out == NULL)
        return false;
    for (uint32_t k = 0; k < text.length; k++) {
        char c = text.as.text[k];
        out[k] = changes(mapping, c) ? (char)(c ^ CASE_BIT) : c;
    }
    mapped->as.text = out;
    return true;
}

/* The first lone surrogate at or after start, else the end. */
static size_t find_surrogate(slice text, size_t start)
{
    for (size_t i = start; i < text.length; i++) {
        const char *found = memchr(text.at + i, 0xED, text.length - i);
        if (found == NULL)
            break;
        i = (size_t)(found - text.at);
        if (i + 1 < text.length && (unsigned char)text.at[i + 1] >= 0xA0)
            return i;
    }
    return text.length;
}

/* Maps a run without surrogates. *written: the room in out, then how many bytes were written. */
static bool map_run(struct evaluation *evaluation, map_case map, slice run, char *out,
                    size_t *written)
{
    uint8_t *result = map((const uint8_t *)run.at, run.length, NULL, NULL, (uint8_t *)out, written);
    if (result == NULL)
        return evaluation_fail(evaluation, "RangeError: the rule needs too much memory");
    CHECK(result == (uint8_t *)out);
    return true;
}

static bool map_unicode(struct evaluation *evaluation, const struct case_mapping *mapping,
                        slice text, valve_value *mapped)
{
    char *out = evaluation_alloc(evaluation, text.length * MAX_GROWTH);
    if (out == NULL)
        return false;
    size_t length = 0;
    for (size_t i = 0; i < text.length;) {
        size_t end = find_surrogate(text, i);
        size_t written = (end - i) * MAX_GROWTH;
        if (end > i &&
            !map_run(evaluation, mapping->map, slice_part(text, i, end), out + length, &written))
            return false;
        length += written;
        size_t surrogate = end < text.length ? 3 : 0;
        memcpy(out + length, text.at + end, surrogate);
        length += surrogate;
        i = end + surrogate;
    }
    *mapped = value_text((slice){out, length});
    return true;
}

static bool map_text(struct evaluation *evaluation, const struct case_mapping *mapping,
                     valve_value text, valve_value *mapped)
{
    slice bytes = value_slice(text);
    if (!text_spend(evaluation, bytes.length))
        return false;
    if ((text.flags & VALUE_ASCII) != 0 || unit_is_ascii(bytes))
        return map_ascii(evaluation, mapping, text, mapped);
    if (!map_unicode(evaluation, mapping, bytes, mapped))
        return false;
    if (mapped->length > evaluation->options->max_text_bytes && mapped->length > text.length)
        return evaluation_fail(evaluation, "RangeError: Invalid string length");
    return true;
}

bool text_to_upper(struct evaluation *evaluation, valve_value text, valve_value *upper)
{
    return map_text(evaluation, &to_upper, text, upper);
}

bool text_to_lower(struct evaluation *evaluation, valve_value text, valve_value *lower)
{
    return map_text(evaluation, &to_lower, text, lower);
}
