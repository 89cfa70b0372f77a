#pragma once
/* Written numbers -> doubles, rounded once and correctly, whatever the locale. What texts and
 * numbers of rules become is in text.h. */

#include "base/slice.h"

#include <stdint.h>

/* The double nearest to a decimal literal: an optional sign, digits with at most one point among or
 * around them (at least one digit), an optional exponent. The caller has checked the form. */
double numeral_decimal(slice literal);

/* Digits of a radix of 2^bits (1, 3 or 4), upper or lower case; NaN when there are none, or others.
 */
double numeral_power_of_two(slice digits, unsigned bits);

static inline bool numeral_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* mantissa * 10^exponent when that can be computed without error: false when not known. */
static inline bool numeral_small(uint64_t mantissa, int64_t exponent, double *number)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (mantissa > (uint64_t)1 << 53 || exponent < -22 || exponent > 22)
        return false;
    double exact = (double)mantissa;
    *number = exponent < 0 ? exact / powers[-exponent] : exact * powers[exponent];
    return true;
}
