/* The server: its routes, its life from the listening to the end of all that it accepted. */

#include "transport/http/connection.h"

#include "base/check.h"

#include <stdlib.h>

slice ds_http_header_find(const struct ds_http_request *request, slice name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (slice_equal(request->headers[i].name, name))
            return request->headers[i].value;
    return (slice){NULL, 0};
}

/* ---- routes ---- */

void http_server_add_websocket(struct http_server *server, slice path,
                               const struct ds_endpoint *endpoint)
{
    struct ws_route *route = calloc(1, sizeof *route);
    CHECK(route != NULL);
    route->path = slice_copy(path);
    route->endpoint = endpoint;
    deadlines_init(&route->delay, server->acceptor.streams.loop, endpoint->flush_delay_ms);
    VEC_PUSH(&server->websocket_routes, route);
}

struct ws_route *http_websocket_route(const struct http_server *server, slice target)
{
    struct ws_route *any = NULL;
    for (size_t i = 0; i < server->websocket_routes.count; i++) {
        struct ws_route *route = server->websocket_routes.items[i];
        if (slice_equal(route->path, target))
            return route;
        if (route->path.length == 0)
            any = route;
    }
    return any;
}

static void add_route(struct http_routes *routes, slice prefix, ds_http_handler *handler,
                      void *context)
{
    struct http_route route = {slice_copy(prefix), handler, context};
    VEC_PUSH(&routes->all, route);
}

void http_server_add_get(struct http_server *server, slice prefix, ds_http_handler *handler,
                         void *context)
{
    add_route(&server->get_routes, prefix, handler, context);
}

void http_server_add_post(struct http_server *server, slice prefix, ds_http_handler *handler,
                          void *context)
{
    add_route(&server->post_routes, prefix, handler, context);
}

const struct http_route *http_route_find(const struct http_routes *routes, slice target)
{
    const struct http_route *longest = NULL;
    for (size_t i = 0; i < routes->all.count; i++) {
        const struct http_route *route = &routes->all.items[i];
        if (slice_starts_with(target, route->prefix) &&
            (longest == NULL || route->prefix.length > longest->prefix.length))
            longest = route;
    }
    return longest;
}

static void free_routes(struct http_routes *routes)
{
    for (size_t i = 0; i < routes->all.count; i++)
        slice_free(&routes->all.items[i].prefix);
    VEC_FREE(&routes->all);
}

/* ---- its life ---- */

static void on_connection(void *server, struct stream *stream)
{
    http_connection_open(server, stream);
}

static void on_excess(void *server, struct stream *stream)
{
    struct buf answer = BUF_EMPTY;
    (void)server;
    http_response_write(&answer, &(struct http_response){.status = 503, .closes = true});
    stream_queue(stream, buf_slice(&answer));
    buf_fini(&answer);
}

static void on_empty(void *context)
{
    struct http_server *server = context;
    struct acceptor *acceptor = &server->acceptor;
    ws_host_fini(&server->websockets);
    acceptor_close_deadlines(acceptor, &server->websockets.closing);
    acceptor_close_deadlines(acceptor, &server->heads);
    acceptor_close_deadlines(acceptor, &server->bodies);
    acceptor_close_deadlines(acceptor, &server->drains);
    for (size_t i = 0; i < server->websocket_routes.count; i++)
        acceptor_close_deadlines(acceptor, &server->websocket_routes.items[i]->delay);
}

static void on_closed(void *context)
{
    struct http_server *server = context;
    for (size_t i = 0; i < server->websocket_routes.count; i++) {
        slice_free(&server->websocket_routes.items[i]->path);
        free(server->websocket_routes.items[i]);
    }
    VEC_FREE(&server->websocket_routes);
    free_routes(&server->get_routes);
    free_routes(&server->post_routes);
    free(server);
}

static const struct acceptor_events EVENTS = {
    .full = "connections are open",
    .on_connection = on_connection,
    .on_excess = on_excess,
    .on_empty = on_empty,
    .on_closed = on_closed,
};

struct http_server *http_server_new(uv_loop_t *loop, const struct http_settings *settings,
                                    struct log *log)
{
    struct http_server *server = calloc(1, sizeof *server);
    CHECK(server != NULL);
    server->settings = settings;
    server->log = log;
    acceptor_init(&server->acceptor, &EVENTS, server, loop, settings->max_connections, log);
    ws_host_init(&server->websockets, &server->acceptor.streams);
    deadlines_init(&server->heads, loop, settings->head_timeout_ms);
    deadlines_init(&server->bodies, loop, settings->body_timeout_ms);
    deadlines_init(&server->drains, loop, HTTP_DRAIN_MS);
    return server;
}

void http_server_encrypt(struct http_server *server, struct tls_context *context)
{
    stream_host_encrypt(&server->acceptor.streams, context, server->settings->head_timeout_ms);
}

int http_server_listen(struct http_server *server)
{
    const struct http_settings *settings = server->settings;
    struct listener_settings listener = {settings->host, settings->port, settings->reuse_port};
    return acceptor_listen(&server->acceptor, &listener);
}

uint16_t http_server_port(const struct http_server *server)
{
    return listener_port(server->acceptor.listener);
}

const struct ds_transport_counters *http_server_counters(const struct http_server *server)
{
    return &server->acceptor.streams.counters;
}

size_t http_server_queued_bytes(const struct http_server *server)
{
    return server->acceptor.streams.pool.queued_bytes;
}

void http_server_stop_accepting(struct http_server *server)
{
    acceptor_stop_accepting(&server->acceptor);
}

void http_server_close(struct http_server *server, uint32_t grace_ms, void (*done)(void *context),
                       void *context)
{
    acceptor_close(&server->acceptor, grace_ms, done, context);
}
