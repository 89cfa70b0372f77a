#pragma once
/* The plugins of a node: found, made, started side by side, closed one by one. */

#include "deepstream/plugin.h"
#include "node/config/config.h"

#include "base/vec.h"

struct log;
struct plugin_guard;
struct plugin_library;
struct services;

struct service {
    const struct ds_plugin *plugin;
    void *self;       /* of its operations; NULL once it is closed */
    const char *name; /* for messages: "cache" */
    struct services *group;
    struct plugin_library *library; /* NULL: built in */
    struct plugin_guard *guard;     /* NULL: its operations are called directly */
    bool is_started;                /* start has called its done, and without an error */
    bool has_failed;
};

/* Plugins that start together. */
struct services {
    struct log *log;
    VEC(struct service *) all;
    size_t starting; /* that have not said yet whether they are ready */
    size_t open;     /* when it was last asked who closes */
    void (*on_started)(void *context, bool ready); /* NULL: nobody waits */
    void (*on_closed)(void *context);
    void *context;
};

/* log is borrowed. */
void services_init(struct services *services, struct log *log);
/* All are closed, or abandoned; what was loaded of those that are closed is unloaded. */
void services_fini(struct services *services);

/* Makes a plugin as the configuration wants it. Returns NULL, having refused it in the
 * configuration, when it cannot be found or made. name is borrowed for good. */
struct service *services_add(struct services *services, const struct ds_services *host,
                             enum ds_plugin_kind kind, const char *name, struct config *config,
                             const struct config_plugin *wanted);

/* The table of operations of the service's kind, which get its self. Not the plugin's own: what is
 * loaded has a guard before it. */
const void *service_operations(const struct service *service);

/* Starts all, in the order they were added but without waiting for each other. on_started is called
 * once, perhaps before it returns: ready when every plugin is, not ready as soon as all have
 * answered and one has failed, which was logged. */
void services_start(struct services *services, void (*on_started)(void *context, bool ready),
                    void *context);

/* Time is up: logs who is not ready and calls on_started with false. */
void services_give_up_start(struct services *services);

/* Nobody wants to know any more how the start ended. */
void services_forget_start(struct services *services);

/* Closes all, the last one that was added first, each after the one before it is done. */
void services_close(struct services *services, void (*on_closed)(void *context), void *context);

/* Whether one more has closed since this was asked last, or since the closing began. */
bool services_are_closing(struct services *services);

/* Time is up: logs who has not closed and calls on_closed. If the one that is waited for says later
 * that it is closed, the others are closed after it. */
void services_give_up_close(struct services *services);

/* After giving up: tells when those that are left have closed, which may never be. */
void services_when_closed(struct services *services, void (*on_closed)(void *context),
                          void *context);

/* Whether a plugin has not said that it is closed. */
bool services_are_open(const struct services *services);
