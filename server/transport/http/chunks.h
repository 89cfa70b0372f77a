#pragma once
/* Bodies that come in chunks (RFC 9112 7.1), read strictly: bytes in, content out, or what is
 * wrong.
 *
 * Refused is what two readers could understand differently: sizes that are not digits alone, lines
 * that end without CR, data that is longer than its size says. Extensions and trailers mean nothing
 * here; they are read over, and bounded. */

#include "base/slice.h"

struct http_chunks {
    uint8_t state;
    uint8_t digits;
    uint64_t left;     /* of the chunk that is being read; or its size while that is read */
    uint32_t overhead; /* bytes of extensions and trailers so far */
};

enum http_chunks_result {
    HTTP_CHUNKS_DATA, /* more content */
    HTTP_CHUNKS_MORE, /* all bytes are read, and the body goes on */
    HTTP_CHUNKS_END,  /* what is left of the bytes is not of this body */
    HTTP_CHUNKS_BAD,
};

/* Zeroed is a fit start. Reads from the front of *bytes, which then begins behind what was read.
 * *data gets the content of HTTP_CHUNKS_DATA, a part of bytes. */
enum http_chunks_result http_chunks_next(struct http_chunks *chunks, slice *bytes, slice *data);
