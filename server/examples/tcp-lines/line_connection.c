#include "line_connection.h"

#include <stdlib.h>
#include <string.h>

#define GOODBYE "{\"topic\":2,\"action\":9}\n" /* CONNECTION, CLOSED */

/* What one write takes along. */
struct batch {
    uv_write_t request;
    struct line_connection *connection;
    size_t length, capacity;
    char bytes[];
};

struct line_connection {
    struct ds_outlet outlet; /* the first member: the server knows nothing else of it */
    struct line_host *host;
    struct line_connection *next, *previous;
    uv_tcp_t socket;
    uv_shutdown_t shutdown;
    void *owner; /* NULL: the server has turned it away, or not seen it yet */
    char *line;  /* the beginning of one whose end has not come; bounded by the endpoint */
    size_t line_length;
    struct batch *batch; /* queued in this turn; NULL: nothing */
    size_t queued;       /* in it, and in writes under way: bounded by the endpoint */
    unsigned writes;     /* under way */
    bool is_closing;     /* nothing more is queued, and what comes is of no interest */
    bool is_leaving;     /* all is written, and the end of the client is awaited */
    bool is_late;        /* it is closing since the last look */
    bool is_over;        /* its socket is being closed */
    const char *reason;
};

static void give_buffer(uv_handle_t *socket, size_t suggested, uv_buf_t *buffer);
static void on_read(uv_stream_t *socket, ssize_t length, const uv_buf_t *buffer);

static struct line_connection *connection_of(const struct ds_outlet *outlet)
{
    return (struct line_connection *)outlet;
}

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *socket)
{
    struct line_connection *connection = socket->data;
    struct line_host *host = connection->host;
    if (connection->owner != NULL)
        host->endpoint->on_close(connection->owner, connection->reason);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        host->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    free(connection->line);
    free(connection);
    if (host->first == NULL && host->on_empty != NULL)
        host->on_empty(host);
}

/* Now, and whatever is queued: writes under way are told that they are cancelled before it is
 * closed. */
static void end(struct line_connection *connection)
{
    if (connection->is_over)
        return;
    connection->is_over = connection->is_closing = true;
    connection->host->queued_bytes -= connection->batch == NULL ? 0 : connection->batch->length;
    free(connection->batch);
    connection->batch = NULL;
    uv_close((uv_handle_t *)&connection->socket, on_closed);
}

static void schedule(struct line_host *host)
{
    uv_idle_start(&host->at_end_of_turn, line_host_flush);
}

static void on_shut(uv_shutdown_t *shutdown, int status)
{
    struct line_connection *connection = shutdown->data;
    if (status != 0)
        end(connection);
}

/* All is written. A socket that is closed while something of the client is unread would take back
 * what the client has not read: so its end is awaited, for as long as line_host_cut_off allows. */
static void leave(struct line_connection *connection)
{
    uv_stream_t *socket = (uv_stream_t *)&connection->socket;
    if (connection->is_leaving || connection->is_over)
        return;
    connection->is_leaving = true;
    connection->shutdown.data = connection;
    if (connection->outlet.end == DS_OUTLET_LEFT ||
        uv_shutdown(&connection->shutdown, socket, on_shut) != 0)
        end(connection);
    else
        uv_read_start(socket, give_buffer, on_read);
}

/* The first cause counts. */
static void begin_end(struct line_connection *connection, enum ds_outlet_end cause,
                      const char *reason)
{
    if (connection->is_closing)
        return;
    connection->is_closing = true;
    connection->outlet.end = cause;
    connection->reason = reason;
    uv_read_stop((uv_stream_t *)&connection->socket);
    schedule(connection->host);
}

static void cut_off(struct line_connection *connection, enum ds_outlet_end cause,
                    const char *reason)
{
    begin_end(connection, cause, reason);
    end(connection);
}

/* ---- messages that leave ---- */

static void append(struct line_connection *connection, const char *bytes, size_t length)
{
    struct batch *batch = connection->batch;
    size_t used = batch == NULL ? 0 : batch->length;
    if (batch == NULL || batch->capacity - used < length) {
        size_t capacity = 2 * used + length + 256;
        batch = must(realloc(batch, sizeof *batch + capacity));
        batch->capacity = capacity;
        batch->length = used;
        connection->batch = batch;
    }
    memcpy(batch->bytes + used, bytes, length);
    batch->length += length;
    connection->queued += length;
    connection->host->queued_bytes += length;
    schedule(connection->host);
}

