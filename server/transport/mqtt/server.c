/* The server of MQTT clients. */

#include "transport/mqtt/peer.h"

#include "transport/acceptor.h"

#include "base/check.h"

#include <stdlib.h>

#define HANDSHAKE_MS 10000

struct mqtt_server {
    const struct mqtt_settings *settings;
    const struct mqtt_endpoint *endpoint;
    struct acceptor acceptor;
};

static void on_connection(void *context, struct stream *stream)
{
    const struct mqtt_server *server = context;
    mqtt_peer_open(server->endpoint, stream);
}

static void on_closed(void *server)
{
    free(server);
}

static const struct acceptor_events EVENTS = {
    .full = "MQTT clients are connected",
    .on_connection = on_connection,
    .on_closed = on_closed,
};

struct mqtt_server *mqtt_server_new(uv_loop_t *loop, const struct mqtt_settings *settings,
                                    const struct mqtt_endpoint *endpoint, struct log *log)
{
    struct mqtt_server *server = calloc(1, sizeof *server);
    CHECK(server != NULL);
    server->settings = settings;
    server->endpoint = endpoint;
    acceptor_init(&server->acceptor, &EVENTS, server, loop, settings->max_connections, log);
    return server;
}

void mqtt_server_encrypt(struct mqtt_server *server, struct tls_context *context)
{
    stream_host_encrypt(&server->acceptor.streams, context, HANDSHAKE_MS);
}

int mqtt_server_listen(struct mqtt_server *server)
{
    struct listener_settings listener = {.host = server->settings->host,
                                         .port = server->settings->port};
    return acceptor_listen(&server->acceptor, &listener);
}

uint16_t mqtt_server_port(const struct mqtt_server *server)
{
    return listener_port(server->acceptor.listener);
}

const struct ds_transport_counters *mqtt_server_counters(const struct mqtt_server *server)
{
    return &server->acceptor.streams.counters;
}

size_t mqtt_server_queued_bytes(const struct mqtt_server *server)
{
    return server->acceptor.streams.pool.queued_bytes;
}

void mqtt_server_stop_accepting(struct mqtt_server *server)
{
    acceptor_stop_accepting(&server->acceptor);
}

void mqtt_server_close(struct mqtt_server *server, uint32_t grace_ms, void (*done)(void *context),
                       void *context)
{
    acceptor_close(&server->acceptor, grace_ms, done, context);
}
