/* A name keeps its subscribers in one array, which a fan-out walks; a subscriber keeps its names in
 * another, which hangs at its place. The table of pairs knows the places in both, so that each end
 * costs the same however many there are: the last of an array moves into the gap. */

#include "plugins/builtins.h"

#include "pairs.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <stdlib.h>

struct registry_name {
    void **subscribers; /* &one, or on the heap */
    uint32_t count, capacity;
    void *one;
    size_t length;
    char text[];
};

struct subscriber_names {
    uint32_t count, capacity;
    size_t name_bytes;
    struct registry_name *names[];
};

struct registry {
    struct hashmap names; /* -> struct registry_name, which holds the key */
    struct pairs pairs;
};

static slice text_of(const struct registry_name *name)
{
    return (slice){name->text, name->length};
}

/* ---- the side of the name ---- */

static struct registry_name *name_get(struct registry *registry, slice text)
{
    struct registry_name *name = hashmap_find(&registry->names, text);
    if (name != NULL)
        return name;
    name = malloc(sizeof *name + text.length);
    CHECK(name != NULL);
    *name = (struct registry_name){.capacity = 1, .length = text.length};
    name->subscribers = &name->one;
    if (text.length > 0)
        memcpy(name->text, text.at, text.length);
    hashmap_put(&registry->names, text_of(name), name);
    return name;
}

static void name_free(struct registry_name *name)
{
    if (name->subscribers != &name->one)
        free(name->subscribers);
    free(name);
}

static void name_grow(struct registry_name *name)
{
    uint32_t capacity = name->capacity < 4 ? 4 : name->capacity * 2;
    void **on_heap = name->subscribers == &name->one ? NULL : name->subscribers;
    void **grown = realloc(on_heap, capacity * sizeof(void *));
    CHECK(grown != NULL);
    if (on_heap == NULL)
        grown[0] = name->one;
    name->subscribers = grown;
    name->capacity = capacity;
}

static uint32_t name_append(struct registry_name *name, void *subscriber)
{
    if (name->count == name->capacity)
        name_grow(name);
    name->subscribers[name->count] = subscriber;
    return name->count++;
}

static void name_take_out(struct registry *registry, struct registry_name *name, uint32_t index)
{
    void *last = name->subscribers[--name->count];
    if (index == name->count)
        return;
    name->subscribers[index] = last;
    pairs_find(&registry->pairs, name, last)->in_name = index;
}

/* ---- the side of the subscriber ---- */

static uint32_t subscriber_append(void **place, struct registry_name *name)
{
    struct subscriber_names *names = *place;
    if (names == NULL || names->count == names->capacity) {
        uint32_t capacity = names == NULL ? 1 : names->capacity * 2;
        struct subscriber_names *grown =
            realloc(names, sizeof *names + capacity * sizeof(struct registry_name *));
        CHECK(grown != NULL);
        if (names == NULL)
            *grown = (struct subscriber_names){0};
        grown->capacity = capacity;
        *place = names = grown;
    }
    names->names[names->count] = name;
    names->name_bytes += name->length;
    return names->count++;
}

static void subscriber_take_out(struct registry *registry, void *subscriber, void **place,
                                uint32_t index)
{
    struct subscriber_names *names = *place;
    names->name_bytes -= names->names[index]->length;
    struct registry_name *last = names->names[--names->count];
    if (index != names->count) {
        names->names[index] = last;
        pairs_find(&registry->pairs, last, subscriber)->in_subscriber = index;
    }
    if (names->count > 0)
        return;
    free(names);
    *place = NULL;
}

/* ---- operations ---- */

static struct pair *find(const struct registry *registry, slice name, const void *subscriber)
{
    const struct registry_name *known = hashmap_find(&registry->names, name);
    return known == NULL ? NULL : pairs_find(&registry->pairs, known, subscriber);
}

static bool has(const void *registry, ds_slice name, const void *subscriber)
{
    return find(registry, name, subscriber) != NULL;
}

static size_t add(void *self, ds_slice text, void *subscriber, void **place)
{
    struct registry *registry = self;
    struct registry_name *name = name_get(registry, text);
    struct pair made = {name, subscriber, 0, 0};
    made.in_name = name_append(name, subscriber);
    made.in_subscriber = subscriber_append(place, name);
    pairs_add(&registry->pairs, made);
    return name->count;
}

static bool remove_one(void *self, ds_slice text, void *subscriber, void **place, size_t *left)
{
    struct registry *registry = self;
    struct pair *found = find(registry, text, subscriber);
    if (found == NULL)
        return false;
    struct registry_name *name = found->name;
    uint32_t in_name = found->in_name, in_subscriber = found->in_subscriber;
    pairs_remove(&registry->pairs, found);
    name_take_out(registry, name, in_name);
    subscriber_take_out(registry, subscriber, place, in_subscriber);
    *left = name->count;
    if (name->count == 0) {
        hashmap_remove(&registry->names, text_of(name));
        name_free(name);
    }
    return true;
}

static void *const *subscribers(const void *self, ds_slice name, size_t *count)
{
    const struct registry *registry = self;
    const struct registry_name *known = hashmap_find(&registry->names, name);
    *count = known == NULL ? 0 : known->count;
    return known == NULL ? NULL : known->subscribers;
}

static void size(const void *self, void *const *place, size_t *names, size_t *name_bytes)
{
    const struct subscriber_names *known = *place;
    (void)self;
    *names = known == NULL ? 0 : known->count;
    *name_bytes = known == NULL ? 0 : known->name_bytes;
}

static bool any_name(const void *self, ds_slice *name)
{
    size_t position = 0;
    const struct hashmap_entry *first =
        hashmap_next(&((const struct registry *)self)->names, &position);
    if (first != NULL)
        *name = first->key;
    return first != NULL;
}

static bool any_name_of(const void *self, void *const *place, ds_slice *name)
{
    const struct subscriber_names *known = *place;
    (void)self;
    if (known != NULL)
        *name = text_of(known->names[known->count - 1]);
    return known != NULL;
}

/* ---- registries ---- */

static void *registry_new(void *self, const char *what)
{
    (void)self;
    (void)what;
    struct registry *registry = calloc(1, sizeof *registry);
    CHECK(registry != NULL);
    hashmap_init(&registry->names);
    return registry;
}

static void registry_free(void *self, void *freed)
{
    struct registry *registry = freed;
    (void)self;
    hashmap_fini(&registry->names);
    pairs_fini(&registry->pairs);
    free(registry);
}

static const struct ds_subscription_registry_operations operations = {
    .registry_new = registry_new,
    .registry_free = registry_free,
    .add = add,
    .remove = remove_one,
    .has = has,
    .subscribers = subscribers,
    .size = size,
    .any_name_of = any_name_of,
    .any_name = any_name,
};

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    static char it; /* everything is kept in the registries */
    (void)services;
    (void)options;
    (void)error;
    return &it;
}

static void close_it(void *self, ds_done *done, void *context)
{
    (void)self;
    done(context, NULL);
}

const struct ds_plugin ds_subscription_registry_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_SUBSCRIPTION_REGISTRY,
    .name = "default",
    .description = "in memory",
    .create = create,
    .close = close_it,
    .operations = &operations,
};
