#pragma once
/* Strings of JSON text. Private to what reads JSON. */

#include "json.h"

struct json_cursor {
    const char *at;
    const char *end;
    struct arena *arena;
    const char *message; /* set by what fails; static */
};

#define JSON_BYTES(byte) (0x0101010101010101u * (byte))

/* A top bit for each byte that is a quote, a backslash, a control or not ASCII. Bytes after the
 * first such byte may be marked wrongly, which does not matter. */
static inline uint64_t json_special_bytes(uint64_t word)
{
    uint64_t quote = word ^ JSON_BYTES('"'), backslash = word ^ JSON_BYTES('\\');
    return ((word - JSON_BYTES(0x20u)) | (quote - JSON_BYTES(1u)) | (backslash - JSON_BYTES(1u)) |
            word) &
           JSON_BYTES(0x80u);
}

/* The first byte from `at` on that ends plain ASCII, or a place from which it must be looked for
 * byte by byte. */
static inline const char *json_skip_plain_words(const char *at, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t special = json_special_bytes(word);
        if (special != 0)
            return at + (__builtin_ctzll(special) >> 3);
        at += 8;
    }
#endif
    return at;
}

/* Reads a string that starts after cursor->at, at `start`, and is not simple. */
bool json_read_string_slow(struct json_cursor *cursor, const char *start, valve_value *text);

/* A string of plain ASCII whose opening quote is at `quote`: what follows it, or NULL. */
static inline const char *json_simple_string(const char *quote, const char *end, valve_value *text)
{
    const char *start = quote + 1;
    const char *close = json_skip_plain_words(start, end);
    if (close >= end || *close != '"')
        return NULL;
    *text = value_ascii((slice){start, (size_t)(close - start)});
    return close + 1;
}

/* Reads a string whose opening quote is at cursor->at. False: cursor->at and message tell. */
static inline bool json_read_string(struct json_cursor *cursor, valve_value *text)
{
    const char *after = json_simple_string(cursor->at, cursor->end, text);
    if (after == NULL)
        return json_read_string_slow(cursor, cursor->at + 1, text);
    cursor->at = after;
    return true;
}
