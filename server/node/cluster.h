#pragma once
/* This node's part in a cluster: the bus, and the plugins on top of it. A node without a bus is
 * alone, and pays for nothing of this. */

#include "bus.h"

struct ds_node;
struct service;

struct bus_server_watcher {
    bus_server *on_server;
    void *context;
};

struct node_cluster {
    struct bus bus;
    struct service *bus_service, *registry, *states, *locks; /* NULL: none */
    struct cluster cluster;                                  /* what handlers see */
    struct cluster *single; /* the parts of a cluster of one that no plugin stands for */
    struct ds_cluster_watcher watcher;
    VEC(struct bus_server_watcher) removal_watchers, return_watchers;
    bool is_known; /* what the others have, or the time for it is up */
    void (*on_known)(void *context);
    void *known_context;
};

/* Makes the plugins that the configuration wants, and offers the bus to those made later. */
void cluster_add(struct ds_node *node);
void cluster_fini(struct node_cluster *cluster);

/* Handlers and endpoints are ready for the others, or are not any more. Leaving twice, or without
 * having joined, changes nothing. */
void cluster_join(struct node_cluster *cluster);
void cluster_leave(struct node_cluster *cluster);

/* Calls on_known when clients may be let in: now, if this node is alone, or when it knows what
 * those have that it joined. Once, unless it leaves before. */
void cluster_when_known(struct node_cluster *cluster, void (*on_known)(void *context),
                        void *context);
void cluster_forget_known(struct node_cluster *cluster);

/* Nodes, with this one. */
size_t cluster_size(const struct node_cluster *cluster);
