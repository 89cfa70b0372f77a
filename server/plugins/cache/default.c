/* cache `default`: the records of one node, or of all nodes of a process, in memory. Every answer
 * comes before the call returns.
 *
 * With a bound (maxBytes), records that the storage holds too are dropped, the one unused for
 * longest first; those without another copy never are: when they alone fill the cache, it refuses
 * to take more. */

#include "deepstream/plugin.h"

#include "record_table.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define DEFAULT_MAX_BYTES ((double)(256 << 20))
#define MOST_BYTES 1099511627776.0 /* 1 TiB */

extern const struct ds_plugin ds_cache_default;

static const char cache_full[] = "cache is full";

#define SHARED_KEY "cache default"

struct cache {
    bool is_shared; /* by nodes on several threads: everything is done under the lock */
    uv_mutex_t lock;
    struct record_table table;
    size_t max_bytes; /* 0: no bound */
    size_t bytes;
    size_t droppable_bytes;     /* those of the records in `droppable` */
    struct list_link droppable; /* stored elsewhere; unused for longest first */
};

/* What create returns: one node's part in it. */
struct cache_user {
    struct cache *cache;
    const struct ds_services *services;
};

static struct cache *enter(void *self)
{
    struct cache *cache = ((struct cache_user *)self)->cache;
    if (cache->is_shared)
        uv_mutex_lock(&cache->lock);
    return cache;
}

static void leave(struct cache *cache)
{
    if (cache->is_shared)
        uv_mutex_unlock(&cache->lock);
}

static size_t bytes_of(const struct cached_record *record)
{
    return cached_record_bytes(record->name_length, record->data_length);
}

static bool is_droppable(const struct cached_record *record)
{
    return !list_is_empty(&record->link);
}

static void make_droppable(struct cache *cache, struct cached_record *record)
{
    if (!is_droppable(record))
        cache->droppable_bytes += bytes_of(record);
    list_remove(&record->link);
    list_append(&cache->droppable, &record->link);
}

/* Ends what record_table_put or _take gave back. */
static void forget(struct cache *cache, struct cached_record *record)
{
    if (record == NULL)
        return;
    cache->bytes -= bytes_of(record);
    if (is_droppable(record))
        cache->droppable_bytes -= bytes_of(record);
    list_remove(&record->link);
    cached_record_release(record);
}

static void drop(struct cache *cache, struct cached_record *record)
{
    forget(cache, record_table_take(&cache->table, cached_record_name(record)));
}

/* Makes room for a record of that size, which will replace `before` (or NULL). Drops nothing unless
 * dropping is enough. */
static bool make_room(struct cache *cache, size_t bytes, struct cached_record *before)
{
    if (cache->max_bytes == 0)
        return true;
    size_t kept = cache->bytes - cache->droppable_bytes;
    if (before != NULL && !is_droppable(before))
        kept -= bytes_of(before);
    if (bytes > cache->max_bytes || kept > cache->max_bytes - bytes)
        return false;
    size_t replaced = before == NULL ? 0 : bytes_of(before);
    while (cache->bytes - replaced > cache->max_bytes - bytes) {
        struct cached_record *oldest = LIST_ITEM(cache->droppable.next, struct cached_record, link);
        if (oldest == before)
            replaced = 0;
        drop(cache, oldest);
    }
    return true;
}

/* Nobody is called under the lock: who reads a record holds on to it meanwhile. */
static struct cached_record *hold(struct cached_record *record)
{
    if (record != NULL)
        record->references++;
    return record;
}

static struct ds_record content_of(const struct cached_record *record)
{
    return record == NULL ? (struct ds_record){.version = DS_MISSING}
                          : cached_record_content(record);
}

static void let_go(void *self, struct cached_record *record)
{
    if (record == NULL)
        return;
    struct cache *cache = enter(self);
    cached_record_release(record);
    leave(cache);
}

static void cache_get(void *self, slice name, ds_record_done *done, void *context)
{
    struct cache *cache = enter(self);
    struct cached_record *record = hold(record_table_find(&cache->table, name));
    if (record != NULL && is_droppable(record))
        make_droppable(cache, record); /* as the last one */
    leave(cache);
    struct ds_record content = content_of(record);
    done(context, NULL, &content);
    let_go(self, record);
}

static const char *put(struct cache *cache, slice name, const struct ds_record *content,
                       struct cached_record *before)
{
    if (!cached_record_fits(name, content->data))
        return "record is too large";
    if (!make_room(cache, cached_record_bytes(name.length, content->data.length), before))
        return cache_full;
    struct cached_record *record = cached_record_try_new(&cache->table, name, content);
    if (record == NULL)
        return "out of memory";
    cache->bytes += bytes_of(record);
    forget(cache, record_table_put(&cache->table, record));
    return NULL;
}

