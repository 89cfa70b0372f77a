#pragma once
/* A node for plugins under test: a loop, a scratch folder as config_dir, and a log that is kept.
 *
 *     struct plugin_host host;
 *     plugin_host_init(&host);
 *     void *cache = plugin_host_open(&host, &ds_cache_default, "{\"maxBytes\": 1000}", &error);
 *     ...
 *     plugin_host_close(&host, &ds_cache_default, cache);
 *     plugin_host_fini(&host);
 *
 * Each waits on the loop until the plugin has answered, and ends the process when it does not. */

#include "deepstream/plugin.h"

#include "base/buf.h"

#include <uv.h>

struct plugin_host {
    uv_loop_t loop;
    struct ds_services services;
    struct buf log; /* "EVENT text\n" of each line */
    char folder[64];
};

void plugin_host_init(struct plugin_host *host);
/* Removes the folder with all files in it. */
void plugin_host_fini(struct plugin_host *host);

/* Creates and starts it. Returns NULL and fills error when it does not want to. */
void *plugin_host_open(struct plugin_host *host, const struct ds_plugin *plugin,
                       const char *options_json, struct ds_error *error);
/* The same of one that has to want to: otherwise the process ends, having said why. */
void *plugin_host_must_open(struct plugin_host *host, const struct ds_plugin *plugin,
                            const char *options_json);
/* The same of one that must not, and has to say this. */
void plugin_host_must_refuse(struct plugin_host *host, const struct ds_plugin *plugin,
                             const char *options_json, const char *text);
void plugin_host_close(struct plugin_host *host, const struct ds_plugin *plugin, void *self);

/* Runs the loop until *flag is true, at most 30 s. */
void plugin_host_wait(struct plugin_host *host, const bool *flag);

/* Whether a line of the log so far holds this text. */
bool plugin_host_has_logged(const struct plugin_host *host, const char *text);
