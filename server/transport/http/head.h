#pragma once
/* Request heads of HTTP/1.1, read strictly (RFC 9112): bytes in, a request out, or what is wrong.
 *
 * Refused is what two readers could understand differently: lines that end without CR, folded
 * lines, spaces before a colon, several lengths, a length beside Transfer-Encoding, several hosts,
 * targets that are not a path. */

#include "transport/http/http.h"

#define HTTP_MAX_HEADERS 100

struct http_head {
    slice method;
    slice target;
    struct ds_http_header headers[HTTP_MAX_HEADERS];
    size_t header_count;
    size_t length;           /* bytes of the head, */
    slice bytes;             /* and these themselves, with names in lower case */
    uint64_t content_length; /* 0 when none is named */
    bool is_chunked;
    bool keep_alive;
    bool is_old;        /* HTTP/1.0 */
    unsigned status;    /* when refused: 400, 431, 501 or 505 */
    const char *reason; /* when refused: static, for the log */
};

enum http_head_result { HTTP_HEAD_COMPLETE, HTTP_HEAD_INCOMPLETE, HTTP_HEAD_REFUSED };

/* Reads the head at the start of bytes. Names of headers become lower case where they stand; slices
 * of the head are parts of bytes. Reading again with more bytes is allowed. */
enum http_head_result http_head_read(char *bytes, size_t length, struct http_head *head);

/* Takes the first item off a value that is a list, without the spaces around it. The list is not
 * empty. */
slice http_list_next(slice *list);

/* Whether a value that is a list, as Connection is, has the token, in any case. */
bool http_list_has(slice list, slice token);

/* ---- head.re: one line, which ends with its only LF ---- */

struct http_request_line {
    slice method;
    slice target;
    char major, minor; /* digits of the version */
};

bool http_request_line_read(const char *line, struct http_request_line *parts);

/* A header; the name as it stands. */
bool http_header_line_read(const char *line, struct ds_http_header *parts);
