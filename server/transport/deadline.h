#pragma once
/* Timeouts of many things that all wait equally long: one timer and one list instead of a timer
 * each. A thing embeds a struct deadline; setting and clearing it costs a few pointers. */

#include "base/list.h"

#include <uv.h>

struct deadline {
    struct list_link link;
    uint64_t due_ms; /* of the loop's clock */
    void (*on_due)(struct deadline *deadline);
};

struct deadlines {
    uv_timer_t timer;
    uint32_t after_ms;
    struct list_link waiting; /* the earliest first */
};

/* The timer does not keep the loop alive. */
void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop, uint32_t after_ms);

/* Nothing may be waiting any more. */
void deadlines_close(struct deadlines *deadlines, uv_close_cb on_closed);

void deadline_init(struct deadline *deadline, void (*on_due)(struct deadline *deadline));

/* on_due is called once, after_ms from now. One that was set starts anew. */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline);
void deadline_clear(struct deadline *deadline);

static inline bool deadline_is_set(const struct deadline *deadline)
{
    return !list_is_empty(&deadline->link);
}
