/* A text's key is the text after a `t`; a number's the bits of the double after an `n`, so that 0
 * and -0 are two constants and all NaN are one. */

#include "constant_pool.h"

#include "base/buf.h"

#include <math.h>

void constant_pool_init(struct constant_pool *pool, struct arena *arena)
{
    *pool = (struct constant_pool){.arena = arena};
    hashmap_init(&pool->numbers);
}

void constant_pool_fini(struct constant_pool *pool)
{
    hashmap_fini(&pool->numbers);
    VEC_FREE(&pool->values);
}

static uint32_t intern(struct constant_pool *pool, slice key, valve_value value)
{
    uintptr_t found = (uintptr_t)hashmap_find(&pool->numbers, key);
    if (found == 0) {
        VEC_PUSH(&pool->values, value);
        found = pool->values.count;
        hashmap_put(&pool->numbers, arena_copy(pool->arena, key), (void *)found);
    }
    return (uint32_t)(found - 1);
}

uint32_t constant_pool_text(struct constant_pool *pool, slice text)
{
    struct buf key = BUF_EMPTY;
    buf_append_byte(&key, 't');
    buf_append(&key, text);
    uint32_t number = intern(pool, buf_slice(&key), value_text(text));
    buf_fini(&key);
    return number;
}

uint32_t constant_pool_number(struct constant_pool *pool, double number)
{
    char key[1 + sizeof number] = "n";
    double canonical = isnan(number) ? (double)NAN : number;
    memcpy(key + 1, &canonical, sizeof canonical);
    return intern(pool, (slice){key, sizeof key}, value_number(canonical));
}
