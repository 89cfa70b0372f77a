#include "transport/http/head.h"

#include <strings.h>

/* ---- texts ---- */

static bool equals_any_case(slice a, slice b)
{
    return a.length == b.length && strncasecmp(a.at, b.at, a.length) == 0;
}

static slice trimmed(slice text)
{
    while (text.length > 0 && (*text.at == ' ' || *text.at == '\t'))
        text = slice_part(text, 1, text.length);
    while (text.length > 0 && strchr(" \t", text.at[text.length - 1]) != NULL)
        text.length--;
    return text;
}

slice http_list_next(slice *list)
{
    const char *comma = memchr(list->at, ',', list->length);
    size_t length = comma == NULL ? list->length : (size_t)(comma - list->at);
    slice item = trimmed(slice_part(*list, 0, length));
    *list = slice_part(*list, comma == NULL ? length : length + 1, list->length);
    return item;
}

bool http_list_has(slice list, slice token)
{
    while (list.length > 0)
        if (equals_any_case(http_list_next(&list), token))
            return true;
    return false;
}

static void make_lower(slice name)
{
    for (char *at = (char *)(uintptr_t)name.at; at < name.at + name.length; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at | 0x20);
}

/* ---- what the headers mean for the connection ---- */

static enum http_head_result refuse(struct http_head *head, unsigned status, const char *reason)
{
    head->status = status;
    head->reason = reason;
    return HTTP_HEAD_REFUSED;
}

/* How often the header comes; *value gets the first one's. */
static size_t count_of(const struct http_head *head, slice name, slice *value)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_equal(head->headers[i].name, name) && count++ == 0)
            *value = head->headers[i].value;
    return count;
}

static bool is_host(slice host)
{
    for (size_t i = 0; i < host.length; i++)
        if (strchr(" \t,/?#@\\\"<>", host.at[i]) != NULL || (unsigned char)host.at[i] >= 0x80)
            return false;
    return true;
}

/* Exactly one in HTTP/1.1 (RFC 9112 3.2). */
static const char *check_host(const struct http_head *head)
{
    slice host = {"", 0};
    size_t count = count_of(head, SLICE("host"), &host);
    if (count > 1)
        return "several Host headers";
    if (count == 0 && !head->is_old)
        return "no Host header";
    return is_host(host) ? NULL : "malformed Host header";
}

static bool read_length(slice digits, uint64_t *length)
{
    *length = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9' || *length > UINT64_MAX / 16)
            return false;
        *length = *length * 10 + (uint64_t)(digits.at[i] - '0');
    }
    return digits.length > 0;
}

/* One way at most to say how long the body is (RFC 9112 6). */
static enum http_head_result check_body(struct http_head *head)
{
    slice length = {"", 0}, encoding = {"", 0};
    size_t lengths = count_of(head, SLICE("content-length"), &length);
    size_t encodings = count_of(head, SLICE("transfer-encoding"), &encoding);
    if (lengths > 0 && encodings > 0)
        return refuse(head, 400, "both Content-Length and Transfer-Encoding");
    if (lengths > 1)
        return refuse(head, 400, "several Content-Length headers");
    if (lengths == 1 && !read_length(length, &head->content_length))
        return refuse(head, 400, "malformed Content-Length header");
    if (encodings > 1 || (encodings == 1 && head->is_old))
        return refuse(head, 400, "a Transfer-Encoding that is not allowed");
    if (encodings == 1 && !equals_any_case(encoding, SLICE("chunked")))
        return refuse(head, 501, "an unknown Transfer-Encoding");
    head->is_chunked = encodings == 1;
    return HTTP_HEAD_COMPLETE;
}

static bool connection_has(const struct http_head *head, slice token)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_equal(head->headers[i].name, SLICE("connection")) &&
            http_list_has(head->headers[i].value, token))
            return true;
    return false;
}

static enum http_head_result check_meaning(struct http_head *head)
{
    const char *why = check_host(head);
    if (why != NULL)
        return refuse(head, 400, why);
    if (slice_equal(head->target, SLICE("*")) && !slice_equal(head->method, SLICE("OPTIONS")))
        return refuse(head, 400, "malformed request line");
    head->keep_alive = head->is_old ? connection_has(head, SLICE("keep-alive"))
                                    : !connection_has(head, SLICE("close"));
    return check_body(head);
}

/* ---- lines ---- */

static enum http_head_result read_request_line(struct http_head *head, const char *line)
{
    struct http_request_line parts;
    if (!http_request_line_read(line, &parts))
        return refuse(head, 400, "malformed request line");
    if (parts.major != '1')
        return refuse(head, 505, "an unknown version of HTTP");
    head->is_old = parts.minor == '0';
    head->method = parts.method;
    head->target = parts.target;
    return HTTP_HEAD_COMPLETE;
}

static enum http_head_result read_header_line(struct http_head *head, const char *line)
{
    struct ds_http_header header;
    if (!http_header_line_read(line, &header))
        return refuse(head, 400, "malformed header");
    if (head->header_count == HTTP_MAX_HEADERS)
        return refuse(head, 431, "too many headers");
    make_lower(header.name);
    head->headers[head->header_count++] = header;
    return HTTP_HEAD_COMPLETE;
}

static bool is_empty_line(slice line)
{
    return slice_equal(line, SLICE("\r\n"));
}

enum http_head_result http_head_read(char *bytes, size_t length, struct http_head *head)
{
    head->header_count = 0;
    head->content_length = 0;
    head->method = (slice){"", 0};
    slice rest = {bytes, length};
    for (size_t number = 0; rest.length > 0; number++) {
        const char *end = memchr(rest.at, '\n', rest.length);
        if (end == NULL)
            return HTTP_HEAD_INCOMPLETE;
        slice line = slice_part(rest, 0, (size_t)(end - rest.at) + 1);
        rest = slice_part(rest, line.length, rest.length);
        bool has_request_line = head->method.length > 0;
        if (is_empty_line(line) && has_request_line) {
            head->length = length - rest.length;
            head->bytes = (slice){bytes, head->length};
            return check_meaning(head);
        }
        if (is_empty_line(line) && number == 0)
            continue; /* one before the request is allowed (RFC 9112 2.2) */
        enum http_head_result result =
            has_request_line ? read_header_line(head, line.at) : read_request_line(head, line.at);
        if (result != HTTP_HEAD_COMPLETE)
            return result;
    }
    return HTTP_HEAD_INCOMPLETE;
}
