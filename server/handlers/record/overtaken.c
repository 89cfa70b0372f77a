/* Writes of this node that a deletion at another one has overtaken on the way to the storage. There
 * they come after it: the deleted record is back, and hides what is made anew, since a storage
 * keeps the higher version. Whoever made such a write takes it back when it hears of the deletion.
 *
 * At one node the storage is asked in order, so that what is read here comes after the write. The
 * cache is read after the storage, and again after the removal: a record is in the cache first, so
 * that whatever the removal has hit, the cache has that or something newer, and it is stored again.
 */

#include "handlers/record/record_internal.h"

#define MOST_PAUSES 100 /* while the storage fails */

static void end(struct step *step)
{
    step->handler->removing--;
    step->handler->removals++;
    step_end(step);
}

static void failed(struct step *step, uint16_t reason)
{
    (void)reason; /* logged */
    end(step);
}

static void fail(struct step *step, const char *from, const char *error)
{
    log_line(step->handler->services->log, DS_ERROR, LOG_STORAGE_ERROR,
             SLICE_FORMAT
             " was deleted at another node while it was written here, and may be back: "
             "%s: %s",
             SLICE_ARGUMENTS(step->name), from, error);
    failed(step, 0);
}

static void read_cache(struct step *step, ds_record_done *then)
{
    struct record_handler *handler = step->handler;
    step_await(step, WAIT_CACHE, failed);
    handler->settings.cache->get(handler->settings.cache_self, step->name, then, step);
    step_deadlines_arm(handler);
}

static void store_again(struct step *step, const struct ds_record *record)
{
    save_start(step->handler, NULL, NULL, step->name, record);
}

static void on_read_again(void *context, const char *error, const struct ds_record *record)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL) {
            fail(step, "cache", error);
        } else {
            if (record->version > step->current.version)
                store_again(step, record);
            end(step);
        }
    }
    step_release(step);
}

static void on_removed(void *context, const char *error)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL)
            fail(step, "storage", error);
        else
            read_cache(step, on_read_again);
    }
    step_release(step);
}

/* What the cache has is on its way before anything else can fail. */
static void replace(struct step *step, const struct ds_record *cached)
{
    const struct record_settings *settings = &step->handler->settings;
    step->current.version = cached->version;
    step_await_long(step);
    settings->storage->remove(settings->storage_self, &step->name, 1, on_removed, step);
    if (cached->version != DS_MISSING)
        store_again(step, cached);
}

/* A record that the cache has lost may be in the storage alone: only what was written here, and
 * then deleted, is taken away. */
static bool is_overtaken(const struct step *step, const struct ds_record *cached)
{
    int32_t stored = step->current.version;
    if (stored == DS_MISSING)
        return false;
    return cached->version == DS_MISSING
               ? stored == missed_written(step->handler->missed, step->name)
               : stored > cached->version;
}

static void on_cached(void *context, const char *error, const struct ds_record *record)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL)
            fail(step, "cache", error);
        else if (is_overtaken(step, record))
            replace(step, record);
        else
            end(step);
    }
    step_release(step);
}

static void read_storage(struct step *step);

static void on_stored(void *context, const char *error, const struct ds_record *record)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL && step->pauses++ < MOST_PAUSES) {
            step_pause(step, read_storage);
        } else if (error != NULL) {
            fail(step, "storage", error);
        } else {
            step->current.version = record->version;
            read_cache(step, on_cached);
        }
    }
    step_release(step);
}

/* It is answered when the writes before it have landed, however long that takes. */
static void read_storage(struct step *step)
{
    const struct record_settings *settings = &step->handler->settings;
    step_await_long(step);
    settings->storage->get(settings->storage_self, step->name, on_stored, step);
}

static void overtaken_run(struct step *step)
{
    step->handler->removing++;
    read_storage(step);
}

static const struct step_work work_overtaken = {.run = overtaken_run,
                                                .is_exclusive = true,
                                                .is_ordered = true,
                                                .refusal = RECORD_RECORD_DELETE_ERROR};

void overtaken_check(struct record_handler *handler, slice name)
{
    handler->removals++; /* what is being read may be what was deleted */
    bool may_be_written = missed_written(handler->missed, name) != DS_MISSING ||
                          record_queue_find(handler, name) != NULL;
    if (may_be_written && record_is_stored(handler, name))
        step_begin(step_new(handler, NULL, name, &work_overtaken));
}
