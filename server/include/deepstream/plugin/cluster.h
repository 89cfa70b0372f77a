#pragma once
/* The nodes of a cluster: the bus between them, who is there, what they know together, and locks.
 */

#include <stdbool.h>
#include <stdint.h>
#include "deepstream/plugin/values.h"

/* ---- cluster node: the bus between the nodes of a cluster ---- */

/* What the bus gives to the server. */
struct ds_cluster_node_listener {
    void *context;
    /* A text that another node sent, byte for byte. */
    void (*on_text)(void *context, uint8_t topic, ds_slice text);
    /* false: the bus is lost, nothing comes or goes. true: it is there again, or texts may have
     * been lost on the way; what nodes know of each other is then compared. The first connection is
     * told by the done of start alone. */
    void (*on_state)(void *context, bool is_connected);
};

/* Carries texts between nodes, without looking into them: at most once, and those of one sender to
 * one receiver in order. Texts are JSON of the form
 *
 *     {"fromServer":"a","toServer":"b","message":{"topic":10,...}}
 *
 * toServer only when it is for one node. The server makes and reads them, and passes over what is
 * its own or another node's: a bus may bring a text to more nodes than it is for, and back to its
 * sender, but should not where that is cheap.
 *
 * On a bus with channels a topic is a channel named by its number in decimal, as that of the
 * original on Redis: 4 events, 5 records, 6 rpc, 9 cluster, 10 locks, 11 states, 19 and 20
 * listening.
 *
 * A bus never blocks and never grows without bound: what cannot be sent soon is dropped, and said
 * by on_state(true) once texts go through again. It connects again by itself. */
struct ds_cluster_node_operations {
    /* To all other nodes. text is copied. */
    void (*send)(void *self, uint8_t topic, ds_slice text);
    /* To one. Also when there is no such node. */
    void (*send_direct)(void *self, ds_slice server, uint8_t topic, ds_slice text);
    /* Texts of this topic are wanted from now on; once for each topic, before start or later. */
    void (*subscribe)(void *self, uint8_t topic);
    /* Who gets what comes: called once, before start. listener is borrowed until close is done; it
     * is not called from inside the operations above. */
    void (*listen)(void *self, const struct ds_cluster_node_listener *listener);
};

/* What plugins listen to on the bus. */
struct ds_bus_listener {
    uint8_t topic;
    void *context;
    /* message: the JSON object of another node. It may say anything. */
    void (*on_message)(void *context, ds_slice from_server, ds_slice message);
    /* The bus is there again: what others sent meanwhile did not come. May be NULL. */
    void (*on_connected)(void *context);
};

/* ---- cluster registry: which nodes are there, and which one leads ---- */

/* All after the change. Each may be NULL. */
struct ds_cluster_watcher {
    void *context;
    void (*on_added)(void *context, ds_slice server);
    void (*on_removed)(void *context, ds_slice server);
    void (*on_leader)(void *context, ds_slice leader); /* another node leads now */
    /* It was there all the time, but messages between it and this node may have been lost; with
     * this node's own name: those between this node and any other. */
    void (*on_regained)(void *context, ds_slice server);
};

/* Nodes are known by their names. A node that was away and comes back is removed and added. */
struct ds_cluster_registry_operations {
    /* Everything that others may ask this node is ready: from now on it is in the cluster. */
    void (*join)(void *self);
    /* Tells the others that it goes: they forget what it had. Nothing is watched from then on. Not
     * called when the start failed before join. */
    void (*leave)(void *self);
    /* The node on which all agree sooner or later; this one while it is alone. */
    ds_slice (*leader)(void *self);
    /* All nodes, with this one. No node comes or goes meanwhile. */
    void (*each)(void *self, void (*each)(void *context, ds_slice server), void *context);
    bool (*has)(void *self, ds_slice server);
    size_t (*count)(void *self);
    /* Several may watch. watcher is borrowed until close. */
    void (*watch)(void *self, const struct ds_cluster_watcher *watcher);
};

/* ---- state registry: names that are present in the cluster ---- */

/* Told when a name comes into a set (the first node has it) and when it leaves (the last node):
 * after the change, be it this node's or another's. */
struct ds_state_watcher {
    void *context;
    void (*on_added)(void *context, ds_slice name);
    void (*on_removed)(void *context, ds_slice name);
    /* A name that this node has is now another node's too; it may remove its own at once. May be
     * NULL. */
    void (*on_shared)(void *context, ds_slice name);
};

/* Sets of names that all nodes share, each known by a number: 10 users online, 11 and 12
 * subscriptions to events and records, 13 providers, 14 subscriptions to users, 15 and 16 patterns
 * of listeners for records and events, 17 and 18 names of records and events that are provided,
 * 19 filters of MQTT, which the original does not have. Numbers are below 32.
 *
 * Callbacks come on the loop, perhaps before the call returns. Names are borrowed for the call. */
struct ds_state_registry_operations {
    /* Counted per node: as many removes as adds. */
    void (*add)(void *self, uint8_t set, ds_slice name);
    void (*remove)(void *self, uint8_t set, ds_slice name);
    bool (*has)(void *self, uint8_t set, ds_slice name);
    /* Calls each with every name present anywhere; the set must not change meanwhile. */
    void (*each)(void *self, uint8_t set, void (*each)(void *context, ds_slice name),
                 void *context);
    size_t (*count)(void *self, uint8_t set);
    /* Nodes other than this one that have the name: calls each with their server names. */
    void (*each_server)(void *self, uint8_t set, ds_slice name,
                        void (*each)(void *context, ds_slice server), void *context);
    /* Several may watch one set. watcher is borrowed until the node leaves its cluster. */
    void (*watch)(void *self, uint8_t set, const struct ds_state_watcher *watcher);

    /* The node joins its cluster now. Clients are let in once done was called, which the registry
     * does when it has the names of the nodes that are there, and in the end without them: with
     * NULL each time. Not from inside a text of the bus. NULL: clients need not wait. */
    void (*join)(void *self, ds_done *done, void *context);
    /* The node has left: nobody is told of anything any more, neither watchers nor join's done,
     * but names are still removed. May be NULL. */
    void (*leave)(void *self);
};

/* ---- locks: what one node does at a time ---- */

typedef void ds_lock_done(void *context, bool got);

/* A lock is held for a limited time, at the end of which others get it. Locks of a node that is
 * gone are free. When nodes lose each other, each part may grant the same lock: what must never
 * happen twice needs more than a lock. */
struct ds_lock_operations {
    /* Calls done with whether the lock was got; false also when this node holds it already, asks
     * for it already, or hears nothing in time. */
    void (*get)(void *self, ds_slice name, ds_lock_done *done, void *context);
    /* Holds on to a lock that this node has: its time starts anew. */
    void (*renew)(void *self, ds_slice name);
    /* Also when it is not held any more. */
    void (*release)(void *self, ds_slice name);
};
