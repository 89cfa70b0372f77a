#pragma once
/* Text -> pointer, open addressing. Keys are borrowed: their bytes must outlive the map. The hash
 * is keyed with a random seed per map, so that keys chosen by a stranger cannot be made to collide.
 * Iterate with hashmap_next; the order is of no meaning. One thread at a time. */

#include "base/slice.h"

#include <stdint.h>

struct hashmap_entry {
    slice key;
    void *value;
    uint64_t hash;
};

struct hashmap {
    struct hashmap_entry *entries;
    size_t count;
    size_t capacity; /* power of two, or 0 */
    uint64_t seed;
};

void hashmap_init(struct hashmap *map);
void hashmap_fini(struct hashmap *map);

/* The value of key, or NULL. */
void *hashmap_find(const struct hashmap *map, slice key);

/* Sets key to value (not NULL). Returns the value it had before, or NULL. */
void *hashmap_put(struct hashmap *map, slice key, void *value);

/* Takes key out. Returns the value it had, or NULL. Not while the map is iterated. */
void *hashmap_remove(struct hashmap *map, slice key);

/* The entry at or after *position, which then moves past it; NULL at the end. Start at 0. */
const struct hashmap_entry *hashmap_next(const struct hashmap *map, size_t *position);

/* What stands in one of the map's `capacity` slots, or NULL: for who looks through it in parts
 * while it changes. An entry may move to another slot then, so that one round may miss some. */
static inline const struct hashmap_entry *hashmap_at(const struct hashmap *map, size_t slot)
{
    return map->entries[slot].value == NULL ? NULL : &map->entries[slot];
}

/* Hash of the bytes under a seed; also what other tables of the runtime use. */
uint64_t hash_bytes(slice bytes, uint64_t seed);

/* A seed that cannot be guessed from outside. */
uint64_t hash_random_seed(void);
