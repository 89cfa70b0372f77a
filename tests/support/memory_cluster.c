/* Small and plain: every set, lock and message is found by looking through all of them. */

#include "support/memory_cluster.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

struct bus_subscriber {
    enum topic topic;
    bus_message *on_message;
    void *context;
};

struct set_watcher {
    enum state_set set;
    const struct ds_state_watcher *watcher;
};

struct server_watcher {
    bus_server *on_server;
    void *context;
};

struct memory_node {
    struct cluster cluster;
    struct memory_cluster *all;
    bool has_left;
    VEC(struct bus_subscriber) subscribers;
    VEC(struct set_watcher) watchers;
    VEC(struct server_watcher) server_watchers, return_watchers;
};

struct posted_message {
    const struct memory_node *from;
    struct memory_node *to;
    struct message *message;
};

static void copy_name(char out[128], slice name)
{
    CHECK(name.length < 128);
    memcpy(out, name.at, name.length);
    out[name.length] = '\0';
}

/* ---- bus ---- */

static void post(struct memory_node *from, struct memory_node *to, const struct message *message)
{
    struct posted_message *posted = malloc(sizeof *posted);
    CHECK(posted != NULL);
    *posted = (struct posted_message){from, to, message_copy(message)};
    VEC_PUSH(&from->all->posted, posted);
}

static void bus_send(void *self, const struct message *message)
{
    struct memory_node *node = self;
    node->all->sent++;
    for (size_t i = 0; i < node->all->nodes.count; i++)
        if (node->all->nodes.items[i] != node)
            post(node, node->all->nodes.items[i], message);
}

static bool bus_send_direct(void *self, slice server, const struct message *message)
{
    struct memory_node *node = self;
    for (size_t i = 0; i < node->all->nodes.count; i++) {
        struct memory_node *other = node->all->nodes.items[i];
        if (other != node && slice_equal(other->cluster.server_name, server)) {
            node->all->direct++;
            post(node, other, message);
            return true;
        }
    }
    return false;
}

static void bus_subscribe(void *self, enum topic topic, bus_message *on_message, void *context)
{
    struct memory_node *node = self;
    VEC_PUSH(&node->subscribers, ((struct bus_subscriber){topic, on_message, context}));
}

static size_t bus_count(void *self)
{
    const struct memory_cluster *all = ((const struct memory_node *)self)->all;
    return all->is_torn ? 1 : all->nodes.count;
}

static bool bus_may_have_others(void *self)
{
    (void)self;
    return true;
}

static void bus_watch(void *self, bus_server *on_removed, void *context)
{
    struct memory_node *node = self;
    VEC_PUSH(&node->server_watchers, ((struct server_watcher){on_removed, context}));
}

static void bus_watch_returns(void *self, bus_server *on_returned, void *context)
{
    struct memory_node *node = self;
    VEC_PUSH(&node->return_watchers, ((struct server_watcher){on_returned, context}));
}

static const struct bus_operations BUS = {bus_send,         bus_send_direct,     bus_subscribe,
                                          bus_count,        bus_may_have_others, bus_watch,
                                          bus_watch_returns};

static void deliver(const struct posted_message *posted)
{
    if (posted->from->has_left)
        return;
    for (size_t i = 0; i < posted->to->subscribers.count; i++) {
        const struct bus_subscriber *subscriber = &posted->to->subscribers.items[i];
        if (subscriber->topic == posted->message->topic)
            subscriber->on_message(subscriber->context, posted->message,
                                   posted->from->cluster.server_name);
    }
}

void memory_cluster_deliver(struct memory_cluster *cluster)
{
    for (size_t i = 0; i < cluster->posted.count; i++) { /* it grows meanwhile */
        struct posted_message *posted = cluster->posted.items[i];
        deliver(posted);
        free(posted->message);
        free(posted);
    }
    cluster->posted.count = 0;
}

/* ---- state registries ---- */

static struct memory_state *state_find(const struct memory_node *node, enum state_set set,
                                       slice name)
{
    for (size_t i = 0; i < node->all->states.count; i++) {
        struct memory_state *state = &node->all->states.items[i];
        if (state->node == node && state->set == set && slice_equal(slice_of(state->name), name))
            return state;
    }
    return NULL;
}

static bool is_anywhere(struct memory_cluster *all, enum state_set set, slice name)
{
    for (size_t i = 0; i < all->nodes.count; i++)
        if (state_find(all->nodes.items[i], set, name) != NULL)
            return true;
    return false;
}

static bool state_has(void *self, uint8_t set, slice name)
{
    return is_anywhere(((struct memory_node *)self)->all, set, name);
}

