/* One connection of HTTP: request after request, until it ends or becomes a WebSocket. */

#include "transport/http/connection.h"

#include "base/check.h"
#include "logging/log.h"

#include <stdlib.h>

/* Of answers that the client has not read: no more requests are served beyond it. */
#define MAX_QUEUE_BYTES ((size_t)256 * 1024)
/* Of requests that wait behind the one that is being answered: no more is read beyond it. */
#define MAX_AHEAD_BYTES ((size_t)64 * 1024)

static void resume(struct http_connection *connection);

/* ---- the end ---- */

static void at_end_of_turn(struct turn_task *task)
{
    struct http_connection *connection = LIST_ITEM(task, struct http_connection, task);
    if (!connection->is_over) {
        resume(connection);
        return;
    }
    free(connection->peer);
    free(connection);
}

/* Freed when all callers have returned. */
void http_connection_let_go(struct http_connection *connection)
{
    struct ds_http_exchange *exchange = connection->exchange;
    connection->is_over = true;
    connection->exchange = NULL;
    deadline_clear(&connection->deadline);
    buf_fini(&connection->partial);
    http_incoming_free(&connection->incoming);
    turn_schedule(&connection->server->acceptor.streams.turn, &connection->task);
    if (exchange != NULL)
        http_exchange_leave(exchange);
}

static void end(struct http_connection *connection)
{
    stream_end(connection->stream);
    http_connection_let_go(connection);
}

static void cut_off(struct http_connection *connection)
{
    struct log *log = connection->server->log;
    char address[STREAM_ADDRESS_BYTES];
    stream_address(connection->stream, address);
    log_line(log, DS_WARN, LOG_SLOW_RECEIVER, "%s does not read answers to its HTTP requests",
             address);
    connection->server->acceptor.streams.counters.slow_receivers++;
    stream_abort(connection->stream);
    http_connection_let_go(connection);
}

/* ---- answers ---- */

void http_connection_answer(struct http_connection *connection,
                            const struct http_response *response)
{
    struct http_server *server = connection->server;
    struct http_response last = *response;
    struct buf bytes = BUF_EMPTY;
    last.closes = last.closes || connection->is_stopping;
    http_response_write(&bytes, &last);
    stream_queue(connection->stream, buf_slice(&bytes));
    buf_fini(&bytes);
    server->acceptor.streams.counters.requests++;
    stream_flush_soon(connection->stream);
    connection->has_begun = false;
    if (last.closes) {
        end(connection);
        return;
    }
    deadline_set(&server->heads, &connection->deadline);
    if (!connection->is_serving)
        turn_schedule(&server->acceptor.streams.turn, &connection->task);
}

void http_connection_answer_text(struct http_connection *connection, struct http_response response,
                                 slice text)
{
    struct buf body = BUF_EMPTY;
    buf_append(&body, text);
    buf_append_text(&body, "\r\n\r\n");
    response.content_type = HTTP_TEXT;
    response.body = buf_slice(&body);
    http_connection_answer(connection, &response);
    buf_fini(&body);
}

void http_connection_refuse(struct http_connection *connection, struct http_response response,
                            const char *reason)
{
    struct log *log = connection->server->log;
    connection->server->acceptor.streams.counters.refused_heads++;
    if (log_wants(log, DS_INFO)) {
        char address[STREAM_ADDRESS_BYTES];
        stream_address(connection->stream, address);
        log_line(log, DS_INFO, LOG_CONNECTION_ERROR, "%s: HTTP request refused with %u: %s",
                 address, response.status, reason);
    }
    response.closes = true;
    http_connection_answer_text(connection, response, slice_of(reason));
}

static void refuse(struct http_connection *connection, unsigned status, const char *reason)
{
    http_connection_refuse(connection, (struct http_response){.status = status}, reason);
}

/* ---- time ---- */

/* A client that reads, however slowly, is waited for. */
static void look_at_reader(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    uint64_t now = uv_now(server->acceptor.streams.loop);
    size_t unread = stream_queued_bytes(connection->stream);
    if (unread < connection->unread_bytes)
        connection->unread_ms = now;
    connection->unread_bytes = unread;
    if (unread <= MAX_QUEUE_BYTES) {
        connection->is_waiting_to_send = false;
        deadline_set(&server->heads, &connection->deadline);
        resume(connection);
    } else if (now - connection->unread_ms > server->settings->head_timeout_ms) {
        cut_off(connection);
    } else {
        deadline_set(&server->drains, &connection->deadline);
    }
}

