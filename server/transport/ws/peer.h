#pragma once
/* One WebSocket from its handshake to its end. Private to ws/; http/ opens peers and no more.
 *
 * A peer is open, then closing (our close frame is on its way and theirs is awaited), then gone
 * (the stream is let go). Its owner is told of the end once, at the end of the turn in which the
 * peer stopped being open; a peer that is gone is freed there, after all callers have returned. */

#include "transport/stream.h"
#include "transport/ws/deflate.h"
#include "transport/ws/frame.h"
#include "transport/ws/handshake.h"
#include "transport/ws/utf8.h"
#include "transport/ws/ws.h"

#define WS_SCRATCH_KEPT_BYTES ((size_t)256 * 1024)

/* What all WebSockets of a server share. Scratch buffers larger than the above are given back. */
struct ws_host {
    struct stream_host *streams;
    struct deadlines closing;   /* peers whose close frame is awaited */
    struct ws_deflate *deflate; /* NULL until a peer agrees on it */
    struct buf deflated;        /* scratch: the message that is being sent */
    struct buf inflated;        /* scratch: the message that is handed up */
};

void ws_host_init(struct ws_host *host, struct stream_host *streams);
/* Only without peers. Its deadlines are closed by the server. */
void ws_host_fini(struct ws_host *host);

/* Where upgrades of one path go. */
struct ws_route {
    slice path; /* empty: any */
    const struct ds_endpoint *endpoint;
    struct deadlines delay; /* of peers whose bytes wait for outgoingBufferTimeout */
};

/* Takes over a stream whose handshake has been answered, and what it sent behind the handshake. */
void ws_peer_open(struct ws_host *host, struct ws_route *route, struct stream *stream,
                  const struct ds_http_request *request, const struct ws_handshake *handshake,
                  char *rest, size_t rest_length);

/* ---- within ws/ ---- */

enum ws_peer_state { WS_PEER_OPEN, WS_PEER_CLOSING, WS_PEER_GONE };

/* A message or control frame of which only a part has come. */
struct ws_assembly {
    struct buf message;
    struct ws_utf8 utf8;
    bool has_message;
    bool is_text;
    bool is_deflated;
    uint8_t control_length;
    char control[WS_CONTROL_BYTES];
};

struct ws_peer {
    struct ds_outlet outlet;
    struct stream *stream; /* not to be touched once the peer is gone */
    struct ws_host *host;
    struct ws_route *route;
    void *owner;                  /* NULL: turned away, or told of the end */
    const char *end_reason;       /* set: the owner is to be told */
    struct ws_assembly *assembly; /* NULL: nothing is under way */
    struct ws_decoder decoder;
    struct deadline
        deadline; /* open: queued bytes leave; closing: the peer's close frame is late */
    struct turn_task task;
    uint8_t state;
    uint8_t window_bits; /* 0: nothing is compressed */
};

static inline const struct ds_endpoint *ws_peer_endpoint(const struct ws_peer *peer)
{
    return peer->route->endpoint;
}

/* peer.c */

/* Status codes of RFC 6455 7.4 that the server sends. */
enum {
    WS_STATUS_NONE = 0,
    WS_STATUS_NORMAL = 1000,
    WS_STATUS_GOING_AWAY = 1001,
    WS_STATUS_PROTOCOL_ERROR = 1002,
    WS_STATUS_UNSUPPORTED = 1003,
    WS_STATUS_BAD_DATA = 1007,
    WS_STATUS_POLICY = 1008,
    WS_STATUS_TOO_LARGE = 1009,
};

/* Starts the close handshake. Nothing to a peer that is not open. */
void ws_peer_close(struct ws_peer *peer, unsigned status, enum ds_outlet_end end,
                   const char *reason);

/* The peer broke a rule: says so and ends. reason is a static text. */
void ws_peer_fail(struct ws_peer *peer, unsigned status, const char *reason);

/* The peer's close frame came, with the status to answer with. */
void ws_peer_closed(struct ws_peer *peer, unsigned status);

/* Ends without goodbye. */
void ws_peer_abort(struct ws_peer *peer, enum ds_outlet_end end, const char *reason);

struct ws_deflate *ws_host_deflate(struct ws_host *host);

/* receive.c */

void ws_receive(struct ws_peer *peer, char *bytes, size_t length);
void ws_assembly_drop(struct ws_peer *peer);

/* send.c */

extern const struct ds_outlet_operations ws_text_operations, ws_binary_operations;

/* A control frame, of at most WS_CONTROL_BYTES. It leaves at the end of the turn. */
void ws_send_control(struct ws_peer *peer, enum ws_opcode opcode, slice payload);

/* Queued bytes of an open peer have waited long enough. */
void ws_send_due(struct ws_peer *peer);

/* False when the peer is not open, or let too much wait and is cut off for it. */
bool ws_peer_has_room(struct ws_peer *peer);
