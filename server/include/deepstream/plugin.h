#pragma once
/* What a plugin of the server sees: the tables of operations of each kind, and what the server
 * gives to it. Plain C, also for C++; nothing else of the server is needed. Built-ins use the same
 * header.
 *
 * A whole plugin, a logger that appends lines to a file:
 *
 *     #include <deepstream/plugin.h>
 *     #include <errno.h>
 *     #include <stdio.h>
 *     #include <string.h>
 *
 *     static void *create(const struct ds_services *services, const struct ds_value *options,
 *                         struct ds_error *error)
 *     {
 *         ds_slice path = ds_value_text(ds_value_member(options, "path"), (ds_slice){"", 0});
 *         char name[4096];
 *         (void)services;
 *         snprintf(name, sizeof name, "%.*s", (int)path.length, path.at);
 *         FILE *file = fopen(name, "a");
 *         if (file == NULL)
 *             snprintf(error->text, sizeof error->text, "cannot write %.400s: %s", name,
 *                      strerror(errno));
 *         else
 *             setvbuf(file, NULL, _IOLBF, 0);
 *         return file;
 *     }
 *
 *     static void close_file(void *self, ds_done *done, void *context)
 *     {
 *         fclose((FILE *)self);
 *         done(context, NULL);
 *     }
 *
 *     static void write_line(void *self, const struct ds_log_line *line)
 *     {
 *         fprintf((FILE *)self, "%.*s | %.*s\n", (int)line->event.length, line->event.at,
 *                 (int)line->text.length, line->text.at);
 *     }
 *
 *     static const struct ds_logger_operations operations = {.write = write_line};
 *     static const char *const options[] = {"path", NULL};
 *     static const struct ds_plugin plugin = {
 *         .version = DS_PLUGIN_VERSION,
 *         .kind = DS_PLUGIN_LOGGER,
 *         .name = "lines",
 *         .description = "lines in a file",
 *         .create = create,
 *         .close = close_file,
 *         .operations = &operations,
 *         .options = options,
 *     };
 *
 *     DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
 *     {
 *         return &plugin;
 *     }
 *
 * Built with `cc -shared -fPIC -o logger-lines.so lines.c $(pkg-config --cflags deepstream-plugin)`
 * and named in the configuration by its path, or by its name once it lies in the folder of plugins:
 *
 *     logger:
 *       name: lines # or path: ./logger-lines.so
 *       options:
 *         path: /var/log/deepstream.log
 *
 * Rules of the whole header:
 * - Everything runs on the thread of the node's loop, unless an operation says otherwise. Work that
 *   takes long belongs on another thread (uv_queue_work on services->loop); its result is handed
 *   over on the loop.
 * - Arguments are borrowed: they live until the function returns. Copy what is needed later.
 * - A `done` callback is called exactly once, on the loop; it may be called before the operation
 *   returns. What it gets lives until it returns. Errors are texts, lower case, without a stop.
 * - `self` is what create returned. After close has called its done, self is gone.
 *
 * What becomes of a plugin of a shared object that breaks them:
 * - It calls a done twice, or answers an HTTP request twice: a line in the log (PLUGIN_ERROR), and
 *   what it said the second time is ignored.
 * - It answers with neither a result nor an error, or a login with data that is not JSON: a line in
 *   the log; the call has failed, the login is refused.
 * - It calls a done on another thread, or a function of struct ds_services (share and unshare
 *   apart): the end of the process, which says why on standard error.
 * - It crashes: so does the server. They are one process, and nothing can be saved from it. */

/* ---- what else there is, a header for each ---- */

#include "deepstream/plugin/values.h"   /* options */
#include "deepstream/plugin/services.h" /* what the server offers */

