/* Telling other nodes that a search has found nobody here, so that they look among their listeners.
 * Only those are told that have a listener who may provide the name, each once. */

#include "handlers/listen/listen_parts.h"

#include "base/vec.h"

struct audience {
    struct listen *listen;
    slice name;      /* without provider */
    struct arena at; /* the names of servers */
    VEC(slice) servers;
    bool lacks_some; /* of the servers of one pattern */
};

static bool has_server(const struct audience *audience, slice server)
{
    for (size_t i = 0; i < audience->servers.count; i++)
        if (slice_equal(audience->servers.items[i], server))
            return true;
    return false;
}

static void note_lacking(void *context, slice server)
{
    struct audience *audience = context;
    audience->lacks_some |= !has_server(audience, server);
}

static void add_server(void *context, slice server)
{
    struct audience *audience = context;
    if (!has_server(audience, server))
        VEC_PUSH(&audience->servers, arena_copy(&audience->at, server));
}

/* A pattern that nobody listens with here is not made for this: it may match. So may one that was
 * too costly here. */
static bool may_match(struct listen *listen, slice text, slice name)
{
    struct pattern *pattern = pattern_find(listen, text);
    return pattern == NULL || pattern_matches(listen, pattern, name) || pattern->strikes > 0;
}

static void add_listeners_of(void *context, slice pattern)
{
    struct audience *audience = context;
    struct listen *listen = audience->listen;
    const struct cluster *cluster = listen->services->cluster;
    uint8_t set = listen->actions->patterns;
    audience->lacks_some = false;
    cluster->states->each_server(cluster->states_self, set, pattern, note_lacking, audience);
    if (audience->lacks_some && may_match(listen, pattern, audience->name))
        cluster->states->each_server(cluster->states_self, set, pattern, add_server, audience);
}

/* One message, if all the others are to have it. */
static void send_to_audience(const struct audience *audience, const struct message *notice)
{
    const struct cluster *cluster = audience->listen->services->cluster;
    size_t count = audience->servers.count, others = cluster->bus->count(cluster->bus_self) - 1;
    if (count > 1 && count >= others) {
        cluster->bus->send(cluster->bus_self, notice);
        return;
    }
    for (size_t i = 0; i < count; i++)
        cluster->bus->send_direct(cluster->bus_self, audience->servers.items[i], notice);
}

void listen_tell_of_failure(struct listen *listen, slice name)
{
    const struct cluster *cluster = listen->services->cluster;
    struct audience audience = {.listen = listen, .name = name};
    struct message notice = MESSAGE((uint8_t)listen->topic, listen->actions->unsuccessful);
    MESSAGE_SET(&notice, subscription, name);
    if (cluster->bus->count(cluster->bus_self) == 1)
        return;
    arena_init(&audience.at, 0);
    cluster->states->each(cluster->states_self, listen->actions->patterns, add_listeners_of,
                          &audience);
    send_to_audience(&audience, &notice);
    VEC_FREE(&audience.servers);
    arena_fini(&audience.at);
}
