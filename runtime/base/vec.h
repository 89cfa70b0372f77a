#pragma once
/* A growing array of one type on the heap:  VEC(struct span) spans = {0};  VEC_PUSH(&spans, span);
 * `items` moves when it grows. VEC_FREE leaves an empty vector. Ends the process without memory. */

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
         ? (void)((vec)->items =                                                                   \
                      vec_grow((vec)->items, &(vec)->capacity, sizeof *(vec)->items))              \
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
