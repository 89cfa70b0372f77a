#pragma once
/* A shared object that holds a plugin: opened, looked at, closed. Knows no configuration.
 *
 *     struct plugin_library *library = plugin_library_open("/x/cache-a.so", &error);
 *     if (library == NULL) ...     // error.text: "/x/cache-a.so: there is no such file"
 *     const struct ds_plugin *plugin = plugin_library_plugin(library);
 *     ...
 *     plugin_library_close(&library);     // once nothing of the plugin runs any more */

#include "deepstream/plugin.h"

struct plugin_library;

/* "cache", "authentication": the word of file names, "cache-redis.so", and of messages. */
const char *plugin_kind_word(enum ds_plugin_kind kind);

/* Returns NULL and fills error, which begins with the path, when the file cannot be opened, holds
 * no plugin, or one of another version or without what every plugin has. */
struct plugin_library *plugin_library_open(const char *path, struct ds_error *error);

/* The same, and the plugin has to be of a kind. */
struct plugin_library *plugin_library_open_kind(const char *path, enum ds_plugin_kind kind,
                                                struct ds_error *error);

const struct ds_plugin *plugin_library_plugin(const struct plugin_library *library);
const char *plugin_library_path(const struct plugin_library *library);

/* NULL stays NULL. */
void plugin_library_close(struct plugin_library **library);
