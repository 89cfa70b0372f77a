/* storage `none`: keeps nothing, so records live as long as the cache has them. */

#include "deepstream/plugin.h"

extern const struct ds_plugin ds_storage_none;

static void storage_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    (void)self;
    (void)name;
    done(context, NULL, &(struct ds_record){.version = DS_MISSING});
}

static void storage_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    (void)self;
    (void)name;
    (void)record;
    done(context, NULL);
}

static void storage_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                           void *context)
{
    (void)self;
    (void)names;
    (void)count;
    done(context, NULL);
}

static void *storage_create(const struct ds_services *services, const struct ds_value *options,
                            struct ds_error *error)
{
    static char nothing;
    (void)services;
    (void)options;
    (void)error;
    return &nothing;
}

static void storage_close(void *self, ds_done *done, void *context)
{
    (void)self;
    done(context, NULL);
}

static const struct ds_storage_operations operations = {
    .get = storage_get,
    .set = storage_set,
    .remove = storage_remove,
};

const struct ds_plugin ds_storage_none = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "none",
    .description = "no storage: records are lost when the server stops",
    .create = storage_create,
    .close = storage_close,
    .operations = &operations,
};
