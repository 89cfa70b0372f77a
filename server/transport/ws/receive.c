/* From pieces of frames to whole messages: fragments, control frames between them, the limits of a
 * message, and the close frame. What comes whole is handed up where it lies. */

#include "transport/ws/peer.h"

#include "base/check.h"

#include <stdlib.h>

/* ---- messages and frames that are under way ---- */

static struct ws_assembly *assembly_of(struct ws_peer *peer)
{
    if (peer->assembly == NULL) {
        peer->assembly = calloc(1, sizeof *peer->assembly);
        CHECK(peer->assembly != NULL);
    }
    return peer->assembly;
}

void ws_assembly_drop(struct ws_peer *peer)
{
    if (peer->assembly == NULL)
        return;
    buf_fini(&peer->assembly->message);
    free(peer->assembly);
    peer->assembly = NULL;
}

static bool has_message(const struct ws_peer *peer)
{
    return peer->assembly != NULL && peer->assembly->has_message;
}

/* ---- whole messages ---- */

static void hand_up(struct ws_peer *peer, bool is_text, slice message)
{
    peer->host->streams->counters.messages++;
    ws_peer_endpoint(peer)->on_message(peer->owner, is_text ? DS_FRAME_TEXT : DS_FRAME_BINARY,
                                       message);
}

static bool is_utf8(slice text)
{
    struct ws_utf8 utf8 = WS_UTF8_START;
    return ws_utf8_check(&utf8, text) && ws_utf8_is_whole(&utf8);
}

static void hand_up_checked(struct ws_peer *peer, bool is_text, slice message)
{
    if (is_text && !is_utf8(message))
        ws_peer_fail(peer, WS_STATUS_BAD_DATA, "a text is not UTF-8");
    else
        hand_up(peer, is_text, message);
}

/* The scratch buffer is taken while it is lent, in case the call above brings another message. */
static void hand_up_inflated(struct ws_peer *peer, bool is_text, slice compressed)
{
    struct ws_host *host = peer->host;
    struct buf inflated = host->inflated;
    host->inflated = BUF_EMPTY;
    buf_clear(&inflated);
    switch (ws_inflate_message(ws_host_deflate(host), compressed,
                               ws_peer_endpoint(peer)->max_message_bytes, &inflated)) {
    case WS_INFLATED:
        hand_up_checked(peer, is_text, buf_slice(&inflated));
        break;
    case WS_INFLATED_TOO_LARGE:
        ws_peer_fail(peer, WS_STATUS_TOO_LARGE, "a message is too large once inflated");
        break;
    case WS_INFLATED_BAD:
        ws_peer_fail(peer, WS_STATUS_BAD_DATA, "a message cannot be inflated");
        break;
    }
    if (host->inflated.at != NULL || inflated.capacity > WS_SCRATCH_KEPT_BYTES)
        buf_fini(&inflated);
    else
        host->inflated = inflated;
}

/* ---- data frames ---- */

static const char *why_misplaced(const struct ws_peer *peer, const struct ws_piece *piece)
{
    bool continues = piece->opcode == WS_OPCODE_CONTINUATION;
    if (continues && !has_message(peer))
        return "a continuation of no message";
    if (!continues && has_message(peer))
        return "a message inside of another one";
    if (piece->is_deflated && (continues || peer->window_bits == 0))
        return "a reserved bit is set";
    return NULL;
}

/* What may come of a message. Compression makes bytes that look random a little longer. */
static size_t most_bytes(const struct ws_peer *peer, const struct ws_piece *piece)
{
    size_t max = ws_peer_endpoint(peer)->max_message_bytes;
    bool is_deflated = has_message(peer) ? peer->assembly->is_deflated : piece->is_deflated;
    return is_deflated ? max + max / 256 + 64 : max;
}

/* What the head of a frame tells. False when the peer failed for it. */
static bool accept_head(struct ws_peer *peer, const struct ws_piece *piece)
{
    const char *why = why_misplaced(peer, piece);
    size_t so_far = has_message(peer) ? peer->assembly->message.length : 0;
    if (why != NULL)
        ws_peer_fail(peer, WS_STATUS_PROTOCOL_ERROR, why);
    else if (piece->frame_length > most_bytes(peer, piece) - so_far)
        ws_peer_fail(peer, WS_STATUS_TOO_LARGE, "a message is too large");
    return peer->state == WS_PEER_OPEN;
}

static void start_message(struct ws_peer *peer, const struct ws_piece *piece)
{
    struct ws_assembly *assembly = assembly_of(peer);
    assembly->has_message = true;
    assembly->is_text = piece->opcode == WS_OPCODE_TEXT;
    assembly->is_deflated = piece->is_deflated;
    assembly->utf8 = WS_UTF8_START;
}

