#include "store.h"

#include "row.h"

#include "base/check.h"

#include <stdlib.h>

static const char queue_full[] = "storage queue is full", ending[] = "the storage is closing";

/* ---- what waits ---- */

void store_on_interval(uv_timer_t *timer)
{
    struct store *store = timer->data;
    while (!list_is_empty(&store->dirty_lanes)) {
        struct lane *lane = LIST_ITEM(store->dirty_lanes.next, struct lane, link);
        list_remove(&lane->link);
        lane->is_due = true;
        lane_flush(lane);
    }
    if (!store->is_closing || store->queued > 0 || store->on_drained == NULL)
        return;
    void (*on_drained)(void *) = store->on_drained;
    store->on_drained = NULL;
    on_drained(store->context);
}

/* A single operation may be larger than the whole queue. */
static bool has_room(const struct store *store, size_t bytes)
{
    size_t most = store->options->max_queue_bytes;
    return store->queued_bytes == 0 ||
           (store->queued_bytes <= most && bytes <= most - store->queued_bytes);
}

static struct operation *operation_new(enum operation_kind kind, size_t bytes, void *context)
{
    struct operation *operation = malloc(bytes);
    CHECK(operation != NULL);
    *operation = (struct operation){.kind = kind, .bytes = bytes, .context = context};
    return operation;
}

/* Why an operation of so many bytes cannot be done; else NULL, and where its row is. */
static const char *refusal(const struct store *store, slice name, size_t bytes, struct key *key)
{
    if (store->is_ending)
        return ending;
    if (!has_room(store, bytes))
        return queue_full;
    return key_of_name(name, store->options->default_table, key);
}

/* ---- operations ---- */

void store_get(struct store *store, ds_slice name, ds_record_done *done, void *context)
{
    struct key key;
    size_t bytes = sizeof(struct operation) + sizeof(struct row) + name.length;
    const char *problem = refusal(store, name, bytes, &key);
    if (problem != NULL) {
        done(context, problem, NULL);
        return;
    }
    struct operation *operation = operation_new(OPERATION_GET, bytes, context);
    operation->on_record = done;
    row_add(row_get(store, &key), operation);
}

void store_set(struct store *store, ds_slice name, const struct ds_record *record, ds_done *done,
               void *context)
{
    struct key key;
    slice data = record->data;
    size_t bytes = sizeof(struct operation) + sizeof(struct row) + name.length + data.length;
    const char *problem = refusal(store, name, bytes, &key);
    if (problem == NULL && data.length > 0 && memchr(data.at, '\0', data.length) != NULL)
        problem = "PostgreSQL has no texts with a zero byte";
    if (problem != NULL) {
        done(context, problem);
        return;
    }
    struct operation *operation = operation_new(OPERATION_SET, bytes, context);
    char *copy = (char *)(operation + 1);
    if (data.length > 0)
        memcpy(copy, data.at, data.length);
    operation->on_done = done;
    operation->record = (struct ds_record){record->version, {copy, data.length}};
    row_add(row_get(store, &key), operation);
}

/* A name that no row can have is not there. */
static void remove_one(struct store *store, slice name, struct removal *removal)
{
    struct key key;
    if (key_of_name(name, store->options->default_table, &key) != NULL)
        return;
    size_t bytes = sizeof(struct operation) + sizeof(struct row) + name.length;
    struct operation *operation = operation_new(OPERATION_REMOVE, bytes, NULL);
    operation->removal = removal;
    removal->left++;
    row_add(row_get(store, &key), operation);
}

void store_remove(struct store *store, const ds_slice *names, size_t count, ds_done *done,
                  void *context)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += sizeof(struct operation) + sizeof(struct row) + names[i].length;
    if (store->is_ending || !has_room(store, bytes)) {
        done(context, store->is_ending ? ending : queue_full);
        return;
    }
    struct removal *removal = calloc(1, sizeof *removal);
    CHECK(removal != NULL);
    *removal = (struct removal){.done = done, .context = context, .left = 1};
    for (size_t i = 0; i < count; i++)
        remove_one(store, names[i], removal);
    removal_end(removal, NULL);
}

/* ---- beginning and end ---- */

void store_init(struct store *store, const struct ds_services *services,
                const struct options *options, struct pool *pool)
{
    *store = (struct store){.services = services, .options = options, .pool = pool};
    hashmap_init(&store->lanes);
    list_init(&store->dirty_lanes);
    CHECK(uv_timer_init(services->loop, &store->interval) == 0);
    store->interval.data = store;
}

void store_drain(struct store *store, void (*on_drained)(void *context), void *context)
{
    store->is_closing = true;
    store->on_drained = on_drained;
    store->context = context;
    uv_timer_start(&store->interval, store_on_interval, 0, 0);
}

void store_give_up(struct store *store)
{
    store->is_ending = true;
    store->on_drained = NULL;
}

void store_fail_rest(struct store *store)
{
    while (store->lanes.count > 0) {
        size_t at = 0;
        struct lane *lane = hashmap_next(&store->lanes, &at)->value;
        at = 0;
        row_advance(hashmap_next(&lane->rows, &at)->value);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct store *store = handle->data;
    hashmap_fini(&store->lanes);
    store->on_drained(store->context);
}

void store_close(struct store *store, void (*on_closed)(void *context), void *context)
{
    store->on_drained = on_closed;
    store->context = context;
    uv_close((uv_handle_t *)&store->interval, on_timer_closed);
}
