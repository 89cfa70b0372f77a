/* Bytes in, packets up; bytes of packets down, and the bound on what may wait. */

#include "transport/mqtt/peer.h"

#include "base/check.h"
#include "logging/log.h"

#include <stdlib.h>

static struct mqtt_peer *peer_of(struct ds_outlet *outlet)
{
    return LIST_ITEM(outlet, struct mqtt_peer, outlet);
}

/* ---- the end ---- */

/* The first reason is the one that the owner hears. */
static void stop(struct mqtt_peer *peer, enum ds_outlet_end end, const char *reason)
{
    peer->end_reason = reason;
    peer->outlet.end = end;
    turn_schedule(&peer->stream->host->turn, &peer->task);
}

static void finish(struct mqtt_peer *peer, enum ds_outlet_end end, const char *reason)
{
    stop(peer, end, reason);
    stream_end(peer->stream);
}

static void abort_peer(struct mqtt_peer *peer, enum ds_outlet_end end, const char *reason)
{
    stop(peer, end, reason);
    stream_abort(peer->stream);
}

static void fail(struct mqtt_peer *peer, enum log_event event, const char *reason)
{
    struct stream_host *host = peer->stream->host;
    char address[STREAM_ADDRESS_BYTES];
    stream_address(peer->stream, address);
    host->counters.protocol_errors++;
    log_line(host->log, DS_WARN, event, "%s: %s", address, reason);
    finish(peer, DS_OUTLET_PROTOCOL_ERROR, reason);
}

/* ---- reading ---- */

static void read_packet(struct mqtt_peer *peer, const struct mqtt_head *head, slice body)
{
    struct mqtt_packet packet;
    const char *problem = mqtt_read(head, body, &packet);
    if (problem != NULL) {
        fail(peer, LOG_INVALID_MESSAGE, problem);
        return;
    }
    peer->stream->host->counters.messages++;
    peer->endpoint->on_packet(peer->owner, &packet);
}

/* Whether the packet may be read on, of which the head has come. */
static bool is_fit(struct mqtt_peer *peer, enum mqtt_reading reading, const struct mqtt_head *head)
{
    if (reading == MQTT_MALFORMED)
        fail(peer, LOG_INVALID_MESSAGE, "the length of a packet is malformed");
    else if (reading == MQTT_COMPLETE && head->length > peer->endpoint->max_packet_bytes)
        fail(peer, LOG_MAXIMUM_MESSAGE_SIZE_EXCEEDED, "a packet is larger than maxMessageSize");
    return peer->end_reason == NULL;
}

static bool may_read(const struct mqtt_peer *peer)
{
    return peer->end_reason == NULL && !peer->is_paused;
}

/* Reads the packets that are whole. Returns how many bytes they are. */
static size_t read_packets(struct mqtt_peer *peer, slice bytes)
{
    size_t used = 0;
    while (used < bytes.length && may_read(peer)) {
        struct mqtt_head head;
        slice rest = slice_part(bytes, used, bytes.length);
        enum mqtt_reading reading = mqtt_read_head(rest, &head);
        if (!is_fit(peer, reading, &head) || reading == MQTT_INCOMPLETE ||
            rest.length - head.bytes < head.length)
            break;
        size_t end = head.bytes + (size_t)head.length;
        read_packet(peer, &head, slice_part(rest, head.bytes, end));
        used += end;
    }
    return used;
}

static void keep(struct mqtt_peer *peer, slice bytes)
{
    if (peer->end_reason == NULL && bytes.length > 0)
        buf_append(&peer->partial, bytes);
}

/* What was kept, as far as it is whole packets now. */
static void read_kept(struct mqtt_peer *peer)
{
    struct buf kept = peer->partial;
    peer->partial = BUF_EMPTY;
    size_t used = read_packets(peer, buf_slice(&kept));
    if (used > 0 || kept.length == 0) {
        keep(peer, slice_part(buf_slice(&kept), used, kept.length));
        buf_fini(&kept);
    } else {
        peer->partial = kept;
    }
}

/* How much the packet lacks of which a part was kept; of its head, one byte after the other. */
static size_t missing_bytes(const struct mqtt_peer *peer)
{
    struct mqtt_head head;
    if (mqtt_read_head(buf_slice(&peer->partial), &head) != MQTT_COMPLETE)
        return 1;
    return head.bytes + (size_t)head.length - peer->partial.length;
}

/* Completes it; what is behind it is left to the caller. */
static slice complete_kept(struct mqtt_peer *peer, slice bytes)
{
    while (bytes.length > 0 && peer->partial.length > 0 && may_read(peer)) {
        size_t missing = missing_bytes(peer);
        size_t taken = missing < bytes.length ? missing : bytes.length;
        keep(peer, slice_part(bytes, 0, taken));
        bytes = slice_part(bytes, taken, bytes.length);
        read_kept(peer);
    }
    return bytes;
}

/* What can be read is behind the handshake. */
static void identify(struct mqtt_peer *peer)
{
    struct ds_tls_peer *certificate = stream_peer(peer->stream);
    peer->has_identity = true;
    if (certificate != NULL)
        peer->endpoint->on_certificate(peer->owner, certificate);
    free(certificate);
}

