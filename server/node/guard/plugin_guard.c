#include "node/guard/internal.h"

#include "base/check.h"

#include <stdlib.h>

/* Whether the kind has operations that answer. */
static bool fill(struct plugin_guard *guard)
{
    switch (guard->plugin->kind) {
    case DS_PLUGIN_AUTHENTICATION:
        guard_fill_authentication(guard);
        return true;
    case DS_PLUGIN_PERMISSION:
        guard_fill_permission(guard);
        return true;
    case DS_PLUGIN_CACHE:
        guard_fill_cache(guard);
        return true;
    case DS_PLUGIN_STORAGE:
        guard_fill_storage(guard);
        return guard->plugin->operations != NULL; /* none: nothing is kept */
    case DS_PLUGIN_LOCKS:
        guard_fill_locks(guard);
        return true;
    case DS_PLUGIN_CLUSTER_NODE:
        guard_fill_cluster_node(guard);
        return true;
    case DS_PLUGIN_HTTP_SERVICE:
        guard_fill_http_service(guard);
        return true;
    case DS_PLUGIN_CONNECTION_ENDPOINT:
        guard_fill_connection_endpoint(guard);
        return true;
    default:
        return false;
    }
}

struct plugin_guard *plugin_guard_new(const struct ds_plugin *plugin, void *self, const char *file,
                                      struct log *log)
{
    struct plugin_guard *guard = calloc(1, sizeof *guard);
    CHECK(guard != NULL);
    guard->plugin = plugin;
    guard->self = self;
    guard->file = file;
    guard->log = log;
    guard->thread = uv_thread_self();
    list_init(&guard->open);
    list_init(&guard->over);
    if (!fill(guard)) {
        free(guard);
        guard = NULL;
    }
    return guard;
}

const void *plugin_guard_operations(const struct plugin_guard *guard)
{
    return &guard->operations;
}

void *plugin_guard_self(const struct plugin_guard *guard)
{
    return guard->self;
}

void plugin_guard_end(struct plugin_guard *guard)
{
    guard->has_ended = true;
}

void plugin_guard_free(struct plugin_guard **guard)
{
    struct plugin_guard *freed = *guard;
    *guard = NULL;
    if (freed == NULL)
        return;
    guard_calls_free(freed);
    free(freed);
}
