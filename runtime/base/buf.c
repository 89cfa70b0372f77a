/* Capacity doubles; the bytes are never zero-terminated. */

#include "base/buf.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void buf_fini(struct buf *buf)
{
    free(buf->at);
    *buf = BUF_EMPTY;
}

void buf_clear(struct buf *buf)
{
    buf->length = 0;
}

static void reserve(struct buf *buf, size_t size)
{
    if (size <= buf->capacity - buf->length)
        return;
    CHECK(size <= SIZE_MAX / 4 && buf->length <= SIZE_MAX / 4);
    size_t capacity = buf->capacity == 0 ? 256 : buf->capacity;
    while (capacity - buf->length < size)
        capacity *= 2;
    char *at = realloc(buf->at, capacity);
    CHECK(at != NULL);
    buf->at = at;
    buf->capacity = capacity;
}

char *buf_extend(struct buf *buf, size_t size)
{
    reserve(buf, size);
    char *space = buf->at + buf->length;
    buf->length += size;
    return space;
}

void buf_append(struct buf *buf, slice bytes)
{
    if (bytes.length > 0)
        memcpy(buf_extend(buf, bytes.length), bytes.at, bytes.length);
}

void buf_append_byte(struct buf *buf, char byte)
{
    *buf_extend(buf, 1) = byte;
}

void buf_append_text(struct buf *buf, const char *text)
{
    buf_append(buf, slice_of(text));
}

void buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    CHECK(length >= 0);
    reserve(buf, (size_t)length + 1);
    vsnprintf(buf->at + buf->length, (size_t)length + 1, format, again);
    va_end(again);
    buf->length += (size_t)length;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(buf, format, arguments);
    va_end(arguments);
}
