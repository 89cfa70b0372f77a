/* The read path (behaviour.md 5.1): the cache, then the storage, then a copy of what storage had to
 * the cache.
 *
 * The storage is asked for so many records at a time, the others wait in line: the deadline of each
 * is about what the storage does, not about how many were asked for before. A storage that is
 * silent fails all who wait. */

#include "handlers/record/record_internal.h"

#define MOST_READS 1000

static bool has_prefix(slice name, const slice *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_starts_with(name, prefixes[i]))
            return true;
    }
    return false;
}

bool record_is_stored(const struct record_handler *handler, slice name)
{
    const struct record_settings *settings = &handler->settings;
    return settings->storage != NULL && !has_prefix(name, settings->storage_exclusion_prefixes,
                                                    settings->storage_exclusion_count);
}

bool record_is_hot(const struct record_handler *handler, slice name)
{
    return has_prefix(name, handler->settings.storage_hot_path_prefixes,
                      handler->settings.storage_hot_path_count);
}

/* What is borrowed for the callback is copied when the step goes on after it. */
static void keep_current(struct step *step)
{
    buf_clear(&step->current_text);
    if (step->current.data.length > 0)
        buf_append(&step->current_text, step->current.data);
    step->current.data = buf_slice(&step->current_text);
    step->is_fresh = false;
}

void step_see(struct step *step, const struct ds_record *record, bool is_cached, step_loaded *then,
              uint16_t error)
{
    step->references++;
    step->current = record != NULL ? *record : (struct ds_record){.version = DS_MISSING};
    step->is_cached = is_cached && step->current.version != DS_MISSING;
    step->is_fresh = true;
    then(step, error);
    if (!step->is_over && step->is_fresh)
        keep_current(step);
    step_release(step);
}

static void load_failed(struct step *step, uint16_t error)
{
    step_see(step, NULL, false, step->on_loaded, error);
}

static void log_failure(const struct step *step, const char *from, const char *error)
{
    log_line(step->handler->services->log, DS_ERROR, LOG_RECORD_LOAD_ERROR,
             "error when loading " SLICE_FORMAT " from %s: %s", SLICE_ARGUMENTS(step->name), from,
             error);
}

/* A record that is being removed, or was since storage was asked, must not come back to the cache.
 * A write leaves it alone: it brings something newer. */
static bool may_promote(const struct step *step)
{
    const struct record_handler *handler = step->handler;
    return step->work != &work_write && step->work != &work_hot_write && handler->removing == 0 &&
           handler->removals == step->removals_seen;
}

static void ask_next(struct record_handler *handler);

static void on_storage_get(void *context, const char *error, const struct ds_record *record)
{
    struct step *step = context;
    struct record_handler *handler = step->handler;
    bool is_in_time = step_answered(step);
    if (is_in_time) {
        handler->reads.under_way--;
        handler->reads.answered_ms = uv_now(handler->services->loop);
        if (error != NULL) {
            log_failure(step, "storage", error);
            load_failed(step, RECORD_RECORD_LOAD_ERROR);
        } else {
            if (record->version != DS_MISSING && may_promote(step))
                save_promote(step->handler, step->name, record);
            step_see(step, record, false, step->on_loaded, 0);
        }
    }
    step_release(step);
    if (is_in_time)
        ask_next(handler);
}

static struct step *take_first(struct list_link *line)
{
    struct step *step = LIST_ITEM(line->next, struct step, in_reads);
    list_remove(&step->in_reads);
    return step;
}

static void storage_timed_out(struct step *step, uint16_t error)
{
    struct record_handler *handler = step->handler;
    struct record_reads *reads = &handler->reads;
    uint64_t silent_ms = uv_now(handler->services->loop) - reads->answered_ms;
    reads->under_way--;
    load_failed(step, error);
    if (silent_ms >= handler->settings.storage_timeout_ms) {
        struct list_link failing; /* apart: answering may bring new ones */
        list_init(&failing);
        while (!list_is_empty(&reads->line))
            list_append(&failing, &take_first(&reads->line)->in_reads);
        while (!list_is_empty(&failing))
            load_failed(take_first(&failing), error);
    }
    ask_next(handler);
}

static void ask_storage(struct step *step)
{
    struct record_handler *handler = step->handler;
    handler->reads.under_way++;
    step->removals_seen = handler->removals;
    step_await(step, WAIT_STORAGE, storage_timed_out);
    handler->settings.storage->get(handler->settings.storage_self, step->name, on_storage_get,
                                   step);
}

/* Never nested: what is answered at once leaves the rest to this loop. */
static void ask_next(struct record_handler *handler)
{
    struct record_reads *reads = &handler->reads;
    if (reads->is_asking)
        return;
    reads->is_asking = true;
    while (!list_is_empty(&reads->line) && reads->under_way < MOST_READS)
        ask_storage(take_first(&reads->line));
    reads->is_asking = false;
    step_deadlines_arm(handler);
}

static void load_from_storage(struct step *step)
{
    struct record_reads *reads = &step->handler->reads;
    list_append(&reads->line, &step->in_reads);
    ask_next(step->handler);
}

void step_load_stored(struct step *step, step_loaded *then)
{
    step->on_loaded = then;
    load_from_storage(step);
}

static void on_cache_get(void *context, const char *error, const struct ds_record *record)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL) {
            log_failure(step, "cache", error);
            load_failed(step, RECORD_RECORD_LOAD_ERROR);
        } else if (record->version != DS_MISSING) {
            step_see(step, record, true, step->on_loaded, 0);
        } else if (record_is_stored(step->handler, step->name)) {
            load_from_storage(step);
        } else {
            step_see(step, NULL, false, step->on_loaded, 0);
        }
    }
    step_release(step);
}

void step_load(struct step *step, step_loaded *then)
{
    struct record_handler *handler = step->handler;
    step->on_loaded = then;
    step->unheard_seen = sequence_unheard(handler->sequence);
    step_await(step, WAIT_CACHE, load_failed);
    handler->settings.cache->get(handler->settings.cache_self, step->name, on_cache_get, step);
    step_deadlines_arm(handler);
}
