/* Short decimals are computed directly: both operands are exact, so the one operation rounds once.
 * Everything else goes through the C library with an integer mantissa, which has no radix
 * character. */

#include "base/numeral.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A double's exact value, and any point half way between two doubles, has at most 767 significant
 * digits; of what follows only matters whether it is zero. */
#define MAX_DIGITS 770
#define MAX_EXPONENT 100000

struct decimal {
    char digits[MAX_DIGITS + 32]; /* significant, without leading zeros; room for the exponent */
    uint32_t count;
    bool inexact;     /* digits other than 0 were left out */
    int64_t exponent; /* of the last digit kept */
};

static void add_digit(struct decimal *decimal, char digit, bool after_point)
{
    if (decimal->count == MAX_DIGITS) {
        decimal->inexact |= digit != '0';
        decimal->exponent += !after_point;
        return;
    }
    if (decimal->count > 0 || digit != '0')
        decimal->digits[decimal->count++] = digit;
    decimal->exponent -= after_point;
}

/* The exponent after `e`, kept in a range that decides every result. */
static int64_t read_exponent(slice text)
{
    size_t i = text.length > 0 && (text.at[0] == '-' || text.at[0] == '+');
    int64_t exponent = 0;
    for (size_t k = i; k < text.length; k++) {
        if (exponent < (int64_t)1 << 40)
            exponent = exponent * 10 + (text.at[k] - '0');
    }
    return i > 0 && text.at[0] == '-' ? -exponent : exponent;
}

static void read_digits(slice literal, struct decimal *decimal)
{
    bool after_point = false;
    for (size_t i = 0; i < literal.length; i++) {
        char c = literal.at[i];
        if (numeral_is_digit(c)) {
            add_digit(decimal, c, after_point);
        } else if (c == '.') {
            after_point = true;
        } else {
            decimal->exponent += read_exponent(slice_part(literal, i + 1, literal.length));
            return;
        }
    }
}

static int clamp_exponent(int64_t exponent)
{
    if (exponent > MAX_EXPONENT)
        return MAX_EXPONENT;
    return exponent < -MAX_EXPONENT ? -MAX_EXPONENT : (int)exponent;
}

static double round_decimal(struct decimal *decimal)
{
    if (decimal->count == 0)
        return 0;
    if (decimal->count <= 15 && !decimal->inexact) {
        uint64_t mantissa = 0;
        for (uint32_t i = 0; i < decimal->count; i++)
            mantissa = mantissa * 10 + (uint64_t)(decimal->digits[i] - '0');
        double number;
        if (numeral_small(mantissa, decimal->exponent, &number))
            return number;
    }
    if (decimal->inexact) {
        decimal->digits[decimal->count++] = '1';
        decimal->exponent--;
    }
    snprintf(decimal->digits + decimal->count, sizeof decimal->digits - decimal->count, "e%d",
             clamp_exponent(decimal->exponent));
    return strtod(decimal->digits, NULL);
}

double numeral_decimal(slice literal)
{
    bool negative = literal.length > 0 && literal.at[0] == '-';
    bool has_sign = negative || (literal.length > 0 && literal.at[0] == '+');
    struct decimal decimal;
    decimal.count = 0;
    decimal.inexact = false;
    decimal.exponent = 0;
    read_digits(slice_part(literal, has_sign, literal.length), &decimal);
    double number = round_decimal(&decimal);
    return negative ? -number : number;
}

static int digit_value(char c)
{
    if (numeral_is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Bits that do not fit are remembered in the last one, so that the conversion of the mantissa
 * rounds as the whole number would. */
double numeral_power_of_two(slice digits, unsigned bits)
{
    if (digits.length == 0)
        return NAN;
    uint64_t mantissa = 0;
    int64_t dropped = 0;
    for (size_t i = 0; i < digits.length; i++) {
        int value = digit_value(digits.at[i]);
        if (value >> bits != 0)
            return NAN;
        if (mantissa >> (64 - bits) == 0) {
            mantissa = mantissa << bits | (uint64_t)value;
        } else {
            mantissa |= value != 0;
            dropped += bits;
        }
    }
    return ldexp((double)mantissa, clamp_exponent(dropped));
}
