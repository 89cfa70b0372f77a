#pragma once
/* Formats a line as vsnprintf does, but takes the bytes of a slice as they are: a zero among them
 * does not end it, as it would in the `%.*s` of printf. */

#include <stdarg.h>
#include <stddef.h>

/* Writes at most size bytes to out, with no zero behind them; returns how many, or size + 1 when
 * there was no room for all. Plain %s %.*s %d %u %zu %lld %llu are read here; what follows any
 * other conversion is left to vsnprintf. */
size_t format_line(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
