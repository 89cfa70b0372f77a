/* Upper and lower case by Unicode's full mappings, without regard to any language, so that the
 * length may change. ASCII is mapped here; the rest by libunistring, in runs between those
 * characters that it cannot map or maps unlike JavaScript: lone surrogates stay as they are, and a
 * capital sigma becomes the final form by the letters around it. */

#include "text.h"

#include "base/check.h"
#include "text_units.h"

#include <unicase.h>
#include <unictype.h>

/* No character of UTF-8 grows to more than three times its bytes. */
#define MAX_GROWTH 3

typedef uint8_t *(*map_case)(const uint8_t *text, size_t length, const char *language,
                             uninorm_t form, uint8_t *out, size_t *out_length);

#define EACH_BYTE(byte) (0x0101010101010101u * (uint64_t)(byte))

/* ASCII letters of a range change by their one differing bit. Added to eight bytes of ASCII,
 * from_first sets the top bit of those from the first letter on, and after_last of those behind the
 * last. */
struct case_mapping {
    map_case map;
    uint64_t from_first, after_last;
    bool has_final_sigma;
};

#define LETTERS(first, last) EACH_BYTE(0x80 - (first)), EACH_BYTE(0x7F - (last))

static const struct case_mapping to_upper = {u8_toupper, LETTERS('a', 'z'), false};
static const struct case_mapping to_lower = {u8_tolower, LETTERS('A', 'Z'), true};

/* The case bit of each byte of a word, all of them ASCII, that changes. */
static inline uint64_t changes_of(const struct case_mapping *mapping, uint64_t word)
{
    return ((word + mapping->from_first) & ~(word + mapping->after_last) & EACH_BYTE(0x80)) >> 2;
}

static bool changes_ascii(const struct case_mapping *mapping, slice text)
{
    uint64_t word, changes = 0;
    if (text.length == 0)
        return false;
    for (; text.length > sizeof word; text = slice_part(text, sizeof word, text.length)) {
        memcpy(&word, text.at, sizeof word);
        changes |= changes_of(mapping, word);
    }
    return (changes | changes_of(mapping, bytes_of_short(text.at, text.length))) != 0;
}

/* Maps `width` bytes, at most eight. */
static inline void map_word(const struct case_mapping *mapping, const char *from, char *to,
                            size_t width)
{
    uint64_t word = 0;
    memcpy(&word, from, width);
    word ^= changes_of(mapping, word);
    memcpy(to, &word, width);
}

/* Where words do not fit, the last one overlaps the one before. */
static void map_bytes(const struct case_mapping *mapping, slice text, char *out)
{
    size_t i = 0, length = text.length;
    if (length >= 8) {
        for (; i < length - 8; i += 8)
            map_word(mapping, text.at + i, out + i, 8);
        map_word(mapping, text.at + length - 8, out + length - 8, 8);
    } else if (length >= 4) {
        map_word(mapping, text.at, out, 4);
        map_word(mapping, text.at + length - 4, out + length - 4, 4);
    } else {
        for (; i < length; i++)
            map_word(mapping, text.at + i, out + i, 1);
    }
}

static bool map_ascii(struct evaluation *evaluation, const struct case_mapping *mapping,
                      valve_value text, valve_value *mapped)
{
    *mapped = text;
    mapped->flags |= VALUE_ASCII;
    if (!changes_ascii(mapping, value_slice(text)))
        return true;

    char *out = evaluation_alloc(evaluation, text.length);
    if (out == NULL)
        return false;
    map_bytes(mapping, value_slice(text), out);
    mapped->as.text = out;
    return true;
}

/* ---- final sigma ---- */

#define CAPITAL_SIGMA "\xCE\xA3"
#define SMALL_SIGMA "\xCF\x83"
#define FINAL_SIGMA "\xCF\x82"
#define SIGMA_BYTES 2

static size_t character_before(slice text, size_t at)
{
    do
        at--;
    while (at > 0 && ((unsigned char)text.at[at] & 0xC0) == 0x80);
    return at;
}

static bool is_after_letter(slice text, size_t at)
{
    while (at > 0) {
        at = character_before(text, at);
        size_t next = at;
        uint32_t c = utf8_next(text, &next);
        if (!uc_is_property_case_ignorable(c))
            return uc_is_property_cased(c);
    }
    return false;
}

static bool is_before_letter(slice text, size_t at)
{
    while (at < text.length) {
        uint32_t c = utf8_next(text, &at);
        if (!uc_is_property_case_ignorable(c))
            return uc_is_property_cased(c);
    }
    return false;
}

static const char *lower_sigma(slice text, size_t at)
{
    bool is_final = is_after_letter(text, at) && !is_before_letter(text, at + SIGMA_BYTES);
    return is_final ? FINAL_SIGMA : SMALL_SIGMA;
}

/* ---- runs ---- */

static bool is_surrogate_at(slice text, size_t i)
{
    return (unsigned char)text.at[i] == 0xED && (unsigned char)text.at[i + 1] >= 0xA0;
}

static bool is_sigma_at(slice text, size_t i)
{
    return memcmp(text.at + i, CAPITAL_SIGMA, SIGMA_BYTES) == 0;
}

/* The first character at or after start that ends a run, else the end of the text. */
static size_t find_stop(const struct case_mapping *mapping, slice text, size_t start)
{
    for (size_t i = start; i + 1 < text.length; i++) {
        if (is_surrogate_at(text, i) || (mapping->has_final_sigma && is_sigma_at(text, i)))
            return i;
    }
    return text.length;
}

/* Writes what becomes of the character that ended a run, if any, and moves past it. */
static size_t map_stop(slice text, size_t *at, char *out)
{
    if (*at == text.length)
        return 0;
    bool is_surrogate = is_surrogate_at(text, *at);
    const char *mapped = is_surrogate ? text.at + *at : lower_sigma(text, *at);
    size_t length = is_surrogate ? 3 : SIGMA_BYTES;
    memcpy(out, mapped, length);
    *at += length;
    return length;
}

/* Maps a run. *written: the room in out, then how many bytes were written. */
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
        size_t end = find_stop(mapping, text, i);
        size_t written = (end - i) * MAX_GROWTH;
        if (end > i &&
            !map_run(evaluation, mapping->map, slice_part(text, i, end), out + length, &written))
            return false;
        length += written;
        i = end;
        length += map_stop(text, &i, out + length);
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
