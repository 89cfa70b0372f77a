#pragma once
/* Frames of tests, written as hexadecimal digits with blanks between them. */

#include "base/buf.h"
#include "base/check.h"

static inline unsigned hex_digit(char c)
{
    CHECK((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The bytes; the caller ends the buffer. */
static inline struct buf bytes_of_hex(const char *hex)
{
    struct buf bytes = BUF_EMPTY;
    for (; *hex != '\0'; hex++)
        if (*hex != ' ') {
            buf_append_byte(&bytes, (char)(hex_digit(hex[0]) << 4 | hex_digit(hex[1])));
            hex++;
        }
    return bytes;
}

static inline struct buf hex_of_bytes(slice bytes)
{
    struct buf hex = BUF_EMPTY;
    for (size_t i = 0; i < bytes.length; i++)
        buf_printf(&hex, "%02x", (unsigned)(unsigned char)bytes.at[i]);
    return hex;
}
