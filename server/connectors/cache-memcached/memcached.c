/* cache `memcached`: records in memcached, which several nodes may share. */

#include "cache-memcached/link.h"
#include "cache-memcached/memcached_settings.h"

#include "base/check.h"

#include <stdlib.h>

struct cache {
    struct memcached_settings settings;
    struct blocking_store *store;
    ds_done *closed;
    void *closed_context;
};

static void cache_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct cache *cache = self;
    blocking_store_get(cache->store, name, done, context);
}

static void cache_set(void *self, ds_slice name, const struct ds_record *record, int32_t expected,
                      ds_set_done *done, void *context)
{
    struct cache *cache = self;
    blocking_store_set_expected(cache->store, name, record, expected, done, context);
}

static void cache_heads(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                        void *context)
{
    struct cache *cache = self;
    blocking_store_heads(cache->store, names, count, done, context);
}

static void cache_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                         void *context)
{
    struct cache *cache = self;
    blocking_store_remove(cache->store, names, count, done, context);
}

static void *cache_create(const struct ds_services *services, const struct ds_value *options,
                          struct ds_error *error)
{
    struct cache *cache = calloc(1, sizeof *cache);
    CHECK(cache != NULL);
    if (!memcached_settings_read(&cache->settings, options, error)) {
        free(cache);
        return NULL;
    }
    const struct blocking_settings settings = {
        .backend = cache->settings.description,
        .lanes = cache->settings.threads,
        .max_queue_bytes = cache->settings.max_queue_bytes,
        .waits_when_lost = cache->settings.server_count == 1,
    };
    cache->store = blocking_store_new(services, &settings, &memcached_backend, &cache->settings);
    return cache;
}

static void cache_start(void *self, ds_done *done, void *context)
{
    struct cache *cache = self;
    blocking_store_start(cache->store, done, context);
}

static void on_closed(void *context, const char *error)
{
    struct cache *cache = context;
    ds_done *done = cache->closed;
    void *closed_context = cache->closed_context;
    memcached_settings_fini(&cache->settings);
    free(cache);
    done(closed_context, error);
}

static void cache_close(void *self, ds_done *done, void *context)
{
    struct cache *cache = self;
    cache->closed = done;
    cache->closed_context = context;
    blocking_store_close(cache->store, on_closed, cache);
}

static const struct ds_cache_operations operations = {
    .get = cache_get,
    .set = cache_set,
    .heads = cache_heads,
    .remove = cache_remove,
};

static const char *const options[] = {"serverLocation",
                                      "lifetime",
                                      "memcachedOptions.timeout",
                                      "memcachedOptions.poolSize",
                                      "memcachedOptions.maxValue",
                                      "memcachedOptions.namespace",
                                      "atomic",
                                      "maxQueueBytes",
                                      NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CACHE,
    .name = "memcached",
    .description = "records in memcached",
    .create = cache_create,
    .start = cache_start,
    .close = cache_close,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
