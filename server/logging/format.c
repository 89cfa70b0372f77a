#include "logging/format.h"

#include "base/check.h"
#include "base/slice.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_BYTES 24

struct line {
    char *at;
    size_t length, size;
    bool is_cut;
};

static void append(struct line *line, slice bytes)
{
    size_t room = line->size - line->length;
    size_t kept = bytes.length < room ? bytes.length : room;
    if (kept > 0)
        memcpy(line->at + line->length, bytes.at, kept);
    line->length += kept;
    line->is_cut = line->is_cut || kept < bytes.length;
}

static void append_signed(struct line *line, intmax_t value)
{
    char number[NUMBER_BYTES];
    int length = snprintf(number, sizeof number, "%" PRIdMAX, value);
    append(line, (slice){number, (size_t)length});
}

static void append_unsigned(struct line *line, uintmax_t value)
{
    char number[NUMBER_BYTES];
    int length = snprintf(number, sizeof number, "%" PRIuMAX, value);
    append(line, (slice){number, (size_t)length});
}

static void append_rest(struct line *line, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void append_rest(struct line *line, const char *format, va_list arguments)
{
    char rest[1024];
    int length = vsnprintf(rest, sizeof rest, format, arguments);
    CHECK(length >= 0);
    line->is_cut = line->is_cut || (size_t)length >= sizeof rest;
    append(line, slice_of(rest));
}

static bool takes(const char **format, const char *conversion)
{
    size_t length = strlen(conversion);
    bool is_next = strncmp(*format, conversion, length) == 0;
    *format += is_next ? length : 0;
    return is_next;
}

size_t format_line(char *out, size_t size, const char *format, va_list arguments)
{
    struct line line = {.at = out, .size = size};
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        append(&line, (slice){format, plain});
        format += plain;
        if (takes(&format, "%.*s")) {
            int length = va_arg(arguments, int);
            const char *bytes = va_arg(arguments, const char *);
            append(&line, (slice){bytes, (size_t)length});
        } else if (takes(&format, "%s")) {
            const char *text = va_arg(arguments, const char *);
            append(&line, slice_of(text != NULL ? text : "(null)"));
        } else if (takes(&format, "%d")) {
            append_signed(&line, va_arg(arguments, int));
        } else if (takes(&format, "%u")) {
            append_unsigned(&line, va_arg(arguments, unsigned));
        } else if (takes(&format, "%zu")) {
            append_unsigned(&line, va_arg(arguments, size_t));
        } else if (takes(&format, "%lld")) {
            append_signed(&line, va_arg(arguments, long long));
        } else if (takes(&format, "%llu")) {
            append_unsigned(&line, va_arg(arguments, unsigned long long));
        } else if (*format != '\0') {
            append_rest(&line, format, arguments);
            break;
        }
    }
    return line.is_cut ? size + 1 : line.length;
}
