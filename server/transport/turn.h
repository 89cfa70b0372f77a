#pragma once
/* The end of a turn of the loop: what is scheduled during a turn runs once, before the loop waits
 * again. Streams write then, and owners learn of ends then, when no caller's stack is below. */

#include "base/list.h"

#include <uv.h>

struct turn_task {
    struct list_link link;
    void (*run)(struct turn_task *task);
};

struct turn {
    uv_check_t after_poll;    /* the end of what input caused */
    uv_prepare_t before_poll; /* and of what timers and closed handles caused after that */
    struct list_link tasks;
    uint64_t number; /* how many there were */
    unsigned open_handles;
    void (*on_closed)(struct turn *turn);
};

/* Its handles do not keep the loop alive. */
void turn_init(struct turn *turn, uv_loop_t *loop);

/* Runs what is left; nothing may be scheduled afterwards. */
void turn_close(struct turn *turn, void (*on_closed)(struct turn *turn));

void turn_task_init(struct turn_task *task, void (*run)(struct turn_task *task));

/* One that is scheduled stays where it is. A task may schedule others, and itself. */
static inline void turn_schedule(struct turn *turn, struct turn_task *task)
{
    if (list_is_empty(&task->link))
        list_append(&turn->tasks, &task->link);
}

static inline void turn_cancel(struct turn_task *task)
{
    list_remove(&task->link);
}
