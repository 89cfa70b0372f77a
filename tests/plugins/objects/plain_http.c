/* An HTTP service of the least kind: one request a connection, no WebSockets. With its option
 * `fault` "never" it does not say that its connections are closed. */

#include <deepstream/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#define MOST_BYTES (256 * 1024)

struct route {
    char method[8], prefix[64];
    ds_http_handler *handler;
    void *context;
};

struct service {
    const struct ds_services *services;
    uv_tcp_t listener;
    uint16_t port;
    char fault[16];
    struct route routes[32];
    size_t route_count, open_count;
    bool is_listening, is_closing;
    struct ds_transport_counters counters;
    ds_done *done, *closed;
    void *context, *closed_context;
};

/* A client, and the exchange of its request. */
struct ds_http_exchange {
    struct service *service;
    uv_tcp_t socket;
    uv_write_t write;
    char *out, *in;
    size_t length;
    bool is_asked, is_gone, is_answered;
    void (*on_gone)(void *context);
    void *gone_context;
};

static void tell_when_empty(struct service *service)
{
    ds_done *done = service->done;
    if (!service->is_closing || service->open_count > 0 || done == NULL)
        return;
    service->done = NULL;
    if (strcmp(service->fault, "never") != 0)
        done(service->context, NULL);
}

static void free_exchange(struct ds_http_exchange *exchange)
{
    free(exchange->in);
    free(exchange->out);
    free(exchange);
}

static void on_socket_closed(uv_handle_t *socket)
{
    struct ds_http_exchange *exchange = socket->data;
    struct service *service = exchange->service;
    service->open_count--;
    exchange->is_gone = true;
    if (!exchange->is_asked || exchange->is_answered)
        free_exchange(exchange);
    else if (exchange->on_gone != NULL)
        exchange->on_gone(exchange->gone_context);
    tell_when_empty(service);
}

