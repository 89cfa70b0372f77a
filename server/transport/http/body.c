#include "transport/http/body.h"

#include <strings.h>

static enum http_body_result refuse(struct http_body *body, const char *reason)
{
    snprintf(body->reason, sizeof body->reason, "%s", reason);
    return HTTP_BODY_REFUSED;
}

static enum http_body_result refuse_size(struct http_body *body)
{
    return refuse(body, "request entity too large");
}

static slice header_of(const struct http_head *head, slice name)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_equal(head->headers[i].name, name))
            return head->headers[i].value;
    return (slice){"", 0};
}

static bool is_identity(slice coding)
{
    return coding.length == 0 || (coding.length == 8 && strncasecmp(coding.at, "identity", 8) == 0);
}

enum http_body_result http_body_begin(struct http_body *body, const struct http_head *head,
                                      size_t max_bytes)
{
    slice coding = header_of(head, SLICE("content-encoding"));
    *body = (struct http_body){
        .max_bytes = max_bytes, .left = head->content_length, .is_chunked = head->is_chunked};
    if (head->content_length > max_bytes)
        return refuse_size(body);
    if (is_identity(coding))
        return HTTP_BODY_INCOMPLETE;
    body->inflate = http_inflate_new(coding);
    if (body->inflate != NULL)
        return HTTP_BODY_INCOMPLETE;
    snprintf(body->reason, sizeof body->reason, "unsupported content encoding \"%.*s\"",
             (int)(coding.length < 40 ? coding.length : 40), coding.at);
    return HTTP_BODY_REFUSED;
}

void http_body_fini(struct http_body *body)
{
    buf_fini(&body->content);
    http_inflate_free(&body->inflate);
}

/* More content. */
static enum http_body_result add(struct http_body *body, slice data)
{
    body->read += data.length;
    if (body->read > body->max_bytes)
        return refuse_size(body);
    if (body->inflate == NULL) {
        buf_append(&body->content, data);
        return HTTP_BODY_INCOMPLETE;
    }
    switch (http_inflate_add(body->inflate, data, body->max_bytes, &body->content)) {
    case HTTP_INFLATED:
        return HTTP_BODY_INCOMPLETE;
    case HTTP_INFLATED_TOO_LARGE:
        return refuse_size(body);
    case HTTP_INFLATED_BAD:
        break;
    }
    return refuse(body, http_inflate_problem(body->inflate));
}

/* The last byte has come. A body of nothing needs no compression. */
static enum http_body_result finish(struct http_body *body)
{
    if (body->inflate != NULL && body->read > 0 && !http_inflate_is_whole(body->inflate))
        return refuse(body, "unexpected end of file");
    return HTTP_BODY_COMPLETE;
}

static enum http_body_result read_length(struct http_body *body, slice *bytes)
{
    size_t length = bytes->length < body->left ? bytes->length : (size_t)body->left;
    slice data = slice_part(*bytes, 0, length);
    *bytes = slice_part(*bytes, length, bytes->length);
    body->left -= length;
    enum http_body_result result = add(body, data);
    return result == HTTP_BODY_INCOMPLETE && body->left == 0 ? finish(body) : result;
}

static enum http_body_result read_chunks(struct http_body *body, slice *bytes)
{
    for (;;) {
        slice data;
        enum http_body_result result;
        switch (http_chunks_next(&body->chunks, bytes, &data)) {
        case HTTP_CHUNKS_DATA:
            result = add(body, data);
            if (result == HTTP_BODY_REFUSED)
                return result;
            break;
        case HTTP_CHUNKS_MORE:
            return HTTP_BODY_INCOMPLETE;
        case HTTP_CHUNKS_END:
            return finish(body);
        case HTTP_CHUNKS_BAD:
            return refuse(body, "malformed chunks");
        }
    }
}

enum http_body_result http_body_read(struct http_body *body, slice *bytes)
{
    return body->is_chunked ? read_chunks(body, bytes) : read_length(body, bytes);
}
