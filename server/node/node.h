#pragma once
/* One running server. A process may hold several: everything hangs off struct ds_node, and all of a
 * node happens on the thread of its loop.
 *
 *     struct ds_node *node = ds_node_new(loop, config, &events);
 *     if (!config_is_valid(config))     // a plugin could not be made
 *         print the problems, and do not start
 *     ds_node_start(node);              // on_running, or on_stopped with failed
 *     uv_run(loop, UV_RUN_DEFAULT);
 *     ...
 *     ds_node_stop(node);               // drains; on_stopped
 *     ds_node_free(&node);              // once on_stopped was called
 *
 * What goes wrong is logged by the node, with its cause; events tell only that it did. */

#include "node/config/config.h"

#include <uv.h>

struct ds_node;
struct ds_process;
struct log;

struct ds_node_events {
    void *context;
    /* Clients may connect from now on. May be NULL; may come before ds_node_start returns. */
    void (*on_running)(void *context);
    /* The node has stopped: after ds_node_stop, or by itself with failed, because it could not
     * start. Comes from the loop; the node may be freed here. */
    void (*on_stopped)(void *context, bool failed);
};

enum node_state {
#define STATE(name) NODE_##name,
#include "node/states.def"
#undef STATE
};

/* Makes a node and its plugins, which open nothing yet. Plugins that cannot be made are refused in
 * the configuration: ask config_is_valid before ds_node_start. The loop and the configuration are
 * borrowed until the node is freed, events are copied. */
struct ds_node *ds_node_new(uv_loop_t *loop, struct config *config,
                            const struct ds_node_events *events);

/* The same in a process that has several nodes, each on the thread that calls this (process.h). */
struct ds_node *ds_node_new_in(struct ds_process *process, uv_loop_t *loop, struct config *config,
                               const struct ds_node_events *events);

/* Frees a node that has stopped; if a plugin did not close in time, once it has, on the loop. */
void ds_node_free(struct ds_node **node);

void ds_node_start(struct ds_node *node);

/* Stops in every state; what was accepted is finished first, for at most shutdownTimeout. Stopping
 * again changes nothing. */
void ds_node_stop(struct ds_node *node);

/* Reads the rules again, all or nothing, and takes the log level and the certificates of `fresh`,
 * which was loaded as the node's configuration was (NULL: keeps them). Connections stay; those that
 * come from now on get the new certificates. The outcome is logged. Returns whether rules and
 * certificates are the new ones. */
bool ds_node_reload(struct ds_node *node, const struct config *fresh);

enum node_state ds_node_state(const struct ds_node *node);

/* The port that clients connect to; 0 unless the node is running. */
uint16_t ds_node_port(const struct ds_node *node);

/* Where the node logs, for lines about the process around it. Lives as long as the node. */
struct log *ds_node_log(struct ds_node *node);
