#pragma once
/* Bodies of requests: framed by a length or by chunks, perhaps compressed; bytes in, content out.
 * Pure, and bounded before anything is kept. */

#include "transport/http/chunks.h"
#include "transport/http/head.h"
#include "transport/http/inflate.h"

struct http_body {
    struct buf content;
    size_t max_bytes;
    uint64_t left; /* bytes to come, by Content-Length */
    uint64_t read; /* bytes of content, before they were inflated */
    struct http_chunks chunks;
    struct http_inflate *inflate; /* NULL: not compressed */
    bool is_chunked;
    char reason[96]; /* when refused */
};

enum http_body_result { HTTP_BODY_COMPLETE, HTTP_BODY_INCOMPLETE, HTTP_BODY_REFUSED };

/* Prepares for the body that the head announces. Refused is what is announced as too large, and
 * codings that are unknown; otherwise HTTP_BODY_INCOMPLETE, also when there is nothing to come. */
enum http_body_result http_body_begin(struct http_body *body, const struct http_head *head,
                                      size_t max_bytes);

/* Reads from the front of *bytes, which then begins behind what was read. */
enum http_body_result http_body_read(struct http_body *body, slice *bytes);

void http_body_fini(struct http_body *body);
