/* A storage that holds nothing, and confirms the one write that it takes when `/finish` is asked
 * for. */

#include <deepstream/plugin.h>

#include <stdlib.h>

struct storage {
    const struct ds_services *services;
    ds_done *done;
    void *context;
};

static void get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    const struct ds_record missing = {.version = DS_MISSING, .data = {"", 0}};
    (void)self;
    (void)name;
    done(context, NULL, &missing);
}

static void set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                void *context)
{
    struct storage *storage = self;
    (void)name;
    (void)record;
    if (storage->done != NULL)
        abort();
    storage->done = done;
    storage->context = context;
}

static void take_out(void *self, const ds_slice *names, size_t count, ds_done *done, void *context)
{
    (void)self;
    (void)names;
    (void)count;
    done(context, NULL);
}

static void finish(void *context, const struct ds_http_request *request,
                   struct ds_http_exchange *exchange)
{
    struct storage *storage = context;
    (void)request;
    struct ds_http_answer answer = {.status = storage->done == NULL ? 404 : 200};
    storage->services->http_answer(storage->services->host, exchange, &answer);
    if (storage->done == NULL)
        return;
    ds_done *done = storage->done;
    storage->done = NULL;
    done(storage->context, "it was slow");
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)options;
    (void)error;
    struct storage *storage = calloc(1, sizeof *storage);
    if (storage == NULL)
        abort();
    storage->services = services;
    services->add_http_get(services->host, (ds_slice){"/finish", 7}, finish, storage);
    return storage;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

static const struct ds_storage_operations operations = {get, set, take_out};
static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "slow",
    .description = "a storage that waits",
    .create = create,
    .close = close_it,
    .operations = &operations,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