static void hang_up(struct ds_http_exchange *exchange)
{
    if (!uv_is_closing((uv_handle_t *)&exchange->socket))
        uv_close((uv_handle_t *)&exchange->socket, on_socket_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    hang_up(write->data);
}

static void answer(void *self, struct ds_http_exchange *exchange,
                   const struct ds_http_answer *given)
{
    struct service *service = self;
    ds_slice type =
        given->content_type.length > 0 ? given->content_type : (ds_slice){"application/json", 16};
    exchange->is_answered = true;
    service->counters.requests++;
    if (exchange->is_gone) {
        free_exchange(exchange);
        return;
    }
    exchange->out = malloc(given->body.length + 512);
    int head = snprintf(exchange->out, 512,
                        "HTTP/1.1 %u X\r\nServer: plain\r\nContent-Type: %.*s\r\n"
                        "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                        given->status == 0 ? 200 : given->status, (int)type.length, type.at,
                        given->body.length);
    if (given->body.length > 0)
        memcpy(exchange->out + head, given->body.at, given->body.length);
    uv_buf_t bytes = uv_buf_init(exchange->out, (unsigned)(head + (int)given->body.length));
    exchange->write.data = exchange;
    if (uv_write(&exchange->write, (uv_stream_t *)&exchange->socket, &bytes, 1, on_written) != 0)
        hang_up(exchange);
}

static void watch(void *self, struct ds_http_exchange *exchange, void (*on_gone)(void *context),
                  void *context)
{
    (void)self;
    exchange->on_gone = on_gone;
    exchange->gone_context = context;
}

/* ---- requests ---- */

static void ask(struct ds_http_exchange *exchange, const struct ds_http_request *request)
{
    struct service *service = exchange->service;
    const struct route *best = NULL;
    for (size_t i = 0; i < service->route_count; i++) {
        const struct route *route = &service->routes[i];
        size_t length = strlen(route->prefix);
        if (strlen(route->method) == request->method.length &&
            memcmp(route->method, request->method.at, request->method.length) == 0 &&
            length <= request->target.length &&
            memcmp(route->prefix, request->target.at, length) == 0 &&
            (best == NULL || length > strlen(best->prefix)))
            best = route;
    }
    exchange->is_asked = true;
    if (best != NULL)
        best->handler(best->context, request, exchange);
    else
        answer(service, exchange, &(struct ds_http_answer){.status = 404});
}

/* The header lines, in place; returns how many. */
static size_t read_headers(char *lines, char *end, struct ds_http_header *headers, size_t room)
{
    size_t count = 0;
    for (char *line = lines; line < end && count < room;) {
        char *line_end = strstr(line, "\r\n"),
             *colon = memchr(line, ':', (size_t)(line_end - line));
        if (colon != NULL) {
            char *value = colon + 1 + strspn(colon + 1, " ");
            for (char *at = line; at < colon; at++)
                *at |= *at >= 'A' && *at <= 'Z' ? 0x20 : 0;
            headers[count++] = (struct ds_http_header){{line, (size_t)(colon - line)},
                                                       {value, (size_t)(line_end - value)}};
        }
        line = line_end + 2;
    }
    return count;
}

static void read_request(struct ds_http_exchange *exchange)
{
    char *in = exchange->in, *head_end = strstr(in, "\r\n\r\n"), *first_end = strstr(in, "\r\n");
    char *space = strchr(in, ' '), *second = space == NULL ? NULL : strchr(space + 1, ' ');
    struct ds_http_header headers[64];
    if (head_end == NULL)
        return;
    if (second == NULL || second > first_end) {
        hang_up(exchange);
        return;
    }
    struct ds_http_request request = {
        .method = {in, (size_t)(space - in)},
        .target = {space + 1, (size_t)(second - space - 1)},
        .headers = headers,
        .header_count = read_headers(first_end + 2, head_end + 2, headers, 64),
        .remote_address = {"127.0.0.1", 9},
    };
    ds_slice length = ds_http_header_find(&request, (ds_slice){"content-length", 14});
    size_t body = length.at == NULL ? 0 : strtoul(length.at, NULL, 10);
    size_t have = exchange->length - (size_t)(head_end + 4 - in);
    if (have >= body) {
        request.body = (ds_slice){head_end + 4, body};
        ask(exchange, &request);
    }
}

static void give_buffer(uv_handle_t *socket, size_t suggested, uv_buf_t *buffer)
{
    struct ds_http_exchange *exchange = socket->data;
    (void)suggested;
    *buffer =
        uv_buf_init(exchange->in + exchange->length, (unsigned)(MOST_BYTES - exchange->length));
}

static void on_read(uv_stream_t *socket, ssize_t length, const uv_buf_t *buffer)
{
    struct ds_http_exchange *exchange = socket->data;
    (void)buffer;
    if (length < 0) {
        hang_up(exchange);
        return;
    }
    exchange->length += (size_t)length;
    exchange->in[exchange->length] = '\0';
    if (!exchange->is_asked)
        read_request(exchange);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct service *service = listener->data;
    struct ds_http_exchange *exchange = calloc(1, sizeof *exchange);
    (void)status;
    exchange->service = service;
    exchange->in = malloc(MOST_BYTES + 1);
    uv_tcp_init(service->services->loop, &exchange->socket);
    exchange->socket.data = exchange;
    service->open_count++;
    service->counters.connections++;
    if (uv_accept(listener, (uv_stream_t *)&exchange->socket) != 0 ||
        uv_read_start((uv_stream_t *)&exchange->socket, give_buffer, on_read) != 0)
        hang_up(exchange);
}

/* ---- the table ---- */

static void add_route(struct service *service, const char *method, ds_slice prefix,
                      ds_http_handler *handler, void *context)
{
    struct route *route = &service->routes[service->route_count++];
    snprintf(route->method, sizeof route->method, "%s", method);
    snprintf(route->prefix, sizeof route->prefix, "%.*s", (int)prefix.length, prefix.at);
    route->handler = handler;
    route->context = context;
}

static void add_get(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    add_route(self, "GET", prefix, handler, context);
}

static void add_post(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    add_route(self, "POST", prefix, handler, context);
}

static void answer_501(void *context, const struct ds_http_request *request,
                       struct ds_http_exchange *exchange)
{
    (void)request;
    answer(context, exchange, &(struct ds_http_answer){.status = 501});
}

static void add_websocket(void *self, ds_slice path, const struct ds_endpoint *endpoint)
{
    (void)endpoint;
    add_route(self, "GET", path, answer_501, self);
}

static bool start_listening(void *self, struct ds_error *error)
{
    struct service *service = self;
    struct sockaddr_in address;
    char text[64];
    uv_ip4_addr("127.0.0.1", service->port, &address);
    int status = uv_tcp_bind(&service->listener, (struct sockaddr *)&address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&service->listener, 16, on_connection);
    int length = sizeof address;
    uv_tcp_getsockname(&service->listener, (struct sockaddr *)&address, &length);
    service->port = (uint16_t)((address.sin_port >> 8 | address.sin_port << 8) & 0xffff);
    if (status != 0)
        snprintf(error->text, sizeof error->text, "plain http: %s", uv_strerror(status));
    length = snprintf(text, sizeof text, "Listening for http connections on plain:%u",
                      (unsigned)service->port);
    if (status == 0)
        service->services->log(service->services->host, DS_INFO, "INFO",
                               (ds_slice){text, (size_t)length});
    return status == 0;
}

static uint16_t port(const void *self)
{
    return ((const struct service *)self)->port;
}

static const struct ds_transport_counters *counters(const void *self)
{
    return &((const struct service *)self)->counters;
}

static void on_listener_closed(uv_handle_t *listener)
{
    struct service *service = listener->data;
    if (service->closed == NULL)
        return;
    service->closed(service->closed_context, NULL);
    free(service);
}

static void stop_accepting(void *self)
{
    struct service *service = self;
    if (!uv_is_closing((uv_handle_t *)&service->listener))
        uv_close((uv_handle_t *)&service->listener, NULL);
}

static void close_connections(void *self, uint32_t grace_ms, ds_done *done, void *context)
{
    struct service *service = self;
    (void)grace_ms;
    stop_accepting(service);
    service->is_closing = true;
    service->done = done;
    service->context = context;
    tell_when_empty(service);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    ds_slice fault = ds_value_text(ds_value_member(options, "fault"), (ds_slice){"", 0});
    const struct ds_value *number = ds_value_member(options, "port");
    if (ds_value_number(number, 0) < 0) {
        snprintf(error->text, sizeof error->text, "`port` is below 0");
        error->value = number;
        return NULL;
    }
    struct service *service = calloc(1, sizeof *service);
    service->services = services;
    service->port = (uint16_t)ds_value_number(number, 0);
    snprintf(service->fault, sizeof service->fault, "%.*s", (int)fault.length, fault.at);
    if (ds_value_boolean(ds_value_member(options, "warns"), false))
        snprintf(error->text, sizeof error->text, "this is a warning of its own");
    uv_tcp_init(services->loop, &service->listener);
    service->listener.data = service;
    return service;
}

/* Also when nothing was ever listened to. */
static void close_it(void *self, ds_done *done, void *context)
{
    struct service *service = self;
    service->closed = done;
    service->closed_context = context;
    if (uv_is_closing((uv_handle_t *)&service->listener))
        on_listener_closed((uv_handle_t *)&service->listener);
    else
        uv_close((uv_handle_t *)&service->listener, on_listener_closed);
}

static const struct ds_http_service_operations operations = {
    .add_get = add_get,
    .add_post = add_post,
    .add_websocket = add_websocket,
    .answer = answer,
    .watch = watch,
    .listen = start_listening,
    .port = port,
    .stop_accepting = stop_accepting,
    .close_connections = close_connections,
    .counters = counters,
};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_HTTP_SERVICE,
    .name = "plain",
    .description = "plain HTTP",
    .create = create,
    .close = close_it,
    .operations = &operations,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
