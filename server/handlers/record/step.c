/* The life of a step: when it runs, what it awaits, how long, and its end. */

#include "handlers/record/record_internal.h"

#include "base/check.h"

#include <stdlib.h>

#define PAUSE_MS 50
#define MAX_SPARE 64
#define MAX_SPARE_BYTES 65536 /* of a text that a spare step keeps for the next one */

const struct message *step_message(const struct step *step)
{
    return step->request->message;
}

struct session *step_session(const struct step *step)
{
    return step->request == NULL ? NULL : step->request->session;
}

/* ---- memory ---- */

static struct step *take_spare(struct record_handler *handler)
{
    struct step *step = handler->spare_steps;
    if (step == NULL) {
        step = calloc(1, sizeof *step);
        CHECK(step != NULL);
        return step;
    }
    handler->spare_steps = step->next_spare;
    handler->spare_step_count--;
    struct buf current_text = step->current_text, result = step->result;
    *step = (struct step){.current_text = current_text, .result = result};
    buf_clear(&step->current_text);
    buf_clear(&step->result);
    return step;
}

struct step *step_new(struct record_handler *handler, struct request *request, slice name,
                      const struct step_work *work)
{
    struct step *step = take_spare(handler);
    step->handler = handler;
    step->request = request;
    step->work = work;
    step->name = name;
    step->references = 1;
    step->is_exclusive = work->is_exclusive;
    list_append(&handler->steps, &step->in_steps);
    list_init(&step->in_queue);
    list_init(&step->in_deadlines);
    list_init(&step->in_reads);
    if (request != NULL)
        request->pending++;
    handler->exclusive_count += step->is_exclusive;
    return step;
}

static void step_free(struct step *step)
{
    buf_fini(&step->current_text);
    buf_fini(&step->result);
    free(step);
}

void step_release(struct step *step)
{
    if (--step->references > 0)
        return;
    list_remove(&step->in_steps);
    free(step->own_name);
    struct record_handler *handler = step->handler;
    if (handler == NULL || handler->spare_step_count >= MAX_SPARE ||
        step->current_text.capacity + step->result.capacity > MAX_SPARE_BYTES) {
        step_free(step);
        return;
    }
    step->next_spare = handler->spare_steps;
    handler->spare_steps = step;
    handler->spare_step_count++;
}

void step_free_spares(struct record_handler *handler)
{
    while (handler->spare_steps != NULL) {
        struct step *step = handler->spare_steps;
        handler->spare_steps = step->next_spare;
        step_free(step);
    }
}

/* ---- from begin to end ---- */

/* It goes on after the call that brought the name. */
static void own_name(struct step *step)
{
    if (step->own_name != NULL || step->name.length == 0)
        return;
    step->own_name = malloc(step->name.length);
    CHECK(step->own_name != NULL);
    memcpy(step->own_name, step->name.at, step->name.length);
    step->name.at = step->own_name;
}

static void run_at_once(struct step *step)
{
    step->references++;
    step->work->run(step);
    if (!step->is_over) {
        own_name(step);
        if (step->is_exclusive)
            record_queue_adopt(step);
    }
    step_release(step);
}

void step_begin(struct step *step)
{
    struct queue *queue =
        step->work->is_ordered ? record_queue_find(step->handler, step->name) : NULL;
    if (step->handler->is_closing) {
        step_fail(step, step->work->refusal);
    } else if (queue == NULL) {
        run_at_once(step);
    } else {
        own_name(step);
        if (!record_queue_append(queue, step))
            step_fail(step, step->work->refusal);
    }
}

void step_end(struct step *step)
{
    CHECK(!step->is_over);
    step->is_over = true;
    struct record_handler *handler = step->handler;
    struct request *request = step->request;
    struct queue *queue = step->queue;
    list_remove(&step->in_queue);
    list_remove(&step->in_deadlines);
    list_remove(&step->in_reads);
    step->queue = NULL;
    step->request = NULL;
    handler->exclusive_count -= step->is_exclusive;
    if (queue != NULL)
        record_queue_leave(queue, step);
    step_release(step);
    if (request != NULL)
        record_request_step_done(request);
    record_drain_check(handler);
}

