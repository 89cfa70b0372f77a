/* Linear probing at most three quarters full. SipHash-1-3 because keys come from strangers. */

#include "base/hashmap.h"

#include "base/check.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static inline uint64_t rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

/* Called, a round costs more than it does: the state goes to memory and back. */
static inline __attribute__((always_inline)) void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

uint64_t hash_bytes(slice bytes, uint64_t seed)
{
    struct sip s = {seed ^ 0x736f6d6570736575u, ~seed ^ 0x646f72616e646f6du,
                    seed ^ 0x6c7967656e657261u, ~seed ^ 0x7465646279746573u};
    size_t rest = bytes.length;
    const char *at = bytes.at;
    for (; rest >= 8; rest -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        sip_word(&s, word);
    }
    uint64_t last = (uint64_t)bytes.length << 56;
    if (rest > 0)
        memcpy(&last, at, rest);
    sip_word(&s, last);
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hash_random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed)
        return seed;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 32) ^ (uint64_t)(uintptr_t)&seed;
}

void hashmap_init(struct hashmap *map)
{
    *map = (struct hashmap){.seed = hash_random_seed()};
}

void hashmap_fini(struct hashmap *map)
{
    free(map->entries);
    *map = (struct hashmap){0};
}

static struct hashmap_entry *slot(const struct hashmap *map, slice key, uint64_t hash)
{
    for (size_t i = hash & (map->capacity - 1);; i = (i + 1) & (map->capacity - 1)) {
        struct hashmap_entry *entry = &map->entries[i];
        if (entry->value == NULL || (entry->hash == hash && slice_equal(entry->key, key)))
            return entry;
    }
}

static void grow(struct hashmap *map)
{
    struct hashmap old = *map;
    map->capacity = old.capacity == 0 ? 16 : old.capacity * 2;
    map->entries = calloc(map->capacity, sizeof *map->entries);
    CHECK(map->entries != NULL);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.entries[i].value != NULL)
            *slot(map, old.entries[i].key, old.entries[i].hash) = old.entries[i];
    free(old.entries);
}

void *hashmap_find(const struct hashmap *map, slice key)
{
    return map->count == 0 ? NULL : slot(map, key, hash_bytes(key, map->seed))->value;
}

void *hashmap_put(struct hashmap *map, slice key, void *value)
{
    CHECK(value != NULL);
    if ((map->count + 1) * 4 > map->capacity * 3)
        grow(map);
    uint64_t hash = hash_bytes(key, map->seed);
    struct hashmap_entry *entry = slot(map, key, hash);
    void *before = entry->value;
    if (before == NULL) {
        map->count++;
        *entry = (struct hashmap_entry){key, value, hash};
    }
    entry->value = value;
    return before;
}

/* Closes the gap at `hole`: every later entry of the run that may stand there moves up, so that no
 * search meets an empty place before what it looks for. */
static void close_gap(struct hashmap *map, size_t hole)
{
    size_t mask = map->capacity - 1;
    for (size_t i = (hole + 1) & mask; map->entries[i].value != NULL; i = (i + 1) & mask) {
        size_t home = map->entries[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->entries[hole] = map->entries[i];
            hole = i;
        }
    }
    map->entries[hole] = (struct hashmap_entry){0};
}

void *hashmap_remove(struct hashmap *map, slice key)
{
    if (map->count == 0)
        return NULL;
    struct hashmap_entry *entry = slot(map, key, hash_bytes(key, map->seed));
    void *value = entry->value;
    if (value == NULL)
        return NULL;
    map->count--;
    close_gap(map, (size_t)(entry - map->entries));
    return value;
}

const struct hashmap_entry *hashmap_next(const struct hashmap *map, size_t *position)
{
    while (*position < map->capacity) {
        const struct hashmap_entry *entry = &map->entries[(*position)++];
        if (entry->value != NULL)
            return entry;
    }
    return NULL;
}
