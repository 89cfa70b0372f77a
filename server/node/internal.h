#pragma once
/* What the files of this folder share: the node itself. */

#include "node/node.h"

#include "cluster.h"
#include "endpoints.h"
#include "features.h"
#include "plugin_client.h"
#include "plugin_http.h"
#include "process.h"
#include "services.h"
#include "statistics.h"

#include "deepstream/plugin.h"
#include "logging/log.h"

#include "base/buf.h"

struct process_statistics;

struct ds_node {
    uv_loop_t *loop;
    uv_thread_t thread;    /* that runs it */
    struct config *config; /* borrowed */
    struct ds_node_events events;
    enum node_state state;
    bool has_failed;
    bool is_draining; /* waiting for writes under way, at the stop */

    struct log log;
    struct ds_services host; /* what plugins are given */
    struct plugin_http plugin_http;
    struct buf server_name_text; /* its own: plugins that close late need it */
    slice server_name;

    struct services logger; /* one, apart from the others: it starts first and closes last */
    struct services services;
    struct services custom; /* of `plugins`, then of connectionEndpoints: they start after the
                               handlers, and clients come after them */
    struct service *http_service, *cache, *storage, *permission, *subscriptions;
    VEC(struct session_authentication) authentications;
    VEC(struct service *) monitorings;

    struct node_cluster cluster;
    struct ds_process *process; /* NULL: this node is the only one in it */

    struct statistics statistics;
    struct process_statistics *process_statistics; /* NULL: no process, or it has left */
    struct metrics_watcher login_watcher;
    struct features features;
    struct endpoints endpoints;
    struct session_events client_events; /* custom_plugins.c */
    struct plugin_client *plugin_client; /* NULL: the handlers are not there yet */

    /* One phase at a time has a deadline. */
    uv_timer_t timer;
    void (*on_deadline)(struct ds_node *node);
};

/* node.c: reads the rules again, all or nothing; the outcome is logged. */
bool node_reload_rules(struct ds_node *node, struct ds_error *error);
