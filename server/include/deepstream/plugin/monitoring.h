#pragma once
/* Plugins that show what goes on. */

#include "deepstream/plugin/logger.h"
#include "deepstream/plugin/statistics.h"

/* Plugins that show what goes on. There may be several, each gets everything. They are told on the
 * way of what happens, from create on, and so return soon. Either may be NULL, and so may the
 * table: for those that only ask for statistics and answer over HTTP. */
struct ds_monitoring_operations {
    /* A line of WARN and above, whether the log level lets it into the log or not. Lines that are
     * logged meanwhile are not told. */
    void (*on_log)(void *self, const struct ds_log_line *line);

    /* An attempt to log in has ended. endpoint: "websocket", "http", "mqtt" or "plugin". user_id:
     * as authentication named it; empty when it was declined. */
    void (*on_login)(void *self, bool is_allowed, const char *endpoint, ds_slice user_id);
};
