/* storage `mongodb`: records as documents of MongoDB. */

#include "storage-mongodb/link.h"
#include "storage-mongodb/mongodb_settings.h"

#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>

struct storage {
    struct mongodb_settings settings;
    struct blocking_store *store;
    ds_done *closed;
    void *closed_context;
};

static void storage_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct storage *storage = self;
    blocking_store_get(storage->store, name, done, context);
}

static void storage_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    struct storage *storage = self;
    blocking_store_set(storage->store, name, record, done, context);
}

static void storage_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                           void *context)
{
    struct storage *storage = self;
    blocking_store_remove(storage->store, names, count, done, context);
}

/* What it has to say is in the errors of operations; on standard error it would be nobody's. */
static void prepare_library(void)
{
    mongoc_init();
    mongoc_log_set_handler(NULL, NULL);
}

static void *storage_create(const struct ds_services *services, const struct ds_value *options,
                            struct ds_error *error)
{
    static pthread_once_t is_prepared = PTHREAD_ONCE_INIT;
    pthread_once(&is_prepared, prepare_library);
    struct storage *storage = calloc(1, sizeof *storage);
    CHECK(storage != NULL);
    if (!mongodb_settings_read(&storage->settings, options, error)) {
        free(storage);
        return NULL;
    }
    const struct blocking_settings settings = {
        .backend = storage->settings.description,
        .lanes = storage->settings.threads,
        .max_queue_bytes = storage->settings.max_queue_bytes,
        .waits_when_lost = true,
    };
    storage->store = blocking_store_new(services, &settings, &mongodb_backend, &storage->settings);
    return storage;
}

static void storage_start(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    blocking_store_start(storage->store, done, context);
}

static void on_closed(void *context, const char *error)
{
    struct storage *storage = context;
    ds_done *done = storage->closed;
    void *closed_context = storage->closed_context;
    mongodb_settings_fini(&storage->settings);
    free(storage);
    done(closed_context, error);
}

static void storage_close(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    storage->closed = done;
    storage->closed_context = context;
    blocking_store_close(storage->store, on_closed, storage);
}

static const struct ds_storage_operations operations = {
    .get = storage_get,
    .set = storage_set,
    .remove = storage_remove,
};

static const char *const options[] = {"connectionString", "db", "defaultCollection", "splitChar",
                                      "maxQueueBytes",    NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "mongodb",
    .description = "records in MongoDB",
    .create = storage_create,
    .start = storage_start,
    .close = storage_close,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
