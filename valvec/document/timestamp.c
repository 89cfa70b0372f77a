/* The proleptic Gregorian calendar, without leap seconds, as JavaScript has it. */

#include "document/timestamp.h"

#include <stdint.h>

struct cursor {
    slice text;
    size_t at;
};

static char peek(const struct cursor *cursor)
{
    return cursor->at < cursor->text.length ? cursor->text.at[cursor->at] : '\0';
}

static bool at_digit(const struct cursor *cursor)
{
    return peek(cursor) >= '0' && peek(cursor) <= '9';
}

/* Skips what is no digit, then reads the digits that follow; 0 when there are none. */
static int32_t next_number(struct cursor *cursor)
{
    int32_t number = 0;
    while (cursor->at < cursor->text.length && !at_digit(cursor))
        cursor->at++;
    for (int digits = 0; at_digit(cursor) && digits < 4; digits++)
        number = number * 10 + (cursor->text.at[cursor->at++] - '0');
    return number;
}

static double fraction_ms(struct cursor *cursor)
{
    double ms = 0, place = 100;
    if (peek(cursor) != '.')
        return 0;
    for (cursor->at++; at_digit(cursor); cursor->at++) {
        ms += place >= 1 ? (cursor->text.at[cursor->at] - '0') * place : 0;
        place /= 10;
    }
    return ms;
}

/* Minutes that the zone is ahead of UTC. */
static int32_t zone_minutes(struct cursor *cursor)
{
    while (cursor->at < cursor->text.length && peek(cursor) != '+' && peek(cursor) != '-')
        cursor->at++;
    int32_t sign = peek(cursor) == '-' ? -1 : 1;
    int32_t hours = next_number(cursor);
    return sign * (hours * 60 + next_number(cursor));
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t days_of_month(int32_t year, int32_t month)
{
    static const int32_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month - 1] + (month == 2 && is_leap(year));
}

static int32_t days_since_1970(int32_t year, int32_t month, int32_t day)
{
    int32_t before = year - 1;
    int32_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    if (year == 0)
        days = -719528;
    for (int32_t m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days + day - 1;
}

bool timestamp_read(slice text, double *ms)
{
    struct cursor cursor = {text, 0};
    int32_t year = next_number(&cursor), month = next_number(&cursor), day = next_number(&cursor);
    int32_t hour = next_number(&cursor), minute = next_number(&cursor);
    int32_t second = next_number(&cursor);
    double fraction = fraction_ms(&cursor);
    int32_t zone = zone_minutes(&cursor);
    if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    double minutes = days_since_1970(year, month, day) * 1440.0 + hour * 60 + minute - zone;
    *ms = minutes * 60000 + second * 1000 + fraction;
    return true;
}
