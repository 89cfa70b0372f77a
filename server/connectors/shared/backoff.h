#pragma once
/* How long to wait before a lost backend is tried again: twice as long each time, up to a bound,
 * and never exactly as long as the other nodes that lost it at the same moment.
 *
 *     struct backoff backoff = {.first_ms = 100, .most_ms = 5000};
 *     uv_timer_start(&timer, on_retry, backoff_next(&backoff), 0);
 *     ... connected:
 *     backoff_reset(&backoff);
 *
 * Plain data: any thread, one at a time. */

#include <stdint.h>

struct backoff {
    uint32_t first_ms; /* > 0 */
    uint32_t most_ms;  /* >= first_ms */
    uint32_t next_ms;  /* 0: as after a reset */
};

/* Milliseconds to wait now: between half of the present step and all of it, by chance. */
uint32_t backoff_next(struct backoff *backoff);

/* The backend is there: the next wait is a first one again. */
void backoff_reset(struct backoff *backoff);
