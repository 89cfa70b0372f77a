#pragma once
/* Whole numbers as codecs of text write them. */

#include "base/buf.h"
#include "base/numeral.h"

#include <limits.h>

static inline void decimal_append(struct buf *out, int32_t number)
{
    char digits[11];
    size_t at = sizeof digits;
    uint32_t left = number < 0 ? -(uint32_t)number : (uint32_t)number;
    do
        digits[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        digits[--at] = '-';
    buf_append(out, (slice){digits + at, sizeof digits - at});
}

/* False when text is anything but the digits of an int32, with a minus before them or not. */
static inline bool decimal_read(slice text, int32_t *number)
{
    bool is_negative = text.length > 0 && text.at[0] == '-';
    slice digits = slice_part(text, is_negative, text.length);
    int64_t read = 0;
    if (digits.length == 0 || digits.length > 10)
        return false;
    for (size_t i = 0; i < digits.length; i++) {
        if (!numeral_is_digit(digits.at[i]))
            return false;
        read = read * 10 + (digits.at[i] - '0');
    }
    read = is_negative ? -read : read;
    *number = (int32_t)read;
    return read >= INT32_MIN && read <= INT32_MAX;
}
