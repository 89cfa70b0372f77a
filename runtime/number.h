#pragma once
/* Decimal text <-> double, exact in both directions and independent of the locale. The conversions
 * of the language (text_to_number, number_to_text) are in text.h; number.c holds them too. */

#include "base/slice.h"

#include <stdint.h>

/* The double nearest to a decimal literal: an optional sign, digits with at most one point among or
 * around them (at least one digit), an optional exponent. The caller has checked the form. */
double number_from_decimal(slice literal);

/* mantissa * 10^exponent when that can be computed without error: false when not known. */
static inline bool number_from_small(uint64_t mantissa, int64_t exponent, double *number)
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