#include "deepstream/plugin/authentication.h" /* kinds of plugins */
#include "deepstream/plugin/cluster.h"
#include "deepstream/plugin/connection_endpoint.h"
#include "deepstream/plugin/custom.h"
#include "deepstream/plugin/http_service.h"
#include "deepstream/plugin/logger.h"
#include "deepstream/plugin/monitoring.h"
#include "deepstream/plugin/permission.h"
#include "deepstream/plugin/stores.h"
#include "deepstream/plugin/subscription_registry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when a table below changes in a way that an older plugin would not survive. */
#define DS_PLUGIN_VERSION 1

/* ---- every plugin ---- */

enum ds_plugin_kind {
    DS_PLUGIN_AUTHENTICATION,
    DS_PLUGIN_PERMISSION,
    DS_PLUGIN_CACHE,
    DS_PLUGIN_STORAGE,
    DS_PLUGIN_LOGGER,
    DS_PLUGIN_MONITORING,
    DS_PLUGIN_CUSTOM,
    DS_PLUGIN_CONNECTION_ENDPOINT,
    DS_PLUGIN_HTTP_SERVICE,
    DS_PLUGIN_TELEMETRY,
    DS_PLUGIN_SUBSCRIPTION_REGISTRY,
    DS_PLUGIN_LOCKS,
    DS_PLUGIN_CLUSTER_NODE,
    DS_PLUGIN_CLUSTER_REGISTRY,
    DS_PLUGIN_STATE_REGISTRY,
};

struct ds_plugin {
    uint32_t version; /* DS_PLUGIN_VERSION of the header it was built with */
    enum ds_plugin_kind kind;
    const char *name;        /* as `type:` names it: "file" */
    const char *description; /* for the log: "file using users.yml" */

    /* Makes one instance of it. services lives until close is done, options until create returns
     * (NULL when the file has none). Returns NULL and fills error when it cannot work. A text that
     * it fills in and works all the same is a warning. */
    void *(*create)(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error);

    /* Gets it ready: opens files, connects. NULL: ready at once. The start of the server fails when
     * done comes with an error, or not within dependencyInitializationTimeout. */
    void (*start)(void *self, ds_done *done, void *context);

    /* Finishes what is under way, then frees self and calls done. Also called when start failed. */
    void (*close)(void *self, ds_done *done, void *context);

    const void *operations; /* the table of its kind; NULL: a storage that keeps nothing,
                               or monitoring that is told nothing */

    /* Names of its options, NULL at the end. Another one in the configuration is a warning with its
     * place and the nearest of these; it is given to create all the same. NULL: any name is fine.
     * Members of an option that is a map, or a list of maps, are named with a dot: with "tls.ca"
     * and "tls.key", `tls` is known and has these two. Of an option without such names everything
     * inside is fine: it needs none when its keys are the user's own, such as names of hosts. */
    const char *const *options;
};

/* ---- the entry of a shared object ---- */

#define DS_PLUGIN_SYMBOL "deepstream_plugin"
#define DS_PLUGIN_EXPORT __attribute__((visibility("default")))

/* What a shared object exports, and all that it exports. The server calls it when it has loaded the
 * file; more than once when several entries of the configuration name it. What it returns never
 * changes and lives as long as the file is loaded: a constant. One file holds one plugin, of which
 * any number of instances may be made.
 *
 * `version` is read first. When it is not DS_PLUGIN_VERSION, nothing else is touched, and the start
 * fails with a sentence that names the file and both versions: new members may be added between
 * two versions, but `version` stays the first of struct ds_plugin for ever.
 *
 * The file is loaded with RTLD_NOW | RTLD_LOCAL: its symbols are seen by nobody else, and it sees,
 * beside the libraries that it is linked with, the functions of this header and nothing more of the
 * server. It is unloaded after close has called its done and the loop has ended. No code of it may
 * run then: close has stopped its threads and closed its handles before it calls done. When a
 * library that it is linked with cannot bear that, link the plugin with -Wl,-z,nodelete. */
DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void);

#ifdef __cplusplus
}
#endif
