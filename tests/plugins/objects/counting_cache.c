/* A cache in memory that counts its calls, and breaks the promise of plugin.h that its option
 * `fault` names. Small records in small numbers only: it is no example of a good cache. */

#include <deepstream/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define MOST_RECORDS 100

struct kept {
    char *name, *data;
    size_t name_length, data_length;
    int32_t version;
};

struct cache {
    const struct ds_services *services;
    char fault[32];
    struct kept kept[MOST_RECORDS];
    size_t count;
    unsigned gets, sets, heads, removes;
    ds_record_done *waiting; /* a get that waits for another one; NULL: none */
    void *waiting_context;
    uv_timer_t timer;
    ds_done *start_done;
    void *start_context;
};

static bool has_fault(const struct cache *cache, const char *fault)
{
    return strcmp(cache->fault, fault) == 0;
}

static char *copy_of(ds_slice bytes)
{
    char *copy = malloc(bytes.length + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes.at, bytes.length);
    return copy;
}

static struct kept *find(struct cache *cache, ds_slice name)
{
    for (size_t i = 0; i < cache->count; i++) {
        struct kept *kept = &cache->kept[i];
        if (kept->name_length == name.length && memcmp(kept->name, name.at, name.length) == 0)
            return kept;
    }
    return NULL;
}

static struct ds_record record_of(const struct kept *kept)
{
    if (kept == NULL)
        return (struct ds_record){.version = DS_MISSING, .data = {"", 0}};
    return (struct ds_record){kept->version, {kept->data, kept->data_length}};
}

/* ---- the life of it ---- */

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    ds_slice fault = ds_value_text(ds_value_member(options, "fault"), (ds_slice){"", 0});
    struct cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        abort();
    cache->services = services;
    snprintf(cache->fault, sizeof cache->fault, "%.*s", (int)fault.length, fault.at);
    if (has_fault(cache, "create fails")) {
        snprintf(error->text, sizeof error->text, "its options are not to its taste");
        free(cache);
        return NULL;
    }
    if (has_fault(cache, "create crashes"))
        abort();
    return cache;
}

static void on_ready(uv_timer_t *timer)
{
    struct cache *cache = timer->data;
    cache->start_done(cache->start_context,
                      has_fault(cache, "start fails") ? "nobody answers at its backend" : NULL);
    if (has_fault(cache, "start answers twice"))
        cache->start_done(cache->start_context, NULL);
}

static void start(void *self, ds_done *done, void *context)
{
    struct cache *cache = self;
    cache->start_done = done;
    cache->start_context = context;
    uv_timer_init(cache->services->loop, &cache->timer);
    cache->timer.data = cache;
    if (!has_fault(cache, "never ready"))
        uv_timer_start(&cache->timer, on_ready, 1, 0);
}

static void on_closed(uv_handle_t *handle)
{
    struct cache *cache = handle->data;
    ds_done *done = cache->start_done;
    void *context = cache->start_context;
    bool twice = has_fault(cache, "close answers twice");
    char text[100];
    int length = snprintf(text, sizeof text, "gets %u, sets %u, heads %u, removes %u", cache->gets,
                          cache->sets, cache->heads, cache->removes);
    cache->services->log(cache->services->host, DS_INFO, "COUNTED",
                         (ds_slice){text, (size_t)length});
    for (size_t i = 0; i < cache->count; i++) {
        free(cache->kept[i].name);
        free(cache->kept[i].data);
    }
    free(cache);
    done(context, NULL);
    if (twice)
        done(context, NULL);
}

static void close_cache(void *self, ds_done *done, void *context)
{
    struct cache *cache = self;
    if (has_fault(cache, "never closed"))
        return;
    cache->start_done = done;
    cache->start_context = context;
    if (cache->timer.data == NULL) {
        free(cache);
        done(context, NULL); /* it was never started */
        return;
    }
    uv_close((uv_handle_t *)&cache->timer, on_closed);
}

/* ---- operations ---- */

struct late {
    ds_record_done *done;
    void *context;
};

static void answer_missing(void *argument)
{
    const struct late *late = argument;
    struct ds_record missing = record_of(NULL);
    late->done(late->context, NULL, &missing);
}

/* Another thread may answer nothing. */
static void answer_elsewhere(ds_record_done *done, void *context)
{
    struct late late = {done, context};
    uv_thread_t thread;
    uv_thread_create(&thread, answer_missing, &late);
    uv_thread_join(&thread);
}

static bool is(ds_slice name, const char *text)
{
    return name.length == strlen(text) && memcmp(name.at, text, name.length) == 0;
}

/* With the fault "get waits" that of `wait` is answered when `go` is asked for. */
static bool has_to_wait(struct cache *cache, ds_slice name, ds_record_done *done, void *context)
{
    const struct ds_record missing = record_of(NULL);
    if (!has_fault(cache, "get waits"))
        return false;
    if (is(name, "go") && cache->waiting != NULL)
        cache->waiting(cache->waiting_context, NULL, &missing);
    if (is(name, "go") || !is(name, "wait"))
        return false;
    cache->waiting = done;
    cache->waiting_context = context;
    return true;
}

static void get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct cache *cache = self;
    struct ds_record record = record_of(find(cache, name));
    cache->gets++;
    if (has_to_wait(cache, name, done, context))
        return;
    if (has_fault(cache, "get answers elsewhere"))
        answer_elsewhere(done, context);
    done(context, NULL, &record);
    if (has_fault(cache, "get answers twice"))
        done(context, "and again", NULL);
}

static void set(void *self, ds_slice name, const struct ds_record *record, int32_t expected,
                ds_set_done *done, void *context)
{
    struct cache *cache = self;
    struct kept *kept = find(cache, name);
    struct ds_record now = record_of(kept);
    cache->sets++;
    if (expected != DS_ANY_VERSION && expected != now.version) {
        done(context, NULL, &now);
        return;
    }
    if (kept == NULL && cache->count == MOST_RECORDS) {
        done(context, "it is full", NULL);
        return;
    }
    if (kept == NULL) {
        kept = &cache->kept[cache->count++];
        *kept = (struct kept){.name = copy_of(name), .name_length = name.length};
    }
    free(kept->data);
    kept->data = copy_of(record->data);
    kept->data_length = record->data.length;
    kept->version = record->version;
    done(context, NULL, NULL);
}

static void heads(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                  void *context)
{
    struct cache *cache = self;
    int32_t *versions = calloc(count + 1, sizeof *versions);
    if (versions == NULL)
        abort();
    cache->heads++;
    for (size_t i = 0; i < count; i++)
        versions[i] = record_of(find(cache, names[i])).version;
    done(context, NULL, versions);
    free(versions);
}

static void remove_names(void *self, const ds_slice *names, size_t count, ds_done *done,
                         void *context)
{
    struct cache *cache = self;
    cache->removes++;
    for (size_t i = 0; i < count; i++) {
        struct kept *kept = find(cache, names[i]);
        if (kept == NULL)
            continue;
        free(kept->name);
        free(kept->data);
        *kept = cache->kept[--cache->count];
    }
    done(context, NULL);
}

static const struct ds_cache_operations operations = {
    .get = get, .set = set, .heads = heads, .remove = remove_names};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CACHE,
    .name = "counting",
    .description = "a cache that counts",
    .create = create,
    .start = start,
    .close = close_cache,
    .operations = &operations,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
