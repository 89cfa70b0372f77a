#pragma once
/* What handlers know of other nodes: a bus, sets of names that all nodes share, and locks. Handlers
 * do not know whether they are alone; single.c is the implementation for one node.
 *
 * Names are borrowed for the call. Callbacks come on the loop, perhaps before the call returns. A
 * node leaves its cluster before its handlers are freed: after that nothing reaches them. */

#include "message/message.h"

/* ---- bus ---- */

typedef void bus_message(void *context, const struct message *message, slice from_server);

struct bus_operations {
    /* To every other node. No message of another node comes from inside a send. */
    void (*send)(void *self, const struct message *message);
    /* To one node; false when there is none of that name. */
    bool (*send_direct)(void *self, slice server, const struct message *message);
    /* Several may subscribe to one topic; each gets every message of it. LISTEN_UNSUCCESSFUL of
     * events and records comes under TOPIC_EVENT and TOPIC_RECORD. */
    void (*subscribe)(void *self, enum topic topic, bus_message *on_message, void *context);
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
    STATE_SET_END,
};

/* Told when a name comes into a set (the first node has it) and when it leaves (the last node):
 * after the change, be it this node's or another's. */
struct state_watcher {
    void *context;
    void (*on_added)(void *context, slice name);
    void (*on_removed)(void *context, slice name);
};

struct state_operations {
    /* Counted per node: as many removes as adds. */
    void (*add)(void *self, enum state_set set, slice name);
    void (*remove)(void *self, enum state_set set, slice name);
    bool (*has)(void *self, enum state_set set, slice name);
    /* Calls each with every name present anywhere; the set must not change meanwhile. */
    void (*each)(void *self, enum state_set set, void (*each)(void *context, slice name),
                 void *context);
    size_t (*count)(void *self, enum state_set set);
    /* Nodes other than this one that have the name: calls each with their server names. */
    void (*each_server)(void *self, enum state_set set, slice name,
                        void (*each)(void *context, slice server), void *context);
    /* Several may watch one set. watcher is borrowed until the node leaves. */
    void (*watch)(void *self, enum state_set set, const struct state_watcher *watcher);
};

/* ---- locks ---- */

struct lock_operations {
    /* Calls done with whether the lock was got; false also when this node holds it already. */
    void (*get)(void *self, slice name, void (*done)(void *context, bool got), void *context);
    /* Holds on to a lock that this node has: its time starts anew. */
    void (*renew)(void *self, slice name);
    void (*release)(void *self, slice name);
};

/* ---- all of it ---- */

struct cluster {
    slice server_name;
    const struct bus_operations *bus;
    void *bus_self;
    const struct state_operations *states;
    void *states_self;
    const struct lock_operations *locks;
    void *locks_self;
};

/* The cluster of a node that is alone. server_name is borrowed. */
struct cluster *cluster_single_new(slice server_name);
void cluster_single_free(struct cluster **cluster);
