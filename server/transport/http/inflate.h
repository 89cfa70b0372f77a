#pragma once
/* Compressed bodies (RFC 9110 8.4.1), inflated as they come and never beyond a bound. */

#include "base/buf.h"

struct http_inflate;

/* For the coding gzip (RFC 1952) or deflate (RFC 1950); NULL: there is no such coding. */
struct http_inflate *http_inflate_new(slice coding);
void http_inflate_free(struct http_inflate **inflate);

enum http_inflated {
    HTTP_INFLATED,
    HTTP_INFLATED_TOO_LARGE, /* more than max_bytes are in out */
    HTTP_INFLATED_BAD,
};

/* Appends what the next bytes say. */
enum http_inflated http_inflate_add(struct http_inflate *inflate, slice bytes, size_t max_bytes,
                                    struct buf *out);

/* Whether the last byte so far ended the compressed data. */
bool http_inflate_is_whole(const struct http_inflate *inflate);

/* What was bad, as zlib says it. */
const char *http_inflate_problem(const struct http_inflate *inflate);
