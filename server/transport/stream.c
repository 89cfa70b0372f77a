#include "transport/stream.h"

#include "transport/tls/connection.h"

#include "base/check.h"
#include "logging/log.h"

#include <stdlib.h>
#include <sys/socket.h>

#define KEEPALIVE_SECONDS 60
#define WRITE_RUNS 64

/* Shaking hands is dear: in one turn no more than so many peers go a step further, so that who is
 * connected does not wait for who floods the door. */
#define HANDSHAKE_STEPS_PER_TURN 16

/* Answers of TLS itself that the peer does not read, before it is cut off. */
#define MAX_TLS_ANSWER_BYTES ((size_t)256 * 1024)

/* What goes to the socket. */
static struct outq *wire_of(struct stream *stream)
{
    return stream->tls == NULL ? &stream->queue : tls_wire(stream->tls);
}

size_t stream_queued_bytes(const struct stream *stream)
{
    size_t written = stream->in_flight;
    if (written > 0)
        written -= uv_stream_get_write_queue_size((const uv_stream_t *)&stream->tcp);
    size_t sealed = stream->tls == NULL ? 0 : outq_bytes(tls_wire(stream->tls));
    return outq_bytes(&stream->queue) + sealed - written;
}

/* ---- trouble with TLS ---- */

static void log_tls(const struct stream *stream, const char *what)
{
    struct log *log = stream->host->log;
    char address[STREAM_ADDRESS_BYTES];
    const char *more, *why = tls_why(stream->tls, &more);
    if (!log_wants(log, DS_INFO))
        return;
    stream_address(stream, address);
    log_line(log, DS_INFO, LOG_CONNECTION_ERROR, "%s: %s: %s%s%s", address, what, why,
             more == NULL ? "" : ": ", more == NULL ? "" : more);
}

/* The end comes before the handshake is complete. Peers that connect and say nothing are none. */
static void give_up_handshake(struct stream *stream, const char *why)
{
    if (stream->tls == NULL || !tls_is_shaking_hands(stream->tls))
        return;
    stream->host->counters.failed_handshakes++;
    tls_give_up(stream->tls, why);
    log_tls(stream, "TLS handshake failed");
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
    tls_connection_free(&stream->tls);
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
    deadline_clear(&stream->deadline);
    uv_close(handle_of(stream), on_socket_closed);
}

static void start_linger(struct stream *stream)
{
    stream->left_at_linger = stream_queued_bytes(stream);
    deadline_set(&stream->host->linger, &stream->deadline);
}

static void tell_owner(struct stream *stream, const char *reason)
{
    const struct stream_events *events = stream->events;
    stream->events = NULL;
    if (events != NULL)
        events->on_end(stream->owner, reason);
}

/* A peer that takes what is left, however slowly, gets all of it. */
static void on_due(struct deadline *deadline)
{
    struct stream *stream = LIST_ITEM(deadline, struct stream, deadline);
    if (stream->state == STREAM_OPEN) {
        tell_owner(stream, "the TLS handshake is too slow");
        stream_end(stream);
    } else if (stream_queued_bytes(stream) < stream->left_at_linger) {
        start_linger(stream);
    } else {
        close_socket(stream);
    }
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
    give_up_handshake(stream, "it is too slow");
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

/* Its owner hears of it at the end of the turn. */
static void break_off(struct stream *stream, const char *why)
{
    stream->broken = why;
    stream_flush_soon(stream);
}

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
        outq_consume(wire_of(stream), &stream->host->pool, written);
    }
    stream_flush_soon(stream);
}

/* The system takes no more now: libuv writes on when it does. */
static void write_when_possible(struct stream *stream)
{
    uv_buf_t runs[WRITE_RUNS];
    size_t count = outq_runs(wire_of(stream), runs, WRITE_RUNS, &stream->in_flight);
    struct write *write = malloc(sizeof *write);
    CHECK(write != NULL);
    write->stream = stream;
    int status =
        uv_write(&write->request, (uv_stream_t *)&stream->tcp, runs, (unsigned)count, on_written);
    if (status < 0) {
        free(write);
        stream->in_flight = 0;
        break_off(stream, "the connection broke");
    }
}

/* Seals as much as may wait for the socket. Behind the last of a stream that ends stands a goodbye;
 * one that never was open says nothing. */
static void seal(struct stream *stream)
{
    bool is_ending = stream->state == STREAM_ENDING, was_open = tls_is_open(stream->tls);
    tls_seal(stream->tls, &stream->queue);
    if (was_open && !tls_is_open(stream->tls))
        break_off(stream, "the encryption failed");
    if (is_ending && !tls_is_open(stream->tls))
        outq_fini(&stream->queue, &stream->host->pool);
    else if (is_ending && outq_bytes(&stream->queue) == 0)
        tls_say_goodbye(stream->tls);
}

static bool has_bytes_to_write(struct stream *stream)
{
    if (stream->tls != NULL)
        seal(stream);
    return outq_bytes(wire_of(stream)) > 0;
}

