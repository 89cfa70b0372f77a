#include "transport/ws/frame.h"

#include <endian.h>

#define FINAL 0x80u
#define DEFLATED 0x40u /* RSV1, RFC 7692 6 */
#define RESERVED 0x30u
#define OPCODE 0x0Fu
#define MASKED 0x80u
#define LENGTH 0x7Fu
#define MASK_BYTES 4

/* The length follows in 2 or 8 bytes. */
#define LENGTH_16 126
#define LENGTH_64 127

static const char *why_bad(const uint8_t *head)
{
    unsigned opcode = head[0] & OPCODE;
    if ((head[0] & RESERVED) != 0)
        return "a reserved bit is set";
    if (opcode > WS_OPCODE_PONG || (opcode > WS_OPCODE_BINARY && opcode < WS_OPCODE_CLOSE))
        return "unknown opcode";
    if ((head[1] & MASKED) == 0)
        return "a frame is not masked";
    if (!ws_opcode_is_control((enum ws_opcode)opcode))
        return NULL;
    if ((head[0] & FINAL) == 0)
        return "a control frame is fragmented";
    if ((head[0] & DEFLATED) != 0)
        return "a control frame is compressed";
    if ((head[1] & LENGTH) > WS_CONTROL_BYTES)
        return "a control frame is too long";
    return NULL;
}

static size_t length_bytes(const uint8_t *head)
{
    unsigned length = head[1] & LENGTH;
    return length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0;
}

/* The payload's length, or why it is not written as it must be (RFC 6455 5.2: as short as can be).
 */
static const char *read_length(const uint8_t *head, uint64_t *length)
{
    size_t bytes = length_bytes(head);
    *length = head[1] & LENGTH;
    if (bytes == 0)
        return NULL;
    *length = 0;
    for (size_t i = 0; i < bytes; i++)
        *length = *length << 8 | head[2 + i];
    if (*length >> 63 != 0)
        return "the length of a frame has its highest bit set";
    if (*length < LENGTH_16 || (bytes == 8 && *length <= 0xFFFF))
        return "the length of a frame is not written in the shortest way";
    return NULL;
}

static const char *start_payload(struct ws_decoder *decoder, const uint8_t *head)
{
    const char *why = read_length(head, &decoder->remaining);
    if (why != NULL)
        return why;
    memcpy(decoder->mask, head + 2 + length_bytes(head), MASK_BYTES);
    decoder->opcode = head[0] & OPCODE;
    decoder->is_final = (head[0] & FINAL) != 0;
    decoder->is_deflated = (head[0] & DEFLATED) != 0;
    decoder->in_payload = true;
    decoder->head_length = 0;
    return NULL;
}

/* How long a head is of which two bytes are known. */
static size_t head_bytes(const uint8_t *head)
{
    return 2 + length_bytes(head) + MASK_BYTES;
}

/* Collects a head that came in parts. True when it is whole, or bad. */
static bool collect_head(struct ws_decoder *decoder, char **at, const char *end, const char **why)
{
    while (*at < end) {
        decoder->head[decoder->head_length++] = (uint8_t) * (*at)++;
        if (decoder->head_length < 2)
            continue;
        if (decoder->head_length == 2) {
            *why = why_bad(decoder->head);
            if (*why != NULL)
                return true;
        }
        if (decoder->head_length == head_bytes(decoder->head)) {
            *why = start_payload(decoder, decoder->head);
            return true;
        }
    }
    return false;
}

static bool read_head(struct ws_decoder *decoder, char **at, const char *end, const char **why)
{
    const uint8_t *head = (const uint8_t *)*at;
    size_t available = (size_t)(end - *at);
    if (decoder->head_length > 0 || available < 2 || available < head_bytes(head))
        return collect_head(decoder, at, end, why);
    *why = why_bad(head);
    if (*why == NULL) {
        *why = start_payload(decoder, head);
        *at += head_bytes(head);
    }
    return true;
}

enum ws_decoded ws_decoder_next(struct ws_decoder *decoder, char **at, char *end,
                                struct ws_piece *piece, const char **why)
{
    bool is_first = !decoder->in_payload;
    *why = NULL;
    if (is_first && !read_head(decoder, at, end, why))
        return WS_DECODED_MORE;
    if (*why != NULL)
        return WS_DECODED_BAD;
    size_t available = (size_t)(end - *at);
    if (available > decoder->remaining)
        available = (size_t)decoder->remaining;
    else if (available == 0 && decoder->remaining > 0 && !is_first)
        return WS_DECODED_MORE;
    *piece = (struct ws_piece){
        .opcode = (enum ws_opcode)decoder->opcode,
        .is_final = decoder->is_final,
        .is_deflated = decoder->is_deflated,
        .is_first = is_first,
        .is_last = available == decoder->remaining,
        .frame_length = decoder->remaining,
        .payload = {*at, available},
    };
    ws_mask(*at, available, decoder->mask);
    *at += available;
    decoder->remaining -= available;
    decoder->in_payload = decoder->remaining > 0;
    return WS_DECODED_PIECE;
}

/* In one piece: bytes that were just stored one by one would have to be waited for. */
static void turn_mask(uint8_t mask[4], size_t by)
{
    unsigned bits = 8 * (by & 3);
    if (bits == 0)
        return;
    uint32_t key;
    memcpy(&key, mask, sizeof key);
    key = le32toh(key);
    key = htole32(key >> bits | key << (32 - bits));
    memcpy(mask, &key, sizeof key);
}

void ws_mask(char *at, size_t length, uint8_t mask[4])
{
    uint32_t key;
    memcpy(&key, mask, sizeof key);
    uint64_t wide = (uint64_t)key << 32 | key;
    size_t i = 0;
    for (; length - i >= sizeof wide; i += sizeof wide) {
        uint64_t word;
        memcpy(&word, at + i, sizeof word);
        word ^= wide;
        memcpy(at + i, &word, sizeof word);
    }
    if (length - i >= sizeof key) {
        uint32_t word;
        memcpy(&word, at + i, sizeof word);
        word ^= key;
        memcpy(at + i, &word, sizeof word);
        i += sizeof word;
    }
    for (size_t rest = 0; i < length; i++, rest++)
        at[i] = (char)((uint8_t)at[i] ^ mask[rest]);
    turn_mask(mask, length);
}

size_t ws_write_head(char *out, enum ws_opcode opcode, bool is_deflated, size_t payload_length)
{
    size_t head = ws_head_length(payload_length);
    out[0] = (char)(FINAL | (is_deflated ? DEFLATED : 0) | (unsigned)opcode);
    if (head == 2) {
        out[1] = (char)payload_length;
        return head;
    }
    out[1] = (char)(head == 4 ? LENGTH_16 : LENGTH_64);
    for (size_t i = head; i > 2; i--) {
        out[i - 1] = (char)(payload_length & 0xFF);
        payload_length >>= 8;
    }
    return head;
}
