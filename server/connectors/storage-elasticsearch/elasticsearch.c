/* storage `elasticsearch`: records as documents of Elasticsearch, over HTTP. */

#include "storage-elasticsearch/courier.h"

#include "base/check.h"
#include "base/utf8.h"

#include <stdlib.h>

static const char not_utf8[] = "elasticsearch: the name of the record is not UTF-8";
static const char too_long[] = "elasticsearch: the table of the record is too long for an index";

struct storage {
    struct elasticsearch_settings settings;
    struct courier *courier;
    struct buf index, id; /* of the name at hand */
    ds_done *closed;
    void *closed_context;
};

/* Makes the operation, unless it is refused for a reason. */
static struct operation *new_operation(struct storage *storage, enum operation_kind kind,
                                       ds_slice name, const struct ds_record *record,
                                       const char **problem)
{
    const struct place_rules *rules = &storage->settings.rules;
    buf_clear(&storage->index);
    buf_clear(&storage->id);
    *problem = not_utf8;
    if (!utf8_valid(name, false))
        return NULL;
    *problem = too_long;
    if (!place_append_index(rules, place_table(rules, name), &storage->index))
        return NULL;
    place_append_id(name, &storage->id);
    slice index = buf_slice(&storage->index), id = buf_slice(&storage->id);
    *problem = courier_refusal(storage->courier, operation_bytes(name, index, id, record));
    return *problem == NULL ? operation_new(kind, name, index, id, record) : NULL;
}

static void storage_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct storage *storage = self;
    const char *problem;
    struct operation *operation = new_operation(storage, OPERATION_GET, name, NULL, &problem);
    if (operation == NULL) {
        done(context, problem, NULL);
        return;
    }
    operation->on_record = done;
    operation->context = context;
    courier_submit(storage->courier, &operation, 1);
}

static void storage_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    struct storage *storage = self;
    const char *problem;
    struct operation *operation = new_operation(storage, OPERATION_SET, name, record, &problem);
    if (operation == NULL) {
        done(context, problem);
        return;
    }
    operation->on_done = done;
    operation->context = context;
    courier_submit(storage->courier, &operation, 1);
}

static void free_operations(struct operation **operations, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(operations[i]);
    free(operations);
}

/* All of them, or none: a name that cannot be there is an error, as of a set. */
static void storage_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                           void *context)
{
    struct storage *storage = self;
    const char *problem = NULL;
    if (count == 0) {
        done(context, NULL);
        return;
    }
    struct removal *removal = calloc(1, sizeof *removal);
    struct operation **operations = calloc(count, sizeof *operations);
    CHECK(removal != NULL && operations != NULL);
    *removal = (struct removal){.left = count, .done = done, .context = context};
    for (size_t i = 0; i < count; i++) {
        operations[i] = new_operation(storage, OPERATION_REMOVE, names[i], NULL, &problem);
        if (operations[i] == NULL) {
            free_operations(operations, i);
            free(removal);
            done(context, problem);
            return;
        }
        operations[i]->removal = removal;
    }
    courier_submit(storage->courier, operations, count);
    free(operations);
}

/* ---- lifecycle ---- */

static void *storage_create(const struct ds_services *services, const struct ds_value *options,
                            struct ds_error *error)
{
    struct storage *storage = calloc(1, sizeof *storage);
    CHECK(storage != NULL);
    if (!elasticsearch_settings_read(&storage->settings, options, error)) {
        free(storage);
        return NULL;
    }
    storage->courier = courier_new(services, &storage->settings, error);
    if (storage->courier != NULL)
        return storage;
    elasticsearch_settings_fini(&storage->settings);
    free(storage);
    return NULL;
}

static void storage_start(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    courier_start(storage->courier, done, context);
}

static void on_closed(void *context)
{
    struct storage *storage = context;
    ds_done *done = storage->closed;
    void *closed_context = storage->closed_context;
    elasticsearch_settings_fini(&storage->settings);
    buf_fini(&storage->index);
    buf_fini(&storage->id);
    free(storage);
    done(closed_context, NULL);
}

static void storage_close(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    storage->closed = done;
    storage->closed_context = context;
    courier_close(storage->courier, on_closed, storage);
}

static const struct ds_storage_operations operations = {
    .get = storage_get,
    .set = storage_set,
    .remove = storage_remove,
};

static const char *const options[] = {"host",         "hosts",          "auth",          "database",
                                      "defaultTable", "splitChar",      "settings",      "mappings",
                                      "pingTimeout",  "requestTimeout", "maxQueueBytes", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "elasticsearch",
    .description = "records in Elasticsearch",
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
