/* A cache in memory: a table of chains that doubles as it fills. It never drops a record, and it
 * answers before its operations return, which plugin.h allows. */

#include <deepstream/plugin.h>

#include <stdlib.h>
#include <string.h>

#define NO_MEMORY "there is no memory left"

struct entry {
    struct entry *next;
    int32_t version;
    size_t name_length, data_length;
    char bytes[]; /* the name, then the data */
};

struct cache {
    struct entry **chains;
    size_t chain_count; /* a power of two */
    uint64_t records, bytes;
};

/* FNV-1a. Names are chosen by clients: where those may be hostile, take a hash with a secret. */
static size_t hash(ds_slice name)
{
    uint64_t mixed = 14695981039346656037u;
    for (size_t i = 0; i < name.length; i++)
        mixed = (mixed ^ (unsigned char)name.at[i]) * 1099511628211u;
    return (size_t)(mixed ^ mixed >> 32);
}

static ds_slice name_of(const struct entry *entry)
{
    return (ds_slice){entry->bytes, entry->name_length};
}

static struct ds_record record_of(const struct entry *entry)
{
    if (entry == NULL)
        return (struct ds_record){.version = DS_MISSING, .data = {"", 0}};
    return (struct ds_record){entry->version,
                              {entry->bytes + entry->name_length, entry->data_length}};
}

/* Where the pointer to the entry stands, or would. */
static struct entry **place_of(struct cache *cache, ds_slice name)
{
    struct entry **place = &cache->chains[hash(name) & (cache->chain_count - 1)];
    while (*place != NULL && ((*place)->name_length != name.length ||
                              memcmp((*place)->bytes, name.at, name.length) != 0))
        place = &(*place)->next;
    return place;
}

static void grow(struct cache *cache)
{
    struct entry **old = cache->chains;
    size_t old_count = cache->chain_count;
    struct entry **chains = calloc(old_count * 2, sizeof(struct entry *));
    if (chains == NULL)
        return; /* longer chains will do */
    cache->chains = chains;
    cache->chain_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        for (struct entry *entry = old[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            struct entry **place = place_of(cache, name_of(entry));
            entry->next = NULL;
            *place = entry;
        }
    }
    free(old);
}

static void take_out(struct cache *cache, struct entry **place)
{
    struct entry *entry = *place;
    *place = entry->next;
    cache->records--;
    cache->bytes -= entry->name_length + entry->data_length;
    free(entry);
}

/* Returns false when there is no memory. */
static bool put(struct cache *cache, ds_slice name, const struct ds_record *record)
{
    struct entry *entry = malloc(sizeof *entry + name.length + record->data.length);
    if (entry == NULL)
        return false;
    *entry = (struct entry){
        .version = record->version, .name_length = name.length, .data_length = record->data.length};
    memcpy(entry->bytes, name.at, name.length);
    memcpy(entry->bytes + name.length, record->data.at, record->data.length);
    struct entry **place = place_of(cache, name);
    if (*place != NULL)
        take_out(cache, place);
    entry->next = *place;
    *place = entry;
    cache->bytes += name.length + record->data.length;
    if (++cache->records > cache->chain_count)
        grow(cache);
    return true;
}

/* ---- operations ---- */

/* Who is answered may change the record at once: what it was told has to stay. The caller frees
 * the data; false when there is no memory. */
static bool copy_of(const struct entry *entry, struct ds_record *record)
{
    *record = record_of(entry);
    char *data = malloc(record->data.length + 1);
    if (data == NULL)
        return false;
    memcpy(data, record->data.at, record->data.length);
    record->data.at = data;
    return true;
}

static void get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct ds_record record;
    if (!copy_of(*place_of(self, name), &record)) {
        done(context, NO_MEMORY, NULL);
        return;
    }
    done(context, NULL, &record);
    free((void *)record.data.at);
}

static void tell_conflict(const struct entry *present, ds_set_done *done, void *context)
{
    struct ds_record record;
    if (!copy_of(present, &record)) {
        done(context, NO_MEMORY, NULL);
        return;
    }
    done(context, NULL, &record);
    free((void *)record.data.at);
}

static void set(void *self, ds_slice name, const struct ds_record *record, int32_t expected,
                ds_set_done *done, void *context)
{
    const struct entry *present = *place_of(self, name);
    if (expected != DS_ANY_VERSION && expected != record_of(present).version)
        tell_conflict(present, done, context);
    else if (put(self, name, record))
        done(context, NULL, NULL);
    else
        done(context, NO_MEMORY, NULL);
}

static void heads(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                  void *context)
{
    int32_t *versions = calloc(count + 1, sizeof *versions);
    if (versions == NULL) {
        done(context, NO_MEMORY, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++)
        versions[i] = record_of(*place_of(self, names[i])).version;
    done(context, NULL, versions);
    free(versions);
}

static void remove_names(void *self, const ds_slice *names, size_t count, ds_done *done,
                         void *context)
{
    for (size_t i = 0; i < count; i++) {
        struct entry **place = place_of(self, names[i]);
        if (*place != NULL)
            take_out(self, place);
    }
    done(context, NULL);
}

static void size(void *self, uint64_t *records, uint64_t *bytes)
{
    const struct cache *cache = self;
    *records = cache->records;
    *bytes = cache->bytes;
}

/* ---- its life ---- */

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct cache *cache = calloc(1, sizeof *cache);
    (void)services;
    (void)options;
    (void)error;
    if (cache == NULL)
        return NULL;
    cache->chain_count = 1024;
    cache->chains = calloc(cache->chain_count, sizeof(struct entry *));
    if (cache->chains == NULL) {
        free(cache);
        return NULL;
    }
    return cache;
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct cache *cache = self;
    for (size_t i = 0; i < cache->chain_count; i++) {
        while (cache->chains[i] != NULL)
            take_out(cache, &cache->chains[i]);
    }
    free(cache->chains);
    free(cache);
    done(context, NULL);
}

static const struct ds_cache_operations operations = {
    .get = get, .set = set, .heads = heads, .remove = remove_names, .size = size};
static const char *const options[] = {NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CACHE,
    .name = "memory",
    .description = "a table in memory",
    .create = create,
    .close = close_it,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
