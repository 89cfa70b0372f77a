#pragma once
/* The common forms of keys and scalars, told at a glance: strings of plain ASCII, and numbers of
 * few digits. Each function returns what follows, or NULL when the text has another form or none;
 * the reader then takes care, and gives the same value. Private to what reads JSON. */

#include "json_text.h"

#include "base/numeral.h"

static inline bool json_is_digit(const char *at, const char *end)
{
    return at < end && (unsigned)(*at - '0') < 10;
}

/* Reads digits into a mantissa that is exact as long as there are at most 19 of them. */
static inline const char *json_read_digits(const char *at, const char *end, uint64_t *mantissa)
{
    uint64_t read = *mantissa;
    for (; at < end; at++) {
        unsigned digit = (unsigned)*at - '0';
        if (digit > 9)
            break;
        read = read * 10 + digit;
    }
    *mantissa = read;
    return at;
}

/* If it is one, a number without exponent that one operation computes exactly. */
static inline const char *json_simple_number(const char *at, const char *end, valve_value *number)
{
    bool negative = *at == '-';
    const char *digits = at + negative;
    uint64_t mantissa = 0;
    const char *after = json_read_digits(digits, end, &mantissa);
    ptrdiff_t count = after - digits, places = 0;
    if (count == 0 || (count > 1 && *digits == '0'))
        return NULL;
    if (after < end && *after == '.') {
        const char *fraction = after + 1;
        after = json_read_digits(fraction, end, &mantissa);
        places = after - fraction;
        if (places == 0)
            return NULL;
    }
    double value;
    bool has_exponent = after < end && (*after | 0x20) == 'e';
    if (has_exponent || count + places > 19 || !numeral_small(mantissa, -places, &value))
        return NULL;
    *number = value_number(negative ? -value : value);
    return after;
}

/* A key and the colon that follows at once. */
static inline const char *json_simple_key(const char *at, const char *end, valve_value *key)
{
    const char *colon = at < end && *at == '"' ? json_simple_string(at, end, key) : NULL;
    return colon != NULL && colon < end && *colon == ':' ? colon + 1 : NULL;
}

static inline const char *json_simple_value(const char *at, const char *end, valve_value *value)
{
    if (at == end)
        return NULL;
    return *at == '"' ? json_simple_string(at, end, value) : json_simple_number(at, end, value);
}
