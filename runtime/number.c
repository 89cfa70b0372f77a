/* What JavaScript makes of a text that becomes a number, and of a number that becomes a text. */

#include "text.h"

#include "base/numeral.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the language's text -> number ---- */

static size_t skip_digits(slice text, size_t i)
{
    while (i < text.length && numeral_is_digit(text.at[i]))
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

static unsigned radix_bits(slice text)
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
    unsigned bits = radix_bits(trimmed);
    if (bits != 0)
        return numeral_power_of_two(slice_part(trimmed, 2, trimmed.length), bits);
    if (is_decimal(trimmed))
        return numeral_decimal(trimmed);
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
        if (numeral_is_digit(*at))
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
