/* Short decimals are computed directly: both operands are exact, so the one operation rounds once.
 * Everything else goes through the C library with an integer mantissa, which has no radix
 * character. */

#include "number.h"

#include "text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- decimal text -> double ---- */

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

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

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
        if (is_digit(c)) {
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
        if (number_from_small(mantissa, decimal->exponent, &number))
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

double number_from_decimal(slice literal)
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

/* ---- the language's text -> number ---- */

static size_t skip_digits(slice text, size_t i)
{
    while (i < text.length && is_digit(text.at[i]))
        i++;
    return i;
}

static size_t skip_sign(slice text, size_t i)
{
    return i < text.length && (text.at[i] == '-' || text.at[i] == '+') ? i + 1 : i;
}

/* digits [. digits] or . digits, with an optional exponent, and nothing else. */
static bool is_decimal(slice text)
{
    size_t start = skip_sign(text, 0);
    size_t i = skip_digits(text, start);
    size_t digits = i - start;
    if (i < text.length && text.at[i] == '.') {
        size_t fraction = i + 1;
        i = skip_digits(text, fraction);
        digits += i - fraction;
    }
    if (digits == 0)
        return false;
    if (i < text.length && (text.at[i] == 'e' || text.at[i] == 'E')) {
        size_t exponent = skip_sign(text, i + 1);
        i = skip_digits(text, exponent);
        if (i == exponent)
            return false;
    }
    return i == text.length;
}

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Digits of a radix of 2^bits. Bits that do not fit are remembered in the last one, so that the
 * conversion of the mantissa rounds as the whole number would. */
static double from_power_of_two(slice digits, int bits)
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
    return ldexp((double)mantissa, dropped > MAX_EXPONENT ? MAX_EXPONENT : (int)dropped);
}

static int radix_bits(slice text)
{
    if (text.length < 2 || text.at[0] != '0')
        return 0;
    switch (text.at[1]) {
    case 'x':
    case 'X':
        return 4;
    case 'o':
    case 'O':
        return 3;
    case 'b':
    case 'B':
        return 1;
    default:
        return 0;
    }
}

double text_to_number(slice text)
{
    slice trimmed = value_slice(text_trim(value_text(text)));
    if (trimmed.length == 0)
        return 0;
    int bits = radix_bits(trimmed);
    if (bits != 0)
        return from_power_of_two(slice_part(trimmed, 2, trimmed.length), bits);
    if (is_decimal(trimmed))
        return number_from_decimal(trimmed);
    slice word = slice_part(trimmed, skip_sign(trimmed, 0), trimmed.length);
    if (!slice_equal(word, SLICE("Infinity")))
        return NAN;
    return trimmed.at[0] == '-' ? -INFINITY : INFINITY;
}

/* ---- number -> text ---- */

/* The shortest digits of a positive number: 0.DIGITS * 10^point. */
struct shortest {
    char digits[24];
    int count;
    int point;
};

