#pragma once
/* Stands between the server and a plugin from a shared object, and holds it to what plugin.h wants
 * of answers: each comes once, on the loop's thread, before the plugin is closed. An answer too
 * many is logged with the plugin's file and goes no further; one on another thread ends the
 * process. Whoever called need not fear for a context that is gone.
 *
 * Of each kind whose operations answer: authentication, permission, cache, storage, locks,
 * HTTP services and connection endpoints; and of cluster nodes, whose texts come by themselves. */

#include "deepstream/plugin.h"

struct log;
struct plugin_guard;

/* self is what create returned, file for messages; all are borrowed. Returns NULL when the plugin's
 * kind has no operations that answer: it is called directly then. */
struct plugin_guard *plugin_guard_new(const struct ds_plugin *plugin, void *self, const char *file,
                                      struct log *log);

/* What is called in place of the plugin's operations, with the guard as self. */
const void *plugin_guard_operations(const struct plugin_guard *guard);

/* What create returned. */
void *plugin_guard_self(const struct plugin_guard *guard);

/* The plugin is closed: what it still says is logged, and goes no further. */
void plugin_guard_end(struct plugin_guard *guard);

/* NULL stays NULL. No code of the plugin runs any more. */
void plugin_guard_free(struct plugin_guard **guard);
