#include "transport/ws/deflate.h"

#include "base/check.h"

#include <stdlib.h>
#include <zlib.h>

#define STEP_BYTES ((size_t)16 * 1024)
#define MEMORY_LEVEL 8

/* What every flushed message ends with, and what is left out on the wire (RFC 7692 7.2.1). */
#define TAIL SLICE("\x00\x00\xff\xff")

struct ws_deflate {
    z_stream deflaters[WS_WINDOW_BITS_MAX + 1]; /* by window bits, made when first needed */
    z_stream inflater;
};

struct ws_deflate *ws_deflate_new(void)
{
    struct ws_deflate *deflate = calloc(1, sizeof *deflate);
    CHECK(deflate != NULL);
    return deflate;
}

void ws_deflate_free(struct ws_deflate **deflate)
{
    struct ws_deflate *freed = *deflate;
    *deflate = NULL;
    if (freed == NULL)
        return;
    for (unsigned bits = 0; bits <= WS_WINDOW_BITS_MAX; bits++)
        deflateEnd(&freed->deflaters[bits]);
    inflateEnd(&freed->inflater);
    free(freed);
}

static z_stream *deflater_of(struct ws_deflate *deflate, unsigned window_bits)
{
    z_stream *stream = &deflate->deflaters[window_bits];
    if (stream->state == NULL)
        CHECK(deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -(int)window_bits,
                           MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
    else
        CHECK(deflateReset(stream) == Z_OK);
    return stream;
}

static void set_input(z_stream *stream, slice bytes)
{
    CHECK(bytes.length <= UINT32_MAX);
    stream->next_in = (z_const Bytef *)(uintptr_t)bytes.at;
    stream->avail_in = (uInt)bytes.length;
}

bool ws_deflate_message(struct ws_deflate *shared, slice message, unsigned window_bits,
                        struct buf *out)
{
    if (window_bits == WS_WINDOW_BITS_MIN) {
        if (message.length > WS_WINDOW_BYTES_MIN)
            return false;
        window_bits++;
    }
    size_t before = out->length, room = message.length + TAIL.length;
    CHECK(room <= UINT32_MAX);
    z_stream *stream = deflater_of(shared, window_bits);
    set_input(stream, message);
    stream->next_out = (Bytef *)buf_extend(out, room);
    stream->avail_out = (uInt)room;
    int status = deflate(stream, Z_SYNC_FLUSH);
    size_t written = room - stream->avail_out;
    bool is_shorter = status == Z_OK && stream->avail_out > 0 && written > TAIL.length &&
                      written - TAIL.length < message.length;
    out->length = is_shorter ? before + written - TAIL.length : before;
    return is_shorter;
}

static z_stream *inflater_of(struct ws_deflate *deflate)
{
    z_stream *stream = &deflate->inflater;
    if (stream->state == NULL)
        CHECK(inflateInit2(stream, -WS_WINDOW_BITS_MAX) == Z_OK);
    else
        CHECK(inflateReset(stream) == Z_OK);
    return stream;
}

/* One step at a time, so that no more memory is used than the message needs. The step that finds
 * the message too large has one byte more than it may have. */
static enum ws_inflated inflate_all(z_stream *stream, size_t start, size_t max_bytes,
                                    struct buf *out)
{
    for (;;) {
        size_t left = max_bytes + 1 - (out->length - start);
        size_t step = left < STEP_BYTES ? left : STEP_BYTES;
        stream->next_out = (Bytef *)buf_extend(out, step);
        stream->avail_out = (uInt)step;
        int status = inflate(stream, Z_SYNC_FLUSH);
        out->length -= stream->avail_out;
        if (out->length - start > max_bytes)
            return WS_INFLATED_TOO_LARGE;
        if (status == Z_STREAM_END) {
            if (stream->avail_in == 0)
                return WS_INFLATED;
            CHECK(inflateReset(stream) == Z_OK); /* BFINAL; more blocks follow (RFC 7692 7.2.3.4) */
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            return WS_INFLATED_BAD;
        } else if (stream->avail_out > 0) {
            return WS_INFLATED;
        }
    }
}

/* zlib's sign that it stands between two blocks, where a message has to end. */
static bool is_between_blocks(const z_stream *stream)
{
    return (stream->data_type & 128) != 0;
}

enum ws_inflated ws_inflate_message(struct ws_deflate *deflate, slice compressed, size_t max_bytes,
                                    struct buf *out)
{
    size_t start = out->length;
    z_stream *stream = inflater_of(deflate);
    set_input(stream, compressed);
    enum ws_inflated result = inflate_all(stream, start, max_bytes, out);
    if (result != WS_INFLATED)
        return result;
    set_input(stream, TAIL);
    result = inflate_all(stream, start, max_bytes, out);
    if (result == WS_INFLATED && !is_between_blocks(stream))
        return WS_INFLATED_BAD;
    return result;
}
