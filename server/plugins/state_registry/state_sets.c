#include "plugins/state_registry/state_sets.h"

#include "base/check.h"
#include "base/utf8.h"

struct state_name {
    struct state_server **servers; /* &one, or on the heap */
    uint32_t count, capacity;
    struct state_server *one;
    size_t own_count; /* how often this node added it */
    int64_t checksum;
    size_t length;
    char name[];
};

/* ---- checksums ---- */

/* What JavaScript does with `(sum << 5) - sum + unit`: the shift is of 32 bits, the rest is not. */
static int64_t mix(int64_t sum, uint32_t unit)
{
    return (int64_t)(int32_t)((uint32_t)sum << 5) - sum + (int64_t)unit;
}

int64_t state_checksum(slice name)
{
    int64_t sum = 0;
    for (size_t at = 0; at < name.length;) {
        uint32_t code_point = utf8_next(name, &at);
        if (code_point >= 0x10000) {
            sum = mix(sum, 0xD800 + ((code_point - 0x10000) >> 10));
            code_point = 0xDC00 + ((code_point - 0x10000) & 0x3FF);
        }
        sum = mix(sum, code_point);
    }
    return sum;
}

uint64_t state_digest(slice name)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.length; i++)
        digest = (digest ^ (unsigned char)name.at[i]) * UINT64_C(0x100000001b3);
    digest = (digest ^ (digest >> 31)) * UINT64_C(0x9e3779b97f4a7c15);
    return digest ^ (digest >> 29);
}

/* ---- names ---- */

static slice text_of(const struct state_name *name)
{
    return (slice){name->name, name->length};
}

static struct state_name *name_get(struct state_sets *sets, unsigned set, slice text)
{
    struct state_name *name = hashmap_find(&sets->sets[set].names, text);
    if (name != NULL)
        return name;
    name = malloc(sizeof *name + text.length);
    CHECK(name != NULL);
    *name =
        (struct state_name){.capacity = 1, .checksum = state_checksum(text), .length = text.length};
    name->servers = &name->one;
    if (text.length > 0)
        memcpy(name->name, text.at, text.length);
    hashmap_put(&sets->sets[set].names, text_of(name), name);
    return name;
}

static void name_free(struct state_name *name)
{
    if (name->servers != &name->one)
        free(name->servers);
    free(name);
}

static uint32_t place_of(const struct state_name *name, const struct state_server *server)
{
    uint32_t at = 0;
    while (at < name->count && name->servers[at] != server)
        at++;
    return at;
}

static bool has_server(const struct state_name *name, const struct state_server *server)
{
    return place_of(name, server) < name->count;
}

static void name_grow(struct state_name *name)
{
    uint32_t capacity = name->capacity < 4 ? 4 : name->capacity * 2;
    struct state_server **on_heap = name->servers == &name->one ? NULL : name->servers;
    struct state_server **grown = realloc(on_heap, capacity * sizeof(struct state_server *));
    CHECK(grown != NULL);
    if (on_heap == NULL)
        grown[0] = name->one;
    name->servers = grown;
    name->capacity = capacity;
}

/* ---- a server has a name, or not ---- */

static void tell_added(const struct state_sets *sets, unsigned set, slice name)
{
    const struct state_set_names *names = &sets->sets[set];
    for (size_t i = 0; i < names->watchers.count; i++)
        names->watchers.items[i]->on_added(names->watchers.items[i]->context, name);
}

static void tell_removed(const struct state_sets *sets, unsigned set, slice name)
{
    const struct state_set_names *names = &sets->sets[set];
    for (size_t i = 0; i < names->watchers.count; i++)
        names->watchers.items[i]->on_removed(names->watchers.items[i]->context, name);
}

static void tell_shared(const struct state_sets *sets, unsigned set, slice name)
{
    const struct state_set_names *names = &sets->sets[set];
    for (size_t i = 0; i < names->watchers.count; i++) {
        const struct ds_state_watcher *watcher = names->watchers.items[i];
        if (watcher->on_shared != NULL)
            watcher->on_shared(watcher->context, name);
    }
}

