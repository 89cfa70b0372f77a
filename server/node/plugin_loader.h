#pragma once
/* From what the configuration names to a plugin: `type` is a built-in, `name` a file of the folder
 * of plugins, <kind>-<name>.so, and `path` any file, relative to the folder of the configuration.
 *
 * A name may be written as the Node.js server's package is called: `redis`,
 * `@deepstream/cache-redis` and `deepstream.io-cache-redis` are the same cache. */

#include "node/config/config.h"
#include "plugin_library.h"

#include "base/buf.h"

struct loaded_plugin {
    const struct ds_plugin *plugin;
    struct plugin_library *library; /* the caller's; NULL: built in */
};

/* The built-in plugin of a kind and type, or NULL. */
const struct ds_plugin *plugin_loader_builtin(enum ds_plugin_kind kind, slice type);

/* Returns false, having refused it in the configuration, when it cannot be had. */
bool plugin_loader_find(enum ds_plugin_kind kind, struct config *config,
                        const struct config_plugin *wanted, struct loaded_plugin *found);

/* "cache plugin via path ./a.so", for messages. */
void plugin_loader_describe(enum ds_plugin_kind kind, const struct config_plugin *wanted,
                            struct buf *out);

/* The folder of plugins: libDir; without it lib/deepstream of the prefix that the program is
 * installed in, or connectors/ beside the program, in a build tree. The caller frees it. */
char *plugin_loader_folder(const struct config *config);

/* The same without a libDir. */
char *plugin_loader_usual_folder(void);
