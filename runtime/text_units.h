#pragma once
/* Walking a text by UTF-16 units while it is stored as UTF-8. Private to the text_*.c and builtins.
 */

#include "base/slice.h"
#include "base/utf8.h"

#include <stdint.h>

/* Units of a text, one after the other. */
struct unit_cursor {
    slice text;
    size_t at;    /* byte of the next character */
    uint16_t low; /* second half of a pair whose first half was given out, or 0 */
};

static inline bool unit_next(struct unit_cursor *cursor, uint16_t *unit)
{
    if (cursor->low != 0) {
        *unit = cursor->low;
        cursor->low = 0;
        return true;
    }
    if (cursor->at >= cursor->text.length)
        return false;
    uint32_t c = utf8_next(cursor->text, &cursor->at);
    if (c < 0x10000) {
        *unit = (uint16_t)c;
        return true;
    }
    *unit = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
    cursor->low = (uint16_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
    return true;
}

/* A place between two units of a text. */
struct unit_place {
    size_t byte; /* of the character that holds the unit; the text's length at the end */
    bool half;   /* the unit is the second half of a pair */
};

/* The place before unit number `unit`; the end when the text is not that long. */
struct unit_place unit_seek(slice text, uint32_t unit);

/* The cursor that continues from a place. */
struct unit_cursor unit_cursor_at(slice text, struct unit_place place);

/* How many units text has. */
size_t unit_count(slice text);

/* Whether text holds ASCII only. */
bool unit_is_ascii(slice text);

/* Whether text starts with a lone second half, or ends with a lone first half, of a pair: only then
 * may it stand in another text across the bytes of one character. */
static inline bool unit_starts_low(slice text)
{
    return text.length >= 3 && (unsigned char)text.at[0] == 0xED &&
           (unsigned char)text.at[1] >= 0xB0;
}

static inline bool unit_ends_high(slice text)
{
    return text.length >= 3 && (unsigned char)text.at[text.length - 3] == 0xED &&
           (unsigned char)text.at[text.length - 2] >= 0xA0 &&
           (unsigned char)text.at[text.length - 2] < 0xB0;
}