static void tell_watchers(struct memory_cluster *all, enum state_set set, slice name, bool added)
{
    for (size_t i = 0; i < all->nodes.count; i++) {
        const struct memory_node *node = all->nodes.items[i];
        for (size_t j = 0; j < node->watchers.count; j++) {
            const struct ds_state_watcher *watcher = node->watchers.items[j].watcher;
            if (node->watchers.items[j].set == set)
                (added ? watcher->on_added : watcher->on_removed)(watcher->context, name);
        }
    }
}

/* Of each two who have the name now, the others learn of this one. */
static void tell_shared(const struct memory_node *added, enum state_set set, slice name)
{
    for (size_t i = 0; i < added->all->nodes.count; i++) {
        const struct memory_node *node = added->all->nodes.items[i];
        if (node == added || state_find(node, set, name) == NULL)
            continue;
        for (size_t j = 0; j < node->watchers.count; j++) {
            const struct ds_state_watcher *watcher = node->watchers.items[j].watcher;
            if (node->watchers.items[j].set == set && watcher->on_shared != NULL)
                watcher->on_shared(watcher->context, name);
        }
    }
}

static void state_add(void *self, uint8_t set, slice name)
{
    struct memory_node *node = self;
    struct memory_state *state = state_find(node, set, name);
    if (state != NULL) {
        state->count++;
        return;
    }
    bool is_new = !is_anywhere(node->all, set, name);
    struct memory_state added = {.set = set, .node = node, .count = 1};
    copy_name(added.name, name);
    VEC_PUSH(&node->all->states, added);
    if (is_new)
        tell_watchers(node->all, set, name, true);
    else
        tell_shared(node, set, name);
}

static void state_remove(void *self, uint8_t set, slice name)
{
    struct memory_node *node = self;
    struct memory_state *state = state_find(node, set, name);
    CHECK(state != NULL);
    if (--state->count > 0)
        return;
    *state = node->all->states.items[--node->all->states.count];
    if (!is_anywhere(node->all, set, name))
        tell_watchers(node->all, set, name, false);
}

static void count_name(void *context, slice name)
{
    (void)name;
    ++*(size_t *)context;
}

static bool is_first_of_name(const struct memory_cluster *all, size_t index)
{
    const struct memory_state *state = &all->states.items[index];
    for (size_t i = 0; i < index; i++)
        if (all->states.items[i].set == state->set &&
            strcmp(all->states.items[i].name, state->name) == 0)
            return false;
    return true;
}

static void state_each(void *self, uint8_t set, void (*each)(void *context, slice name),
                       void *context)
{
    const struct memory_cluster *all = ((struct memory_node *)self)->all;
    for (size_t i = 0; i < all->states.count; i++) {
        char name[128];
        if (all->states.items[i].set != set || !is_first_of_name(all, i))
            continue;
        memcpy(name, all->states.items[i].name, sizeof name);
        each(context, slice_of(name));
    }
}

static size_t state_count(void *self, uint8_t set)
{
    size_t count = 0;
    state_each(self, set, count_name, &count);
    return count;
}

static void state_each_server(void *self, uint8_t set, slice name,
                              void (*each)(void *context, slice server), void *context)
{
    const struct memory_node *node = self;
    for (size_t i = 0; i < node->all->nodes.count; i++) {
        const struct memory_node *other = node->all->nodes.items[i];
        if (other != node && state_find(other, set, name) != NULL)
            each(context, other->cluster.server_name);
    }
}

