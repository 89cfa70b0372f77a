/* The life of a WebSocket: opened, closed from either side, freed. */

#include "transport/ws/peer.h"

#include "base/check.h"
#include "logging/log.h"

#include <stdlib.h>

#define CLOSE_TIMEOUT_MS 3000

/* ---- what all share ---- */

void ws_host_init(struct ws_host *host, struct stream_host *streams)
{
    *host = (struct ws_host){.streams = streams};
    deadlines_init(&host->closing, streams->loop, CLOSE_TIMEOUT_MS);
}

void ws_host_fini(struct ws_host *host)
{
    ws_deflate_free(&host->deflate);
    buf_fini(&host->deflated);
    buf_fini(&host->inflated);
}

struct ws_deflate *ws_host_deflate(struct ws_host *host)
{
    if (host->deflate == NULL)
        host->deflate = ws_deflate_new();
    return host->deflate;
}

/* ---- the end ---- */

static void at_end_of_turn(struct turn_task *task)
{
    struct ws_peer *peer = LIST_ITEM(task, struct ws_peer, task);
    void *owner = peer->owner;
    if (owner != NULL && peer->end_reason != NULL) {
        peer->owner = NULL;
        ws_peer_endpoint(peer)->on_close(owner, peer->end_reason);
    }
    if (peer->state == WS_PEER_GONE) {
        turn_cancel(&peer->task);
        free(peer);
    }
}

/* The first reason is the one that the owner hears. */
static void stop(struct ws_peer *peer, enum ws_peer_state state, enum ds_outlet_end end,
                 const char *reason)
{
    if (peer->end_reason == NULL) {
        peer->end_reason = reason;
        peer->outlet.end = end;
    }
    peer->state = (uint8_t)state;
    deadline_clear(&peer->deadline);
    ws_assembly_drop(peer);
    turn_schedule(&peer->host->streams->turn, &peer->task);
}

static void end_stream(struct ws_peer *peer, enum ds_outlet_end end, const char *reason)
{
    stream_end(peer->stream);
    stop(peer, WS_PEER_GONE, end, reason);
}

static void say_close(struct ws_peer *peer, unsigned status)
{
    char payload[2] = {(char)(status >> 8), (char)(status & 0xFF)};
    size_t length = status == WS_STATUS_NONE ? 0 : sizeof payload;
    ws_send_control(peer, WS_OPCODE_CLOSE, (slice){payload, length});
}

void ws_peer_close(struct ws_peer *peer, unsigned status, enum ds_outlet_end end,
                   const char *reason)
{
    if (peer->state != WS_PEER_OPEN)
        return;
    say_close(peer, status);
    stop(peer, WS_PEER_CLOSING, end, reason);
    deadline_set(&peer->host->closing, &peer->deadline);
    stream_resume(peer->stream);
}

static void log_fault(struct ws_peer *peer, unsigned status, const char *reason)
{
    enum log_event event =
        status == WS_STATUS_TOO_LARGE ? LOG_MAXIMUM_MESSAGE_SIZE_EXCEEDED : LOG_INVALID_MESSAGE;
    char address[STREAM_ADDRESS_BYTES];
    if (!log_wants(peer->host->streams->log, DS_WARN))
        return;
    stream_address(peer->stream, address);
    log_line(peer->host->streams->log, DS_WARN, event, "%s: %s", address, reason);
}

void ws_peer_fail(struct ws_peer *peer, unsigned status, const char *reason)
{
    if (peer->state == WS_PEER_OPEN) {
        peer->host->streams->counters.protocol_errors++;
        log_fault(peer, status, reason);
        say_close(peer, status);
    }
    end_stream(peer, DS_OUTLET_PROTOCOL_ERROR, reason);
}

void ws_peer_closed(struct ws_peer *peer, unsigned status)
{
    if (peer->state == WS_PEER_OPEN)
        say_close(peer, status);
    end_stream(peer, DS_OUTLET_LEFT, "the client closed the connection");
}

void ws_peer_abort(struct ws_peer *peer, enum ds_outlet_end end, const char *reason)
{
    stream_abort(peer->stream);
    stop(peer, WS_PEER_GONE, end, reason);
}

static void on_deadline(struct deadline *deadline)
{
    struct ws_peer *peer = LIST_ITEM(deadline, struct ws_peer, deadline);
    if (peer->state == WS_PEER_OPEN)
        ws_send_due(peer);
    else
        end_stream(peer, DS_OUTLET_LOST, "the client did not answer a close frame");
}

/* ---- what the stream tells ---- */

static void on_read(void *owner, char *bytes, size_t length)
{
    ws_receive(owner, bytes, length);
}

static void on_end(void *owner, const char *reason)
{
    stop(owner, WS_PEER_GONE, DS_OUTLET_LOST, reason);
}

static void on_stop(void *owner)
{
    ws_peer_close(owner, WS_STATUS_GOING_AWAY, DS_OUTLET_SERVER_STOP, "the server stops");
}

static const struct stream_events peer_events = {on_read, on_end, on_stop};

/* ---- the beginning ---- */

static struct ws_peer *peer_new(struct ws_host *host, struct ws_route *route, struct stream *stream,
                                const struct ws_handshake *handshake)
{
    struct ws_peer *peer = malloc(sizeof *peer);
    CHECK(peer != NULL);
    *peer = (struct ws_peer){
        .outlet.operations =
            route->endpoint->kind == DS_FRAME_TEXT ? &ws_text_operations : &ws_binary_operations,
        .stream = stream,
        .host = host,
        .route = route,
        .decoder = WS_DECODER_START,
        .window_bits = handshake->deflate ? handshake->window_bits : 0,
    };
    deadline_init(&peer->deadline, on_deadline);
    turn_task_init(&peer->task, at_end_of_turn);
    stream_own(stream, &peer_events, peer);
    return peer;
}

void ws_peer_open(struct ws_host *host, struct ws_route *route, struct stream *stream,
                  const struct ds_http_request *request, const struct ws_handshake *handshake,
                  char *rest, size_t rest_length)
{
    const struct ds_endpoint *endpoint = route->endpoint;
    struct ws_peer *peer = peer_new(host, route, stream, handshake);
    host->streams->counters.websockets++;
    peer->owner = endpoint->on_open(endpoint->context, &peer->outlet, request);
    if (peer->owner == NULL)
        ws_peer_close(peer, WS_STATUS_POLICY, DS_OUTLET_CLOSED, "turned away");
    else if (rest_length > 0)
        ws_receive(peer, rest, rest_length);
}
