/* Questions: READ, HEAD, many heads at once, subscribing with an answer; and the look-ups of
 * plugins. */

#include "handlers/record/record_internal.h"

#include "base/check.h"

#include <stdlib.h>

/* ---- one record ---- */

#define MOST_REREADS 3

/* Answers of the cache and updates of other nodes come on different ways. A subscriber who was told
 * of an update must not be answered what was there before it: that would be the end for him until
 * the next one. Reads again, and returns true, when that is so. */
static bool reread(struct step *step, step_loaded *then)
{
    if (step->current.version == DS_MISSING || step->rereads >= MOST_REREADS ||
        !sequence_is_past(step->handler->sequence, step->name, step->current.version))
        return false;
    step->rereads++;
    step_load(step, then);
    return true;
}

static void read_loaded(struct step *step, uint16_t error)
{
    if (error == 0 && reread(step, read_loaded))
        return;
    if (error == 0 && step->current.version == DS_MISSING)
        error = RECORD_RECORD_NOT_FOUND;
    if (error != 0) {
        step_fail(step, error);
        return;
    }
    record_reply_read(step_session(step), step->name, step->current.version, step->current.data);
    step_end(step);
}

static void read_run(struct step *step)
{
    step_load(step, read_loaded);
}

const struct step_work work_read = {
    .run = read_run, .is_ordered = true, .refusal = RECORD_RECORD_LOAD_ERROR};

static void head_loaded(struct step *step, uint16_t error)
{
    if (error != 0) {
        step_fail(step, error);
        return;
    }
    record_reply_head(step_session(step), step->name, step->current.version);
    step_end(step);
}

static void head_run(struct step *step)
{
    step_load(step, head_loaded);
}

const struct step_work work_head = {
    .run = head_run, .is_ordered = true, .refusal = RECORD_RECORD_LOAD_ERROR};

/* ---- SUBSCRIBEANDHEAD ---- */

/* No subscription, and no acknowledgement: each name has its error (B13). */
static void heads_failed(struct step *step, uint16_t error)
{
    const struct message *message = step_message(step);
    for (uint32_t i = 0; i < message->name_count; i++)
        record_reply_error(step_session(step), message, message->names[i], error);
    step_end(step);
}

static void send_known_heads(struct session *session, const struct message *message,
                             const int32_t *versions)
{
    struct message_version *known = malloc((message->name_count + 1) * sizeof *known);
    CHECK(known != NULL);
    size_t count = 0;
    for (uint32_t i = 0; i < message->name_count; i++) {
        if (versions[i] != DS_MISSING)
            known[count++] = (struct message_version){message->names[i], versions[i]};
    }
    struct message reply = MESSAGE(TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    message_set_versions(&reply, known, count);
    session_send(session, &reply);
    free(known);
}

static void heads_known(struct step *step, const int32_t *versions)
{
    struct request *request = step->request;
    struct record_handler *handler = step->handler;
    const struct message *message = request->message;
    send_known_heads(request->session, message, versions);
    subscriptions_add_all(handler->subscriptions, request->session, message);
    for (uint32_t i = 0; i < message->name_count; i++) {
        slice name = message->names[i];
        if (versions[i] == DS_MISSING)
            step_begin(step_new(handler, request, name, &work_head));
        else
            sequence_answered(handler->sequence, name, versions[i]);
        if (sequence_may_have_missed(handler->sequence, name, step->unheard_seen))
            step_begin(step_new(handler, request, name, &work_look));
    }
    step_end(step);
}

static void on_heads(void *context, const char *error, const int32_t *versions)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL) {
            log_line(step->handler->services->log, DS_ERROR, LOG_RECORD_LOAD_ERROR,
                     "error when reading versions of %u records from cache: %s",
                     step_message(step)->name_count, error);
            heads_failed(step, RECORD_RECORD_LOAD_ERROR);
        } else {
            heads_known(step, versions);
        }
    }
    step_release(step);
}

static void heads_run(struct step *step)
{
    struct record_handler *handler = step->handler;
    const struct message *message = step_message(step);
    step->unheard_seen = sequence_unheard(handler->sequence);
    step_await(step, WAIT_CACHE, heads_failed);
    handler->settings.cache->heads(handler->settings.cache_self, message->names,
                                   message->name_count, on_heads, step);
    step_deadlines_arm(handler);
}

const struct step_work work_heads = {.run = heads_run, .refusal = RECORD_RECORD_LOAD_ERROR};

/* ---- subscribing with an answer ---- */

static void loaded_again(struct step *step, uint16_t error);

static void answer_current(struct step *step)
{
    struct session *session = step_session(step);
    if (reread(step, loaded_again))
        return;
    if (step->current.version != DS_MISSING) {
        record_reply_read(session, step->name, step->current.version, step->current.data);
        sequence_answered(step->handler->sequence, step->name, step->current.version);
    } else if (step_message(step)->action == RECORD_SUBSCRIBEANDREAD)
        record_reply_read(session, step->name, DS_MISSING, SLICE("{}"));
    else /* deleted while its reader was judged */
        record_reply_error(session, step_message(step), step->name, RECORD_RECORD_NOT_FOUND);
    step_end(step);
}

static void loaded_again(struct step *step, uint16_t error)
{
    if (error != 0)
        step_fail(step, error);
    else
        answer_current(step);
}

/* What other nodes said of it between its being read and the subscription, nobody here has heard.
 * From the subscription on everything is heard, and reading again misses nothing. */
void read_answer_subscribed(struct step *step, const struct ds_record *record)
{
    step->current = *record;
    if (sequence_may_have_missed(step->handler->sequence, step->name, step->unheard_seen))
        step_load(step, loaded_again);
    else
        answer_current(step);
}

/* Subscribed first, so that no write is missed between the answer and the first update. */
void read_answer_subscription(struct step *step, enum ds_verdict verdict)
{
    struct session *session = step_session(step);
    if (verdict != DS_ALLOW) {
        pipeline_refuse(session, step_message(step), step->name, verdict);
        step_end(step);
    } else if (!subscriptions_add(step->handler->subscriptions, session, step->name, 0)) {
        step_end(step);
    } else if (step->is_fresh) {
        read_answer_subscribed(step, &step->current);
    } else {
        step_load(step, loaded_again);
    }
}

static void subscribe_read_loaded(struct step *step, uint16_t error)
{
    if (error != 0)
        step_fail(step, error);
    else
        step_ask(step, RECORD_READ, DS_PAYLOAD_NONE, SLICE(""), &step->current,
                 read_answer_subscription);
}

static void subscribe_read_run(struct step *step)
{
    step_load(step, subscribe_read_loaded);
}

const struct step_work work_subscribe_read = {
    .run = subscribe_read_run, .is_ordered = true, .refusal = RECORD_RECORD_LOAD_ERROR};

/* ---- look-ups of plugins ---- */

static void lookup_loaded(struct step *step, uint16_t error)
{
    if (error != 0) {
        step_fail(step, error);
        return;
    }
    step->done(step->context, NULL, &step->current);
    step_end(step);
}

static void lookup_run(struct step *step)
{
    step_load(step, lookup_loaded);
}

const struct step_work work_lookup = {.run = lookup_run, .refusal = RECORD_RECORD_LOAD_ERROR};

void record_handler_read(struct record_handler *handler, slice name, ds_record_done *done,
                         void *context)
{
    struct step *step = step_new(handler, NULL, name, &work_lookup);
    step->done = done;
    step->context = context;
    step_begin(step);
}
