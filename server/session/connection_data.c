/* The JSON that authentication gets about a connection: who asks, from where, with which headers
 * and which certificate. */

#include "session/endpoint.h"

#include "base/utf8.h"
#include "json.h"

/* Header values are bytes. What is not UTF-8 is read as Latin-1, so that the result is JSON. */
static void write_bytes(struct buf *out, slice bytes)
{
    if (utf8_valid(bytes, false)) {
        json_write_text(out, bytes);
        return;
    }
    struct buf converted = BUF_EMPTY;
    for (size_t i = 0; i < bytes.length; i++) {
        char encoded[4];
        size_t length = utf8_encode((unsigned char)bytes.at[i], encoded);
        buf_append(&converted, (slice){encoded, length});
    }
    json_write_text(out, buf_slice(&converted));
    buf_fini(&converted);
}

static bool is_repeated_before(const struct ds_http_request *request, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (slice_equal(request->headers[i].name, request->headers[index].name))
            return true;
    }
    return false;
}

/* A header that came several times is one value, joined as HTTP joins them. */
static void write_header(struct buf *out, const struct ds_http_request *request, size_t index)
{
    const struct ds_http_header *header = &request->headers[index];
    const char *separator = slice_equal(header->name, SLICE("cookie")) ? "; " : ", ";
    struct buf joined = BUF_EMPTY;
    buf_append(&joined, header->value);
    for (size_t i = index + 1; i < request->header_count; i++) {
        if (!slice_equal(request->headers[i].name, header->name))
            continue;
        buf_append_text(&joined, separator);
        buf_append(&joined, request->headers[i].value);
    }
    write_bytes(out, header->name);
    buf_append_byte(out, ':');
    write_bytes(out, buf_slice(&joined));
    buf_fini(&joined);
}

static void write_headers(struct buf *out, const struct ds_http_request *request)
{
    bool is_first = true;
    buf_append_byte(out, '{');
    for (size_t i = 0; i < request->header_count; i++) {
        if (is_repeated_before(request, i))
            continue;
        if (!is_first)
            buf_append_byte(out, ',');
        is_first = false;
        write_header(out, request, i);
    }
    buf_append_byte(out, '}');
}

static void write_peer(struct buf *out, const struct ds_tls_peer *peer)
{
    buf_append_text(out, ",\"clientCertificate\":{\"subject\":");
    write_bytes(out, peer->subject);
    buf_append_text(out, ",\"issuer\":");
    write_bytes(out, peer->issuer);
    buf_append_text(out, ",\"fingerprint\":");
    write_bytes(out, peer->fingerprint);
    buf_printf(out, ",\"verified\":%s}", peer->is_verified ? "true" : "false");
}

static void write_known(struct buf *out, const struct ds_http_request *request)
{
    slice referer = ds_http_header_find(request, SLICE("referer"));
    buf_append_text(out, "{\"remoteAddress\":");
    write_bytes(out, request->remote_address);
    buf_append_text(out, ",\"headers\":");
    write_headers(out, request);
    if (referer.at != NULL) {
        buf_append_text(out, ",\"referer\":");
        write_bytes(out, referer);
    }
    if (request->peer != NULL)
        write_peer(out, request->peer);
}

slice connection_data_new(const struct ds_http_request *request)
{
    struct buf out = BUF_EMPTY;
    write_known(&out, request);
    buf_append_byte(&out, '}');
    return buf_slice(&out);
}

slice connection_data_of_request(const struct ds_http_request *request)
{
    struct buf out = BUF_EMPTY;
    write_known(&out, request);
    buf_append_text(&out, ",\"url\":");
    write_bytes(&out, request->target);
    buf_append_byte(&out, '}');
    return buf_slice(&out);
}
