#include "transport/stream.h"

#include "base/check.h"

#include <stdlib.h>
#include <sys/socket.h>

#define READ_BUFFER_BYTES ((size_t)64 * 1024)
#define LINGER_MS 3000
#define KEEPALIVE_SECONDS 60
#define WRITE_RUNS 64

size_t stream_queued_bytes(const struct stream *stream)
{
    size_t written = stream->in_flight;
    if (written > 0)
        written -= uv_stream_get_write_queue_size((const uv_stream_t *)&stream->tcp);
    return outq_bytes(&stream->queue) - written;
}

/* ---- the end of one ---- */

static uv_handle_t *handle_of(struct stream *stream)
{
    return (uv_handle_t *)&stream->tcp;
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;
    struct stream_host *host = stream->host;
    outq_fini(&stream->queue, &host->pool);
    list_remove(&stream->in_host);
    free(stream);
    if (--host->stream_count == 0 && host->on_empty != NULL)
        host->on_empty(host->context);
}

static void close_socket(struct stream *stream)
{
    if (stream->state == STREAM_CLOSED)
        return;
    stream->state = STREAM_CLOSED;
    turn_cancel(&stream->flush);
    deadline_clear(&stream->linger);
    uv_close(handle_of(stream), on_socket_closed);
}

static void start_linger(struct stream *stream)
{
    stream->left_at_linger = stream_queued_bytes(stream);
    deadline_set(&stream->host->linger, &stream->linger);
}

/* A peer that takes what is left, however slowly, gets all of it. */
static void on_linger_due(struct deadline *linger)
{
    struct stream *stream = LIST_ITEM(linger, struct stream, linger);
    if (stream_queued_bytes(stream) < stream->left_at_linger)
        start_linger(stream);
    else
        close_socket(stream);
}

static void tell_owner(struct stream *stream, const char *reason)
{
    const struct stream_events *events = stream->events;
    stream->events = NULL;
    if (events != NULL)
        events->on_end(stream->owner, reason);
}

void stream_abort(struct stream *stream)
{
    stream->events = NULL;
    close_socket(stream);
}

void stream_end(struct stream *stream)
{
    stream->events = NULL;
    if (stream->state != STREAM_OPEN)
        return;
    stream_resume(stream);
    stream->state = STREAM_ENDING;
    start_linger(stream);
    stream_flush_soon(stream);
}

/* Everything is written: half of the connection ends. The other half is read to its end, because
 * closing a socket with unread bytes would destroy what the peer has not read yet. */
static void finish_sending(struct stream *stream)
{
    uv_os_fd_t socket;
    if (stream->has_peer_ended || uv_fileno(handle_of(stream), &socket) != 0) {
        close_socket(stream);
    } else if (!stream->is_shut) {
        stream->is_shut = true;
        shutdown(socket, SHUT_WR);
    }
}

/* ---- writing ---- */

struct write {
    uv_write_t request;
    struct stream *stream;
};

static void on_written(uv_write_t *request, int status)
{
    struct write *write = (struct write *)request;
    struct stream *stream = write->stream;
    free(write);
    size_t written = stream->in_flight;
    stream->in_flight = 0;
    if (stream->state == STREAM_CLOSED)
        return;
    if (status < 0) {
        stream->broken = "the connection broke";
    } else {
        stream->host->counters.bytes_out += written;
        outq_consume(&stream->queue, &stream->host->pool, written);
    }
    stream_flush_soon(stream);
}

/* The system takes no more now: libuv writes on when it does. */
static void write_when_possible(struct stream *stream)
{
    uv_buf_t runs[WRITE_RUNS];
    size_t count = outq_runs(&stream->queue, runs, WRITE_RUNS, &stream->in_flight);
    struct write *write = malloc(sizeof *write);
    CHECK(write != NULL);
    write->stream = stream;
    int status =
        uv_write(&write->request, (uv_stream_t *)&stream->tcp, runs, (unsigned)count, on_written);
    if (status < 0) {
        free(write);
        stream->in_flight = 0;
        stream->broken = "the connection broke";
        stream_flush_soon(stream);
    }
}

/* True when everything queued has been written. */
static bool write_queued(struct stream *stream)
{
    while (outq_bytes(&stream->queue) > 0) {
        uv_buf_t runs[WRITE_RUNS];
        size_t total, count = outq_runs(&stream->queue, runs, WRITE_RUNS, &total);
        int written = uv_try_write((uv_stream_t *)&stream->tcp, runs, (unsigned)count);
        if (written < 0 && written != UV_EAGAIN) {
            stream->broken = "the connection broke";
            stream_flush_soon(stream);
            return false;
        }
        size_t taken = written > 0 ? (size_t)written : 0;
        stream->host->counters.bytes_out += taken;
        outq_consume(&stream->queue, &stream->host->pool, taken);
        if (taken < total) {
            write_when_possible(stream);
            return false;
        }
    }
    return true;
}

void stream_flush(struct stream *stream)
{
    if (stream->state == STREAM_CLOSED || stream->in_flight > 0 || stream->broken != NULL)
        return;
    if (write_queued(stream) && stream->state == STREAM_ENDING)
        finish_sending(stream);
}

static void at_end_of_turn(struct turn_task *task)
{
    struct stream *stream = LIST_ITEM(task, struct stream, flush);
    if (stream->broken == NULL) {
        stream_flush(stream);
        return;
    }
    tell_owner(stream, stream->broken);
    close_socket(stream);
}

