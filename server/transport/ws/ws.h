#pragma once
/* WebSockets (RFC 6455, permessage-deflate of RFC 7692): whole messages up, frames down.
 *
 * Strict: a peer that breaks a rule is closed with the code that the RFC names for it; text is
 * checked as it arrives. Pings are answered here. */

#include "transport/outlet.h"

enum ws_kind { WS_TEXT, WS_BINARY };

struct http_request;

struct ws_endpoint {
    void *context;
    enum ws_kind kind;          /* of what is sent */
    uint32_t max_message_bytes; /* larger ones are closed with 1009 before they are read */
    size_t max_queue_bytes;     /* a receiver that lets more than this wait is cut off */
    uint32_t flush_delay_ms;    /* outgoingBufferTimeout; 0: at the end of the turn */
    size_t flush_bytes;         /* maxBufferByteSize: sooner than the delay from here on */
    bool deflate;               /* offers of permessage-deflate are accepted */

    /* A peer has shaken hands. request is borrowed for the call. Returns its owner, which the calls
     * below get; NULL turns the peer away. */
    void *(*on_open)(void *context, struct outlet *outlet, const struct http_request *request);
    /* One whole message, also when it came in fragments; payload is borrowed for the call. None
     * comes after the owner closed its outlet; while it is paused, those that were read already do.
     */
    void (*on_message)(void *owner, enum ws_kind kind, slice payload);
    /* Bytes of frames came, of whatever kind, pings too: the peer lives. Once per read. */
    void (*on_alive)(void *owner);
    /* The end, exactly once, at the end of a turn; also after a close of the outlet. The outlet is
     * gone when it returns, and nothing more is called. reason is a static text. */
    void (*on_close)(void *owner, const char *reason);
};

/* As the send of the outlet, which is a WebSocket's, but of the kind named here. */
void ws_send(struct outlet *outlet, enum ws_kind kind, slice payload);