static void finish_message(struct ws_peer *peer)
{
    struct ws_assembly *assembly = peer->assembly;
    peer->assembly = NULL;
    slice message = buf_slice(&assembly->message);
    if (assembly->is_deflated)
        hand_up_inflated(peer, assembly->is_text, message);
    else if (assembly->is_text && !ws_utf8_is_whole(&assembly->utf8))
        ws_peer_fail(peer, WS_STATUS_BAD_DATA, "a text is not UTF-8");
    else
        hand_up(peer, assembly->is_text, message);
    buf_fini(&assembly->message);
    free(assembly);
}

/* Text is checked as it comes, so that the first wrong byte ends the connection. */
static void assemble(struct ws_peer *peer, const struct ws_piece *piece)
{
    if (!has_message(peer))
        start_message(peer, piece);
    struct ws_assembly *assembly = peer->assembly;
    if (assembly->is_text && !assembly->is_deflated &&
        !ws_utf8_check(&assembly->utf8, piece->payload)) {
        ws_peer_fail(peer, WS_STATUS_BAD_DATA, "a text is not UTF-8");
        return;
    }
    buf_append(&assembly->message, piece->payload);
    if (piece->is_last && piece->is_final)
        finish_message(peer);
}

static void on_data(struct ws_peer *peer, const struct ws_piece *piece)
{
    if (piece->is_first && !accept_head(peer, piece))
        return;
    bool is_whole = piece->is_first && piece->is_last && piece->is_final &&
                    piece->opcode != WS_OPCODE_CONTINUATION;
    if (!is_whole)
        assemble(peer, piece);
    else if (piece->is_deflated)
        hand_up_inflated(peer, piece->opcode == WS_OPCODE_TEXT, piece->payload);
    else
        hand_up_checked(peer, piece->opcode == WS_OPCODE_TEXT, piece->payload);
}

/* ---- control frames ---- */

/* Codes that may be sent (RFC 6455 7.4): the registered ones, and those of libraries and users. */
static bool is_close_status(unsigned status)
{
    return (status >= 1000 && status <= 1014 && status != 1004 && status != 1005 &&
            status != 1006) ||
           (status >= 3000 && status <= 4999);
}

static void on_close_frame(struct ws_peer *peer, slice payload)
{
    if (payload.length == 0) {
        ws_peer_closed(peer, WS_STATUS_NONE);
        return;
    }
    unsigned status =
        payload.length < 2 ? 0 : (unsigned)(uint8_t)payload.at[0] << 8 | (uint8_t)payload.at[1];
    if (!is_close_status(status))
        ws_peer_fail(peer, WS_STATUS_PROTOCOL_ERROR, "a close frame with a wrong status");
    else if (!is_utf8(slice_part(payload, 2, payload.length)))
        ws_peer_fail(peer, WS_STATUS_BAD_DATA, "the reason in a close frame is not UTF-8");
    else
        ws_peer_closed(peer, status);
}

static void on_control(struct ws_peer *peer, enum ws_opcode opcode, slice payload)
{
    if (opcode == WS_OPCODE_CLOSE)
        on_close_frame(peer, payload);
    else if (opcode == WS_OPCODE_PING && ws_peer_has_room(peer))
        ws_send_control(peer, WS_OPCODE_PONG, payload);
}

/* A control frame may come in pieces, between those of a message. */
static void on_control_piece(struct ws_peer *peer, const struct ws_piece *piece)
{
    if (piece->is_first && piece->is_last) {
        on_control(peer, piece->opcode, piece->payload);
        return;
    }
    struct ws_assembly *assembly = assembly_of(peer);
    memcpy(assembly->control + assembly->control_length, piece->payload.at, piece->payload.length);
    assembly->control_length = (uint8_t)(assembly->control_length + piece->payload.length);
    if (!piece->is_last)
        return;
    char control[WS_CONTROL_BYTES];
    size_t length = assembly->control_length;
    memcpy(control, assembly->control, length);
    assembly->control_length = 0;
    if (!assembly->has_message)
        ws_assembly_drop(peer);
    on_control(peer, piece->opcode, (slice){control, length});
}

/* ---- bytes ---- */

/* A peer that is closing sends into the void, but for its close frame. */
void ws_receive(struct ws_peer *peer, char *bytes, size_t length)
{
    char *at = bytes, *end = bytes + length;
    struct ws_piece piece;
    const char *why;
    if (peer->state == WS_PEER_OPEN)
        ws_peer_endpoint(peer)->on_alive(peer->owner);
    while (peer->state != WS_PEER_GONE) {
        enum ws_decoded decoded = ws_decoder_next(&peer->decoder, &at, end, &piece, &why);
        if (decoded == WS_DECODED_MORE)
            return;
        if (decoded == WS_DECODED_BAD)
            ws_peer_fail(peer, WS_STATUS_PROTOCOL_ERROR, why);
        else if (ws_opcode_is_control(piece.opcode))
            on_control_piece(peer, &piece);
        else if (peer->state == WS_PEER_OPEN)
            on_data(peer, &piece);
    }
}
