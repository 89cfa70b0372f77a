/* One map finds them all, by a key that holds pattern and flags. */

#include "regex_pool.h"

void regex_pool_init(struct regex_pool *pool)
{
    *pool = (struct regex_pool){0};
    hashmap_init(&pool->numbers);
}

void regex_pool_fini(struct regex_pool *pool)
{
    hashmap_fini(&pool->numbers);
    VEC_FREE(&pool->list);
}

/* Flags, a slash, the pattern: flags hold no slash, so different expressions have different keys.
 */
static slice key_of(struct buf *buf, slice pattern, slice flags)
{
    buf_append(buf, flags);
    buf_append_byte(buf, '/');
    buf_append(buf, pattern);
    return buf_slice(buf);
}

bool regex_pool_find(const struct regex_pool *pool, slice pattern, slice flags, uint32_t *number)
{
    struct buf key = BUF_EMPTY;
    uintptr_t found = (uintptr_t)hashmap_find(&pool->numbers, key_of(&key, pattern, flags));
    buf_fini(&key);
    if (found != 0 && number != NULL)
        *number = (uint32_t)(found - 1);
    return found != 0;
}

void regex_pool_add(struct regex_pool *pool, slice pattern, slice flags, struct arena *arena)
{
    struct buf key = BUF_EMPTY;
    slice kept = arena_copy(arena, key_of(&key, pattern, flags));
    buf_fini(&key);
    VEC_PUSH(&pool->list, ((struct program_regex){pattern, flags}));
    hashmap_put(&pool->numbers, kept, (void *)(uintptr_t)pool->list.count);
}
