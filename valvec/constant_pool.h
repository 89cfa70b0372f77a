#pragma once
/* The numbers and texts of a program, each once, in order of first use. */

#include "value.h"
#include "base/hashmap.h"
#include "base/vec.h"

struct constant_pool {
    struct arena *arena;
    VEC(valve_value) values;
    struct hashmap numbers; /* key of a value -> its number + 1 */
};

void constant_pool_init(struct constant_pool *pool, struct arena *arena);
void constant_pool_fini(struct constant_pool *pool);

/* The number of a constant, which is added when it is new. Texts must outlive the pool. */
uint32_t constant_pool_text(struct constant_pool *pool, slice text);
uint32_t constant_pool_number(struct constant_pool *pool, double number);
