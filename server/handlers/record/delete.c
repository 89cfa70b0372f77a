/* DELETE: the last step of what came before it, so that no write lands behind it (B17). The storage
 * goes first: while the cache still has the record, nobody brings it back from there.
 *
 * Another node may have a write on its way to the storage: the cache has a version then that the
 * storage has not. The deletion waits for it, but not for ever: its node may be gone. What comes
 * later all the same is taken back (overtaken.c). */

#include "handlers/record/record_internal.h"

#define MOST_PAUSES 20

void record_tell_deleted(struct record_handler *handler, slice name, const struct session *except)
{
    struct message deleted = MESSAGE(TOPIC_RECORD, RECORD_DELETED);
    MESSAGE_SET(&deleted, name, name);
    const struct cluster *cluster = handler->services->cluster;
    sequence_forget(handler->sequence, name);
    sequence_note_unheard(handler->sequence, name);
    if (cluster->bus->may_have_others(cluster->bus_self))
        deletions_note(handler->deletions, name);
    subscriptions_send(handler->subscriptions, name, &deleted, except, SEND_LOCAL_ONLY);
    subscriptions_drop_name(handler->subscriptions, name);
}

/* To all nodes: also one without subscribers may have a write of it under way, or be reading it. */
static void tell_others(const struct record_handler *handler, slice name)
{
    const struct cluster *cluster = handler->services->cluster;
    struct message deleted = MESSAGE(TOPIC_RECORD, RECORD_DELETED);
    MESSAGE_SET(&deleted, name, name);
    cluster->bus->send(cluster->bus_self, &deleted);
}

static void end_removal(struct record_handler *handler)
{
    handler->removing--;
    handler->removals++;
}

static void delete_failed(struct step *step, uint16_t reason)
{
    (void)reason; /* logged; a client learns that it was not deleted */
    end_removal(step->handler);
    step_fail(step, RECORD_RECORD_DELETE_ERROR);
}

static void fail(struct step *step, const char *from, const char *error)
{
    log_line(step->handler->services->log, DS_ERROR, LOG_RECORD_DELETE_ERROR,
             "error when deleting " SLICE_FORMAT " from %s: %s", SLICE_ARGUMENTS(step->name), from,
             error);
    delete_failed(step, 0);
}

static void deleted(struct step *step)
{
    struct session *author = step_session(step);
    end_removal(step->handler);
    struct message success = MESSAGE(TOPIC_RECORD, RECORD_DELETE_SUCCESS);
    MESSAGE_SET(&success, name, step->name);
    session_send(author, &success);
    missed_note_deletion(step->handler->missed, step->name);
    tell_others(step->handler, step->name);
    record_tell_deleted(step->handler, step->name, author);
    step_end(step);
}

static void on_cache_removed(void *context, const char *error)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL)
            fail(step, "cache", error);
        else
            deleted(step);
    }
    step_release(step);
}

static void remove_from_cache(struct step *step)
{
    struct record_handler *handler = step->handler;
    step_await(step, WAIT_CACHE, delete_failed);
    handler->settings.cache->remove(handler->settings.cache_self, &step->name, 1, on_cache_removed,
                                    step);
    step_deadlines_arm(handler);
}

static void on_storage_removed(void *context, const char *error)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL)
            fail(step, "storage", error);
        else
            remove_from_cache(step);
    }
    step_release(step);
}

static void remove_from_storage(struct step *step)
{
    struct record_handler *handler = step->handler;
    step_await(step, WAIT_STORAGE, delete_failed);
    handler->settings.storage->remove(handler->settings.storage_self, &step->name, 1,
                                      on_storage_removed, step);
    step_deadlines_arm(handler);
}

/* ---- writes of other nodes that are under way ---- */

static void compare(struct step *step);

static void on_cached(void *context, const char *error, const int32_t *versions)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL)
            fail(step, "cache", error);
        else if (versions[0] > step->current.version && step->pauses++ < MOST_PAUSES)
            step_pause(step, compare);
        else
            remove_from_storage(step);
    }
    step_release(step);
}

static void on_stored(void *context, const char *error, const struct ds_record *record)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL) {
            fail(step, "storage", error);
        } else {
            struct record_handler *handler = step->handler;
            step->current.version = record->version;
            step_await(step, WAIT_CACHE, delete_failed);
            handler->settings.cache->heads(handler->settings.cache_self, &step->name, 1, on_cached,
                                           step);
            step_deadlines_arm(handler);
        }
    }
    step_release(step);
}

static void compare(struct step *step)
{
    struct record_handler *handler = step->handler;
    step_await(step, WAIT_STORAGE, delete_failed);
    handler->settings.storage->get(handler->settings.storage_self, step->name, on_stored, step);
    step_deadlines_arm(handler);
}

/* ---- the step ---- */

static void may_delete(struct step *step, enum ds_verdict verdict)
{
    if (verdict != DS_ALLOW) {
        pipeline_refuse(step_session(step), step_message(step), step->name, verdict);
        step_end(step);
        return;
    }
    struct record_handler *handler = step->handler;
    const struct cluster *cluster = handler->services->cluster;
    handler->removing++;
    if (!record_is_stored(handler, step->name))
        remove_from_cache(step);
    else if (cluster->bus->may_have_others(cluster->bus_self))
        compare(step);
    else
        remove_from_storage(step);
}

/* The record is not loaded for the rule's sake: one that reads it finds it as it is at this turn.
 */
static void delete_run(struct step *step)
{
    step_ask(step, RECORD_DELETE, DS_PAYLOAD_NONE, SLICE(""), NULL, may_delete);
}

const struct step_work work_delete = {.run = delete_run,
                                      .is_exclusive = true,
                                      .is_ordered = true,
                                      .refusal = RECORD_RECORD_DELETE_ERROR};
