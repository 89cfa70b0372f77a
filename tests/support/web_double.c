#include "support/web_double.h"

#include "base/check.h"

#include <signal.h>
#include <stdlib.h>

struct connection {
    uv_tcp_t tcp;
    struct list_link link;
    struct web_double *web;
    struct buf received;
    struct web_reply reply; /* of the last request */
    bool is_counted;
};

/* ---- ends ---- */

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    connection->web->open_handles--;
    buf_fini(&connection->received);
    free(connection);
}

static void end(struct connection *connection)
{
    if (uv_is_closing((uv_handle_t *)&connection->tcp))
        return;
    list_remove(&connection->link);
    connection->web->open_now -= connection->is_counted;
    uv_close((uv_handle_t *)&connection->tcp, on_connection_closed);
}

/* ---- writing ---- */

struct writing {
    uv_write_t request;
    struct connection *connection;
    struct buf text;
};

static void send_text(struct connection *connection, slice text);

static void on_written(uv_write_t *request, int status)
{
    struct writing *writing = request->data;
    struct connection *connection = writing->connection;
    buf_fini(&writing->text);
    free(writing);
    if (uv_is_closing((uv_handle_t *)&connection->tcp))
        return;
    if (status < 0 || (connection->reply.hang_up && connection->reply.again == NULL))
        end(connection);
    else if (connection->reply.again != NULL)
        send_text(connection, slice_of(connection->reply.again));
}

static void send_text(struct connection *connection, slice text)
{
    struct writing *writing = calloc(1, sizeof *writing);
    CHECK(writing != NULL);
    buf_append(&writing->text, text);
    writing->connection = connection;
    writing->request.data = writing;
    uv_buf_t piece = uv_buf_init(writing->text.at, (unsigned)writing->text.length);
    if (uv_write(&writing->request, (uv_stream_t *)&connection->tcp, &piece, 1, on_written) != 0) {
        buf_fini(&writing->text);
        free(writing);
        end(connection);
    }
}

/* ---- reading ---- */

static slice take_word(slice *line)
{
    size_t length = 0;
    while (length < line->length && line->at[length] != ' ')
        length++;
    slice word = slice_part(*line, 0, length);
    *line = slice_part(*line, length + (length < line->length), line->length);
    return word;
}

static size_t body_length(const char *head)
{
    const char *found = strstr(head, "Content-Length: ");
    return found == NULL ? 0 : strtoul(found + 16, NULL, 10);
}

/* True when a whole request was there. */
static bool take_request(struct connection *connection)
{
    struct web_double *web = connection->web;
    struct buf *received = &connection->received;
    buf_append_byte(received, '\0');
    received->length--;
    const char *end_of_head = strstr(received->at, "\r\n\r\n");
    if (end_of_head == NULL)
        return false;
    size_t head = (size_t)(end_of_head - received->at), body = body_length(received->at);
    if (received->length < head + 4 + body)
        return false;
    slice line = {received->at, head};
    struct web_asked asked = {.number = ++web->asked_count,
                              .head = {received->at, head},
                              .body = {received->at + head + 4, body}};
    asked.method = take_word(&line);
    asked.path = take_word(&line);
    connection->reply = web->answer(web->context, &asked);
    size_t used = head + 4 + body;
    memmove(received->at, received->at + used, received->length - used);
    received->length -= used;
    return true;
}

static void answer_requests(struct connection *connection)
{
    struct web_double *web = connection->web;
    while (!uv_is_closing((uv_handle_t *)&connection->tcp) && take_request(connection)) {
        const struct web_reply *reply = &connection->reply;
        if (!connection->is_counted)
            web->open_now++;
        connection->is_counted = true;
        if (web->open_now > web->open_most)
            web->open_most = web->open_now;
        if (reply->text != NULL)
            send_text(connection, (slice){reply->text,
                                          reply->length > 0 ? reply->length : strlen(reply->text)});
        else if (reply->hang_up)
            end(connection);
    }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    (void)handle;
    room->base = malloc(suggested);
    CHECK(room->base != NULL);
    room->len = suggested;
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *room)
{
    struct connection *connection = stream->data;
    if (length > 0)
        buf_append(&connection->received, (slice){room->base, (size_t)length});
    free(room->base);
    if (length < 0)
        end(connection);
    else
        answer_requests(connection);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct web_double *web = listener->data;
    CHECK(status == 0);
    struct connection *connection = calloc(1, sizeof *connection);
    CHECK(connection != NULL);
    connection->web = web;
    connection->tcp.data = connection;
    CHECK(uv_tcp_init(web->loop, &connection->tcp) == 0);
    CHECK(uv_accept(listener, (uv_stream_t *)&connection->tcp) == 0);
    list_append(&web->connections, &connection->link);
    web->open_handles++;
    uv_read_start((uv_stream_t *)&connection->tcp, give_room, on_read);
}

/* ---- entry points ---- */

void web_double_init(struct web_double *web, uv_loop_t *loop,
                     struct web_reply (*answer)(void *context, const struct web_asked *asked),
                     void *context)
{
    struct sockaddr_in address;
    int length = sizeof address;
    *web =
        (struct web_double){.loop = loop, .answer = answer, .context = context, .open_handles = 1};
    list_init(&web->connections);
    signal(SIGPIPE, SIG_IGN); /* who is cut off in the middle of an answer */
    CHECK(uv_tcp_init(loop, &web->listener) == 0);
    web->listener.data = web;
    CHECK(uv_ip4_addr("127.0.0.1", 0, &address) == 0);
    CHECK(uv_tcp_bind(&web->listener, (const struct sockaddr *)&address, 0) == 0);
    CHECK(uv_listen((uv_stream_t *)&web->listener, 1024, on_connection) == 0);
    CHECK(uv_tcp_getsockname(&web->listener, (struct sockaddr *)&address, &length) == 0);
    web->port = ntohs(address.sin_port);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct web_double *web = handle->data;
    web->open_handles--;
}

void web_double_vanish(struct web_double *web)
{
    if (!uv_is_closing((uv_handle_t *)&web->listener))
        uv_close((uv_handle_t *)&web->listener, on_listener_closed);
    while (!list_is_empty(&web->connections))
        end(LIST_ITEM(web->connections.next, struct connection, link));
}

void web_double_fini(struct web_double *web)
{
    web_double_vanish(web);
    while (web->open_handles > 0)
        uv_run(web->loop, UV_RUN_ONCE);
}

struct web_reply web_reply_of(int status, const char *type, const char *extra, const char *body)
{
    static char texts[8][4096];
    static unsigned next;
    char *text = texts[next++ % 8];
    int length = snprintf(
        text, sizeof texts[0], "HTTP/1.1 %d Whatever\r\nContent-Length: %zu\r\n%s%s%s%s%s\r\n%s",
        status, strlen(body), type == NULL ? "" : "Content-Type: ", type == NULL ? "" : type,
        type == NULL ? "" : "\r\n", extra == NULL ? "" : extra, extra == NULL ? "" : "\r\n", body);
    CHECK(length > 0 && (size_t)length < sizeof texts[0]);
    return (struct web_reply){.text = text};
}
