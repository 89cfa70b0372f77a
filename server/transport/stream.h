#pragma once
/* TCP connections that were accepted: bytes in, a queue of bytes out. The one place that reads and
 * writes sockets. A host that has a TLS context encrypts what it accepts; owners notice nothing.
 *
 * All streams of a host share one read buffer: what on_read gets may be changed in place and is
 * gone when it returns. One turn of the loop reads at most that buffer from each stream, so a peer
 * that floods shares the loop with the others. What is queued is written once, at the end of the
 * turn.
 *
 * A stream lives until its socket is closed. Its owner is called until it calls stream_end or
 * stream_abort or gets on_end, whichever is first, and does not touch the stream afterwards. None
 * of the functions calls back. */

#include "transport/stream_host.h"

struct stream;
struct tls_connection;
struct ds_tls_peer;

struct stream_events {
    void (*on_read)(void *owner, char *bytes, size_t length);
    /* The peer hung up, or the connection broke. reason is a static text. */
    void (*on_end)(void *owner, const char *reason);
    /* The server stops: say goodbye. */
    void (*on_stop)(void *owner);
};

enum stream_state {
    STREAM_OPEN,
    STREAM_ENDING, /* writes what is queued, then waits for the peer's end */
    STREAM_CLOSED,
};

struct stream {
    uv_tcp_t tcp;
    struct stream_host *host;
    const struct stream_events *events; /* NULL: nobody owns it any more */
    void *owner;
    struct outq queue;
    size_t in_flight; /* bytes at the front of the queue that libuv is writing */
    struct turn_task flush;
    struct deadline deadline; /* open: of the handshake; ending: of the peer's end */
    struct list_link in_host;
    size_t left_at_linger;      /* bytes that were queued when its deadline was set */
    uint64_t read_in_turn;      /* number of the last turn that filled the buffer */
    const char *broken;         /* why writing failed */
    struct tls_connection *tls; /* NULL: queue goes to the socket as it is */
    uint8_t state;
    bool is_paused;
    bool has_peer_ended;
    bool is_shut;
};

/* Accepts one connection and starts to read; NULL when it is gone already. */
struct stream *stream_accept(struct stream_host *host, uv_stream_t *listener);
void stream_own(struct stream *stream, const struct stream_events *events, void *owner);

/* These append to the queue. Nothing leaves before stream_flush_soon or stream_flush is called. */
static inline void stream_queue(struct stream *stream, slice bytes)
{
    outq_append(&stream->queue, &stream->host->pool, bytes);
}

static inline void stream_queue_frame(struct stream *stream, struct ds_frame *frame)
{
    outq_append_frame(&stream->queue, &stream->host->pool, frame);
}

static inline void stream_flush_soon(struct stream *stream)
{
    turn_schedule(&stream->host->turn, &stream->flush);
}

void stream_flush(struct stream *stream);

/* Bytes that the system has not taken yet; those that are sealed already count with their
 * overhead. */
size_t stream_queued_bytes(const struct stream *stream);

/* Whether those are no more than limit. */
static inline bool stream_queues_at_most(const struct stream *stream, size_t limit)
{
    /* What the system has taken of the queue only makes it less. */
    bool is_short = stream->tls == NULL && outq_bytes(&stream->queue) <= limit;
    return is_short || stream_queued_bytes(stream) <= limit;
}

void stream_pause(struct stream *stream);
void stream_resume(struct stream *stream);

/* Ends it behind what is queued; what the peer still sends is dropped. */
void stream_end(struct stream *stream);

/* Ends it now; what is queued is lost. */
void stream_abort(struct stream *stream);

/* Asks every owner to say goodbye; or ends every stream at once. */
void stream_stop_all(struct stream_host *host);
void stream_abort_all(struct stream_host *host, const char *reason);

/* "127.0.0.1"; "" when it cannot be known any more. */
#define STREAM_ADDRESS_BYTES 64
void stream_address(const struct stream *stream, char address[STREAM_ADDRESS_BYTES]);

/* Logs and counts that its peer does not read; whoever calls ends it. */
void stream_report_slow(struct stream *stream, size_t waiting);

/* The certificate that the peer has shown, to be freed; NULL when it has shown none, or the stream
 * is not encrypted. */
struct ds_tls_peer *stream_peer(const struct stream *stream);
