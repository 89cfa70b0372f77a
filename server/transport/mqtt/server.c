/* The listener of MQTT clients, and the end of all that it accepted. */

#include "transport/mqtt/peer.h"

#include "transport/listener.h"

#include "base/check.h"
#include "logging/log.h"

#include <stdlib.h>

#define HANDSHAKE_MS 10000

struct mqtt_server {
    const struct mqtt_settings *settings;
    const struct mqtt_endpoint *endpoint;
    struct log *log;
    struct stream_host streams;
    uv_tcp_t *listener; /* NULL: not listening */
    uv_timer_t grace;
    bool is_full;                /* a connection was turned away, and none was taken since */
    unsigned open_parts;         /* when closing: what is not closed yet */
    void (*done)(void *context); /* set: the server is closing */
    void *done_context;
};

struct mqtt_server *mqtt_server_new(uv_loop_t *loop, const struct mqtt_settings *settings,
                                    const struct mqtt_endpoint *endpoint, struct log *log)
{
    struct mqtt_server *server = calloc(1, sizeof *server);
    CHECK(server != NULL);
    server->settings = settings;
    server->endpoint = endpoint;
    server->log = log;
    stream_host_init(&server->streams, loop, log, server);
    uv_timer_init(loop, &server->grace);
    uv_unref((uv_handle_t *)&server->grace);
    server->grace.data = server;
    return server;
}

void mqtt_server_encrypt(struct mqtt_server *server, struct tls_context *context)
{
    stream_host_encrypt(&server->streams, context, HANDSHAKE_MS);
}

static void turn_away(struct mqtt_server *server, struct stream *stream)
{
    server->streams.counters.turned_away++;
    if (!server->is_full)
        log_line(server->log, DS_WARN, LOG_LIMIT_EXCEEDED,
                 "%u MQTT clients are connected, new ones are turned away",
                 (unsigned)server->settings->max_connections);
    server->is_full = true;
    stream_end(stream);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct mqtt_server *server = listener->data;
    if (status != 0) {
        log_line(server->log, DS_WARN, LOG_CONNECTION_ERROR, "cannot accept a connection: %s",
                 uv_strerror(status));
        return;
    }
    uint32_t max = server->settings->max_connections;
    bool is_full = max > 0 && server->streams.stream_count >= max;
    struct stream *stream = stream_accept(&server->streams, listener);
    if (stream == NULL)
        return;
    if (is_full) {
        turn_away(server, stream);
        return;
    }
    server->is_full = false;
    mqtt_peer_open(server->endpoint, stream);
}

int mqtt_server_listen(struct mqtt_server *server)
{
    struct listener_settings listener = {.host = server->settings->host,
                                         .port = server->settings->port};
    CHECK(server->listener == NULL && server->done == NULL);
    return listener_open(&server->listener, server->streams.loop, &listener, on_connection, server);
}

uint16_t mqtt_server_port(const struct mqtt_server *server)
{
    return listener_port(server->listener);
}

const struct ds_transport_counters *mqtt_server_counters(const struct mqtt_server *server)
{
    return &server->streams.counters;
}

size_t mqtt_server_queued_bytes(const struct mqtt_server *server)
{
    return server->streams.pool.queued_bytes;
}

/* ---- the end ---- */

static void on_part_closed(struct mqtt_server *server)
{
    if (--server->open_parts > 0)
        return;
    void (*done)(void *) = server->done;
    void *context = server->done_context;
    free(server);
    done(context);
}

static void on_streams_closed(void *context)
{
    on_part_closed(context);
}

static void on_grace_closed(uv_handle_t *grace)
{
    on_part_closed(grace->data);
}

/* The last connection is gone: now the rest. */
static void close_parts(void *context)
{
    struct mqtt_server *server = context;
    server->streams.on_empty = NULL;
    server->open_parts = 2;
    stream_host_close(&server->streams, on_streams_closed);
    uv_close((uv_handle_t *)&server->grace, on_grace_closed);
}

void mqtt_server_stop_accepting(struct mqtt_server *server)
{
    listener_close(&server->listener);
}

static void on_grace_over(uv_timer_t *grace)
{
    struct mqtt_server *server = grace->data;
    stream_abort_all(&server->streams, "the server stops");
}

void mqtt_server_close(struct mqtt_server *server, uint32_t grace_ms, void (*done)(void *context),
                       void *context)
{
    CHECK(server->done == NULL && done != NULL);
    server->done = done;
    server->done_context = context;
    mqtt_server_stop_accepting(server);
    stream_stop_all(&server->streams);
    server->streams.on_empty = close_parts;
    if (server->streams.stream_count == 0)
        close_parts(server);
    else
        uv_timer_start(&server->grace, on_grace_over, grace_ms, 0);
}
