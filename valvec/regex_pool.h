#pragma once
/* The regular expressions of a rule file, each once, in order of first appearance. Only those that
 * compile are in it. */

#include "program.h"
#include "base/hashmap.h"
#include "base/vec.h"

struct regex_pool {
    VEC(struct program_regex) list;
    struct hashmap numbers;
};

void regex_pool_init(struct regex_pool *pool);
void regex_pool_fini(struct regex_pool *pool);

/* Whether the pool has `/pattern/flags`, and its number (number may be NULL). */
bool regex_pool_find(const struct regex_pool *pool, slice pattern, slice flags, uint32_t *number);

/* Adds one that is not in the pool. The texts must outlive the pool. */
void regex_pool_add(struct regex_pool *pool, slice pattern, slice flags, struct arena *arena);
