#include "plugins/state_registry/arrival.h"

#include "base/check.h"

/* Those that others count may have died a moment ago, so that a start must not hang on them. */
#define STRAGGLERS_MS 1000
#define MOST_UNKNOWN 10000 /* anybody can say that there is a server */

void arrival_init(struct arrival *arrival, uint64_t discovery_ms, uint64_t timeout_ms)
{
    *arrival = (struct arrival){.discovery_ms = discovery_ms, .timeout_ms = timeout_ms};
    hashmap_init(&arrival->unknown);
}

void arrival_fini(struct arrival *arrival)
{
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&arrival->unknown, &position)) != NULL;)
        free(at->value);
    hashmap_fini(&arrival->unknown);
}

void arrival_begin(struct arrival *arrival, uint64_t now_ms)
{
    arrival->is_under_way = true;
    arrival->begun_ms = now_ms;
}

void arrival_hear_of(struct arrival *arrival, slice server)
{
    if (!arrival->is_under_way || server.length == 0 || arrival->unknown.count == MOST_UNKNOWN ||
        hashmap_find(&arrival->unknown, server) != NULL)
        return;
    char *name = malloc(server.length);
    CHECK(name != NULL);
    memcpy(name, server.at, server.length);
    hashmap_put(&arrival->unknown, (slice){name, server.length}, name);
}

void arrival_forget(struct arrival *arrival, slice server)
{
    free(hashmap_remove(&arrival->unknown, server));
}

void arrival_count(struct arrival *arrival, size_t nodes)
{
    if (nodes > arrival->nodes)
        arrival->nodes = nodes;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t arrival_look(const struct arrival *arrival, uint64_t now_ms, size_t seen, bool all_known)
{
    uint64_t end = arrival->begun_ms + arrival->timeout_ms;
    uint64_t discovered = earlier(arrival->begun_ms + arrival->discovery_ms, end);
    uint64_t stragglers = earlier(discovered + STRAGGLERS_MS, end);
    if (now_ms < discovered)
        return discovered;
    if (now_ms < end && (!all_known || arrival->unknown.count > 0))
        return end;
    return now_ms < stragglers && seen < arrival->nodes ? stragglers : 0;
}
