#include "transport/deadline.h"

#include "base/check.h"

static struct deadline *earliest(struct deadlines *deadlines)
{
    return LIST_ITEM(deadlines->waiting.next, struct deadline, link);
}

static void on_timer(uv_timer_t *timer)
{
    struct deadlines *deadlines = timer->data;
    uint64_t now = uv_now(timer->loop);
    while (!list_is_empty(&deadlines->waiting)) {
        struct deadline *deadline = earliest(deadlines);
        if (deadline->due_ms > now) {
            uv_timer_start(timer, on_timer, deadline->due_ms - now, 0);
            return;
        }
        list_remove(&deadline->link);
        deadline->on_due(deadline);
    }
}

void deadlines_init(struct deadlines *deadlines, uv_loop_t *loop, uint32_t after_ms)
{
    deadlines->after_ms = after_ms;
    list_init(&deadlines->waiting);
    uv_timer_init(loop, &deadlines->timer);
    uv_unref((uv_handle_t *)&deadlines->timer);
    deadlines->timer.data = deadlines;
}

void deadlines_close(struct deadlines *deadlines, uv_close_cb on_closed)
{
    CHECK(list_is_empty(&deadlines->waiting));
    uv_close((uv_handle_t *)&deadlines->timer, on_closed);
}

void deadline_init(struct deadline *deadline, void (*on_due)(struct deadline *deadline))
{
    list_init(&deadline->link);
    deadline->on_due = on_due;
}

void deadline_set(struct deadlines *deadlines, struct deadline *deadline)
{
    list_remove(&deadline->link);
    deadline->due_ms = uv_now(deadlines->timer.loop) + deadlines->after_ms;
    list_append(&deadlines->waiting, &deadline->link);
    if (!uv_is_active((uv_handle_t *)&deadlines->timer))
        uv_timer_start(&deadlines->timer, on_timer, deadlines->after_ms, 0);
}

void deadline_clear(struct deadline *deadline)
{
    list_remove(&deadline->link);
}
