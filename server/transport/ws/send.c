/* The outlet of a WebSocket: messages out, each in one frame, and the bound on what may wait. */

#include "transport/ws/peer.h"

#include "base/check.h"

/* Shorter messages gain nothing from compression. */
#define DEFLATE_FROM_BYTES 64

static struct ws_peer *peer_of(struct ds_outlet *outlet)
{
    return LIST_ITEM(outlet, struct ws_peer, outlet);
}

/* ---- the bound ---- */

static void cut_off(struct ws_peer *peer, size_t waiting)
{
    stream_report_slow(peer->stream, waiting);
    ws_peer_abort(peer, DS_OUTLET_SLOW_RECEIVER, "the client does not read");
}

/* Many messages of one turn are no sign of a slow reader: first they are written. */
static __attribute__((cold, noinline)) bool has_room_after_flush(struct ws_peer *peer)
{
    stream_flush(peer->stream);
    size_t waiting = stream_queued_bytes(peer->stream);
    if (waiting <= ws_peer_endpoint(peer)->max_queue_bytes)
        return true;
    cut_off(peer, waiting);
    return false;
}

bool ws_peer_has_room(struct ws_peer *peer)
{
    return peer->state == WS_PEER_OPEN &&
           (stream_queues_at_most(peer->stream, ws_peer_endpoint(peer)->max_queue_bytes) ||
            has_room_after_flush(peer));
}

/* ---- when bytes leave ---- */

void ws_send_due(struct ws_peer *peer)
{
    deadline_clear(&peer->deadline);
    stream_flush_soon(peer->stream);
}

static void flush_when_due(struct ws_peer *peer)
{
    const struct ds_endpoint *endpoint = ws_peer_endpoint(peer);
    if (endpoint->flush_delay_ms == 0 || outq_bytes(&peer->stream->queue) >= endpoint->flush_bytes)
        ws_send_due(peer);
    else if (!deadline_is_set(&peer->deadline))
        deadline_set(&peer->route->delay, &peer->deadline);
}

/* ---- frames ---- */

static struct ds_frame *new_frame(enum ws_opcode opcode, bool is_deflated, slice payload)
{
    size_t head = ws_head_length(payload.length);
    struct ds_frame *frame = ds_frame_new(head + payload.length);
    frame->header_bytes =
        (uint32_t)ws_write_head(frame->bytes, opcode, is_deflated, payload.length);
    if (payload.length > 0)
        memcpy(frame->bytes + head, payload.at, payload.length);
    return frame;
}

static void queue_message(struct ws_peer *peer, enum ws_opcode opcode, bool is_deflated,
                          slice payload)
{
    struct stream *stream = peer->stream;
    size_t head = ws_head_length(payload.length);
    if (payload.length > OUTQ_SMALL_BYTES - WS_SERVER_HEAD_BYTES) {
        struct ds_frame *frame = new_frame(opcode, is_deflated, payload);
        stream_queue_frame(stream, frame);
        ds_frame_release(&frame);
        return;
    }
    char *out = outq_extend(&stream->queue, &stream->host->pool, head + payload.length);
    ws_write_head(out, opcode, is_deflated, payload.length);
    if (payload.length > 0)
        memcpy(out + head, payload.at, payload.length);
}

void ws_send_control(struct ws_peer *peer, enum ws_opcode opcode, slice payload)
{
    CHECK(payload.length <= WS_CONTROL_BYTES);
    queue_message(peer, opcode, false, payload);
    ws_send_due(peer);
}

/* ---- compression ---- */

/* The compressed message in the scratch buffer of the host, until the next call; or false. */
static bool try_deflate(struct ws_host *host, unsigned window_bits, slice payload, slice *deflated)
{
    if (payload.length < DEFLATE_FROM_BYTES)
        return false;
    if (host->deflated.capacity > WS_SCRATCH_KEPT_BYTES)
        buf_fini(&host->deflated);
    buf_clear(&host->deflated);
    bool is_shorter =
        ws_deflate_message(ws_host_deflate(host), payload, window_bits, &host->deflated);
    *deflated = buf_slice(&host->deflated);
    return is_shorter;
}

static void queue_deflated(struct ws_peer *peer, enum ws_opcode opcode, slice payload)
{
    slice deflated;
    bool is_shorter = try_deflate(peer->host, peer->window_bits, payload, &deflated);
    queue_message(peer, opcode, is_shorter, is_shorter ? deflated : payload);
}

/* The compressed form of a frame, made once for all receivers with the usual window; the frame
 * itself stands for one that does not get shorter. */
static struct ds_frame *deflated_form(struct ws_host *host, enum ws_opcode opcode,
                                      struct ds_frame *frame)
{
    slice deflated;
    if (frame->deflated == NULL)
        frame->deflated = try_deflate(host, WS_WINDOW_BITS_MAX, ds_frame_payload(frame), &deflated)
                              ? new_frame(opcode, true, deflated)
                              : frame;
    return frame->deflated;
}