/* text may be anybody's: watchers are told with it, while the name's own may be gone. */
static void join(struct state_sets *sets, struct state_name *name, struct state_server *server,
                 unsigned set, slice text)
{
    if (name->count == name->capacity)
        name_grow(name);
    name->servers[name->count++] = server;
    server->sets[set].count++;
    server->sets[set].checksum += name->checksum;
    server->sets[set].digest += state_digest(text_of(name));
    if (name->count == 1)
        tell_added(sets, set, text);
    else if (server != sets->self && name->own_count > 0)
        tell_shared(sets, set, text);
}

static void part(struct state_sets *sets, struct state_name *name, struct state_server *server,
                 unsigned set)
{
    name->servers[place_of(name, server)] = name->servers[name->count - 1];
    name->count--;
    server->sets[set].count--;
    server->sets[set].checksum -= name->checksum;
    server->sets[set].digest -= state_digest(text_of(name));
    if (name->count > 0)
        return;
    hashmap_remove(&sets->sets[set].names, text_of(name));
    tell_removed(sets, set, text_of(name));
    name_free(name);
}

bool state_sets_add(struct state_sets *sets, unsigned set, slice text)
{
    struct state_name *name = name_get(sets, set, text);
    if (name->own_count++ > 0)
        return false;
    join(sets, name, sets->self, set, text);
    return true;
}

bool state_sets_remove(struct state_sets *sets, unsigned set, slice text)
{
    struct state_name *name = hashmap_find(&sets->sets[set].names, text);
    CHECK(name != NULL && name->own_count > 0);
    if (--name->own_count > 0)
        return false;
    part(sets, name, sets->self, set);
    return true;
}

void state_sets_set(struct state_sets *sets, struct state_server *server, unsigned set, slice text)
{
    struct state_name *name = name_get(sets, set, text);
    if (!has_server(name, server))
        join(sets, name, server, set, text);
}

void state_sets_unset(struct state_sets *sets, struct state_server *server, unsigned set,
                      slice text)
{
    struct state_name *name = hashmap_find(&sets->sets[set].names, text);
    if (name != NULL && has_server(name, server))
        part(sets, name, server, set);
}

/* ---- whole servers ---- */

struct leftovers {
    const struct hashmap *kept;
    struct arena arena;
    VEC(slice) names;
};

static void collect(void *context, slice name)
{
    struct leftovers *leftovers = context;
    if (hashmap_find(leftovers->kept, name) == NULL)
        VEC_PUSH(&leftovers->names, arena_copy(&leftovers->arena, name));
}

/* Watchers may change the set meanwhile, so that the names are copied first. */
static void unset_all_but(struct state_sets *sets, struct state_server *server, unsigned set,
                          const struct hashmap *kept)
{
    struct leftovers leftovers = {.kept = kept};
    arena_init(&leftovers.arena, 0);
    state_sets_each_of(sets, server, set, collect, &leftovers);
    for (size_t i = 0; i < leftovers.names.count; i++)
        state_sets_unset(sets, server, set, leftovers.names.items[i]);
    VEC_FREE(&leftovers.names);
    arena_fini(&leftovers.arena);
}

void state_sets_replace(struct state_sets *sets, struct state_server *server, unsigned set,
                        const struct hashmap *names)
{
    size_t position = 0;
    unset_all_but(sets, server, set, names);
    for (const struct hashmap_entry *at; (at = hashmap_next(names, &position)) != NULL;)
        state_sets_set(sets, server, set, at->key);
}

static struct state_server *server_new(slice name)
{
    struct state_server *server = calloc(1, sizeof *server + name.length);
    CHECK(server != NULL);
    server->length = name.length;
    if (name.length > 0)
        memcpy(server->name, name.at, name.length);
    return server;
}

struct state_server *state_sets_server(const struct state_sets *sets, slice name)
{
    return hashmap_find(&sets->servers, name);
}

struct state_server *state_sets_add_server(struct state_sets *sets, slice name)
{
    struct state_server *server = server_new(name);
    CHECK(hashmap_put(&sets->servers, state_server_name(server), server) == NULL);
    return server;
}

/* ---- servers that have ended ---- */

/* A slice of their names: what it may cost, in slots that are looked at. */
#define SLICE_COST 8192
#define COST_OF_NAME 16 /* to take it away */

