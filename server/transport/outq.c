#include "transport/outq.h"

#include "base/check.h"

#include <stdlib.h>

/* Either a piece of memory that messages are copied into, or a reference to a frame. */
struct outq_block {
    struct outq_block *next;
    struct ds_frame *frame; /* NULL: the bytes are those below */
    size_t start, end;      /* what is not written yet, in either */
    char bytes[];
};

#define BLOCK_ROOM (OUTQ_BLOCK_BYTES - sizeof(struct outq_block))
_Static_assert(OUTQ_SMALL_BYTES <= BLOCK_ROOM, "a small message fits into one block");

static struct outq_block *take_block(struct outq_pool *pool)
{
    struct outq_block *block = pool->free;
    if (block != NULL) {
        pool->free = block->next;
        pool->free_count--;
    } else {
        block = malloc(OUTQ_BLOCK_BYTES);
        CHECK(block != NULL);
    }
    block->next = NULL;
    block->frame = NULL;
    block->start = block->end = 0;
    return block;
}

static void drop_block(struct outq_block *block, struct outq_pool *pool)
{
    if (block->frame == NULL && pool->free_count < OUTQ_POOL_BLOCKS) {
        block->next = pool->free;
        pool->free = block;
        pool->free_count++;
        return;
    }
    ds_frame_release(&block->frame);
    free(block);
}

void outq_pool_fini(struct outq_pool *pool)
{
    while (pool->free != NULL) {
        struct outq_block *block = pool->free;
        pool->free = block->next;
        free(block);
    }
    pool->free_count = 0;
}

static void drop_first(struct outq *queue, struct outq_pool *pool)
{
    struct outq_block *block = queue->first;
    queue->first = block->next;
    if (queue->first == NULL)
        queue->last = NULL;
    drop_block(block, pool);
}

void outq_fini(struct outq *queue, struct outq_pool *pool)
{
    while (queue->first != NULL)
        drop_first(queue, pool);
    pool->queued_bytes -= queue->bytes;
    queue->bytes = 0;
}

static void link_block(struct outq *queue, struct outq_block *block)
{
    if (queue->last == NULL)
        queue->first = block;
    else
        queue->last->next = block;
    queue->last = block;
}

char *outq_extend(struct outq *queue, struct outq_pool *pool, size_t length)
{
    CHECK(length <= OUTQ_SMALL_BYTES);
    struct outq_block *block = queue->last;
    if (block == NULL || block->frame != NULL || length > BLOCK_ROOM - block->end) {
        block = take_block(pool);
        link_block(queue, block);
    }
    char *room = block->bytes + block->end;
    block->end += length;
    queue->bytes += length;
    pool->queued_bytes += length;
    return room;
}

void outq_append(struct outq *queue, struct outq_pool *pool, slice bytes)
{
    while (bytes.length > 0) {
        size_t length = bytes.length < OUTQ_SMALL_BYTES ? bytes.length : OUTQ_SMALL_BYTES;
        memcpy(outq_extend(queue, pool, length), bytes.at, length);
        bytes = slice_part(bytes, length, bytes.length);
    }
}

void outq_append_frame(struct outq *queue, struct outq_pool *pool, struct ds_frame *frame)
{
    if (frame->length <= OUTQ_SMALL_BYTES) {
        memcpy(outq_extend(queue, pool, frame->length), frame->bytes, frame->length);
        return;
    }
    struct outq_block *block = malloc(sizeof *block);
    CHECK(block != NULL);
    *block = (struct outq_block){.frame = ds_frame_retain(frame), .end = frame->length};
    link_block(queue, block);
    queue->bytes += frame->length;
    pool->queued_bytes += frame->length;
}

static char *block_bytes(struct outq_block *block)
{
    return block->frame == NULL ? block->bytes : block->frame->bytes;
}

size_t outq_runs(const struct outq *queue, uv_buf_t *runs, size_t limit, size_t *total)
{
    size_t count = 0;
    *total = 0;
    for (struct outq_block *block = queue->first; block != NULL && count < limit;
         block = block->next) {
        size_t length = block->end - block->start;
        runs[count++] = (uv_buf_t){block_bytes(block) + block->start, length};
        *total += length;
    }
    return count;
}

void outq_consume(struct outq *queue, struct outq_pool *pool, size_t length)
{
    CHECK(length <= queue->bytes);
    queue->bytes -= length;
    pool->queued_bytes -= length;
    while (length > 0) {
        struct outq_block *block = queue->first;
        size_t here = block->end - block->start;
        if (length < here) {
            block->start += length;
            return;
        }
        length -= here;
        drop_first(queue, pool);
    }
}