static void on_written(uv_write_t *request, int status)
{
    struct batch *batch = request->data;
    struct line_connection *connection = batch->connection;
    connection->queued -= batch->length;
    connection->host->queued_bytes -= batch->length;
    connection->host->counters.bytes_out += status == 0 ? batch->length : 0;
    connection->writes--;
    free(batch);
    if (status != 0)
        cut_off(connection, DS_OUTLET_LOST, "it cannot be written to");
    else if (connection->is_closing && connection->writes == 0 && connection->batch == NULL)
        leave(connection);
}

static void write_batch(struct line_connection *connection)
{
    struct batch *batch = connection->batch;
    if (batch == NULL)
        return;
    uv_buf_t bytes = uv_buf_init(batch->bytes, (unsigned)batch->length);
    connection->batch = NULL;
    connection->writes++;
    batch->connection = connection;
    batch->request.data = batch;
    if (uv_write(&batch->request, (uv_stream_t *)&connection->socket, &bytes, 1, on_written) != 0)
        on_written(&batch->request, UV_EPIPE);
}

/* A line break inside a JSON text stands between two of its words alone: a space is as good. */
static void write_line(char *out, ds_slice payload)
{
    for (size_t i = 0; i < payload.length; i++)
        out[i] = payload.at[i] == '\n' || payload.at[i] == '\r' ? ' ' : payload.at[i];
    out[payload.length] = '\n';
}

static struct ds_frame *make_frame(ds_slice payload)
{
    struct ds_frame *frame = ds_frame_new(payload.length + 1);
    write_line(frame->bytes, payload);
    return frame;
}

/* A client that does not read is cut off at the end of the turn: never from inside a call. */
static void send_frame(struct ds_outlet *outlet, struct ds_frame *frame)
{
    struct line_connection *connection = connection_of(outlet);
    struct line_host *host = connection->host;
    if (connection->is_closing)
        return;
    if (connection->queued + frame->length > host->endpoint->max_queue_bytes) {
        host->counters.slow_receivers++;
        cut_off(connection, DS_OUTLET_SLOW_RECEIVER, "it does not read");
        return;
    }
    append(connection, frame->bytes, frame->length);
}

static void send_payload(struct ds_outlet *outlet, ds_slice payload)
{
    struct ds_frame *frame = make_frame(payload);
    send_frame(outlet, frame);
    ds_frame_release(&frame);
}

static void flush(struct ds_outlet *outlet)
{
    write_batch(connection_of(outlet));
}

static void close_outlet(struct ds_outlet *outlet, enum ds_close_code code)
{
    if (code == DS_CLOSE_ABORT)
        cut_off(connection_of(outlet), DS_OUTLET_CLOSED, "it was cut off");
    else
        begin_end(connection_of(outlet), DS_OUTLET_CLOSED, "it was closed");
}

static size_t queued_bytes(const struct ds_outlet *outlet)
{
    return connection_of(outlet)->queued;
}

/* ---- lines that come ---- */

static void refuse_line(struct line_connection *connection)
{
    connection->host->counters.protocol_errors++;
    begin_end(connection, DS_OUTLET_PROTOCOL_ERROR, "its line is too long");
}

/* Returns whether the next one may be looked at. */
static bool take_line(struct line_connection *connection, const char *at, size_t length)
{
    struct line_host *host = connection->host;
    if (length > host->endpoint->max_message_bytes) {
        refuse_line(connection);
        return false;
    }
    length -= length > 0 && at[length - 1] == '\r' ? 1 : 0;
    if (length > 0) {
        host->counters.messages++;
        host->endpoint->on_message(connection->owner, DS_FRAME_TEXT, (ds_slice){at, length});
    }
    return !connection->is_closing;
}

/* What came is the end of a line that had begun before. */
static bool finish_line(struct line_connection *connection, const char *at, size_t length)
{
    char *line = connection->line;
    size_t before = connection->line_length;
    if (before == 0)
        return take_line(connection, at, length);
    connection->line = NULL;
    connection->line_length = 0;
    line = must(realloc(line, before + length + 1));
    memcpy(line + before, at, length);
    bool goes_on = take_line(connection, line, before + length);
    free(line);
    return goes_on;
}

static void keep_beginning(struct line_connection *connection, const char *at, size_t length)
{
    size_t before = connection->line_length;
    if (length == 0)
        return;
    if (before + length > connection->host->endpoint->max_message_bytes) {
        refuse_line(connection);
        return;
    }
    connection->line = must(realloc(connection->line, before + length));
    memcpy(connection->line + before, at, length);
    connection->line_length = before + length;
}

