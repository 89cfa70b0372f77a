/* What goes to the storage, and what comes from there to the cache. Nobody waits for it but the
 * author who asked for an acknowledgement, and the drain. */

#include "handlers/record/record_internal.h"

#include "base/check.h"

#include <stdlib.h>

/* Bytes on their way to the storage; beyond, an author waits until his write is there. */
#define MANY_BYTES ((size_t)16 << 20)

struct save {
    struct list_link link;
    struct record_handler *handler; /* NULL once it is gone */
    struct session *session;        /* who waits for the outcome, or NULL */
    struct session *held;           /* who is read no further meanwhile, or NULL */
    size_t bytes;                   /* 0: a promotion */
    int32_t version;
    uint16_t action; /* of the message */
    bool has_correlation_id;
    slice name;
    slice correlation_id;
    char texts[];
};

static struct save *save_new(struct record_handler *handler, slice name, slice correlation_id,
                             int32_t version)
{
    struct save *save = malloc(sizeof *save + name.length + correlation_id.length);
    CHECK(save != NULL);
    *save = (struct save){.handler = handler, .version = version};
    save->name = (slice){save->texts, name.length};
    save->correlation_id = (slice){save->texts + name.length, correlation_id.length};
    if (name.length > 0)
        memcpy(save->texts, name.at, name.length);
    if (correlation_id.length > 0)
        memcpy(save->texts + name.length, correlation_id.at, correlation_id.length);
    list_append(&handler->saves, &save->link);
    return save;
}

static void tell_stored(const struct save *save)
{
    const struct record_settings *settings = &save->handler->settings;
    if (settings->cache->stored != NULL)
        settings->cache->stored(settings->cache_self, save->name, save->version);
}

/* ---- writes ---- */

/* The message as far as its answer needs it (B6). */
static struct message answered_message(const struct save *save)
{
    struct message message = MESSAGE(TOPIC_RECORD, save->action);
    MESSAGE_SET(&message, name, save->name);
    MESSAGE_SET(&message, is_write_ack, true);
    if (save->has_correlation_id)
        MESSAGE_SET(&message, correlation_id, save->correlation_id);
    return message;
}

static void answer(struct save *save, bool is_stored)
{
    if (save->session == NULL)
        return;
    struct message message = answered_message(save);
    if (is_stored)
        record_reply_written(save->session, &message);
    else
        record_reply_error(save->session, &message, save->name, RECORD_RECORD_UPDATE_ERROR);
    session_release(&save->session);
}

static void save_free(struct save *save)
{
    list_remove(&save->link);
    free(save);
}

static void end_write(struct save *save)
{
    struct record_handler *handler = save->handler;
    struct session *held = save->held;
    handler->save_bytes -= save->bytes;
    handler->save_count--;
    save_free(save);
    if (held != NULL)
        pipeline_release(handler->services->pipeline, held);
    record_drain_check(handler);
}

/* A failure keeps the entry in the cache: nothing reported it as stored (B4). */
static void on_saved(void *context, const char *error)
{
    struct save *save = context;
    if (save->handler == NULL) {
        free(save);
        return;
    }
    if (error != NULL)
        log_line(save->handler->services->log, DS_ERROR, LOG_STORAGE_ERROR,
                 "error when storing version %d of " SLICE_FORMAT ": %s", save->version,
                 SLICE_ARGUMENTS(save->name), error);
    else
        tell_stored(save);
    answer(save, error == NULL);
    end_write(save);
}

static bool wants_ack(const struct message *message)
{
    return message != NULL && message->is_write_ack;
}

static void note_author(struct save *save, struct session *session, const struct message *message)
{
    if (wants_ack(message)) {
        save->session = session_retain(session);
        save->action = message->action;
        save->has_correlation_id = MESSAGE_HAS(message, correlation_id);
    }
    if (save->handler->save_bytes > MANY_BYTES) {
        save->held = session;
        pipeline_hold(session);
    }
}

void save_start(struct record_handler *handler, struct session *session,
                const struct message *message, slice name, const struct ds_record *record)
{
    if (!record_is_stored(handler, name)) {
        if (wants_ack(message))
            record_reply_written(session, message);
        return;
    }
    slice id = wants_ack(message) ? message->correlation_id : SLICE("");
    struct save *save = save_new(handler, name, id, record->version);
    save->bytes = sizeof *save + name.length + id.length + record->data.length;
    handler->save_bytes += save->bytes;
    handler->save_count++;
    note_author(save, session, message);
    handler->settings.storage->set(handler->settings.storage_self, name, record, on_saved, save);
}

/* ---- promotions ---- */

static void on_promoted(void *context, const char *error, const struct ds_record *conflict)
{
    struct save *save = context;
    if (save->handler == NULL) {
        free(save);
        return;
    }
    if (error == NULL && conflict == NULL)
        tell_stored(save);
    save_free(save);
}

void save_promote(struct record_handler *handler, slice name, const struct ds_record *record)
{
    struct save *save = save_new(handler, name, SLICE(""), record->version);
    handler->settings.cache->set(handler->settings.cache_self, name, record, DS_MISSING,
                                 on_promoted, save);
}

size_t record_handler_unstored(const struct record_handler *handler, size_t *bytes)
{
    *bytes = handler->save_bytes;
    return handler->save_count;
}

/* ---- the end of the handler ---- */

void save_all_fail(struct record_handler *handler)
{
    while (!list_is_empty(&handler->saves)) {
        struct save *save = LIST_ITEM(handler->saves.next, struct save, link);
        list_remove(&save->link);
        answer(save, false);
        save->handler = NULL;
        if (save->held != NULL)
            pipeline_release(handler->services->pipeline, save->held);
    }
}