static int write_integer(uint64_t number, char *out)
{
    char reversed[24];
    int count = 0;
    do {
        reversed[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (int i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    return count;
}

/* Numbers that are n / 10^places with n below 10^15: such a decimal reads back to one number only,
 * so the first that does is the shortest. */
static bool find_short_fraction(double number, struct shortest *out)
{
    double power = 10;
    for (int places = 1; places <= 8; places++, power *= 10) {
        double scaled = number * power;
        if (!(scaled < 1e15))
            return false;
        uint64_t n = (uint64_t)(scaled + 0.5);
        if (n != 0 && (double)n / power == number) {
            out->count = write_integer(n, out->digits);
            out->point = out->count - places;
            return true;
        }
    }
    return false;
}

/* Rounds correctly to `count` digits. */
static void round_to_digits(double number, int count, struct shortest *out)
{
    char text[48];
    snprintf(text, sizeof text, "%.*e", count - 1, number);
    out->count = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (is_digit(*at))
            out->digits[out->count++] = *at;
    }
    out->point = (int)strtol(at + 1, NULL, 10) + 1;
}

static double read_back(const struct shortest *shortest)
{
    char text[48];
    snprintf(text, sizeof text, "%.*se%d", shortest->count, shortest->digits,
             shortest->point - shortest->count);
    return strtod(text, NULL);
}

static void add_one_to_last(struct shortest *shortest)
{
    int i = shortest->count - 1;
    while (i >= 0 && shortest->digits[i] == '9')
        shortest->digits[i--] = '0';
    if (i >= 0) {
        shortest->digits[i]++;
    } else {
        shortest->digits[0] = '1';
        shortest->point++;
    }
}

/* Below a power of two the doubles lie twice as close as above it, so the nearest decimal of a
 * length may be too far while the next one above still reads back. */
static bool reads_back(double number, struct shortest *shortest)
{
    if (read_back(shortest) == number)
        return true;
    int exponent;
    if (frexp(number, &exponent) > 0.5)
        return false;
    add_one_to_last(shortest);
    return read_back(shortest) == number;
}

static void strip_zeros(struct shortest *shortest)
{
    while (shortest->count > 1 && shortest->digits[shortest->count - 1] == '0')
        shortest->count--;
}

/* Of normal numbers, 15 digits are unique: if they read back, no other decimal of 15 digits or
 * fewer does. Subnormal numbers have fewer digits and are tried from one on. */
static void find_shortest(double number, struct shortest *out)
{
    if (find_short_fraction(number, out))
        return;
    int count = number < DBL_MIN ? 1 : 15;
    for (round_to_digits(number, count, out); count < 17 && !reads_back(number, out);)
        round_to_digits(number, ++count, out);
    strip_zeros(out);
}

static size_t append(char *out, size_t length, const char *bytes, size_t count)
{
    memcpy(out + length, bytes, count);
    return length + count;
}

static size_t append_zeros(char *out, size_t length, int count)
{
    memset(out + length, '0', (size_t)count);
    return length + (size_t)count;
}

/* Plain decimal form: the point lies within, before or after the digits. */
static size_t write_plain(const struct shortest *s, char *out, size_t length)
{
    if (s->point >= s->count) {
        length = append(out, length, s->digits, (size_t)s->count);
        return append_zeros(out, length, s->point - s->count);
    }
    if (s->point > 0) {
        length = append(out, length, s->digits, (size_t)s->point);
        out[length++] = '.';
        return append(out, length, s->digits + s->point, (size_t)(s->count - s->point));
    }
    length = append(out, length, "0.", 2);
    length = append_zeros(out, length, -s->point);
    return append(out, length, s->digits, (size_t)s->count);
}

static size_t write_exponent(const struct shortest *s, char *out, size_t length)
{
    out[length++] = s->digits[0];
    if (s->count > 1) {
        out[length++] = '.';
        length = append(out, length, s->digits + 1, (size_t)(s->count - 1));
    }
    int exponent = s->point - 1;
    out[length++] = 'e';
    out[length++] = exponent < 0 ? '-' : '+';
    return length + (size_t)write_integer((uint64_t)abs(exponent), out + length);
}

static size_t write_fraction(double number, char *out, size_t length)
{
    struct shortest shortest;
    find_shortest(number, &shortest);
    bool plain = shortest.point > -6 && shortest.point <= 21;
    return plain ? write_plain(&shortest, out, length) : write_exponent(&shortest, out, length);
}

size_t number_to_text(double number, char *out)
{
    if (isnan(number))
        return append(out, 0, "NaN", 3);
    size_t length = 0;
    if (number < 0)
        out[length++] = '-';
    number = fabs(number);
    if (isinf(number))
        return append(out, length, "Infinity", 8);
    if (number < (double)((uint64_t)1 << 53) && number == (double)(uint64_t)number)
        return length + (size_t)write_integer((uint64_t)number, out + length);
    return write_fraction(number, out, length);
}