static void on_read(void *owner, char *bytes, size_t length)
{
    struct mqtt_peer *peer = owner;
    if (!peer->has_identity)
        identify(peer);
    peer->endpoint->on_alive(peer->owner);
    if (peer->partial.length > 0) /* it may have been resumed in this turn */
        read_kept(peer);
    slice rest = complete_kept(peer, (slice){bytes, length});
    size_t used = peer->partial.length == 0 ? read_packets(peer, rest) : 0;
    keep(peer, slice_part(rest, used, rest.length));
}

static void on_end(void *owner, const char *reason)
{
    struct mqtt_peer *peer = owner;
    if (peer->end_reason == NULL)
        stop(peer, DS_OUTLET_LOST, reason);
}

static void on_stop(void *owner)
{
    struct mqtt_peer *peer = owner;
    if (peer->end_reason == NULL)
        finish(peer, DS_OUTLET_SERVER_STOP, "the server stops");
}

/* The end, or packets that were kept while the peer was paused. */
static void at_end_of_turn(struct turn_task *task)
{
    struct mqtt_peer *peer = LIST_ITEM(task, struct mqtt_peer, task);
    if (may_read(peer))
        read_kept(peer);
    if (peer->end_reason == NULL)
        return;
    turn_cancel(&peer->task);
    peer->endpoint->on_close(peer->owner, peer->end_reason);
    buf_fini(&peer->partial);
    free(peer);
}

static const struct stream_events peer_events = {on_read, on_end, on_stop};

/* ---- the outlet ---- */

static void cut_off(struct mqtt_peer *peer, size_t waiting)
{
    stream_report_slow(peer->stream, waiting);
    abort_peer(peer, DS_OUTLET_SLOW_RECEIVER, "the client does not read");
}

/* Many messages of one turn are no sign of a slow reader: first they are written. */
static bool has_room(struct mqtt_peer *peer)
{
    if (peer->end_reason != NULL)
        return false;
    if (outq_bytes(&peer->stream->queue) <= peer->endpoint->max_queue_bytes)
        return true;
    stream_flush(peer->stream);
    size_t waiting = stream_queued_bytes(peer->stream);
    if (waiting <= peer->endpoint->max_queue_bytes)
        return true;
    cut_off(peer, waiting);
    return false;
}

static void send_bytes(struct ds_outlet *outlet, slice bytes)
{
    struct mqtt_peer *peer = peer_of(outlet);
    if (!has_room(peer))
        return;
    stream_queue(peer->stream, bytes);
    stream_flush_soon(peer->stream);
}

static struct ds_frame *make_frame(slice bytes)
{
    struct ds_frame *frame = ds_frame_new(bytes.length);
    memcpy(frame->bytes, bytes.at, bytes.length);
    return frame;
}

static void send_frame(struct ds_outlet *outlet, struct ds_frame *frame)
{
    struct mqtt_peer *peer = peer_of(outlet);
    if (!has_room(peer))
        return;
    stream_queue_frame(peer->stream, frame);
    stream_flush_soon(peer->stream);
}

static void flush(struct ds_outlet *outlet)
{
    struct mqtt_peer *peer = peer_of(outlet);
    if (peer->end_reason == NULL)
        stream_flush(peer->stream);
}

static void close_outlet(struct ds_outlet *outlet, enum ds_close_code code)
{
    struct mqtt_peer *peer = peer_of(outlet);
    if (peer->end_reason != NULL)
        return;
    if (code == DS_CLOSE_ABORT)
        abort_peer(peer, DS_OUTLET_CLOSED, "cut off by the server");
    else
        finish(peer, DS_OUTLET_CLOSED, "closed by the server");
}

static void pause_reading(struct ds_outlet *outlet)
{
    struct mqtt_peer *peer = peer_of(outlet);
    peer->is_paused = true;
    if (peer->end_reason == NULL)
        stream_pause(peer->stream);
}

static void resume_reading(struct ds_outlet *outlet)
{
    struct mqtt_peer *peer = peer_of(outlet);
    if (peer->end_reason != NULL)
        return;
    peer->is_paused = false;
    stream_resume(peer->stream);
    turn_schedule(&peer->stream->host->turn, &peer->task);
}

static size_t queued_bytes(const struct ds_outlet *outlet)
{
    const struct mqtt_peer *peer = peer_of((struct ds_outlet *)(uintptr_t)outlet);
    return peer->end_reason == NULL ? stream_queued_bytes(peer->stream) : 0;
}

static const struct ds_outlet_operations peer_outlet = {
    .send = send_bytes,
    .make_frame = make_frame,
    .send_frame = send_frame,
    .flush = flush,
    .close = close_outlet,
    .pause_reading = pause_reading,
    .resume_reading = resume_reading,
    .queued_bytes = queued_bytes,
};

/* ---- the beginning ---- */

void mqtt_peer_open(const struct mqtt_endpoint *endpoint, struct stream *stream)
{
    char address[STREAM_ADDRESS_BYTES];
    struct mqtt_peer *peer = malloc(sizeof *peer);
    CHECK(peer != NULL);
    *peer = (struct mqtt_peer){
        .outlet.operations = &peer_outlet, .stream = stream, .endpoint = endpoint};
    turn_task_init(&peer->task, at_end_of_turn);
    stream_own(stream, &peer_events, peer);
    stream_address(stream, address);
    peer->owner = endpoint->on_open(endpoint->context, &peer->outlet, slice_of(address));
}
