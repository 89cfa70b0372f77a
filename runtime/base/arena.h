#pragma once
/* Memory that is given out piece by piece and taken back all at once.
 *
 * An arena belongs to one thread at a time. Everything allocated from it lives until arena_fini, or
 * until arena_reset to a mark taken before. Pieces are aligned for any type and not cleared. */

#include "base/slice.h"

#include <stddef.h>

#define ARENA_LINE_BYTES ((size_t)64)

struct arena_chunk;

struct arena {
    char *next; /* free space of the newest chunk */
    char *end;
    struct arena_chunk *newest;
    struct arena_chunk
        *spare;        /* one chunk kept by arena_reset, so steady use does not call malloc */
    size_t used_bytes; /* given out since init, less what arena_reset took back */
    size_t limit_bytes;
    size_t first_chunk_bytes; /* 0: the usual size */
};

struct arena_mark {
    struct arena_chunk *chunk;
    char *next;
    size_t used_bytes;
};

/* Prepares an empty arena; allocates nothing yet. limit_bytes bounds what it gives out; 0 means no
 * bound. */
void arena_init(struct arena *arena, size_t limit_bytes);

/* The same for one of many small arenas: its first chunk has room for first_chunk_bytes. */
void arena_init_small(struct arena *arena, size_t limit_bytes, size_t first_chunk_bytes);

/* Frees every chunk. The arena may be initialised again afterwards. */
void arena_fini(struct arena *arena);

/* What a piece takes of the arena: a multiple of 16, so that each is aligned, and never nothing, so
 * that each has an address of its own. Less than size when that is too large to round. */
static inline size_t arena_rounded(size_t size)
{
    return (size + (size == 0) + 15) & ~(size_t)15;
}

/* Returns size bytes, or NULL when that would pass the limit or the system has no memory. */
void *arena_try_alloc_slow(struct arena *arena, size_t size);

static inline void *arena_try_alloc(struct arena *arena, size_t size)
{
    size_t rounded = arena_rounded(size);
    if (rounded >= size && rounded <= (size_t)(arena->end - arena->next) &&
        (arena->limit_bytes == 0 || rounded <= arena->limit_bytes - arena->used_bytes)) {
        void *piece = arena->next;
        arena->next += rounded;
        arena->used_bytes += rounded;
        return piece;
    }
    return arena_try_alloc_slow(arena, size);
}

/* As arena_try_alloc; the bytes begin with a cache line. For what is looked up often. */
void *arena_try_alloc_lines(struct arena *arena, size_t size);

/* As arena_try_alloc, but ends the process where that returns NULL. For sizes that are our own. */
void *arena_alloc(struct arena *arena, size_t size);

/* As arena_alloc, and clears the bytes. */
void *arena_alloc_zeroed(struct arena *arena, size_t size);

/* Copies bytes into the arena, and adds a terminating zero byte that the length does not count. */
slice arena_copy(struct arena *arena, slice bytes);

/* Formats into the arena as printf does; the result has a terminating zero byte. */
slice arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Remembers the present state; arena_reset gives back everything allocated after it. Marks nest. */
static inline struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->newest, arena->next, arena->used_bytes};
}

void arena_reset_slow(struct arena *arena, struct arena_mark mark);

static inline void arena_reset(struct arena *arena, struct arena_mark mark)
{
    if (arena->newest != mark.chunk) {
        arena_reset_slow(arena, mark);
        return;
    }
    arena->next = mark.next;
    arena->used_bytes = mark.used_bytes;
}
