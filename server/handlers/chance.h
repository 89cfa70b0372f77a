#pragma once
/* Fair choices among providers: not secret, but each handler starts elsewhere. */

#include "base/hashmap.h"

struct chance {
    uint64_t state;
};

static inline void chance_init(struct chance *chance)
{
    chance->state = hash_random_seed();
}

/* A number below `below`, which is not 0. */
static inline size_t chance_below(struct chance *chance, size_t below)
{
    uint64_t mixed = chance->state += 0x9E3779B97F4A7C15u; /* splitmix64 */
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return (size_t)((mixed ^ mixed >> 31) % below);
}
