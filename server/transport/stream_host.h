#pragma once
/* What all streams of a server share: the loop, one buffer to read into, memory for what is queued,
 * timers, and whether they are encrypted. */

#include "deepstream/plugin/connections.h"
#include "transport/deadline.h"
#include "transport/outq.h"
#include "transport/turn.h"

struct log;
struct tls_context;

#define STREAM_READ_BYTES ((size_t)64 * 1024)

struct stream_host {
    uv_loop_t *loop;
    struct log *log;
    struct turn turn;
    struct outq_pool pool;
    struct deadlines linger; /* streams that have said goodbye and wait for the peer's */
    struct list_link streams;
    size_t stream_count;
    char *read_buffer;       /* of STREAM_READ_BYTES */
    struct tls_context *tls; /* NULL: nothing is encrypted */
    char *opened;            /* as large: what is read, without its encryption */
    struct deadlines handshakes;
    uint64_t handshake_turn; /* the last turn in which peers shook hands, and how many steps */
    unsigned handshake_steps;
    struct ds_transport_counters counters;
    void *context;
    void (*on_empty)(void *context); /* the last stream is gone; NULL while nobody asks */
    unsigned open_parts;
    void (*on_closed)(void *context);
};

void stream_host_init(struct stream_host *host, uv_loop_t *loop, struct log *log, void *context);

/* From now on what is accepted speaks TLS by this context, which is retained; a handshake has
 * timeout_ms. Called again, it changes the context of what is accepted afterwards. */
void stream_host_encrypt(struct stream_host *host, struct tls_context *context,
                         uint32_t timeout_ms);

/* Only without streams. on_closed is called from the loop, with the context. */
void stream_host_close(struct stream_host *host, void (*on_closed)(void *context));