static const char *error_text(uint16_t action)
{
    switch (action) {
    case RECORD_CACHE_RETRIEVAL_TIMEOUT:
        return "the cache did not answer in time";
    case RECORD_STORAGE_RETRIEVAL_TIMEOUT:
        return "the storage did not answer in time";
    default:
        return "the record could not be loaded";
    }
}

void step_fail(struct step *step, uint16_t action)
{
    if (step->done != NULL)
        step->done(step->context, error_text(action), NULL);
    else if (step_session(step) != NULL)
        record_reply_error(step_session(step), step_message(step), step->name, action);
    step_end(step);
}

void step_all_fail(struct record_handler *handler)
{
    for (struct list_link *at = handler->steps.next; at != &handler->steps;) {
        struct step *step = LIST_ITEM(at, struct step, in_steps);
        if (step->is_over) {
            at = at->next;
        } else {
            step_fail(step, step->work->refusal);
            at = handler->steps.next; /* others may have ended with it */
        }
    }
    while (!list_is_empty(&handler->steps)) {
        struct step *late = LIST_ITEM(handler->steps.next, struct step, in_steps);
        late->handler = NULL;
        list_remove(&late->in_steps);
    }
}

/* ---- answers and deadlines ---- */

static uint32_t timeout_ms(const struct record_handler *handler, enum wait_kind kind)
{
    switch (kind) {
    case WAIT_CACHE:
        return handler->settings.cache_timeout_ms;
    case WAIT_STORAGE:
        return handler->settings.storage_timeout_ms;
    default:
        return PAUSE_MS;
    }
}

void step_await_long(struct step *step)
{
    step->references++;
}

/* Behind all others, unless the timeout was shortened meanwhile. */
static void insert_by_deadline(struct list_link *deadlines, struct step *step)
{
    struct list_link *next = deadlines;
    while (next->previous != deadlines &&
           LIST_ITEM(next->previous, struct step, in_deadlines)->deadline_ms > step->deadline_ms)
        next = next->previous;
    list_append(next, &step->in_deadlines);
}

static void begin_wait(struct step *step, enum wait_kind kind)
{
    struct record_handler *handler = step->handler;
    step->deadline_ms = uv_now(handler->services->loop) + timeout_ms(handler, kind);
    insert_by_deadline(&handler->deadlines[kind], step);
}

void step_await(struct step *step, enum wait_kind kind, step_failed *on_failed)
{
    step->references++;
    step->on_failed = on_failed;
    begin_wait(step, kind);
}

bool step_answered(struct step *step)
{
    if (step->is_over)
        return false;
    list_remove(&step->in_deadlines);
    return true;
}

static const struct step *first_of(const struct list_link *deadlines)
{
    return list_is_empty(deadlines) ? NULL : LIST_ITEM(deadlines->next, struct step, in_deadlines);
}

static uint64_t next_deadline(const struct record_handler *handler)
{
    uint64_t next = UINT64_MAX;
    for (int kind = 0; kind < WAIT_KIND_COUNT; kind++) {
        const struct step *step = first_of(&handler->deadlines[kind]);
        if (step != NULL && step->deadline_ms < next)
            next = step->deadline_ms;
    }
    return next;
}

static void on_timer(uv_timer_t *timer);

static bool is_drained(const struct record_handler *handler)
{
    return handler->exclusive_count == 0 && handler->save_count == 0;
}

/* The last thing of a turn: who is told may free the handler. */
static void tell_drained(struct record_handler *handler)
{
    if (handler->drains.count == 0 || !is_drained(handler))
        return;
    struct drain last = handler->drains.items[--handler->drains.count];
    record_drain_check(handler);
    last.done(last.context);
}

void record_drain_check(struct record_handler *handler)
{
    if (handler->drains.count > 0 && is_drained(handler))
        CHECK(uv_timer_start(handler->timer, on_timer, 0, 0) == 0);
}

/* Deadlines that pass before the timer was armed for them are met a little late at most: each kind
 * has one duration, and the timer is set for the first. */
