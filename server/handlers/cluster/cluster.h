#pragma once
/* What handlers know of other nodes: a bus, who is there, sets of names that all nodes share, and
 * locks; the last two with the contracts of plugin.h. Handlers do not know whether they are alone;
 * single.c is the implementation for one node.
 *
 * Names are borrowed for the call. Callbacks come on the loop, perhaps before the call returns. A
 * node leaves its cluster before its handlers are freed: after that nothing reaches them. */

#include "deepstream/plugin.h"
#include "message/message.h"

/* ---- bus ---- */

typedef void bus_message(void *context, const struct message *message, slice from_server);
typedef void bus_server(void *context, slice server);

struct bus_operations {
    /* To every other node. No message of another node comes from inside a send. */
    void (*send)(void *self, const struct message *message);
    /* To one node; false when there is none of that name. */
    bool (*send_direct)(void *self, slice server, const struct message *message);
    /* Several may subscribe to one topic; each gets every message of it. LISTEN_UNSUCCESSFUL of
     * events and records comes under TOPIC_EVENT and TOPIC_RECORD. */
    void (*subscribe)(void *self, enum topic topic, bus_message *on_message, void *context);
    /* Nodes, with this one. */
    size_t (*count)(void *self);
    /* Whether there is a bus at all, so that others may have been there or may come. */
    bool (*may_have_others)(void *self);
    /* Told when a node is gone: what it was asked it will not answer. Several may watch. */
    void (*watch)(void *self, bus_server *on_removed, void *context);
    /* Told when a node has come, or come back, and when the bus between it and this node was lost
     * for a while; with this node's own name, when its bus was. Several may watch. */
    void (*watch_returns)(void *self, bus_server *on_returned, void *context);
};

/* ---- state registries: names that are present in the cluster ---- */

enum state_set {
    STATE_ONLINE_USERS = 10,
    STATE_EVENT_SUBSCRIPTIONS = 11,
    STATE_RECORD_SUBSCRIPTIONS = 12,
    STATE_RPC_PROVIDERS = 13,
    STATE_PRESENCE_SUBSCRIPTIONS = 14,
    STATE_RECORD_LISTEN_PATTERNS = 15,
    STATE_EVENT_LISTEN_PATTERNS = 16,
    STATE_RECORD_PUBLISHED = 17,
    STATE_EVENT_PUBLISHED = 18,
    STATE_EVENT_FILTERS = 19, /* with wildcards; the original has none */
    STATE_SET_END,
};

/* ---- all of it ---- */

struct cluster {
    slice server_name;
    const struct bus_operations *bus;
    void *bus_self;
    const struct ds_state_registry_operations *states;
    void *states_self;
    const struct ds_lock_operations *locks;
    void *locks_self;
};

/* The cluster of a node that is alone. server_name is borrowed. */
struct cluster *cluster_single_new(slice server_name);
void cluster_single_free(struct cluster **cluster);
