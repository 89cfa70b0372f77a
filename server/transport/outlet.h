#pragma once
/* Where the messages of one connection leave, whatever carries them: a WebSocket, later MQTT, or
 * memory in tests. Sessions know connections through this table alone.
 *
 * Sending never blocks and never calls back: bytes are queued and written at the end of the loop's
 * turn. After close, or once the peer is gone, sending does nothing; the owner learns of the end by
 * the on_close of what made the outlet, always from the loop, never from inside a call of these. */

#include "base/slice.h"

#include <stdint.h>

/* A counted, immutable run of bytes, framed as it goes to the wire: what a fan-out shares among its
 * receivers. One thread. */
struct frame {
    uint32_t references;
    uint32_t header_bytes; /* of the framing, before the payload */
    size_t length;         /* with the header */
    struct frame
        *deflated; /* of the transport: the same compressed, or itself if that is no shorter */
    char bytes[];
};

static inline slice frame_payload(const struct frame *frame)
{
    return (slice){frame->bytes + frame->header_bytes, frame->length - frame->header_bytes};
}

/* A frame with one reference and room for length bytes, which the caller fills; header_bytes is 0.
 */
struct frame *frame_new(size_t length);
struct frame *frame_retain(struct frame *frame);
void frame_release(struct frame **frame); /* and sets *frame to NULL; the last one frees it */

enum close_code {
    CLOSE_NORMAL,         /* a close frame without status, as the original sends */
    CLOSE_GOING_AWAY,     /* 1001: the server stops */
    CLOSE_PROTOCOL_ERROR, /* 1002 */
    CLOSE_UNSUPPORTED,    /* 1003: text on a binary endpoint */
    CLOSE_BAD_TEXT,       /* 1007 */
    CLOSE_POLICY,         /* 1008 */
    CLOSE_TOO_LARGE,      /* 1009 */
    CLOSE_ABORT,          /* no goodbye: the peer does not read, or is gone */
};

struct outlet;

/* Why an outlet ended, for who counts; set by what made it before it tells its owner. */
enum outlet_end {
    OUTLET_LOST,           /* the connection broke, or ended without a goodbye */
    OUTLET_LEFT,           /* the peer said goodbye */
    OUTLET_PROTOCOL_ERROR, /* the peer broke a rule */
    OUTLET_SLOW_RECEIVER,  /* the peer did not read */
    OUTLET_SERVER_STOP,
    OUTLET_CLOSED, /* by its owner */
};

struct outlet_operations {
    /* Queues one message; payload is copied. */
    void (*send)(struct outlet *outlet, slice payload);
    /* Frames one message for any number of outlets with the same operations table. */
    struct frame *(*make_frame)(slice payload);
    /* Queues a frame that make_frame of the same table made; keeps a reference if it must. */
    void (*send_frame)(struct outlet *outlet, struct frame *frame);
    /* Writes what is queued now and not at the end of the turn, or of outgoingBufferTimeout. */
    void (*flush)(struct outlet *outlet);
    /* Says goodbye behind what is queued, then ends the connection. The first call counts. */
    void (*close)(struct outlet *outlet, enum close_code code);
    /* While paused nothing is read from the peer, beyond what has been read already. */
    void (*pause_reading)(struct outlet *outlet);
    void (*resume_reading)(struct outlet *outlet);
    /* Bytes that the peer has not taken yet. */
    size_t (*queued_bytes)(const struct outlet *outlet);
};

struct outlet {
    const struct outlet_operations *operations;
    enum outlet_end end; /* once its owner is told that it is over */
};
