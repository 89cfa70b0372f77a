/* The cluster of a node that is alone: its bus leads nowhere, its sets hold its own names, its
 * locks are free unless it holds them itself. */

#include "handlers/cluster/cluster.h"

#include "base/check.h"
#include "base/hashmap.h"
#include "base/vec.h"

#include <stdlib.h>

struct state_name {
    size_t count;
    size_t length;
    char name[];
};

struct state_names {
    struct hashmap names; /* -> struct state_name, which holds the key */
    VEC(const struct ds_state_watcher *) watchers;
};

struct single {
    struct cluster cluster;
    struct state_names sets[STATE_SET_END];
    struct hashmap locks; /* -> its own key's bytes */
};

/* ---- bus ---- */

static void bus_send(void *self, const struct message *message)
{
    (void)self;
    (void)message;
}

static bool bus_send_direct(void *self, slice server, const struct message *message)
{
    (void)self;
    (void)server;
    (void)message;
    return false;
}

static void bus_subscribe(void *self, enum topic topic, bus_message *on_message, void *context)
{
    (void)self;
    (void)topic;
    (void)on_message;
    (void)context;
}

static size_t bus_count(void *self)
{
    (void)self;
    return 1;
}

static bool bus_may_have_others(void *self)
{
    (void)self;
    return false;
}

static void bus_watch(void *self, bus_server *on_removed, void *context)
{
    (void)self;
    (void)on_removed;
    (void)context;
}

static const struct bus_operations BUS = {
    bus_send, bus_send_direct, bus_subscribe, bus_count, bus_may_have_others, bus_watch, bus_watch};

/* ---- state registries ---- */

static struct state_names *set_of(void *self, uint8_t set)
{
    CHECK(set < STATE_SET_END);
    return &((struct single *)self)->sets[set];
}

static struct state_name *state_name_new(slice name)
{
    struct state_name *added = malloc(sizeof *added + name.length);
    CHECK(added != NULL);
    *added = (struct state_name){.count = 1, .length = name.length};
    if (name.length > 0)
        memcpy(added->name, name.at, name.length);
    return added;
}

static slice name_of(const struct state_name *name)
{
    return (slice){name->name, name->length};
}

static void state_add(void *self, uint8_t set, slice name)
{
    struct state_names *names = set_of(self, set);
    struct state_name *known = hashmap_find(&names->names, name);
    if (known != NULL) {
        known->count++;
        return;
    }
    known = state_name_new(name);
    hashmap_put(&names->names, name_of(known), known);
    for (size_t i = 0; i < names->watchers.count; i++)
        names->watchers.items[i]->on_added(names->watchers.items[i]->context, name);
}

static void state_remove(void *self, uint8_t set, slice name)
{
    struct state_names *names = set_of(self, set);
    struct state_name *known = hashmap_find(&names->names, name);
    CHECK(known != NULL);
    if (--known->count > 0)
        return;
    hashmap_remove(&names->names, name);
    for (size_t i = 0; i < names->watchers.count; i++)
        names->watchers.items[i]->on_removed(names->watchers.items[i]->context, name_of(known));
    free(known);
}

static bool state_has(void *self, uint8_t set, slice name)
{
    return hashmap_find(&set_of(self, set)->names, name) != NULL;
}

static void state_each(void *self, uint8_t set, void (*each)(void *context, slice name),
                       void *context)
{
    size_t position = 0;
    const struct hashmap *names = &set_of(self, set)->names;
    for (const struct hashmap_entry *at; (at = hashmap_next(names, &position)) != NULL;)
        each(context, at->key);
}

static size_t state_count(void *self, uint8_t set)
{
    return set_of(self, set)->names.count;
}

static void state_each_server(void *self, uint8_t set, slice name,
                              void (*each)(void *context, slice server), void *context)
{
    (void)self;
    (void)set;
    (void)name;
    (void)each;
    (void)context;
}

static void state_watch(void *self, uint8_t set, const struct ds_state_watcher *watcher)
{
    VEC_PUSH(&set_of(self, set)->watchers, watcher);
}

static const struct ds_state_registry_operations STATES = {
    .add = state_add,
    .remove = state_remove,
    .has = state_has,
    .each = state_each,
    .count = state_count,
    .each_server = state_each_server,
    .watch = state_watch,
};

/* ---- locks ---- */

static void lock_get(void *self, slice name, void (*done)(void *context, bool got), void *context)
{
    struct single *single = self;
    bool is_free = hashmap_find(&single->locks, name) == NULL;
    if (is_free) {
        char *held = slice_to_text(name);
        hashmap_put(&single->locks, (slice){held, name.length}, held);
    }
    done(context, is_free);
}

static void lock_renew(void *self, slice name)
{
    (void)self;
    (void)name;
}

static void lock_release(void *self, slice name)
{
    free(hashmap_remove(&((struct single *)self)->locks, name));
}

static const struct ds_lock_operations LOCKS = {lock_get, lock_renew, lock_release};

/* ---- all of it ---- */

struct cluster *cluster_single_new(slice server_name)
{
    struct single *single = calloc(1, sizeof *single);
    CHECK(single != NULL);
    for (size_t i = 0; i < STATE_SET_END; i++)
        hashmap_init(&single->sets[i].names);
    hashmap_init(&single->locks);
    single->cluster = (struct cluster){
        .server_name = server_name,
        .bus = &BUS,
        .bus_self = single,
        .states = &STATES,
        .states_self = single,
        .locks = &LOCKS,
        .locks_self = single,
    };
    return &single->cluster;
}

static void free_values(struct hashmap *map)
{
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(map, &position)) != NULL;)
        free(at->value);
    hashmap_fini(map);
}

void cluster_single_free(struct cluster **cluster)
{
    if (*cluster == NULL)
        return;
    struct single *single = (*cluster)->states_self;
    for (size_t i = 0; i < STATE_SET_END; i++) {
        free_values(&single->sets[i].names);
        VEC_FREE(&single->sets[i].watchers);
    }
    free_values(&single->locks);
    free(single);
    *cluster = NULL;
}
