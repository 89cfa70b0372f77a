/* Chunks in a list, newest first; they grow with use. */

#include "base/arena.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_CHUNK_BYTES ((size_t)16 * 1024)

struct arena_chunk {
    struct arena_chunk *older;
    size_t capacity; /* bytes after this header */
};

_Static_assert(sizeof(struct arena_chunk) % 16 == 0, "the first piece of a chunk must be aligned");

static char *chunk_start(struct arena_chunk *chunk)
{
    return (char *)(chunk + 1);
}

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena){.limit_bytes = limit_bytes};
}

void arena_init_small(struct arena *arena, size_t limit_bytes, size_t first_chunk_bytes)
{
    *arena = (struct arena){.limit_bytes = limit_bytes, .first_chunk_bytes = first_chunk_bytes};
}

static void free_newest(struct arena *arena)
{
    struct arena_chunk *chunk = arena->newest;
    arena->newest = chunk->older;
    free(chunk);
}

void arena_fini(struct arena *arena)
{
    while (arena->newest != NULL)
        free_newest(arena);
    free(arena->spare);
    arena_init_small(arena, arena->limit_bytes, arena->first_chunk_bytes);
}

static struct arena_chunk *take_chunk(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->spare;
    if (chunk != NULL && chunk->capacity >= size) {
        arena->spare = NULL;
        return chunk;
    }
    size_t capacity =
        arena->first_chunk_bytes == 0 ? ARENA_CHUNK_BYTES : arena_rounded(arena->first_chunk_bytes);
    if (arena->newest != NULL)
        capacity = arena->newest->capacity < (size_t)1 << 20 ? arena->newest->capacity * 2
                                                             : arena->newest->capacity;
    if (capacity < size)
        capacity = size;
    chunk = malloc(sizeof *chunk + capacity);
    if (chunk != NULL)
        chunk->capacity = capacity;
    return chunk;
}

void *arena_try_alloc_slow(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 4)
        return NULL;
    size_t rounded = arena_rounded(size);
    if (arena->limit_bytes != 0 && rounded > arena->limit_bytes - arena->used_bytes)
        return NULL;
    if (arena->newest == NULL || rounded > (size_t)(arena->end - arena->next)) {
        struct arena_chunk *chunk = take_chunk(arena, rounded);
        if (chunk == NULL)
            return NULL;
        chunk->older = arena->newest;
        arena->newest = chunk;
        arena->next = chunk_start(chunk);
        arena->end = arena->next + chunk->capacity;
    }
    void *piece = arena->next;
    arena->next += rounded;
    arena->used_bytes += rounded;
    return piece;
}

void *arena_try_alloc_lines(struct arena *arena, size_t size)
{
    char *piece = size <= SIZE_MAX / 4 ? arena_try_alloc(arena, size + ARENA_LINE_BYTES) : NULL;
    if (piece == NULL)
        return NULL;
    size_t behind = (uintptr_t)piece % ARENA_LINE_BYTES;
    return behind == 0 ? piece : piece + (ARENA_LINE_BYTES - behind);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *piece = arena_try_alloc(arena, size);
    CHECK(piece != NULL);
    return piece;
}

void *arena_alloc_zeroed(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

slice arena_copy(struct arena *arena, slice bytes)
{
    char *copy = arena_alloc(arena, bytes.length + 1);
    if (bytes.length > 0)
        memcpy(copy, bytes.at, bytes.length);
    copy[bytes.length] = '\0';
    return (slice){copy, bytes.length};
}

slice arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);

    char *text = arena_alloc(arena, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return (slice){text, (size_t)length};
}

void arena_reset_slow(struct arena *arena, struct arena_mark mark)
{
    while (arena->newest != mark.chunk) {
        CHECK(arena->newest != NULL);
        struct arena_chunk *chunk = arena->newest;
        arena->newest = chunk->older;
        if (arena->spare == NULL || arena->spare->capacity < chunk->capacity) {
            free(arena->spare);
            arena->spare = chunk;
        } else {
            free(chunk);
        }
    }
    arena->next = mark.next;
    arena->end = mark.chunk == NULL ? NULL : chunk_start(mark.chunk) + mark.chunk->capacity;
    arena->used_bytes = mark.used_bytes;
}
