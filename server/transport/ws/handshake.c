#include "transport/ws/handshake.h"

#include "base/check.h"
#include "transport/http/head.h"
#include "transport/ws/deflate.h"

#include <openssl/evp.h>

#define KEY_LENGTH 24 /* 16 bytes in base64 */
#define ACCEPT_LENGTH 28
#define SHA1_BYTES 20
#define GUID SLICE("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")

static bool any_header_has(const struct ds_http_request *request, slice name, slice token)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (slice_equal(request->headers[i].name, name) &&
            http_list_has(request->headers[i].value, token))
            return true;
    return false;
}

bool ws_handshake_is_asked(const struct ds_http_request *request)
{
    return any_header_has(request, SLICE("upgrade"), SLICE("websocket")) &&
           any_header_has(request, SLICE("connection"), SLICE("upgrade"));
}

static size_t header_occurrences(const struct ds_http_request *request, slice name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += slice_equal(request->headers[i].name, name);
    return count;
}

static bool is_base64_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* Base64 of 16 bytes: 22 characters and two signs of equality. */
static bool is_key(slice key)
{
    if (key.length != KEY_LENGTH || key.at[22] != '=' || key.at[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++)
        if (!is_base64_character(key.at[i]))
            return false;
    return true;
}

static void append_accept(struct buf *out, slice key)
{
    unsigned char digest[SHA1_BYTES], text[ACCEPT_LENGTH + 1];
    char joined[KEY_LENGTH + 36];
    CHECK(key.length + GUID.length == sizeof joined);
    memcpy(joined, key.at, key.length);
    memcpy(joined + key.length, GUID.at, GUID.length);
    CHECK(EVP_Digest(joined, sizeof joined, digest, NULL, EVP_sha1(), NULL) == 1);
    CHECK(EVP_EncodeBlock(text, digest, sizeof digest) == ACCEPT_LENGTH);
    buf_append(out, (slice){(const char *)text, ACCEPT_LENGTH});
}

static bool refuse(struct ws_handshake *handshake, unsigned status, const char *reason)
{
    handshake->status = status;
    handshake->reason = reason;
    return false;
}

/* Every offer of every header in order; the first that fits is taken. */
static bool choose_extensions(const struct ds_http_request *request, struct ws_handshake *handshake,
                              bool *names_window_bits)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct ds_http_header *header = &request->headers[i];
        uint8_t bits = WS_WINDOW_BITS_MAX;
        bool names_bits = false;
        if (!slice_equal(header->name, SLICE("sec-websocket-extensions")))
            continue;
        enum ws_extensions chosen = ws_extensions_choose(header->value, &bits, &names_bits);
        if (chosen == WS_EXTENSIONS_MALFORMED)
            return false;
        if (chosen == WS_EXTENSIONS_DEFLATE && !handshake->deflate) {
            handshake->deflate = true;
            handshake->window_bits = bits;
            *names_window_bits = names_bits;
        }
    }
    return true;
}

static void append_answer(struct buf *out, slice key, const struct ws_handshake *handshake,
                          bool names_window_bits)
{
    buf_append_text(out, "HTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: ");
    append_accept(out, key);
    if (handshake->deflate)
        buf_append_text(out, "\r\nSec-WebSocket-Extensions: permessage-deflate; "
                             "server_no_context_takeover; client_no_context_takeover");
    if (handshake->deflate && names_window_bits)
        buf_printf(out, "; server_max_window_bits=%u", (unsigned)handshake->window_bits);
    buf_append_text(out, "\r\n\r\n");
}

bool ws_handshake_answer(const struct ds_http_request *request, bool allow_deflate,
                         struct ws_handshake *handshake, struct buf *out)
{
    *handshake = (struct ws_handshake){.window_bits = WS_WINDOW_BITS_MAX};
    slice version = ds_http_header_find(request, SLICE("sec-websocket-version"));
    slice key = ds_http_header_find(request, SLICE("sec-websocket-key"));
    bool names_window_bits = false;
    if (!slice_equal(version, SLICE("13")))
        return refuse(handshake, 426, "another version of WebSocket than 13");
    if (!is_key(key) || header_occurrences(request, SLICE("sec-websocket-key")) != 1)
        return refuse(handshake, 400, "malformed Sec-WebSocket-Key header");
    if (allow_deflate && !choose_extensions(request, handshake, &names_window_bits))
        return refuse(handshake, 400, "malformed Sec-WebSocket-Extensions header");
    append_answer(out, key, handshake, names_window_bits);
    return true;
}