static void take_bytes(struct line_connection *connection, const char *at, size_t length)
{
    const char *line_end;
    while ((line_end = memchr(at, '\n', length)) != NULL) {
        size_t line = (size_t)(line_end - at);
        if (!finish_line(connection, at, line))
            return;
        at += line + 1;
        length -= line + 1;
    }
    keep_beginning(connection, at, length);
}

static void give_buffer(uv_handle_t *socket, size_t suggested, uv_buf_t *buffer)
{
    struct line_connection *connection = socket->data;
    (void)suggested;
    *buffer = uv_buf_init(connection->host->input, sizeof connection->host->input);
}

static void on_read(uv_stream_t *socket, ssize_t length, const uv_buf_t *buffer)
{
    struct line_connection *connection = socket->data;
    if (connection->is_closing && length < 0) {
        end(connection);
    } else if (connection->is_closing) {
        return;
    } else if (length > 0) {
        connection->host->counters.bytes_in += (size_t)length;
        connection->host->endpoint->on_alive(connection->owner);
        take_bytes(connection, buffer->base, (size_t)length);
    } else if (length == UV_EOF && connection->line_length == 0) {
        begin_end(connection, DS_OUTLET_LEFT, "the client has left");
    } else if (length < 0) {
        cut_off(connection, DS_OUTLET_LOST, "the connection broke");
    }
}

static void pause_reading(struct ds_outlet *outlet)
{
    uv_read_stop((uv_stream_t *)&connection_of(outlet)->socket);
}

static void resume_reading(struct ds_outlet *outlet)
{
    struct line_connection *connection = connection_of(outlet);
    if (!connection->is_closing)
        uv_read_start((uv_stream_t *)&connection->socket, give_buffer, on_read);
}

/* ---- the beginning ---- */

static const struct ds_outlet_operations operations = {
    .send = send_payload,
    .make_frame = make_frame,
    .send_frame = send_frame,
    .flush = flush,
    .close = close_outlet,
    .pause_reading = pause_reading,
    .resume_reading = resume_reading,
    .queued_bytes = queued_bytes,
};

static ds_slice address_of(const uv_tcp_t *socket, char *text, size_t size)
{
    struct sockaddr_storage address = {0};
    int length = sizeof address;
    if (uv_tcp_getpeername(socket, (struct sockaddr *)&address, &length) != 0 ||
        uv_ip_name((struct sockaddr *)&address, text, size) != 0)
        text[0] = '\0';
    return (ds_slice){text, strlen(text)};
}

static void open_connection(struct line_connection *connection)
{
    struct line_host *host = connection->host;
    char address[64];
    struct ds_http_request request = {.remote_address =
                                          address_of(&connection->socket, address, sizeof address)};
    host->counters.connections++;
    connection->owner =
        host->endpoint->on_open(host->endpoint->context, &connection->outlet, &request);
    if (connection->owner == NULL)
        cut_off(connection, DS_OUTLET_CLOSED, "it was turned away");
    else
        resume_reading(&connection->outlet);
}

void line_connection_accept(struct line_host *host, uv_stream_t *listener)
{
    struct line_connection *connection = must(calloc(1, sizeof *connection));
    connection->outlet.operations = &operations;
    connection->host = host;
    connection->next = host->first;
    if (host->first != NULL)
        host->first->previous = connection;
    host->first = connection;
    uv_tcp_init(host->loop, &connection->socket);
    connection->socket.data = connection;
    if (uv_accept(listener, (uv_stream_t *)&connection->socket) == 0)
        open_connection(connection);
    else
        end(connection);
}

/* ---- all of them ---- */

void line_host_flush(uv_idle_t *at_end_of_turn)
{
    struct line_host *host = at_end_of_turn->data;
    uv_idle_stop(at_end_of_turn);
    for (struct line_connection *at = host->first; at != NULL; at = at->next) {
        write_batch(at);
        if (at->is_closing && at->writes == 0)
            leave(at);
    }
}

void line_host_say_goodbye(struct line_host *host)
{
    for (struct line_connection *at = host->first; at != NULL; at = at->next) {
        if (!at->is_closing)
            append(at, GOODBYE, strlen(GOODBYE));
        begin_end(at, DS_OUTLET_SERVER_STOP, "the server stops");
    }
}

void line_host_cut_off(struct line_host *host, enum line_cut whom)
{
    for (struct line_connection *at = host->first; at != NULL; at = at->next) {
        if (whom == CUT_ALL || at->is_late)
            cut_off(at, DS_OUTLET_LOST, "it did not leave in time");
        at->is_late = at->is_closing;
    }
}
