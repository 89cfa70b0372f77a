/* The first byte says in what runs the rest reaches the decoder. However it is split, the frames
 * put together are those of one run, a text is found wrong at the same byte, and a breach is a
 * breach. */

#include "transport/ws/frame.h"
#include "transport/ws/utf8.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct buf text; /* frames, with their heads spelt out */
    struct ws_utf8 utf8;
    size_t text_bytes; /* of all payloads, before the first that cannot be UTF-8 */
    bool is_text;
    const char *why;
};

static void take_text(struct outcome *outcome, slice payload)
{
    for (size_t i = 0; i < payload.length && outcome->is_text; i++) {
        outcome->is_text = ws_utf8_check(&outcome->utf8, slice_part(payload, i, i + 1));
        outcome->text_bytes += outcome->is_text;
    }
}

static void take_piece(struct outcome *outcome, const struct ws_piece *piece)
{
    CHECK(piece->payload.length <= piece->frame_length);
    if (ws_opcode_is_control(piece->opcode) && piece->is_first)
        CHECK(piece->frame_length <= WS_CONTROL_BYTES && piece->is_final);
    if (piece->is_first)
        buf_printf(&outcome->text, "[%d %d %d %llu:", (int)piece->opcode, piece->is_final,
                   piece->is_deflated, (unsigned long long)piece->frame_length);
    struct ws_utf8 at_once = outcome->utf8;
    bool was_text = outcome->is_text;
    take_text(outcome, piece->payload);
    CHECK(!was_text || ws_utf8_check(&at_once, piece->payload) == outcome->is_text);
    buf_append(&outcome->text, piece->payload);
    if (piece->is_last)
        buf_append_byte(&outcome->text, ']');
}

/* step 0: one run. */
static struct outcome decode(const uint8_t *data, size_t size, size_t step)
{
    struct outcome outcome = {.text = BUF_EMPTY, .is_text = true};
    struct ws_decoder decoder = WS_DECODER_START;
    for (size_t start = 0; start < size && outcome.why == NULL;) {
        size_t length = step == 0 || step > size - start ? size - start : step;
        char *run = malloc(length), *at = run;
        CHECK(run != NULL);
        memcpy(run, data + start, length);
        start += length;
        struct ws_piece piece;
        enum ws_decoded decoded;
        while ((decoded = ws_decoder_next(&decoder, &at, run + length, &piece, &outcome.why)) ==
               WS_DECODED_PIECE)
            take_piece(&outcome, &piece);
        CHECK(at >= run && at <= run + length);
        CHECK((decoded == WS_DECODED_BAD) == (outcome.why != NULL));
        CHECK(decoded == WS_DECODED_BAD || at == run + length);
        free(run);
    }
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct outcome whole = decode(data + 1, size - 1, 0);
    struct outcome split = decode(data + 1, size - 1, 1 + data[0] % 32);
    CHECK(slice_equal(buf_slice(&whole.text), buf_slice(&split.text)));
    CHECK(whole.why == split.why && whole.text_bytes == split.text_bytes);
    buf_fini(&whole.text);
    buf_fini(&split.text);
    return 0;
}
