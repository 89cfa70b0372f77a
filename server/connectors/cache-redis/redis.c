/* The cache in Redis, shared by all nodes that use the same one: records as the original's
 * connector lays them out, written by compare-and-set. */

#include "redis/record_store.h"

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    return record_store_new(services, options, RECORD_STORE_CACHE, error);
}

static const struct ds_cache_operations operations = {
    .get = record_store_get,
    .set = record_store_compare_and_set,
    .heads = record_store_heads,
    .remove = record_store_remove,
};

static const char *const options[] = {REDIS_OPTIONS, "ttl", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CACHE,
    .name = "redis",
    .description = "cache in redis",
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
