#pragma once
/* A growing run of bytes on the heap, for output whose size is not known before.
 * Ends the process when the system has no memory; callers bound what comes from outside. */

#include "base/slice.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *at;
    size_t length;
    size_t capacity;
};

#define BUF_EMPTY ((struct buf){0})

void buf_fini(struct buf *buf);
void buf_clear(struct buf *buf); /* length 0, memory kept */
void buf_append(struct buf *buf, slice bytes);
void buf_append_byte(struct buf *buf, char byte);
void buf_append_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Makes room for `size` more bytes at the end and returns it; the caller fills it. */
char *buf_extend(struct buf *buf, size_t size);

static inline slice buf_slice(const struct buf *buf)
{
    return (slice){buf->at, buf->length};
}
