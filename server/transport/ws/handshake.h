#pragma once
/* The opening handshake of RFC 6455 4.2, with the extension of RFC 7692: pure, from the headers of
 * a request to the text of the answer. */

#include "transport/http/http.h"

#include "base/buf.h"

struct ws_handshake {
    bool deflate;        /* permessage-deflate was agreed on */
    uint8_t window_bits; /* of what the server compresses */
    unsigned status;     /* when refused: 400 or 426 */
    const char *reason;  /* when refused: static */
};

/* Whether the request asks to become a WebSocket. */
bool ws_handshake_is_asked(const struct ds_http_request *request);

/* Appends the whole 101 answer to out; or returns false, and says why. */
bool ws_handshake_answer(const struct ds_http_request *request, bool allow_deflate,
                         struct ws_handshake *handshake, struct buf *out);

/* ---- extensions.c ---- */

enum ws_extensions { WS_EXTENSIONS_NONE, WS_EXTENSIONS_DEFLATE, WS_EXTENSIONS_MALFORMED };

/* What of one Sec-WebSocket-Extensions header can be agreed on: the first offer of
 * permessage-deflate whose parameters all are known and well formed. *window_bits gets the window
 * it wants the server to keep to, *names_window_bits whether it named one. */
enum ws_extensions ws_extensions_choose(slice header, uint8_t *window_bits,
                                        bool *names_window_bits);
