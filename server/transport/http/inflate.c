#include "transport/http/inflate.h"

#include "base/check.h"

#include <stdlib.h>
#include <strings.h>
#include <zlib.h>

#define STEP_BYTES ((size_t)16 * 1024)
#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's way to ask for the format of gzip */

struct http_inflate {
    z_stream stream;
    bool is_gzip;
    bool is_whole;
};

static bool is_coding(slice coding, const char *name)
{
    return coding.length == strlen(name) && strncasecmp(coding.at, name, coding.length) == 0;
}

struct http_inflate *http_inflate_new(slice coding)
{
    bool is_gzip = is_coding(coding, "gzip") || is_coding(coding, "x-gzip");
    if (!is_gzip && !is_coding(coding, "deflate"))
        return NULL;
    struct http_inflate *inflate = calloc(1, sizeof *inflate);
    CHECK(inflate != NULL);
    inflate->is_gzip = is_gzip;
    CHECK(inflateInit2(&inflate->stream, is_gzip ? GZIP_WINDOW : MAX_WBITS) == Z_OK);
    return inflate;
}

void http_inflate_free(struct http_inflate **inflate)
{
    if (*inflate == NULL)
        return;
    inflateEnd(&(*inflate)->stream);
    free(*inflate);
    *inflate = NULL;
}

/* One step of output; Z_OK while there may be more of it. */
static int step(z_stream *stream, size_t max_bytes, struct buf *out)
{
    size_t left = max_bytes + 1 - out->length;
    size_t room = left < STEP_BYTES ? left : STEP_BYTES;
    stream->next_out = (Bytef *)buf_extend(out, room);
    stream->avail_out = (uInt)room;
    int status = inflate(stream, Z_NO_FLUSH);
    out->length -= stream->avail_out;
    return status;
}

/* Behind the end: another member is fine in gzip (RFC 1952 2.2), and nothing else. */
static bool begin_member(struct http_inflate *inflate)
{
    if (!inflate->is_gzip)
        inflate->stream.msg = (char *)(uintptr_t) "data behind its end";
    else
        CHECK(inflateReset(&inflate->stream) == Z_OK);
    inflate->is_whole = false;
    return inflate->is_gzip;
}

enum http_inflated http_inflate_add(struct http_inflate *inflate, slice bytes, size_t max_bytes,
                                    struct buf *out)
{
    z_stream *stream = &inflate->stream;
    CHECK(bytes.length <= UINT32_MAX);
    stream->next_in = (z_const Bytef *)(uintptr_t)bytes.at;
    stream->avail_in = (uInt)bytes.length;
    bool is_full = false; /* the last step had no room for all */
    while (stream->avail_in > 0 || is_full) {
        if (inflate->is_whole && !begin_member(inflate))
            return HTTP_INFLATED_BAD;
        int status = step(stream, max_bytes, out);
        if (out->length > max_bytes)
            return HTTP_INFLATED_TOO_LARGE;
        inflate->is_whole = status == Z_STREAM_END;
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return HTTP_INFLATED_BAD;
        is_full = status == Z_OK && stream->avail_out == 0;
    }
    return HTTP_INFLATED;
}

bool http_inflate_is_whole(const struct http_inflate *inflate)
{
    return inflate->is_whole;
}

const char *http_inflate_problem(const struct http_inflate *inflate)
{
    return inflate->stream.msg != NULL ? inflate->stream.msg : "broken compression";
}
