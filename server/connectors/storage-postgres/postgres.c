/* storage `postgres`: records as rows of PostgreSQL, in the tables of @deepstream/storage-postgres.
 *
 *     create -> options; start -> pool.h connects, schema.h makes ready; operations -> store.h;
 *     close -> the store drains, within CLOSE_MS, then everything ends
 *
 * Everything runs on the node's loop; libpq never waits. */

#include "schema.h"
#include "store.h"

#include "base/check.h"

#include <stdlib.h>

#define CLOSE_MS 10000

struct storage {
    const struct ds_services *services;
    struct options options;
    struct pool pool;
    struct schema schema;
    struct store store;
    uv_timer_t close_timer;
    bool is_started;
    bool has_told_start; /* that it went well, or not */
    size_t parts;        /* that have not closed yet */
    struct {
        ds_done *done;
        void *context;
    } start, close;
};

/* ---- operations ---- */

static void storage_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    store_get(&((struct storage *)self)->store, name, done, context);
}

static void storage_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    store_set(&((struct storage *)self)->store, name, record, done, context);
}

static void storage_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                           void *context)
{
    store_remove(&((struct storage *)self)->store, names, count, done, context);
}

/* ---- beginning ---- */

static void *storage_create(const struct ds_services *services, const struct ds_value *options,
                            struct ds_error *error)
{
    struct storage *storage = calloc(1, sizeof *storage);
    CHECK(storage != NULL);
    storage->services = services;
    if (options_read(&storage->options, services, options, error))
        return storage;
    free(storage);
    return NULL;
}

static void on_ready(void *context, const char *error)
{
    struct storage *storage = context;
    storage->has_told_start = true;
    storage->start.done(storage->start.context, error);
}

static void storage_start(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    storage->start.done = done;
    storage->start.context = context;
    storage->is_started = true;
    CHECK(uv_timer_init(storage->services->loop, &storage->close_timer) == 0);
    storage->close_timer.data = storage;
    pool_open(&storage->pool, storage->services, &storage->options);
    store_init(&storage->store, storage->services, &storage->options, &storage->pool);
    schema_prepare(&storage->schema, &storage->pool, on_ready, storage);
}

/* ---- end ---- */

static void end(struct storage *storage)
{
    ds_done *done = storage->close.done;
    void *context = storage->close.context;
    options_fini(&storage->options);
    free(storage);
    done(context, NULL);
}

static void on_part_closed(void *context)
{
    struct storage *storage = context;
    if (--storage->parts == 0)
        end(storage);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

static void close_parts(void *context)
{
    struct storage *storage = context;
    storage->parts = 4;
    uv_close((uv_handle_t *)&storage->close_timer, on_timer_closed);
    store_give_up(&storage->store);
    if (!storage->has_told_start)
        on_ready(storage, "closed before the database was ready");
    schema_close(&storage->schema, on_part_closed, storage);
    pool_close(&storage->pool, on_part_closed, storage);
    store_fail_rest(&storage->store);
    store_close(&storage->store, on_part_closed, storage);
}

static void on_close_timer(uv_timer_t *timer)
{
    close_parts(timer->data);
}

static void storage_close(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    storage->close.done = done;
    storage->close.context = context;
    if (!storage->is_started) {
        end(storage);
        return;
    }
    uv_timer_start(&storage->close_timer, on_close_timer, CLOSE_MS, 0);
    store_drain(&storage->store, close_parts, storage);
}

static const struct ds_storage_operations operations = {
    .get = storage_get,
    .set = storage_set,
    .remove = storage_remove,
};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "postgres",
    .description = "records in PostgreSQL",
    .create = storage_create,
    .start = storage_start,
    .close = storage_close,
    .operations = &operations,
    .options = option_names,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
