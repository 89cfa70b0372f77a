/* The listener, its routes, and the end of all that it accepted. */

#include "transport/http/connection.h"

#include "base/check.h"
#include "logging/log.h"
#include "transport/listener.h"

#include <stdlib.h>

slice ds_http_header_find(const struct ds_http_request *request, slice name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (slice_equal(request->headers[i].name, name))
            return request->headers[i].value;
    return (slice){NULL, 0};
}

/* ---- routes ---- */

static slice copy_text(slice text)
{
    char *copy = malloc(text.length + 1);
    CHECK(copy != NULL);
    if (text.length > 0)
        memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return (slice){copy, text.length};
}

static void free_text(slice text)
{
    free((char *)(uintptr_t)text.at);
}

void http_server_add_websocket(struct http_server *server, slice path,
                               const struct ds_endpoint *endpoint)
{
    struct ws_route *route = calloc(1, sizeof *route);
    CHECK(route != NULL);
    route->path = copy_text(path);
    route->endpoint = endpoint;
    deadlines_init(&route->delay, server->streams.loop, endpoint->flush_delay_ms);
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
    struct http_route route = {copy_text(prefix), handler, context};
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
        free_text(routes->all.items[i].prefix);
    VEC_FREE(&routes->all);
}

/* ---- making and listening ---- */

struct http_server *http_server_new(uv_loop_t *loop, const struct http_settings *settings,
                                    struct log *log)
{
    struct http_server *server = calloc(1, sizeof *server);
    CHECK(server != NULL);
    server->settings = settings;
    server->log = log;
    stream_host_init(&server->streams, loop, log, server);
    ws_host_init(&server->websockets, &server->streams);
    deadlines_init(&server->heads, loop, settings->head_timeout_ms);
    deadlines_init(&server->bodies, loop, settings->body_timeout_ms);
    deadlines_init(&server->drains, loop, HTTP_DRAIN_MS);
    uv_timer_init(loop, &server->grace);
    uv_unref((uv_handle_t *)&server->grace);
    server->grace.data = server;
    return server;
}

void http_server_encrypt(struct http_server *server, struct tls_context *context)
{
    stream_host_encrypt(&server->streams, context, server->settings->head_timeout_ms);
}

/* Accepted and closed again, so that the client sees an end and not a wait. */
static void turn_away(struct http_server *server, struct stream *stream)
{
    struct buf answer = BUF_EMPTY;
    server->streams.counters.turned_away++;
    if (!server->is_full)
        log_line(server->log, DS_WARN, LOG_LIMIT_EXCEEDED,
                 "%u connections are open, new ones are turned away",
                 (unsigned)server->settings->max_connections);
    server->is_full = true;
    http_response_write(&answer, &(struct http_response){.status = 503, .closes = true});
    stream_queue(stream, buf_slice(&answer));
    buf_fini(&answer);
    stream_end(stream);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *server = listener->data;
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
    http_connection_open(server, stream);
}

int http_server_listen(struct http_server *server)
{
    const struct http_settings *settings = server->settings;
    struct listener_settings listener = {settings->host, settings->port, settings->reuse_port};
    CHECK(server->listener == NULL && server->done == NULL);
    return listener_open(&server->listener, server->streams.loop, &listener, on_connection, server);
}

uint16_t http_server_port(const struct http_server *server)
{
    return listener_port(server->listener);
}

const struct ds_transport_counters *http_server_counters(const struct http_server *server)
{
    return &server->streams.counters;
}

size_t http_server_queued_bytes(const struct http_server *server)
{
    return server->streams.pool.queued_bytes;
}

/* ---- the end ---- */

static void free_server(struct http_server *server)
{
    void (*done)(void *) = server->done;
    void *context = server->done_context;
    for (size_t i = 0; i < server->websocket_routes.count; i++) {
        free_text(server->websocket_routes.items[i]->path);
        free(server->websocket_routes.items[i]);
    }
    VEC_FREE(&server->websocket_routes);
    free_routes(&server->get_routes);
    free_routes(&server->post_routes);
    free(server);
    done(context);
}

static void on_part_closed(struct http_server *server)
{
    if (--server->open_parts == 0)
        free_server(server);
}

static void on_streams_closed(void *context)
{
    on_part_closed(context);
}

/* Every handle that is closed here knows its server. */
static void on_handle_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

static void close_deadlines(struct http_server *server, struct deadlines *deadlines)
{
    server->open_parts++;
    deadlines_close(deadlines, on_handle_closed);
    deadlines->timer.data = server;
}

/* The last connection is gone: now the rest. */
static void close_parts(void *context)
{
    struct http_server *server = context;
    server->streams.on_empty = NULL;
    server->open_parts = 1;
    stream_host_close(&server->streams, on_streams_closed);
    server->open_parts++;
    ws_host_close(&server->websockets, on_handle_closed);
    server->websockets.closing.timer.data = server;
    close_deadlines(server, &server->heads);
    close_deadlines(server, &server->bodies);
    close_deadlines(server, &server->drains);
    for (size_t i = 0; i < server->websocket_routes.count; i++)
        close_deadlines(server, &server->websocket_routes.items[i]->delay);
    server->open_parts++;
    uv_close((uv_handle_t *)&server->grace, on_handle_closed);
}

void http_server_stop_accepting(struct http_server *server)
{
    listener_close(&server->listener);
}

static void on_grace_over(uv_timer_t *grace)
{
    struct http_server *server = grace->data;
    stream_abort_all(&server->streams, "the server stops");
}

void http_server_close(struct http_server *server, uint32_t grace_ms, void (*done)(void *context),
                       void *context)
{
    CHECK(server->done == NULL && done != NULL);
    server->done = done;
    server->done_context = context;
    http_server_stop_accepting(server);
    stream_stop_all(&server->streams);
    server->streams.on_empty = close_parts;
    if (server->streams.stream_count == 0)
        close_parts(server);
    else
        uv_timer_start(&server->grace, on_grace_over, grace_ms, 0);
}
