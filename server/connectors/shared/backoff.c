#include "shared/backoff.h"

#include "base/hashmap.h"

uint32_t backoff_next(struct backoff *backoff)
{
    uint32_t step = backoff->next_ms == 0 ? backoff->first_ms : backoff->next_ms;
    backoff->next_ms = step < backoff->most_ms / 2 ? step * 2 : backoff->most_ms;
    uint32_t half = step / 2;
    return half + (uint32_t)(hash_random_seed() % (step - half + 1));
}

void backoff_reset(struct backoff *backoff)
{
    backoff->next_ms = 0;
}
