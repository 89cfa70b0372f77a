#pragma once
/* The outgoing queue of a stream: bytes on their way to one peer, in order.
 *
 * Small messages are copied behind each other into blocks, so that many of them leave as one run of
 * bytes; large frames are kept by reference. An empty queue owns no memory: blocks come from a pool
 * that all queues of a server share and go back to it. Bytes never move once they are queued, so a
 * write may look at them while more are appended. The queue itself has no bound; its owner asks
 * outq_bytes. */

#include "base/slice.h"
#include "deepstream/plugin/connections.h"

#include <uv.h>

struct outq_block;

#define OUTQ_BLOCK_BYTES ((size_t)4096)
#define OUTQ_SMALL_BYTES ((size_t)1024) /* up to here a frame is copied */
#define OUTQ_POOL_BLOCKS 512            /* that are kept when nobody needs them */

/* Blocks that wait for a queue, and how much waits in all queues that use the pool. */
struct outq_pool {
    size_t queued_bytes;
    struct outq_block *free;
    size_t free_count;
};

void outq_pool_fini(struct outq_pool *pool);

struct outq {
    struct outq_block *first, *last;
    size_t bytes;
};

void outq_fini(struct outq *queue, struct outq_pool *pool);

/* Copies bytes behind what is queued. */
void outq_append(struct outq *queue, struct outq_pool *pool, slice bytes);

/* Room for length bytes, at most OUTQ_SMALL_BYTES, behind what is queued; the caller fills it. */
char *outq_extend(struct outq *queue, struct outq_pool *pool, size_t length);

/* Queues a frame: copied when it is small, else with a reference of its own. */
void outq_append_frame(struct outq *queue, struct outq_pool *pool, struct ds_frame *frame);

/* The first runs of bytes, at most limit. Returns how many there are; *total gets their length. */
size_t outq_runs(const struct outq *queue, uv_buf_t *runs, size_t limit, size_t *total);

/* Drops the first length bytes, which have been written. */
void outq_consume(struct outq *queue, struct outq_pool *pool, size_t length);

static inline size_t outq_bytes(const struct outq *queue)
{
    return queue->bytes;
}
