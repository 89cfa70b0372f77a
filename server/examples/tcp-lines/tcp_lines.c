/* A connection endpoint for plain TCP: each line is one JSON message, as on ws-json. */

#include "line_connection.h"

#include <deepstream/plugin.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAVE_MS                                                                                   \
    5000 /* a client that is asked to leave has once or twice this to read the rest                \
          */
#define BACKLOG 511

struct lines {
    const struct ds_services *services;
    struct line_host host;
    char address[64];
    int port;
    uv_tcp_t listener;
    uv_timer_t cleaner; /* cuts off those that do not leave */
    unsigned open_handles;
    ds_done *done; /* of close_connections, then of close */
    void *context;
};

/* ---- listening ---- */

static void log_text(const struct lines *lines, enum ds_log_level level, const char *event,
                     const char *text)
{
    lines->services->log(lines->services->host, level, event, (ds_slice){text, strlen(text)});
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct lines *lines = listener->data;
    if (status == 0)
        line_connection_accept(&lines->host, listener);
    else
        log_text(lines, DS_WARN, "CONNECTION_ERROR", uv_strerror(status));
}

static void clean(uv_timer_t *cleaner)
{
    struct lines *lines = cleaner->data;
    line_host_cut_off(&lines->host, CUT_LATE);
}

static int open_listener(struct lines *lines)
{
    struct sockaddr_storage address;
    int status = uv_ip4_addr(lines->address, lines->port, (struct sockaddr_in *)&address);
    if (status != 0)
        status = uv_ip6_addr(lines->address, lines->port, (struct sockaddr_in6 *)&address);
    if (status == 0)
        status = uv_tcp_bind(&lines->listener, (struct sockaddr *)&address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&lines->listener, BACKLOG, on_connection);
    return status;
}

static bool start_listening(void *self, const struct ds_endpoint *endpoint, struct ds_error *error)
{
    struct lines *lines = self;
    char text[128];
    int status = open_listener(lines);
    if (status != 0) {
        snprintf(error->text, sizeof error->text, "tcp-lines: cannot listen on %s:%d: %s",
                 lines->address, lines->port, uv_strerror(status));
        return false;
    }
    lines->host.endpoint = endpoint;
    uv_timer_start(&lines->cleaner, clean, LEAVE_MS, LEAVE_MS);
    snprintf(text, sizeof text, "Listening for lines of JSON on %s:%d", lines->address,
             lines->port);
    log_text(lines, DS_INFO, "INFO", text);
    return true;
}

static enum ds_protocol protocol(const void *self)
{
    (void)self;
    return DS_PROTOCOL_JSON;
}

static const struct ds_transport_counters *counters(const void *self)
{
    const struct lines *lines = self;
    return &lines->host.counters;
}

static size_t queued_bytes(const void *self)
{
    const struct lines *lines = self;
    return lines->host.queued_bytes;
}

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct lines *lines = handle->data;
    if (--lines->open_handles > 0)
        return;
    lines->done(lines->context, NULL);
    free(lines);
}

static void stop_accepting(void *self)
{
    struct lines *lines = self;
    if (!uv_is_closing((uv_handle_t *)&lines->listener))
        uv_close((uv_handle_t *)&lines->listener, on_handle_closed);
}

static void on_empty(struct line_host *host)
{
    struct lines *lines = (struct lines *)((char *)host - offsetof(struct lines, host));
    host->on_empty = NULL;
    lines->done(lines->context, NULL);
}

static void on_grace_over(uv_timer_t *timer)
{
    struct lines *lines = timer->data;
    line_host_cut_off(&lines->host, CUT_ALL);
}

static void close_connections(void *self, uint32_t grace_ms, ds_done *done, void *context)
{
    struct lines *lines = self;
    stop_accepting(lines);
    lines->done = done;
    lines->context = context;
    lines->host.on_empty = on_empty;
    line_host_say_goodbye(&lines->host);
    uv_timer_start(&lines->cleaner, on_grace_over, grace_ms, 0);
    if (lines->host.first == NULL)
        on_empty(&lines->host);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct lines *lines = self;
    lines->done = done;
    lines->context = context;
    stop_accepting(lines);
    uv_close((uv_handle_t *)&lines->cleaner, on_handle_closed);
    lines->host.at_end_of_turn.data = lines;
    uv_close((uv_handle_t *)&lines->host.at_end_of_turn, on_handle_closed);
}

/* ---- the plugin ---- */

static bool read_options(struct lines *lines, const struct ds_value *options,
                         struct ds_error *error)
{
    const struct ds_value *port = ds_value_member(options, "port");
    const struct ds_value *host = ds_value_member(options, "host");
    double number = ds_value_number(port, 6021);
    ds_slice address = ds_value_text(host, (ds_slice){"127.0.0.1", 9});
    if (!(number >= 1 && number <= 65535)) {
        snprintf(error->text, sizeof error->text, "`port` has to be 1 to 65535");
        error->value = port;
        return false;
    }
    if (address.length >= sizeof lines->address) {
        snprintf(error->text, sizeof error->text, "`host` has to be an address");
        error->value = host;
        return false;
    }
    lines->port = (int)number;
    memcpy(lines->address, address.at, address.length);
    return true;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (lines == NULL)
        abort();
    if (!read_options(lines, options, error)) {
        free(lines);
        return NULL;
    }
    lines->services = services;
    lines->host.loop = services->loop;
    uv_tcp_init(services->loop, &lines->listener);
    uv_timer_init(services->loop, &lines->cleaner);
    uv_idle_init(services->loop, &lines->host.at_end_of_turn);
    lines->listener.data = lines->cleaner.data = lines;
    lines->host.at_end_of_turn.data = &lines->host;
    lines->open_handles = 3;
    return lines;
}

static const struct ds_connection_endpoint_operations operations = {
    .protocol = protocol,
    .listen = start_listening,
    .stop_accepting = stop_accepting,
    .close_connections = close_connections,
    .counters = counters,
    .queued_bytes = queued_bytes,
};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CONNECTION_ENDPOINT,
    .name = "tcp-lines",
    .description = "JSON messages as lines over TCP",
    .create = create,
    .close = close_it,
    .operations = &operations,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
