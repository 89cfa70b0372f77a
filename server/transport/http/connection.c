/* One connection of HTTP: request after request, until it ends or becomes a WebSocket. */

#include "transport/http/server.h"

#include "base/check.h"
#include "logging/log.h"

#include <stdlib.h>

/* Answers that the client does not read, before it is cut off. */
#define MAX_QUEUE_BYTES ((size_t)256 * 1024)

struct http_connection {
    struct http_server *server;
    struct stream *stream;
    struct buf partial; /* a head that is not whole yet */
    struct deadline deadline;
    struct turn_task task;
    bool has_begun; /* a part of a head has come */
    bool is_over;   /* the stream is let go */
};

/* ---- the end ---- */

static void at_end_of_turn(struct turn_task *task)
{
    free(LIST_ITEM(task, struct http_connection, task));
}

/* Freed when all callers have returned. */
static void let_go(struct http_connection *connection)
{
    connection->is_over = true;
    deadline_clear(&connection->deadline);
    buf_fini(&connection->partial);
    turn_schedule(&connection->server->streams.turn, &connection->task);
}

static void end(struct http_connection *connection)
{
    stream_end(connection->stream);
    let_go(connection);
}

/* ---- answers ---- */

static void answer(struct http_connection *connection, const struct http_response *response)
{
    struct buf bytes = BUF_EMPTY;
    http_response_write(&bytes, response);
    stream_queue(connection->stream, buf_slice(&bytes));
    buf_fini(&bytes);
    connection->server->streams.counters.requests++;
    stream_flush_soon(connection->stream);
    connection->has_begun = false;
    if (response->closes)
        end(connection);
    else
        deadline_set(&connection->server->heads, &connection->deadline);
}

/* A text for people, with the two line ends of the original (protocol.md 6.1). */
static void answer_text(struct http_connection *connection, struct http_response response,
                        slice text)
{
    struct buf body = BUF_EMPTY;
    buf_append(&body, text);
    buf_append_text(&body, "\r\n\r\n");
    response.content_type = HTTP_TEXT;
    response.body = buf_slice(&body);
    answer(connection, &response);
    buf_fini(&body);
}

/* The head cannot be trusted: neither can what follows. */
static void refuse_head(struct http_connection *connection, unsigned status, const char *reason)
{
    struct log *log = connection->server->log;
    connection->server->streams.counters.refused_heads++;
    if (log_wants(log, DS_INFO)) {
        char address[STREAM_ADDRESS_BYTES];
        stream_address(connection->stream, address);
        log_line(log, DS_INFO, LOG_CONNECTION_ERROR, "%s: HTTP request refused with %u: %s",
                 address, status, reason);
    }
    answer_text(connection, (struct http_response){.status = status, .closes = true},
                slice_of(reason));
}

static void on_late(struct deadline *deadline)
{
    struct http_connection *connection = LIST_ITEM(deadline, struct http_connection, deadline);
    if (connection->has_begun)
        refuse_head(connection, 408, "the head of the request is too slow");
    else
        end(connection);
}

/* ---- plain requests ---- */

static bool is_method(const struct http_request *request, slice method)
{
    return slice_equal(request->method, method);
}

static void answer_get(struct http_connection *connection, const struct http_request *request,
                       struct http_response response)
{
    const struct http_get_route *route = http_get_route(connection->server, request->target);
    struct http_answer filled = {.status = 200, .content_type = HTTP_JSON, .body = {"", 0}};
    if (route == NULL) {
        response.status = 404;
        answer_text(connection, response, SLICE("Endpoint not found."));
        return;
    }
    route->handler(route->context, request, &filled);
    response.status = filled.status;
    response.content_type = filled.content_type;
    response.body = filled.body;
    answer(connection, &response);
}

static void answer_preflight(struct http_connection *connection, const struct http_request *request,
                             struct http_response response)
{
    struct buf text = BUF_EMPTY;
    response.status = http_preflight(request, &text);
    if (response.status == 204) {
        buf_append_byte(&text, '\0');
        response.headers = text.at;
        answer(connection, &response);
    } else {
        answer_text(connection, response, buf_slice(&text));
    }
    buf_fini(&text);
}

static void answer_request(struct http_connection *connection, const struct http_request *request,
                           struct http_response response)
{
    struct buf why = BUF_EMPTY;
    if (http_origin_refused(connection->server->settings, request, &response.origin, &why)) {
        response.status = 403;
        answer_text(connection, response, buf_slice(&why));
    } else if (is_method(request, SLICE("GET"))) {
        answer_get(connection, request, response);
    } else if (is_method(request, SLICE("OPTIONS"))) {
        answer_preflight(connection, request, response);
    } else if (is_method(request, SLICE("POST"))) {
        response.status = 404;
        answer_text(connection, response, SLICE("Endpoint not found."));
    } else {
        response.status = 405;
        response.headers = "Allow: GET, POST, OPTIONS\r\n";
        response.is_for_head = is_method(request, SLICE("HEAD"));
        answer_text(connection, response,
                    SLICE("Unsupported method. Supported methods: GET, POST, OPTIONS"));
    }
    buf_fini(&why);
}

/* ---- upgrades ---- */

static void refuse_upgrade(struct http_connection *connection, unsigned status, slice why)
{
    const char *headers =
        status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : NULL;
    answer_text(connection,
                (struct http_response){.status = status, .headers = headers, .closes = true}, why);
}

