/* A plugin of the kind that is defined when it is built, which never gets as far as work: it
 * refuses what its option `fault` names. Built once for each kind. */

#include <deepstream/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stubborn {
    bool start_fails;
};

static bool is(ds_slice text, const char *wanted)
{
    return text.length == strlen(wanted) && memcmp(text.at, wanted, text.length) == 0;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    ds_slice fault = ds_value_text(ds_value_member(options, "fault"), (ds_slice){"", 0});
    (void)services;
    if (is(fault, "create fails")) {
        snprintf(error->text, sizeof error->text, "it does not want to be made");
        return NULL;
    }
    struct stubborn *stubborn = calloc(1, sizeof *stubborn);
    if (stubborn == NULL)
        abort();
    stubborn->start_fails = is(fault, "start fails");
    return stubborn;
}

/* Otherwise it is never ready. */
static void start(void *self, ds_done *done, void *context)
{
    const struct stubborn *stubborn = self;
    if (stubborn->start_fails)
        done(context, "it does not want to start");
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

/* Lines are shown even by a logger that is not ready. */
static void write_line(void *self, const struct ds_log_line *line)
{
    (void)self;
    fprintf(stderr, "%.*s | %.*s\n", (int)line->event.length, line->event.at,
            (int)line->text.length, line->text.at);
}

/* A bus is told what is wanted of it before it starts. */
static void subscribe(void *self, uint8_t topic)
{
    (void)self;
    (void)topic;
}

static void listen_to(void *self, const struct ds_cluster_node_listener *listener)
{
    (void)self;
    (void)listener;
}

static void send_text(void *self, uint8_t topic, ds_slice text)
{
    (void)self;
    (void)topic;
    (void)text;
}

static void send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    (void)server;
    send_text(self, topic, text);
}

/* A registry is watched from its creation on. */
static void watch(void *self, const struct ds_cluster_watcher *watcher)
{
    (void)self;
    (void)watcher;
}

/* An HTTP service gets its paths before it starts. */
static void add_path(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    (void)self;
    (void)prefix;
    (void)handler;
    (void)context;
}

static void add_websocket(void *self, ds_slice path, const struct ds_endpoint *endpoint)
{
    (void)self;
    (void)path;
    (void)endpoint;
}

/* An endpoint is asked for its protocol. */
static enum ds_protocol protocol(const void *self)
{
    (void)self;
    return DS_PROTOCOL_TEXT;
}

static void never_called(void)
{
    abort();
}

typedef void any_operation(void);

/* Filled with never_called; what may be called of a kind stands over it. */
union table {
    any_operation *all[16];
    struct ds_logger_operations logger;
    struct ds_cluster_node_operations bus;
    struct ds_cluster_registry_operations registry;
    struct ds_http_service_operations http;
    struct ds_connection_endpoint_operations endpoint;
};

static const char *const options[] = {"fault", NULL};

static const void *table(void)
{
    static union table table;
    for (size_t i = 0; i < sizeof table.all / sizeof *table.all; i++)
        table.all[i] = never_called;
    switch (STUBBORN_KIND) {
    case DS_PLUGIN_LOGGER:
        table.logger.write = write_line;
        break;
    case DS_PLUGIN_CLUSTER_NODE:
        table.bus = (struct ds_cluster_node_operations){.send = send_text,
                                                        .send_direct = send_direct,
                                                        .subscribe = subscribe,
                                                        .listen = listen_to};
        break;
    case DS_PLUGIN_CLUSTER_REGISTRY:
        table.registry.watch = watch;
        break;
    case DS_PLUGIN_HTTP_SERVICE:
        table.http.add_get = table.http.add_post = add_path;
        table.http.add_websocket = add_websocket;
        break;
    case DS_PLUGIN_CONNECTION_ENDPOINT:
        table.endpoint.protocol = protocol;
        break;
    case DS_PLUGIN_MONITORING:
        return NULL;
    default:
        break;
    }
    return &table;
}

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    static struct ds_plugin plugin = {
        .version = DS_PLUGIN_VERSION,
        .kind = STUBBORN_KIND,
        .name = "stubborn",
        .description = "a stubborn one",
        .create = create,
        .start = start,
        .close = close_it,
        .options = options,
    };
    plugin.operations = table();
    return &plugin;
}
