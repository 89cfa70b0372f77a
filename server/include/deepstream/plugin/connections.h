#pragma once
/* Connections that carry messages: how messages leave (frames, outlets), and what whoever accepts
 * connections has to tell of them (endpoints). HTTP services and connection endpoints are made of
 * this; the server's own WebSockets are, too. */

#include <stdbool.h>
#include <stdint.h>
#include "deepstream/plugin/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- frames ---- */

#ifdef __cplusplus
#pragma GCC diagnostic push /* C++ has no member such as bytes, but its compilers do */
#pragma GCC diagnostic ignored "-Wpedantic"
#endif

/* A counted, immutable run of bytes, framed as it goes to the wire: what a fan-out shares among its
 * receivers. One thread. */
struct ds_frame {
    uint32_t references;
    uint32_t header_bytes; /* of the framing, before the payload */
    size_t length;         /* with the header */
    struct ds_frame
        *deflated; /* of the transport: the same compressed, or itself if that is no shorter */
    char bytes[];
};

#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

static inline ds_slice ds_frame_payload(const struct ds_frame *frame)
{
    ds_slice payload = {frame->bytes + frame->header_bytes, frame->length - frame->header_bytes};
    return payload;
}

/* A frame with one reference and room for length bytes, which the caller fills; header_bytes is 0.
 */
struct ds_frame *ds_frame_new(size_t length);
struct ds_frame *ds_frame_retain(struct ds_frame *frame);
void ds_frame_release(struct ds_frame **frame); /* and sets *frame to NULL; the last one frees it */

/* ---- outlets ---- */

enum ds_close_code {
    DS_CLOSE_NORMAL,         /* a close frame without status, as the original sends */
    DS_CLOSE_GOING_AWAY,     /* 1001: the server stops */
    DS_CLOSE_PROTOCOL_ERROR, /* 1002 */
    DS_CLOSE_UNSUPPORTED,    /* 1003: text on a binary endpoint */
    DS_CLOSE_BAD_TEXT,       /* 1007 */
    DS_CLOSE_POLICY,         /* 1008 */
    DS_CLOSE_TOO_LARGE,      /* 1009 */
    DS_CLOSE_ABORT,          /* no goodbye: the peer does not read, or is gone */
};

/* Why an outlet ended, for who counts; set by what made it before it tells its owner. */
enum ds_outlet_end {
    DS_OUTLET_LOST,           /* the connection broke, or ended without a goodbye */
    DS_OUTLET_LEFT,           /* the peer said goodbye */
    DS_OUTLET_PROTOCOL_ERROR, /* the peer broke a rule */
    DS_OUTLET_SLOW_RECEIVER,  /* the peer did not read */
    DS_OUTLET_SERVER_STOP,
    DS_OUTLET_CLOSED, /* by its owner */
};

struct ds_outlet;

/* Where the messages of one connection leave, whatever carries them: a WebSocket, MQTT, lines of
 * text, or memory in tests. Sessions know connections through this table alone, and call it on the
 * thread of the loop.
 *
 * Sending never blocks and never calls back: bytes are queued and written at the end of the loop's
 * turn, so that many messages are one write. What waits is bounded (max_queue_bytes of the
 * endpoint). After close, or once the peer is gone, sending does nothing; the owner learns of the
 * end by the on_close of the endpoint, always from the loop, never from inside a call of these. */
struct ds_outlet_operations {
    /* Queues one message; payload is copied. */
    void (*send)(struct ds_outlet *outlet, ds_slice payload);
    /* Frames one message for any number of outlets with the same operations table. */
    struct ds_frame *(*make_frame)(ds_slice payload);
    /* Queues a frame that make_frame of the same table made; keeps a reference if it must. */
    void (*send_frame)(struct ds_outlet *outlet, struct ds_frame *frame);
    /* Writes what is queued now and not at the end of the turn, or of outgoingBufferTimeout. */
    void (*flush)(struct ds_outlet *outlet);
    /* Says goodbye behind what is queued, then ends the connection. The first call counts. */
    void (*close)(struct ds_outlet *outlet, enum ds_close_code code);
    /* While paused nothing is read from the peer, beyond what has been read already. */
    void (*pause_reading)(struct ds_outlet *outlet);
    void (*resume_reading)(struct ds_outlet *outlet);
    /* Bytes that the peer has not taken yet. */
    size_t (*queued_bytes)(const struct ds_outlet *outlet);
};

/* The first member of what whoever accepts connections keeps for one. */
struct ds_outlet {
    const struct ds_outlet_operations *operations;
    enum ds_outlet_end end; /* once its owner is told that it is over */
};

/* ---- endpoints ---- */

enum ds_frame_kind { DS_FRAME_TEXT, DS_FRAME_BINARY };

/* What the server wants to know of connections, and what it wants kept: both bounds, for every
 * connection; delay and compression where they make sense. Whoever accepts connections borrows it,
 * and calls its functions on the thread of the loop. */
struct ds_endpoint {
    void *context;
    enum ds_frame_kind kind;    /* of what is sent */
    uint32_t max_message_bytes; /* larger ones are closed with 1009 before they are read */
    size_t max_queue_bytes;     /* a receiver that lets more than this wait is cut off */
    uint32_t flush_delay_ms;    /* outgoingBufferTimeout; 0: at the end of the turn */
    size_t flush_bytes;         /* maxBufferByteSize: sooner than the delay from here on */
    bool deflate;               /* offers of permessage-deflate are accepted */

    /* A peer has shaken hands. request is borrowed for the call. Returns its owner, which the calls
     * below get; NULL turns the peer away. */
    void *(*on_open)(void *context, struct ds_outlet *outlet,
                     const struct ds_http_request *request);
    /* One whole message, also when it came in fragments; payload is borrowed for the call. None
     * comes after the owner closed its outlet; while it is paused, those that were read already do.
     * Text over a WebSocket is UTF-8, which the service checks. */
    void (*on_message)(void *owner, enum ds_frame_kind kind, ds_slice payload);
    /* Bytes of frames came, of whatever kind, pings too: the peer lives. Once per read. */
    void (*on_alive)(void *owner);
    /* The end, exactly once, at the end of a turn; also after a close of the outlet. The outlet is
     * gone when it returns, and nothing more is called. reason is a static text. */
    void (*on_close)(void *owner, const char *reason);
};

/* ---- what is counted ---- */

/* What whoever accepts connections has seen since it was made. Only ever counted up; what makes no
 * sense for it stays 0. */
struct ds_transport_counters {
    uint64_t connections;       /* accepted */
    uint64_t turned_away;       /* of those: because there were too many */
    uint64_t handshakes;        /* of TLS, complete */
    uint64_t failed_handshakes; /* and those that were not */
    uint64_t requests;          /* HTTP, answered */
    uint64_t refused_heads;     /* of those: head or body broken, too large or too slow */
    uint64_t websockets;        /* opened */
    uint64_t messages;          /* that came whole */
    uint64_t protocol_errors;   /* WebSockets that the peer broke */
    uint64_t slow_receivers;    /* cut off because the peer did not read */
    uint64_t bytes_in;
    uint64_t bytes_out;
};

#ifdef __cplusplus
}
#endif
