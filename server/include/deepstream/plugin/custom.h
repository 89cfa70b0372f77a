#pragma once
/* Plugins of your own, and telemetry. */

#include "deepstream/plugin/clients.h"

/* Plugins of your own: entries of `plugins`, each `key: {name or path, options}`. They are made
 * with the others and started when records, events and the rest work but no client is let in yet;
 * they are closed when the last client is gone. Most of what they do they do through struct
 * ds_services. The table, and each member, may be NULL. */
struct ds_custom_operations {
    /* A user has logged in, on any endpoint but HTTP requests; and, exactly once for each, the
     * connection has ended. */
    void (*on_login)(void *self, const struct ds_client *client);
    void (*on_logout)(void *self, const struct ds_client *client);
};

/* ---- telemetry ---- */

/* Told of nothing and without a table: who wants to send something somewhere looks at
 * services->statistics on a timer of its own. `telemetry: {type: deepstreamIO}`, the default, sends
 * nothing, ever; a plugin is loaded and started only when `enabled` is true in its options. */