static void state_watch(void *self, uint8_t set, const struct ds_state_watcher *watcher)
{
    struct memory_node *node = self;
    VEC_PUSH(&node->watchers, ((struct set_watcher){set, watcher}));
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

bool memory_cluster_is_locked(const struct memory_cluster *cluster, const char *name)
{
    for (size_t i = 0; i < cluster->locks.count; i++)
        if (strcmp(cluster->locks.items[i].name, name) == 0)
            return true;
    return false;
}

static bool take_lock(const struct memory_node *node, const char *name)
{
    if (memory_cluster_is_locked(node->all, name))
        return false;
    struct memory_lock lock = {.node = node};
    copy_name(lock.name, slice_of(name));
    VEC_PUSH(&node->all->locks, lock);
    return true;
}

static void lock_get(void *self, slice name, void (*done)(void *context, bool got), void *context)
{
    struct memory_node *node = self;
    struct lock_request request = {.node = node, .done = done, .context = context};
    copy_name(request.name, name);
    if (node->all->locks_come_later)
        VEC_PUSH(&node->all->lock_requests, request);
    else
        done(context, take_lock(node, request.name));
}

void memory_cluster_grant(struct memory_cluster *cluster)
{
    size_t count = cluster->lock_requests.count;
    for (size_t i = 0; i < count; i++) {
        struct lock_request request = cluster->lock_requests.items[i];
        request.done(request.context, take_lock(request.node, request.name));
    }
    cluster->lock_requests.count -= count;
    CHECK(cluster->lock_requests.count == 0);
}

/* The lock that this node holds, as it must. */
static struct memory_lock *own_lock(const struct memory_node *node, slice name)
{
    struct memory_lock *own = NULL;
    for (size_t i = 0; i < node->all->locks.count; i++) {
        struct memory_lock *lock = &node->all->locks.items[i];
        if (lock->node == node && slice_equal(slice_of(lock->name), name))
            own = lock;
    }
    CHECK(own != NULL);
    return own;
}

static void lock_renew(void *self, slice name)
{
    struct memory_node *node = self;
    own_lock(node, name);
    node->all->renewed++;
}

static void lock_release(void *self, slice name)
{
    struct memory_node *node = self;
    if (node->has_left)
        return;
    struct memory_lock *lock = own_lock(node, name);
    *lock = node->all->locks.items[--node->all->locks.count];
}

static const struct ds_lock_operations LOCKS = {lock_get, lock_renew, lock_release};

/* ---- the cluster ---- */

void memory_cluster_init(struct memory_cluster *cluster)
{
    *cluster = (struct memory_cluster){0};
}

struct cluster *memory_cluster_join(struct memory_cluster *cluster, const char *server_name)
{
    struct memory_node *node = calloc(1, sizeof *node);
    CHECK(node != NULL);
    node->all = cluster;
    node->cluster = (struct cluster){
        .server_name = slice_of(server_name),
        .bus = &BUS,
        .bus_self = node,
        .states = &STATES,
        .states_self = node,
        .locks = &LOCKS,
        .locks_self = node,
    };
    VEC_PUSH(&cluster->nodes, node);
    return &node->cluster;
}

static struct memory_state *any_state(const struct memory_node *node)
{
    for (size_t i = 0; i < node->all->states.count; i++)
        if (node->all->states.items[i].node == node)
            return &node->all->states.items[i];
    return NULL;
}

static void drop_locks(const struct memory_node *node)
{
    struct memory_cluster *all = node->all;
    for (size_t i = all->locks.count; i > 0; i--)
        if (all->locks.items[i - 1].node == node)
            all->locks.items[i - 1] = all->locks.items[--all->locks.count];
}

static void tell_of_removal(const struct memory_node *gone)
{
    for (size_t i = 0; i < gone->all->nodes.count; i++) {
        const struct memory_node *node = gone->all->nodes.items[i];
        for (size_t j = 0; j < node->server_watchers.count; j++)
            node->server_watchers.items[j].on_server(node->server_watchers.items[j].context,
                                                     gone->cluster.server_name);
    }
}

void memory_cluster_leave(struct cluster *cluster)
{
    struct memory_node *node = cluster->states_self;
    node->has_left = true;
    VEC_FREE(&node->subscribers);
    VEC_FREE(&node->watchers);
    VEC_FREE(&node->server_watchers);
    VEC_FREE(&node->return_watchers);
    drop_locks(node);
    for (struct memory_state *state; (state = any_state(node)) != NULL;) {
        struct memory_state gone = *state;
        state->count = 1;
        state_remove(node, (uint8_t)gone.set, slice_of(gone.name));
    }
    tell_of_removal(node);
}

void memory_cluster_return(const struct memory_cluster *cluster, const char *server_name)
{
    for (size_t i = 0; i < cluster->nodes.count; i++) {
        const struct memory_node *node = cluster->nodes.items[i];
        for (size_t j = 0; j < node->return_watchers.count; j++)
            node->return_watchers.items[j].on_server(node->return_watchers.items[j].context,
                                                     slice_of(server_name));
    }
}

void memory_cluster_fini(struct memory_cluster *cluster)
{
    for (size_t i = 0; i < cluster->posted.count; i++) {
        free(cluster->posted.items[i]->message);
        free(cluster->posted.items[i]);
    }
    for (size_t i = 0; i < cluster->nodes.count; i++) {
        VEC_FREE(&cluster->nodes.items[i]->subscribers);
        VEC_FREE(&cluster->nodes.items[i]->watchers);
        VEC_FREE(&cluster->nodes.items[i]->server_watchers);
        VEC_FREE(&cluster->nodes.items[i]->return_watchers);
        free(cluster->nodes.items[i]);
    }
    VEC_FREE(&cluster->nodes);
    VEC_FREE(&cluster->states);
    VEC_FREE(&cluster->locks);
    VEC_FREE(&cluster->lock_requests);
    VEC_FREE(&cluster->posted);
}