void state_sets_end_server(struct state_sets *sets, struct state_server *server)
{
    hashmap_remove(&sets->servers, state_server_name(server));
    server->has_ended = true;
    VEC_PUSH(&sets->ended, server);
}

/* Looks at one slot of the set. When it had a name of the server, another one may be there now.
 * Returns what it has cost. */
static unsigned drop_at(struct state_sets *sets, struct state_server *server, unsigned set)
{
    const struct hashmap *names = &sets->sets[set].names;
    if (sets->dropping.slot >= names->capacity)
        sets->dropping.slot = 0; /* names that were moved are left */
    const struct hashmap_entry *entry = hashmap_at(names, sets->dropping.slot);
    if (entry == NULL || !has_server(entry->value, server)) {
        sets->dropping.slot++;
        return 1;
    }
    part(sets, entry->value, server, set);
    return COST_OF_NAME;
}

static void forget_first(struct state_sets *sets)
{
    free(sets->ended.items[0]);
    sets->ended.count--;
    memmove(&sets->ended.items[0], &sets->ended.items[1],
            sets->ended.count * sizeof(struct state_server *));
    sets->dropping.set = 0;
}

bool state_sets_drop_some(struct state_sets *sets)
{
    for (size_t cost = 0; sets->ended.count > 0 && cost < SLICE_COST;) {
        struct state_server *server = sets->ended.items[0];
        if (server->sets[sets->dropping.set].count > 0) {
            cost += drop_at(sets, server, sets->dropping.set);
            continue;
        }
        sets->dropping.slot = 0;
        if (++sets->dropping.set == STATE_SETS)
            forget_first(sets);
    }
    return sets->ended.count > 0;
}

/* ---- looking ---- */

bool state_sets_has(const struct state_sets *sets, unsigned set, slice name)
{
    return hashmap_find(&sets->sets[set].names, name) != NULL;
}

void state_sets_each(const struct state_sets *sets, unsigned set,
                     void (*each)(void *context, slice name), void *context)
{
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&sets->sets[set].names, &position)) != NULL;)
        each(context, at->key);
}

void state_sets_each_of(const struct state_sets *sets, const struct state_server *server,
                        unsigned set, void (*each)(void *context, slice name), void *context)
{
    size_t position = 0, left = server->sets[set].count;
    for (const struct hashmap_entry *at;
         left > 0 && (at = hashmap_next(&sets->sets[set].names, &position)) != NULL;) {
        if (!has_server(at->value, server))
            continue;
        left--;
        each(context, at->key);
    }
}

void state_sets_each_server(const struct state_sets *sets, unsigned set, slice text,
                            void (*each)(void *context, slice server), void *context)
{
    const struct state_name *name = hashmap_find(&sets->sets[set].names, text);
    for (uint32_t i = 0; name != NULL && i < name->count; i++) {
        if (name->servers[i] != sets->self && !name->servers[i]->has_ended)
            each(context, state_server_name(name->servers[i]));
    }
}

/* ---- beginning and end ---- */

void state_sets_init(struct state_sets *sets, slice own_name)
{
    *sets = (struct state_sets){.self = server_new(own_name)};
    for (unsigned set = 0; set < STATE_SETS; set++)
        hashmap_init(&sets->sets[set].names);
    hashmap_init(&sets->servers);
}

void state_sets_fini(struct state_sets *sets)
{
    size_t position = 0;
    for (unsigned set = 0; set < STATE_SETS; set++) {
        struct state_set_names *names = &sets->sets[set];
        size_t at_name = 0;
        for (const struct hashmap_entry *at; (at = hashmap_next(&names->names, &at_name)) != NULL;)
            name_free(at->value);
        hashmap_fini(&names->names);
        VEC_FREE(&names->watchers);
    }
    for (const struct hashmap_entry *at; (at = hashmap_next(&sets->servers, &position)) != NULL;)
        free(at->value);
    hashmap_fini(&sets->servers);
    for (size_t i = 0; i < sets->ended.count; i++)
        free(sets->ended.items[i]);
    VEC_FREE(&sets->ended);
    free(sets->self);
}