static void queue_frame(struct ws_peer *peer, enum ws_opcode opcode, struct ds_frame *frame)
{
    if (peer->window_bits == 0)
        stream_queue_frame(peer->stream, frame);
    else if (peer->window_bits == WS_WINDOW_BITS_MAX)
        stream_queue_frame(peer->stream, deflated_form(peer->host, opcode, frame));
    else
        queue_deflated(peer, opcode, ds_frame_payload(frame));
}

/* ---- the outlet ---- */

static enum ws_opcode opcode_of(enum ds_frame_kind kind)
{
    return kind == DS_FRAME_TEXT ? WS_OPCODE_TEXT : WS_OPCODE_BINARY;
}

void ws_send(struct ds_outlet *outlet, enum ds_frame_kind kind, slice payload)
{
    struct ws_peer *peer = peer_of(outlet);
    if (!ws_peer_has_room(peer))
        return;
    if (peer->window_bits == 0)
        queue_message(peer, opcode_of(kind), false, payload);
    else
        queue_deflated(peer, opcode_of(kind), payload);
    flush_when_due(peer);
}

static void send_message(struct ds_outlet *outlet, slice payload)
{
    ws_send(outlet, ws_peer_endpoint(peer_of(outlet))->kind, payload);
}

static void send_frame(struct ds_outlet *outlet, struct ds_frame *frame)
{
    struct ws_peer *peer = peer_of(outlet);
    if (!ws_peer_has_room(peer))
        return;
    queue_frame(peer, opcode_of(ws_peer_endpoint(peer)->kind), frame);
    flush_when_due(peer);
}

static struct ds_frame *make_text_frame(slice payload)
{
    return new_frame(WS_OPCODE_TEXT, false, payload);
}

static struct ds_frame *make_binary_frame(slice payload)
{
    return new_frame(WS_OPCODE_BINARY, false, payload);
}

static void flush(struct ds_outlet *outlet)
{
    struct ws_peer *peer = peer_of(outlet);
    if (peer->state != WS_PEER_OPEN)
        return;
    deadline_clear(&peer->deadline);
    stream_flush(peer->stream);
}

static const struct {
    unsigned status;
    const char *reason;
} closings[] = {
    [DS_CLOSE_NORMAL] = {WS_STATUS_NONE, "closed by the server"},
    [DS_CLOSE_GOING_AWAY] = {WS_STATUS_GOING_AWAY, "the server stops"},
    [DS_CLOSE_PROTOCOL_ERROR] = {WS_STATUS_PROTOCOL_ERROR, "closed for a breach of protocol"},
    [DS_CLOSE_UNSUPPORTED] = {WS_STATUS_UNSUPPORTED, "closed for an unsupported kind of message"},
    [DS_CLOSE_BAD_TEXT] = {WS_STATUS_BAD_DATA, "closed for a malformed text"},
    [DS_CLOSE_POLICY] = {WS_STATUS_POLICY, "closed for a breach of policy"},
    [DS_CLOSE_TOO_LARGE] = {WS_STATUS_TOO_LARGE, "closed for a message that is too large"},
    [DS_CLOSE_ABORT] = {WS_STATUS_NONE, "cut off by the server"},
};

static void close_outlet(struct ds_outlet *outlet, enum ds_close_code code)
{
    struct ws_peer *peer = peer_of(outlet);
    if (peer->state != WS_PEER_OPEN)
        return;
    if (code == DS_CLOSE_ABORT)
        ws_peer_abort(peer, DS_OUTLET_CLOSED, closings[code].reason);
    else
        ws_peer_close(peer, closings[code].status, DS_OUTLET_CLOSED, closings[code].reason);
}

static void pause_reading(struct ds_outlet *outlet)
{
    struct ws_peer *peer = peer_of(outlet);
    if (peer->state == WS_PEER_OPEN)
        stream_pause(peer->stream);
}

static void resume_reading(struct ds_outlet *outlet)
{
    struct ws_peer *peer = peer_of(outlet);
    if (peer->state == WS_PEER_OPEN)
        stream_resume(peer->stream);
}

static size_t queued_bytes(const struct ds_outlet *outlet)
{
    const struct ws_peer *peer = peer_of((struct ds_outlet *)(uintptr_t)outlet);
    return peer->state == WS_PEER_OPEN ? stream_queued_bytes(peer->stream) : 0;
}

#define OPERATIONS(make_frame)                                                                     \
    {                                                                                              \
        send_message, make_frame, send_frame, flush, close_outlet, pause_reading, resume_reading,  \
            queued_bytes,                                                                          \
    }

const struct ds_outlet_operations ws_text_operations = OPERATIONS(make_text_frame);
const struct ds_outlet_operations ws_binary_operations = OPERATIONS(make_binary_frame);
