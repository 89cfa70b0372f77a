#include "transport/turn.h"

static void run_tasks(struct turn *turn)
{
    while (!list_is_empty(&turn->tasks)) {
        struct turn_task *task = LIST_ITEM(turn->tasks.next, struct turn_task, link);
        list_remove(&task->link);
        task->run(task);
    }
}

static void after_poll(uv_check_t *check)
{
    struct turn *turn = check->data;
    turn->number++;
    run_tasks(turn);
}

static void before_poll(uv_prepare_t *prepare)
{
    run_tasks(prepare->data);
}

void turn_init(struct turn *turn, uv_loop_t *loop)
{
    *turn = (struct turn){.number = 1, .open_handles = 2};
    list_init(&turn->tasks);
    uv_check_init(loop, &turn->after_poll);
    uv_prepare_init(loop, &turn->before_poll);
    turn->after_poll.data = turn->before_poll.data = turn;
    uv_check_start(&turn->after_poll, after_poll);
    uv_prepare_start(&turn->before_poll, before_poll);
    uv_unref((uv_handle_t *)&turn->after_poll);
    uv_unref((uv_handle_t *)&turn->before_poll);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct turn *turn = handle->data;
    if (--turn->open_handles == 0)
        turn->on_closed(turn);
}

void turn_close(struct turn *turn, void (*on_closed)(struct turn *turn))
{
    run_tasks(turn);
    turn->on_closed = on_closed;
    uv_close((uv_handle_t *)&turn->after_poll, on_handle_closed);
    uv_close((uv_handle_t *)&turn->before_poll, on_handle_closed);
}

void turn_task_init(struct turn_task *task, void (*run)(struct turn_task *task))
{
    list_init(&task->link);
    task->run = run;
}
