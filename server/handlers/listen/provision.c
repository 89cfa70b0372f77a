/* Who provides what here. The cluster's set of published names follows; whatever the set says, be
 * it of this node or another, subscribers learn in listen.c. */

#include "handlers/listen/listen_parts.h"
#include "logging/log.h"

#include "base/check.h"

#include <stdlib.h>

struct provision {
    struct pattern *pattern; /* somebody listens with it, so it stays */
    struct session *session;
    struct list_link in_pattern;
    size_t length;
    char name[];
};

static slice name_of(const struct provision *provision)
{
    return (slice){provision->name, provision->length};
}

void provision_make(struct listen *listen, slice name, struct pattern *pattern,
                    struct session *session)
{
    const struct cluster *cluster = listen->services->cluster;
    struct provision *provision = malloc(sizeof *provision + name.length);
    CHECK(provision != NULL);
    *provision = (struct provision){.pattern = pattern, .session = session, .length = name.length};
    if (name.length > 0)
        memcpy(provision->name, name.at, name.length);
    list_append(&pattern->provisions, &provision->in_pattern);
    CHECK(hashmap_put(&listen->provisions, name_of(provision), provision) == NULL);
    cluster->states->add(cluster->states_self, listen->actions->published, name_of(provision));
}

/* The set goes last: its watcher begins a new search, which must not find this provision. */
static void drop(struct listen *listen, struct provision *provision)
{
    const struct cluster *cluster = listen->services->cluster;
    hashmap_remove(&listen->provisions, name_of(provision));
    list_remove(&provision->in_pattern);
    cluster->states->remove(cluster->states_self, listen->actions->published, name_of(provision));
    free(provision);
}

void provision_cancel(struct listen *listen, slice name)
{
    struct provision *provision = hashmap_find(&listen->provisions, name);
    if (provision == NULL)
        return;
    listen_tell(listen, provision->session, listen->actions->pattern_removed,
                &provision->pattern->text, name);
    drop(listen, provision);
}

struct comparison {
    slice own;
    bool has_earlier;
};

static bool comes_before(slice a, slice b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    int order = common > 0 ? memcmp(a.at, b.at, common) : 0;
    return order != 0 ? order < 0 : a.length < b.length;
}

static void compare_server(void *context, slice server)
{
    struct comparison *comparison = context;
    comparison->has_earlier |= comes_before(server, comparison->own);
}

void provision_yield(struct listen *listen, slice name)
{
    const struct cluster *cluster = listen->services->cluster;
    struct comparison comparison = {.own = cluster->server_name};
    cluster->states->each_server(cluster->states_self, listen->actions->published, name,
                                 compare_server, &comparison);
    if (comparison.has_earlier)
        provision_cancel(listen, name);
}

void provision_forget(struct listen *listen, struct pattern *pattern, const struct session *session)
{
    for (struct list_link *at = pattern->provisions.next, *next; at != &pattern->provisions;
         at = next) {
        next = at->next;
        struct provision *provision = LIST_ITEM(at, struct provision, in_pattern);
        if (provision->session != session)
            continue;
        log_line(listen->services->log, DS_DEBUG, LOG_LISTEN_PROVIDER_STOPPED, SLICE_FORMAT,
                 SLICE_ARGUMENTS(name_of(provision)));
        drop(listen, provision);
    }
}

void provisions_free(struct listen *listen)
{
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&listen->provisions, &position)) != NULL;)
        free(at->value);
    hashmap_fini(&listen->provisions);
}