/* ---- reading ---- */

/* An empty buffer makes libuv leave the stream alone until the next turn. */
static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct stream *stream = handle->data;
    struct stream_host *host = stream->host;
    bool had_its_share = stream->read_in_turn == host->turn.number;
    *buffer = (uv_buf_t){host->read_buffer, had_its_share ? 0 : READ_BUFFER_BYTES};
}

static void on_input_ended(struct stream *stream, ssize_t status)
{
    stream->has_peer_ended = true;
    uv_read_stop((uv_stream_t *)&stream->tcp);
    bool is_clean = status == UV_EOF;
    tell_owner(stream, is_clean ? "the peer hung up" : "the connection broke");
    if (!is_clean) {
        close_socket(stream);
        return;
    }
    stream_end(stream);
    stream_flush_soon(stream);
}

static void on_input(uv_stream_t *tcp, ssize_t length, const uv_buf_t *buffer)
{
    struct stream *stream = tcp->data;
    if (length == 0 || length == UV_ENOBUFS)
        return;
    if (length < 0) {
        on_input_ended(stream, length);
        return;
    }
    stream->read_in_turn = stream->host->turn.number;
    stream->host->counters.bytes_in += (size_t)length;
    if (stream->events != NULL)
        stream->events->on_read(stream->owner, buffer->base, (size_t)length);
}

void stream_pause(struct stream *stream)
{
    if (stream->state != STREAM_OPEN || stream->is_paused)
        return;
    stream->is_paused = true;
    uv_read_stop((uv_stream_t *)&stream->tcp);
}

void stream_resume(struct stream *stream)
{
    if (stream->state != STREAM_OPEN || !stream->is_paused)
        return;
    stream->is_paused = false;
    if (!stream->has_peer_ended)
        uv_read_start((uv_stream_t *)&stream->tcp, give_buffer, on_input);
}

/* ---- the beginning ---- */

struct stream *stream_accept(struct stream_host *host, uv_stream_t *listener)
{
    struct stream *stream = calloc(1, sizeof *stream);
    CHECK(stream != NULL);
    stream->host = host;
    turn_task_init(&stream->flush, at_end_of_turn);
    deadline_init(&stream->linger, on_linger_due);
    list_append(&host->streams, &stream->in_host);
    host->stream_count++;
    host->counters.connections++;
    uv_tcp_init(host->loop, &stream->tcp);
    stream->tcp.data = stream;
    if (uv_accept(listener, (uv_stream_t *)&stream->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&stream->tcp, give_buffer, on_input) != 0) {
        close_socket(stream);
        return NULL;
    }
    uv_tcp_nodelay(&stream->tcp, 1);
    uv_tcp_keepalive(&stream->tcp, 1, KEEPALIVE_SECONDS);
    return stream;
}

void stream_own(struct stream *stream, const struct stream_events *events, void *owner)
{
    stream->events = events;
    stream->owner = owner;
}

void stream_address(const struct stream *stream, char address[STREAM_ADDRESS_BYTES])
{
    struct sockaddr_storage name;
    int length = sizeof name;
    address[0] = '\0';
    if (uv_tcp_getpeername(&stream->tcp, (struct sockaddr *)&name, &length) == 0)
        uv_ip_name((const struct sockaddr *)&name, address, STREAM_ADDRESS_BYTES);
}

/* ---- all of them ---- */

void stream_stop_all(struct stream_host *host)
{
    for (struct list_link *at = host->streams.next; at != &host->streams; at = at->next) {
        struct stream *stream = LIST_ITEM(at, struct stream, in_host);
        if (stream->events != NULL)
            stream->events->on_stop(stream->owner);
    }
}

void stream_abort_all(struct stream_host *host, const char *reason)
{
    for (struct list_link *at = host->streams.next; at != &host->streams; at = at->next) {
        struct stream *stream = LIST_ITEM(at, struct stream, in_host);
        tell_owner(stream, reason);
        close_socket(stream);
    }
}

void stream_host_init(struct stream_host *host, uv_loop_t *loop, struct log *log, void *context)
{
    *host = (struct stream_host){.loop = loop, .log = log, .context = context};
    turn_init(&host->turn, loop);
    deadlines_init(&host->linger, loop, LINGER_MS);
    list_init(&host->streams);
    host->read_buffer = malloc(READ_BUFFER_BYTES);
    CHECK(host->read_buffer != NULL);
}

static void on_part_closed(struct stream_host *host)
{
    if (--host->open_parts > 0)
        return;
    outq_pool_fini(&host->pool);
    free(host->read_buffer);
    host->on_closed(host->context);
}

static void on_turn_closed(struct turn *turn)
{
    on_part_closed(LIST_ITEM(turn, struct stream_host, turn));
}

static void on_linger_closed(uv_handle_t *timer)
{
    on_part_closed(LIST_ITEM(timer, struct stream_host, linger.timer));
}

void stream_host_close(struct stream_host *host, void (*on_closed)(void *context))
{
    CHECK(host->stream_count == 0);
    host->on_closed = on_closed;
    host->open_parts = 2;
    turn_close(&host->turn, on_turn_closed);
    deadlines_close(&host->linger, on_linger_closed);
}