void step_deadlines_arm(struct record_handler *handler)
{
    uint64_t next = next_deadline(handler), now = uv_now(handler->services->loop);
    if (next == UINT64_MAX)
        return;
    uint64_t due = next > now ? next - now : 1; /* not in this turn */
    if (uv_is_active((uv_handle_t *)handler->timer) && uv_timer_get_due_in(handler->timer) <= due)
        return;
    CHECK(uv_timer_start(handler->timer, on_timer, due, 0) == 0);
}

/* The step itself is what is kept: no answer may come late. */
void step_pause(struct step *step, void (*then)(struct step *step))
{
    struct record_handler *handler = step->handler;
    step->after_pause = then;
    begin_wait(step, WAIT_PAUSE);
    step_deadlines_arm(handler);
}

static void end_pauses(struct record_handler *handler, uint64_t now)
{
    const struct step *first;
    while ((first = first_of(&handler->deadlines[WAIT_PAUSE])) != NULL &&
           first->deadline_ms <= now) {
        struct step *step =
            LIST_ITEM(handler->deadlines[WAIT_PAUSE].next, struct step, in_deadlines);
        list_remove(&step->in_deadlines);
        step->after_pause(step);
    }
}

static void expire(struct record_handler *handler, enum wait_kind kind, uint64_t now)
{
    const struct step *first;
    while ((first = first_of(&handler->deadlines[kind])) != NULL && first->deadline_ms <= now) {
        struct step *step = LIST_ITEM(handler->deadlines[kind].next, struct step, in_deadlines);
        list_remove(&step->in_deadlines);
        bool is_cache = kind == WAIT_CACHE;
        log_line(handler->services->log, DS_ERROR,
                 is_cache ? LOG_CACHE_RETRIEVAL_TIMEOUT : LOG_STORAGE_RETRIEVAL_TIMEOUT,
                 SLICE_FORMAT, SLICE_ARGUMENTS(step->name));
        step->on_failed(step, is_cache ? RECORD_CACHE_RETRIEVAL_TIMEOUT
                                       : RECORD_STORAGE_RETRIEVAL_TIMEOUT);
    }
}

/* A loop that was busy sees the deadline before the answer that came meanwhile: it takes what is
 * there first. */
static bool must_wait_a_turn(struct record_handler *handler, uint64_t now)
{
    bool is_due = next_deadline(handler) <= now;
    handler->has_waited_a_turn = is_due && !handler->has_waited_a_turn;
    return handler->has_waited_a_turn;
}

static void on_timer(uv_timer_t *timer)
{
    struct record_handler *handler = timer->data;
    uint64_t now = uv_now(handler->services->loop);
    if (!must_wait_a_turn(handler, now)) {
        expire(handler, WAIT_CACHE, now);
        expire(handler, WAIT_STORAGE, now);
        end_pauses(handler, now);
    }
    step_deadlines_arm(handler);
    tell_drained(handler);
}

void step_deadlines_open(struct record_handler *handler)
{
    for (int kind = 0; kind < WAIT_KIND_COUNT; kind++)
        list_init(&handler->deadlines[kind]);
    handler->timer = malloc(sizeof *handler->timer);
    CHECK(handler->timer != NULL && uv_timer_init(handler->services->loop, handler->timer) == 0);
    handler->timer->data = handler;
}

static void free_timer(uv_handle_t *timer)
{
    free(timer);
}

void step_deadlines_close(struct record_handler *handler)
{
    uv_close((uv_handle_t *)handler->timer, free_timer);
}

/* ---- permission ---- */

static void on_verdict(void *context, enum ds_verdict verdict)
{
    struct step *step = context;
    if (step_answered(step))
        step->on_verdict(step, verdict);
    step_release(step);
}

void step_ask(struct step *step, uint16_t action, enum ds_payload payload, slice data,
              const struct ds_record *record, step_verdict *then)
{
    struct permission_question question = {
        .session = step_session(step),
        .topic = TOPIC_RECORD,
        .action = action,
        .has_name = true,
        .name = step->name,
        .payload = payload,
        .data = data,
        .record = record,
    };
    step->on_verdict = then;
    step_await_long(step);
    pipeline_ask(step->handler->services->pipeline, &question, on_verdict, step);
}
