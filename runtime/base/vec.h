#pragma once
/* A growing array of one type on the heap:  VEC(struct span) spans = {0};  VEC_PUSH(&spans, span);
 * `items` moves when it grows. VEC_FREE leaves an empty vector. Ends the process without memory.
 *
 * Or in an arena, which takes it back:  if (!VEC_TRY_PUSH(&spans, arena, span)) exhausted;
 * A vector is grown in one way only. What it was before it grew in an arena stays readable. */

#include "base/arena.h"
#include "base/check.h"

#include <stddef.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }

#define VEC_PUSH(vec, item)                                                                        \
    ((vec)->count == (vec)->capacity                                                               \
         ? (void)((vec)->items = vec_grow((vec)->items, &(vec)->capacity, sizeof *(vec)->items))   \
         : (void)0,                                                                                \
     (vec)->items[(vec)->count++] = (item))

#define VEC_FREE(vec) (free((vec)->items), (vec)->items = NULL, (vec)->count = (vec)->capacity = 0)

static inline void *vec_grow(void *items, size_t *capacity, size_t item_size)
{
    size_t grown = *capacity == 0 ? 8 : *capacity * 2;
    CHECK(grown < (size_t)-1 / 2 / item_size);
    void *moved = realloc(items, grown * item_size);
    CHECK(moved != NULL);
    *capacity = grown;
    return moved;
}

#define VEC_TRY_PUSH(vec, arena, item)                                                             \
    (((vec)->count < (vec)->capacity ||                                                            \
      vec_try_grow(arena, (void *)&(vec)->items, &(vec)->capacity, sizeof *(vec)->items)) &&       \
     ((vec)->items[(vec)->count++] = (item), true))

/* `items` is the address of the pointer to them, of whatever type. */
static inline bool vec_try_grow(struct arena *arena, void *items, size_t *capacity,
                                size_t item_size)
{
    size_t grown = *capacity == 0 ? 8 : *capacity * 2;
    void *old, *moved = grown < (size_t)-1 / 2 / item_size
                            ? arena_try_alloc(arena, grown * item_size)
                            : NULL;
    if (moved == NULL)
        return false;
    memcpy(&old, items, sizeof old);
    if (*capacity > 0)
        memcpy(moved, old, *capacity * item_size);
    memcpy(items, &moved, sizeof moved);
    *capacity = grown;
    return true;
}
