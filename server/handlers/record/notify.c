/* NOTIFY: records were changed in the database behind the server's back. The cache forgets them,
 * and whoever subscribes here is told what stands there now (behaviour.md 5.7). */

#include "handlers/record/record_internal.h"

#define PURGE_FAILED                                                                               \
    "\"Error deleting messages in bulk when attempting to notify of remote changes\""

/* ---- one record ---- */

static void tell_changed(struct step *step)
{
    struct message update = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&update, name, step->name);
    MESSAGE_SET(&update, version, step->current.version);
    MESSAGE_SET(&update, data, step->current.data);
    MESSAGE_SET(&update, is_write_ack, false);
    sequence_forget(step->handler->sequence, step->name); /* the version may be any */
    subscriptions_send(step->handler->subscriptions, step->name, &update, NULL, SEND_LOCAL_ONLY);
}

static void notify_loaded(struct step *step, uint16_t error)
{
    if (error != 0) {
        step_fail(step, error);
        return;
    }
    if (step->current.version == DS_MISSING)
        record_tell_deleted(step->handler, step->name, NULL);
    else
        tell_changed(step);
    step_end(step);
}

static void notify_run(struct step *step)
{
    step_load(step, notify_loaded);
}

const struct step_work work_notify = {
    .run = notify_run, .is_ordered = true, .refusal = RECORD_RECORD_LOAD_ERROR};

void record_each_subscribed(struct request *request, const struct step_work *work)
{
    struct record_handler *handler = request->handler;
    const struct message *message = request->message;
    for (uint32_t i = 0; i < message->name_count; i++) {
        size_t count;
        subscriptions_of(handler->subscriptions, message->names[i], &count);
        if (count == 0)
            sequence_note_unheard(handler->sequence, message->names[i]);
        else
            step_begin(step_new(handler, request, message->names[i], work));
    }
}

void notify_names(struct request *request)
{
    record_each_subscribed(request, &work_notify);
}

/* ---- the message ---- */

static bool anybody_elsewhere(const struct record_handler *handler, const struct message *message)
{
    for (uint32_t i = 0; i < message->name_count; i++) {
        if (subscriptions_exist_elsewhere(handler->subscriptions, message->names[i]))
            return true;
    }
    return false;
}

/* When every name is done. */
static void notified(struct request *request)
{
    const struct message *message = request->message;
    const struct cluster *cluster = request->handler->services->cluster;
    if (request->handler->is_closing)
        return;
    record_reply_ack(request->session, message, true);
    if (!anybody_elsewhere(request->handler, message))
        return;
    struct message notify = MESSAGE(TOPIC_RECORD, RECORD_NOTIFY);
    message_set_names(&notify, message->names, message->name_count);
    cluster->bus->send(cluster->bus_self, &notify);
}

static void end_purge(struct record_handler *handler)
{
    handler->removing--;
    handler->removals++;
}

static void purge_failed(struct step *step, uint16_t reason)
{
    (void)reason; /* logged */
    end_purge(step->handler);
    struct message reply = MESSAGE(TOPIC_RECORD, RECORD_RECORD_NOTIFY_ERROR);
    MESSAGE_SET(&reply, data, SLICE(PURGE_FAILED));
    MESSAGE_ECHO(&reply, step_message(step), correlation_id);
    MESSAGE_SET(&reply, is_error, true);
    session_send(step_session(step), &reply);
    step_end(step);
}

static void purged(struct step *step)
{
    struct request *request = step->request;
    end_purge(step->handler);
    request->on_done = notified;
    notify_names(request);
    step_end(step);
}

static void on_purged(void *context, const char *error)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL) {
            log_line(step->handler->services->log, DS_ERROR, LOG_RECORD_NOTIFY_ERROR,
                     "error when deleting in bulk from cache: %s", error);
            purge_failed(step, 0);
        } else {
            purged(step);
        }
    }
    step_release(step);
}

static void purge_run(struct step *step)
{
    struct record_handler *handler = step->handler;
    const struct message *message = step_message(step);
    handler->removing++;
    step_await(step, WAIT_CACHE, purge_failed);
    handler->settings.cache->remove(handler->settings.cache_self, message->names,
                                    message->name_count, on_purged, step);
    step_deadlines_arm(handler);
}

const struct step_work work_purge = {.run = purge_run, .refusal = RECORD_RECORD_NOTIFY_ERROR};

void notify_start(struct request *request)
{
    if (request->message->name_count == 0)
        record_reply_ack(request->session, request->message, true); /* nothing changed (B13) */
    else
        step_begin(step_new(request->handler, request, SLICE(""), &work_purge));
}