/* The stream changes hands: what has come behind the head is the first of the WebSocket. */
static void become_websocket(struct http_connection *connection, struct ws_route *route,
                             const struct http_request *request, slice answer,
                             const struct ws_handshake *handshake, char *rest, size_t length)
{
    struct stream *stream = connection->stream;
    let_go(connection);
    stream_queue(stream, answer);
    stream_flush_soon(stream);
    ws_peer_open(&connection->server->websockets, route, stream, request, handshake, rest, length);
}

static void upgrade(struct http_connection *connection, const struct http_request *request,
                    char *rest, size_t length)
{
    struct http_server *server = connection->server;
    struct ws_route *route = http_websocket_route(server, request->target);
    struct ws_handshake handshake;
    struct buf text = BUF_EMPTY;
    slice origin;
    if (route == NULL)
        refuse_upgrade(connection, 404, SLICE("Endpoint not found."));
    else if (http_origin_refused(server->settings, request, &origin, &text))
        refuse_upgrade(connection, 403, buf_slice(&text));
    else if (!ws_handshake_answer(request, route->endpoint->deflate, &handshake, &text))
        refuse_upgrade(connection, handshake.status, slice_of(handshake.reason));
    else
        become_websocket(connection, route, request, buf_slice(&text), &handshake, rest, length);
    buf_fini(&text);
}

/* ---- requests ---- */

static bool has_body(const struct http_head *head)
{
    return head->content_length > 0 || head->is_chunked;
}

/* rest is what has come behind the head. Bodies have no reader: they end the connection. */
static void serve(struct http_connection *connection, const struct http_head *head, char *rest,
                  size_t length)
{
    char address[STREAM_ADDRESS_BYTES];
    stream_address(connection->stream, address);
    struct http_request request = {
        .method = head->method,
        .target = head->target,
        .headers = head->headers,
        .header_count = head->header_count,
        .remote_address = slice_of(address),
    };
    slice forwarded = http_header_find(&request, SLICE("x-forwarded-for"));
    if (connection->server->settings->trust_forwarded_for && forwarded.length > 0)
        request.remote_address = forwarded;
    bool may_upgrade = is_method(&request, SLICE("GET")) && !head->is_old && !has_body(head);
    struct http_response response = {.closes = !head->keep_alive || has_body(head)};
    if (may_upgrade && ws_handshake_is_asked(&request))
        upgrade(connection, &request, rest, length);
    else
        answer_request(connection, &request, response);
}

static void keep_partial(struct http_connection *connection, const char *at, size_t length)
{
    struct http_server *server = connection->server;
    if (length > server->settings->max_head_bytes) {
        refuse_head(connection, 431, "the head of the request is too large");
        return;
    }
    if (!connection->has_begun)
        deadline_set(&server->heads, &connection->deadline);
    connection->has_begun = true;
    buf_append(&connection->partial, (slice){at, length});
}

static void read_requests(struct http_connection *connection, char *at, size_t length)
{
    uint32_t max_head_bytes = connection->server->settings->max_head_bytes;
    while (length > 0 && !connection->is_over) {
        struct http_head head;
        switch (http_head_read(at, length, &head)) {
        case HTTP_HEAD_INCOMPLETE:
            keep_partial(connection, at, length);
            return;
        case HTTP_HEAD_REFUSED:
            refuse_head(connection, head.status, head.reason);
            return;
        case HTTP_HEAD_COMPLETE:
            break;
        }
        at += head.length;
        length -= head.length;
        if (head.length > max_head_bytes)
            refuse_head(connection, 431, "the head of the request is too large");
        else
            serve(connection, &head, at, length);
    }
}

/* ---- what the stream tells ---- */

/* A head that comes in pieces is read again only when a line of it ends. */
static void on_more(struct http_connection *connection, slice bytes)
{
    struct buf *partial = &connection->partial;
    bool ends_line = memchr(bytes.at, '\n', bytes.length) != NULL;
    size_t max = connection->server->settings->max_head_bytes;
    buf_append(partial, bytes);
    if (!ends_line && partial->length <= max)
        return;
    struct buf whole = *partial;
    *partial = BUF_EMPTY;
    read_requests(connection, whole.at, whole.length);
    buf_fini(&whole);
}

static void on_read(void *owner, char *bytes, size_t length)
{
    struct http_connection *connection = owner;
    if (stream_queued_bytes(connection->stream) > MAX_QUEUE_BYTES) {
        stream_abort(connection->stream);
        let_go(connection);
    } else if (connection->partial.length > 0) {
        on_more(connection, (slice){bytes, length});
    } else {
        read_requests(connection, bytes, length);
    }
}

static void on_end(void *owner, const char *reason)
{
    (void)reason;
    let_go(owner);
}

static void on_stop(void *owner)
{
    end(owner);
}

static const struct stream_events connection_events = {on_read, on_end, on_stop};

void http_connection_open(struct http_server *server, struct stream *stream)
{
    struct http_connection *connection = calloc(1, sizeof *connection);
    CHECK(connection != NULL);
    connection->server = server;
    connection->stream = stream;
    deadline_init(&connection->deadline, on_late);
    turn_task_init(&connection->task, at_end_of_turn);
    stream_own(stream, &connection_events, connection);
    deadline_set(&server->heads, &connection->deadline);
}
