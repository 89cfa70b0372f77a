#pragma once
/* Real nodes that are a cluster in this process, all on one thread, so that what they know can be
 * read between two turns of their loop. The program's own thread has the clients. */

#include "node/internal.h"

#include <semaphore.h>

#define MOST_NODES 64

struct group_node {
    struct node_group *group;
    struct config *config;
    struct ds_node *node;
    bool is_running, has_stopped;
};

struct node_group {
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t wake;
    sem_t answered;
    struct ds_process *process;
    struct group_node nodes[MOST_NODES];
    size_t count;
    void (*question)(void *context, struct node_group *group);
    void *context;
};

/* Ends the program: a figure whose answers are wrong is none. */
_Noreturn void growth_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

double growth_now_s(void);

void node_group_open(struct node_group *group);
/* Stops and frees all nodes. */
void node_group_close(struct node_group *group);

/* Starts one more node and waits until clients may connect. */
void node_group_add(struct node_group *group);
/* The last one begins to stop, and does not count any more; then: it has stopped. */
void node_group_stop_last(struct node_group *group);
void node_group_free_stopped(struct node_group *group);

uint16_t node_group_port(const struct node_group *group, size_t node);

/* Calls question on the thread of the nodes, and waits for it. */
void node_group_ask(struct node_group *group,
                    void (*question)(void *context, struct node_group *group), void *context);

/* Asks again and again until it is true. */
void node_group_wait(struct node_group *group,
                     bool (*is_true)(void *context, const struct node_group *group), void *context,
                     const char *what);

/* Processor time of the thread of the nodes. */
double node_group_cpu_s(struct node_group *group);

static inline struct cluster *group_cluster(const struct node_group *group, size_t node)
{
    return &group->nodes[node].node->cluster.cluster;
}