/* True when everything queued has been written. */
static bool write_queued(struct stream *stream)
{
    while (has_bytes_to_write(stream)) {
        uv_buf_t runs[WRITE_RUNS];
        size_t total, count = outq_runs(wire_of(stream), runs, WRITE_RUNS, &total);
        int written = uv_try_write((uv_stream_t *)&stream->tcp, runs, (unsigned)count);
        if (written < 0 && written != UV_EAGAIN) {
            break_off(stream, "the connection broke");
            return false;
        }
        size_t taken = written > 0 ? (size_t)written : 0;
        stream->host->counters.bytes_out += taken;
        outq_consume(wire_of(stream), &stream->host->pool, taken);
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

static bool is_before_handshake(const struct stream *stream)
{
    return stream->tls != NULL && stream->state == STREAM_OPEN && !tls_is_open(stream->tls);
}

/* Whether as many steps of handshakes as a turn has time for have been done in this one. */
static bool has_no_time_for_handshakes(struct stream_host *host)
{
    if (host->handshake_turn != host->turn.number)
        host->handshake_steps = 0;
    host->handshake_turn = host->turn.number;
    return host->handshake_steps >= HANDSHAKE_STEPS_PER_TURN;
}

/* An empty buffer makes libuv leave the stream alone until the next turn. */
static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct stream *stream = handle->data;
    struct stream_host *host = stream->host;
    bool must_wait = stream->read_in_turn == host->turn.number ||
                     (is_before_handshake(stream) && has_no_time_for_handshakes(host));
    *buffer = (uv_buf_t){host->read_buffer, must_wait ? 0 : STREAM_READ_BYTES};
}

static void on_input_ended(struct stream *stream, ssize_t status)
{
    stream->has_peer_ended = true;
    uv_read_stop((uv_stream_t *)&stream->tcp);
    bool is_clean = status == UV_EOF;
    give_up_handshake(stream, is_clean ? "the peer hung up" : "the connection broke");
    tell_owner(stream, is_clean ? "the peer hung up" : "the connection broke");
    if (!is_clean) {
        close_socket(stream);
        return;
    }
    stream_end(stream);
    stream_flush_soon(stream);
}

/* What the library has to say about it, an alert, leaves before the end. */
static void on_tls_broken(struct stream *stream, bool was_open)
{
    stream->host->counters.failed_handshakes += !was_open;
    log_tls(stream, was_open ? "TLS broke" : "TLS handshake failed");
    tell_owner(stream, "the peer broke TLS");
    stream_end(stream);
}

/* The handshake may have ended by this. */
static void watch_handshake(struct stream *stream)
{
    if (!deadline_is_set(&stream->deadline) || !tls_is_open(stream->tls))
        return;
    deadline_clear(&stream->deadline);
    stream->host->counters.handshakes++;
}

static void hand_over(struct stream *stream, char *bytes, size_t length)
{
    if (length > 0 && stream->events != NULL)
        stream->events->on_read(stream->owner, bytes, length);
}

/* What is behind the end of a stream, from either side, is dropped. */
static void on_sealed_input(struct stream *stream, slice bytes)
{
    enum tls_outcome outcome = TLS_FULL;
    bool was_open = tls_is_open(stream->tls);
    tls_give(stream->tls, bytes);
    while (outcome == TLS_FULL && stream->state == STREAM_OPEN) {
        size_t length;
        outcome = tls_read(stream->tls, stream->host->opened, STREAM_READ_BYTES, &length);
        if (!was_open)
            watch_handshake(stream);
        hand_over(stream, stream->host->opened, length);
    }
    if (stream->state != STREAM_OPEN)
        return;
    if (outcome == TLS_BROKEN)
        on_tls_broken(stream, was_open);
    else if (outcome == TLS_ENDED)
        on_input_ended(stream, UV_EOF);
    else if (outq_bytes(tls_wire(stream->tls)) > MAX_TLS_ANSWER_BYTES)
        break_off(stream, "the peer does not read");
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
    if (stream->tls == NULL) {
        hand_over(stream, buffer->base, (size_t)length);
    } else if (stream->state == STREAM_OPEN) {
        stream->host->handshake_steps += !tls_is_open(stream->tls);
        on_sealed_input(stream, (slice){buffer->base, (size_t)length});
    }
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
    deadline_init(&stream->deadline, on_due);
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
    if (host->tls != NULL) {
        stream->tls = tls_connection_new(host->tls, &host->pool);
        deadline_set(&host->handshakes, &stream->deadline);
    }
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

void stream_report_slow(struct stream *stream, size_t waiting)
{
    char address[STREAM_ADDRESS_BYTES];
    stream_address(stream, address);
    stream->host->counters.slow_receivers++;
    log_line(stream->host->log, DS_WARN, LOG_SLOW_RECEIVER,
             "%s does not read: cut off with %zu bytes waiting", address, waiting);
}

struct ds_tls_peer *stream_peer(const struct stream *stream)
{
    return stream->tls == NULL ? NULL : tls_peer_new(stream->tls);
}

/* ---- all of them ---- */

static void cut_off(struct stream *stream, const char *reason)
{
    tell_owner(stream, reason);
    close_socket(stream);
}

/* Who has not shaken hands cannot be told anything. */
void stream_stop_all(struct stream_host *host)
{
    for (struct list_link *at = host->streams.next; at != &host->streams; at = at->next) {
        struct stream *stream = LIST_ITEM(at, struct stream, in_host);
        if (is_before_handshake(stream))
            cut_off(stream, "the server stops");
        else if (stream->events != NULL)
            stream->events->on_stop(stream->owner);
    }
}

void stream_abort_all(struct stream_host *host, const char *reason)
{
    for (struct list_link *at = host->streams.next; at != &host->streams; at = at->next)
        cut_off(LIST_ITEM(at, struct stream, in_host), reason);
}
