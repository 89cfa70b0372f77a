/* Queues: the steps of one name, one exclusive step at a time. A queue begins when an exclusive
 * step has to wait for something, and ends with its last step (B11). Who comes later looks the
 * queue up again (B12). */

#include "handlers/record/record_internal.h"

#include "base/check.h"

#include <stdlib.h>

struct queue {
    struct record_handler *handler;
    struct step *current; /* the exclusive step whose turn it is, or NULL */
    struct list_link waiting;
    uint32_t count; /* of waiting */
    bool is_running;
    size_t length;
    char name[];
};

static slice name_of(const struct queue *queue)
{
    return (slice){queue->name, queue->length};
}

struct queue *record_queue_find(const struct record_handler *handler, slice name)
{
    return handler->queues.count == 0 ? NULL : hashmap_find(&handler->queues, name);
}

void record_queue_adopt(struct step *step)
{
    struct queue *queue = malloc(sizeof *queue + step->name.length);
    CHECK(queue != NULL);
    *queue = (struct queue){.handler = step->handler, .current = step, .length = step->name.length};
    list_init(&queue->waiting);
    if (queue->length > 0)
        memcpy(queue->name, step->name.at, queue->length);
    step->queue = queue;
    CHECK(hashmap_put(&step->handler->queues, name_of(queue), queue) == NULL);
}

bool record_queue_append(struct queue *queue, struct step *step)
{
    if (queue->count >= queue->handler->settings.max_queue_per_record) {
        log_line(queue->handler->services->log, DS_WARN, LOG_LIMIT_EXCEEDED,
                 "%u operations wait for " SLICE_FORMAT, queue->count,
                 SLICE_ARGUMENTS(name_of(queue)));
        return false;
    }
    queue->count++;
    step->queue = queue;
    list_append(&queue->waiting, &step->in_queue);
    return true;
}

/* A step that changes nothing does not keep others waiting. */
static void run_next(struct queue *queue)
{
    struct step *step = LIST_ITEM(queue->waiting.next, struct step, in_queue);
    if (queue->handler->is_closing) {
        step_fail(step, step->work->refusal);
        return;
    }
    list_remove(&step->in_queue);
    queue->count--;
    if (step->is_exclusive)
        queue->current = step;
    else
        step->queue = NULL;
    step->work->run(step);
}

/* Never nested: what ends at once leaves the rest to this loop. */
static void run(struct queue *queue)
{
    if (queue->is_running)
        return;
    queue->is_running = true;
    while (queue->current == NULL && !list_is_empty(&queue->waiting))
        run_next(queue);
    queue->is_running = false;
    if (queue->current != NULL)
        return;
    CHECK(hashmap_remove(&queue->handler->queues, name_of(queue)) == queue);
    free(queue);
}

void record_queue_leave(struct queue *queue, const struct step *step)
{
    if (queue->current == step)
        queue->current = NULL;
    else
        queue->count--; /* it was waiting, and step_end took it out */
    run(queue);
}

void record_queue_fail_waiting(struct queue *queue, const struct step_work *work, uint16_t action)
{
    struct list_link failing; /* apart: answering may bring new steps to the queue */
    list_init(&failing);
    for (struct list_link *at = queue->waiting.next, *next; at != &queue->waiting; at = next) {
        next = at->next;
        struct step *step = LIST_ITEM(at, struct step, in_queue);
        if (step->work != work)
            continue;
        list_remove(at);
        list_append(&failing, at);
    }
    while (!list_is_empty(&failing))
        step_fail(LIST_ITEM(failing.next, struct step, in_queue), action);
}
