#pragma once
/* Frames of RFC 6455 5.2, as bytes: a decoder of what clients send and the heads of what the server
 * sends. Pure: no sockets, no memory of its own, any splitting of the input gives the same pieces
 * put together. */

#include "base/slice.h"

enum ws_opcode {
    WS_OPCODE_CONTINUATION = 0x0,
    WS_OPCODE_TEXT = 0x1,
    WS_OPCODE_BINARY = 0x2,
    WS_OPCODE_CLOSE = 0x8,
    WS_OPCODE_PING = 0x9,
    WS_OPCODE_PONG = 0xA,
};

#define WS_CONTROL_BYTES 125    /* of the payload of a control frame, at most */
#define WS_CLIENT_HEAD_BYTES 14 /* of a masked frame, at most */
#define WS_SERVER_HEAD_BYTES 10 /* of a frame without mask, at most */

static inline bool ws_opcode_is_control(enum ws_opcode opcode)
{
    return ((unsigned)opcode & 0x8u) != 0;
}

/* ---- from the client ---- */

struct ws_decoder {
    uint64_t remaining; /* bytes of the payload that have not come yet */
    uint8_t head[WS_CLIENT_HEAD_BYTES];
    uint8_t head_length; /* of what has come of a head that is not whole */
    uint8_t opcode;
    uint8_t mask[4]; /* turned so that it fits the next byte */
    bool is_final;
    bool is_deflated;
    bool in_payload;
};

#define WS_DECODER_START ((struct ws_decoder){0})

/* A frame, or as much of it as has come. Its first piece is told as soon as the head is whole, even
 * if nothing of the payload has come. */
struct ws_piece {
    enum ws_opcode opcode;
    bool is_final;         /* the frame ends its message */
    bool is_deflated;      /* RSV1 */
    bool is_first;         /* the frame begins here */
    bool is_last;          /* the frame ends here */
    uint64_t frame_length; /* of the whole payload; right in the first piece */
    slice payload;         /* unmasked, where it lay */
};

enum ws_decoded {
    WS_DECODED_PIECE,
    WS_DECODED_MORE, /* everything was taken; more bytes are needed */
    WS_DECODED_BAD,  /* the peer broke the framing: 1002. The decoder is of no use afterwards */
};

/* Takes bytes from *at up to end, unmasking them in place. why gets a static text when bad. */
enum ws_decoded ws_decoder_next(struct ws_decoder *decoder, char **at, char *end,
                                struct ws_piece *piece, const char **why);

/* Applies mask to bytes; it is the same both ways. Turns mask on to fit the byte behind them. */
void ws_mask(char *at, size_t length, uint8_t mask[4]);

/* ---- from the server ---- */

/* Bytes that the head of a frame needs. */
static inline size_t ws_head_length(size_t payload_length)
{
    return payload_length < 126 ? 2 : payload_length <= 0xFFFF ? 4 : 10;
}

/* Writes the head of a whole message or control frame; returns its length. */
size_t ws_write_head(char *out, enum ws_opcode opcode, bool is_deflated, size_t payload_length);