static void on_late(struct deadline *deadline)
{
    struct http_connection *connection = LIST_ITEM(deadline, struct http_connection, deadline);
    if (connection->is_waiting_to_send)
        look_at_reader(connection);
    else if (connection->incoming != NULL)
        refuse(connection, 408, "the body of the request is too slow");
    else if (connection->has_begun)
        refuse(connection, 408, "the head of the request is too slow");
    else
        end(connection);
}

/* ---- requests ---- */

static void wait_for_reader(struct http_connection *connection)
{
    connection->is_waiting_to_send = true;
    connection->unread_bytes = stream_queued_bytes(connection->stream);
    connection->unread_ms = uv_now(connection->server->acceptor.streams.loop);
    deadline_set(&connection->server->drains, &connection->deadline);
}

/* Whether bytes have to wait before they are taken for requests. */
static bool is_busy(struct http_connection *connection)
{
    if (connection->exchange != NULL || connection->is_waiting_to_send)
        return true;
    if (stream_queued_bytes(connection->stream) <= MAX_QUEUE_BYTES)
        return false;
    wait_for_reader(connection);
    return true;
}

/* False: no whole head is there, or none that is good. */
static bool read_head(struct http_connection *connection, slice *rest)
{
    struct http_server *server = connection->server;
    struct http_head head;
    uint32_t max_head_bytes = server->settings->max_head_bytes;
    switch (http_head_read((char *)(uintptr_t)rest->at, rest->length, &head)) {
    case HTTP_HEAD_INCOMPLETE:
        if (rest->length > max_head_bytes)
            refuse(connection, 431, "the head of the request is too large");
        else if (!connection->has_begun)
            deadline_set(&server->heads, &connection->deadline);
        connection->has_begun = true;
        return false;
    case HTTP_HEAD_REFUSED:
        refuse(connection, head.status, head.reason);
        return false;
    case HTTP_HEAD_COMPLETE:
        break;
    }
    *rest = slice_part(*rest, head.length, rest->length);
    if (head.length > max_head_bytes) {
        refuse(connection, 431, "the head of the request is too large");
        return false;
    }
    http_serve(connection, &head, rest);
    return true;
}

/* Returns what has to wait. */
static slice read_requests(struct http_connection *connection, slice rest)
{
    connection->is_serving = true;
    while (rest.length > 0 && !connection->is_over) {
        if (connection->incoming != NULL)
            http_serve_more(connection, &rest);
        else if (is_busy(connection) || !read_head(connection, &rest))
            break;
    }
    connection->is_serving = false;
    return rest;
}

/* The bytes are the first of partial, or partial is empty. */
static void take(struct http_connection *connection, slice bytes)
{
    struct buf whole = connection->partial;
    connection->partial = BUF_EMPTY;
    slice rest = read_requests(connection, bytes);
    if (!connection->is_over && rest.length > 0)
        buf_append(&connection->partial, rest);
    buf_fini(&whole);
    if (!connection->is_over && is_busy(connection) && rest.length > MAX_AHEAD_BYTES)
        stream_pause(connection->stream);
}

/* An answer was given, or read: the requests behind it. */
static void resume(struct http_connection *connection)
{
    if (is_busy(connection))
        return;
    stream_resume(connection->stream);
    if (connection->partial.length > 0)
        take(connection, buf_slice(&connection->partial));
}

/* ---- what the stream tells ---- */

/* A head that comes in pieces is read again only when a line of it ends. */
static void on_more(struct http_connection *connection, slice bytes)
{
    struct buf *partial = &connection->partial;
    bool ends_line = memchr(bytes.at, '\n', bytes.length) != NULL;
    size_t max = connection->server->settings->max_head_bytes;
    buf_append(partial, bytes);
    if (is_busy(connection)) {
        if (partial->length > MAX_AHEAD_BYTES)
            stream_pause(connection->stream);
    } else if (ends_line || partial->length > max) {
        take(connection, buf_slice(partial));
    }
}

static void on_read(void *owner, char *bytes, size_t length)
{
    struct http_connection *connection = owner;
    if (connection->partial.length > 0)
        on_more(connection, (slice){bytes, length});
    else
        take(connection, (slice){bytes, length});
}

static void on_end(void *owner, const char *reason)
{
    (void)reason;
    http_connection_let_go(owner);
}

/* Who waits for an answer gets it. */
static void on_stop(void *owner)
{
    struct http_connection *connection = owner;
    connection->is_stopping = true;
    if (connection->exchange == NULL)
        end(connection);
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
