#pragma once
/* A cluster of nodes in one test: sets that all share, a bus that delivers when the test says so,
 * locks that are granted at once or when the test says so. */

#include "handlers/cluster/cluster.h"

#include "base/vec.h"

struct memory_node;
struct posted_message;

struct memory_state {
    enum state_set set;
    const struct memory_node *node;
    size_t count;
    char name[128];
};

struct memory_lock {
    const struct memory_node *node;
    char name[128];
};

struct lock_request {
    struct memory_node *node;
    char name[128];
    void (*done)(void *context, bool got);
    void *context;
};

struct memory_cluster {
    VEC(struct memory_node *) nodes;
    VEC(struct memory_state) states;
    VEC(struct memory_lock) locks;
    VEC(struct lock_request) lock_requests; /* while locks_come_later */
    VEC(struct posted_message *) posted;
    bool locks_come_later;
    bool is_torn;   /* nodes do not count each other; what they have said still comes */
    size_t sent;    /* messages to all, so far */
    size_t direct;  /* messages to one */
    size_t renewed; /* locks held on to */
};

void memory_cluster_init(struct memory_cluster *cluster);
void memory_cluster_fini(struct memory_cluster *cluster);

/* A new node, which lives as long as the cluster. */
struct cluster *memory_cluster_join(struct memory_cluster *cluster, const char *server_name);

/* The node goes: its names go with it, nothing reaches it any more, and what it said last reaches
 * nobody. Before its handlers are freed. */
void memory_cluster_leave(struct cluster *node);

/* All are told that what was said between them and this node may have been lost. */
void memory_cluster_return(const struct memory_cluster *cluster, const char *server_name);

/* Delivers what is on the bus, and what that causes, until nothing is. */
void memory_cluster_deliver(struct memory_cluster *cluster);

/* Answers the requests for locks that wait. */
void memory_cluster_grant(struct memory_cluster *cluster);

bool memory_cluster_is_locked(const struct memory_cluster *cluster, const char *name);
