/* The storage in Redis, for servers of it that keep what they have on disk: records as the cache
 * lays them out, of which older versions never replace newer ones. */

#include "redis/record_store.h"

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    return record_store_new(services, options, RECORD_STORE_STORAGE, error);
}

static const struct ds_storage_operations operations = {
    .get = record_store_get,
    .set = record_store_set_newer,
    .remove = record_store_remove,
};

static const char *const options[] = {REDIS_OPTIONS, NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "redis",
    .description = "storage in redis",
    .create = create,
    .start = record_store_start,
    .close = record_store_close,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