static void cache_size(void *self, uint64_t *records, uint64_t *bytes)
{
    struct cache *cache = enter(self);
    *records = cache->table.count;
    *bytes = cache->bytes;
    leave(cache);
}

static void cache_set(void *self, slice name, const struct ds_record *content, int32_t expected,
                      ds_set_done *done, void *context)
{
    struct cache *cache = enter(self);
    struct cached_record *before = record_table_find(&cache->table, name);
    bool is_expected =
        expected == DS_ANY_VERSION || expected == (before == NULL ? DS_MISSING : before->version);
    const char *error = is_expected ? put(cache, name, content, before) : NULL;
    struct cached_record *held = is_expected ? NULL : hold(before);
    leave(cache);
    struct ds_record conflict = content_of(held);
    done(context, error, is_expected ? NULL : &conflict);
    let_go(self, held);
}

static void cache_heads(void *self, const slice *names, size_t count, ds_heads_done *done,
                        void *context)
{
    int32_t *versions = malloc(count * sizeof *versions + 1);
    CHECK(versions != NULL);
    struct cache *cache = enter(self);
    for (size_t i = 0; i < count; i++)
        versions[i] = content_of(record_table_find(&cache->table, names[i])).version;
    leave(cache);
    done(context, NULL, versions);
    free(versions);
}

static void cache_remove(void *self, const slice *names, size_t count, ds_done *done, void *context)
{
    struct cache *cache = enter(self);
    for (size_t i = 0; i < count; i++)
        forget(cache, record_table_take(&cache->table, names[i]));
    leave(cache);
    done(context, NULL);
}

static void cache_stored(void *self, slice name, int32_t version)
{
    struct cache *cache = enter(self);
    struct cached_record *record = record_table_find(&cache->table, name);
    if (record != NULL && record->version == version)
        make_droppable(cache, record);
    leave(cache);
}

/* ---- lifecycle ---- */

static struct cache *cache_new(size_t max_bytes)
{
    struct cache *cache = calloc(1, sizeof *cache);
    CHECK(cache != NULL && uv_mutex_init(&cache->lock) == 0);
    record_table_init(&cache->table);
    cache->max_bytes = max_bytes;
    list_init(&cache->droppable);
    return cache;
}

static void *make_shared(void *context)
{
    struct cache *cache = cache_new(*(const size_t *)context);
    cache->is_shared = true;
    return cache;
}

static void free_cache(void *object)
{
    struct cache *cache = object;
    record_table_fini(&cache->table);
    uv_mutex_destroy(&cache->lock);
    free(cache);
}

static void *cache_create(const struct ds_services *services, const struct ds_value *options,
                          struct ds_error *error)
{
    const struct ds_value *option = ds_value_member(options, "maxBytes");
    enum ds_value_kind kind = ds_value_kind(option);
    double max_bytes = ds_value_number(option, DEFAULT_MAX_BYTES);
    bool is_number = kind == DS_VALUE_NUMBER || kind == DS_VALUE_NULL;
    if (!is_number || !(max_bytes >= 0 && max_bytes <= MOST_BYTES)) {
        snprintf(error->text, sizeof error->text,
                 "maxBytes must be a number of bytes from 0, no bound, to %.0f", MOST_BYTES);
        return NULL;
    }
    size_t bytes = (size_t)max_bytes;
    struct cache_user *user = calloc(1, sizeof *user);
    CHECK(user != NULL);
    user->services = services;
    user->cache = services->share == NULL
                      ? cache_new(bytes)
                      : services->share(services->host, SHARED_KEY, make_shared, &bytes);
    return user;
}

static void cache_close(void *self, ds_done *done, void *context)
{
    struct cache_user *user = self;
    if (user->cache->is_shared)
        user->services->unshare(user->services->host, SHARED_KEY, free_cache);
    else
        free_cache(user->cache);
    free(user);
    done(context, NULL);
}

static const struct ds_cache_operations operations = {
    .get = cache_get,
    .set = cache_set,
    .heads = cache_heads,
    .remove = cache_remove,
    .stored = cache_stored,
    .size = cache_size,
};

const struct ds_plugin ds_cache_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CACHE,
    .name = "default",
    .description = "records in the memory of this process",
    .create = cache_create,
    .close = cache_close,
    .operations = &operations,
};
