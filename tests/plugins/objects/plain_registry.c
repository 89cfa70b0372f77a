/* A subscription registry that is one list, looked through from its beginning: right, slow, and
 * nothing like the built-in one. When a registry ends it logs what was done in it. */

#include <deepstream/plugin.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a subscriber has; its place leads here. */
struct plain_subscriber {
    void *subscriber;
    size_t names, bytes;
};

struct plain_entry {
    struct plain_subscriber *of;
    size_t length;
    char *name;
};

struct plain_registry {
    const struct ds_services *services;
    char what[64];
    struct plain_entry *entries;
    void **found; /* room for the answer of subscribers */
    size_t count, capacity, adds, removes;
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static ds_slice name_of(const struct plain_entry *entry)
{
    return (ds_slice){entry->name, entry->length};
}

static bool is_named(const struct plain_entry *entry, ds_slice name)
{
    return entry->length == name.length &&
           (name.length == 0 || memcmp(entry->name, name.at, name.length) == 0);
}

static struct plain_entry *find(const struct plain_registry *registry, ds_slice name,
                                const void *subscriber)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct plain_entry *entry = &registry->entries[i];
        if (entry->of->subscriber == subscriber && is_named(entry, name))
            return entry;
    }
    return NULL;
}

static void *const *subscribers(const void *self, ds_slice name, size_t *count)
{
    const struct plain_registry *registry = self;
    *count = 0;
    for (size_t i = 0; i < registry->count; i++) {
        if (is_named(&registry->entries[i], name))
            registry->found[(*count)++] = registry->entries[i].of->subscriber;
    }
    return registry->found;
}

static bool has(const void *self, ds_slice name, const void *subscriber)
{
    return find(self, name, subscriber) != NULL;
}

static void grow(struct plain_registry *registry)
{
    registry->capacity = registry->capacity * 2 + 8;
    registry->entries =
        must(realloc(registry->entries, registry->capacity * sizeof *registry->entries));
    registry->found = must(realloc(registry->found, registry->capacity * sizeof(void *)));
}

static size_t add(void *self, ds_slice name, void *subscriber, void **place)
{
    struct plain_registry *registry = self;
    size_t count;
    if (registry->count == registry->capacity)
        grow(registry);
    if (*place == NULL)
        *place = must(calloc(1, sizeof(struct plain_subscriber)));
    struct plain_subscriber *of = *place;
    of->subscriber = subscriber;
    of->names++;
    of->bytes += name.length;
    struct plain_entry *entry = &registry->entries[registry->count++];
    *entry = (struct plain_entry){of, name.length, must(malloc(name.length + 1))};
    if (name.length > 0)
        memcpy(entry->name, name.at, name.length);
    registry->adds++;
    subscribers(self, name, &count);
    return count;
}

static bool take_out(void *self, ds_slice name, void *subscriber, void **place, size_t *left)
{
    struct plain_registry *registry = self;
    struct plain_subscriber *of = *place;
    struct plain_entry *entry = find(registry, name, subscriber);
    if (entry == NULL)
        return false;
    of->bytes -= name.length;
    if (--of->names == 0) {
        free(of);
        *place = NULL;
    }
    char *freed = entry->name; /* which may be the name that was given */
    *entry = registry->entries[--registry->count];
    registry->removes++;
    subscribers(self, name, left);
    free(freed);
    return true;
}

static void size(const void *self, void *const *place, size_t *names, size_t *name_bytes)
{
    const struct plain_subscriber *of = *place;
    (void)self;
    *names = of == NULL ? 0 : of->names;
    *name_bytes = of == NULL ? 0 : of->bytes;
}

static bool any_name_of(const void *self, void *const *place, ds_slice *name)
{
    const struct plain_registry *registry = self;
    for (size_t i = 0; i < registry->count; i++) {
        if (registry->entries[i].of != *place)
            continue;
        *name = name_of(&registry->entries[i]);
        return true;
    }
    return false;
}

static bool any_name(const void *self, ds_slice *name)
{
    const struct plain_registry *registry = self;
    if (registry->count > 0)
        *name = name_of(&registry->entries[0]);
    return registry->count > 0;
}

static void *registry_new(void *self, const char *what)
{
    struct plain_registry *registry = must(calloc(1, sizeof *registry));
    registry->services = self;
    snprintf(registry->what, sizeof registry->what, "%s", what);
    grow(registry);
    return registry;
}

static void registry_free(void *self, void *freed)
{
    struct plain_registry *registry = freed;
    const struct ds_services *services = self;
    char text[160];
    int length = snprintf(text, sizeof text, "%s: %zu added, %zu removed", registry->what,
                          registry->adds, registry->removes);
    services->log(services->host, DS_INFO, "PLAIN_REGISTRY", (ds_slice){text, (size_t)length});
    free(registry->entries);
    free(registry->found);
    free(registry);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)options;
    (void)error;
    return (void *)(uintptr_t)services; /* it keeps nothing else */
}

static void close_it(void *self, ds_done *done, void *context)
{
    (void)self;
    done(context, NULL);
}

static const struct ds_subscription_registry_operations operations = {
    .registry_new = registry_new,
    .registry_free = registry_free,
    .add = add,
    .remove = take_out,
    .has = has,
    .subscribers = subscribers,
    .size = size,
    .any_name_of = any_name_of,
    .any_name = any_name,
};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_SUBSCRIPTION_REGISTRY,
    .name = "plain",
    .description = "subscriptions in a list",
    .create = create,
    .close = close_it,
    .operations = &operations,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
