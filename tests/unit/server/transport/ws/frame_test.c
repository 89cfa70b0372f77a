#include "transport/ws/frame.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* A frame of a client, whose mask is the given one. */
static void append_frame(struct buf *out, unsigned first, size_t length, size_t width)
{
    static const uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
    buf_append_byte(out, (char)first);
    unsigned short_length = width == 1 ? (unsigned)length : width == 2 ? 126 : 127;
    buf_append_byte(out, (char)(0x80 | short_length));
    for (size_t i = width == 1 ? 0 : width; i > 0; i--)
        buf_append_byte(out, (char)((uint64_t)length >> (8 * (i - 1)) & 0xFF));
    buf_append(out, (slice){(const char *)mask, 4});
    for (size_t i = 0; i < length; i++)
        buf_append_byte(out, (char)((i * 7 % 256) ^ mask[i % 4]));
}

/* What came out, put together: one line for each frame. */
struct told {
    struct buf text;
    bool is_bad;
};

static void tell(struct told *told, const struct ws_piece *piece)
{
    if (piece->is_first)
        buf_printf(&told->text, "[%d%s%s %zu:", (int)piece->opcode, piece->is_final ? "" : "+",
                   piece->is_deflated ? "z" : "", (size_t)piece->frame_length);
    buf_append(&told->text, piece->payload);
    if (piece->is_last)
        buf_append_text(&told->text, "]");
}

/* Hands bytes over in runs that end at the given places. */
static void decode(struct told *told, slice bytes, size_t first, size_t second)
{
    struct ws_decoder decoder = WS_DECODER_START;
    size_t ends[] = {first, second, bytes.length}, start = 0;
    char *copy = malloc(bytes.length + 1);
    memcpy(copy, bytes.at, bytes.length);
    for (size_t i = 0; i < 3 && !told->is_bad; i++) {
        /* its own piece of memory, so that a sanitizer sees reads beyond it */
        size_t length = ends[i] - start;
        char *run = malloc(length + 1), *at = run;
        memcpy(run, copy + start, length);
        struct ws_piece piece;
        const char *why;
        enum ws_decoded decoded;
        while ((decoded = ws_decoder_next(&decoder, &at, run + length, &piece, &why)) ==
               WS_DECODED_PIECE)
            tell(told, &piece);
        assert_int_equal(decoded == WS_DECODED_BAD, why != NULL);
        told->is_bad = decoded == WS_DECODED_BAD;
        if (!told->is_bad)
            assert_ptr_equal(at, run + length);
        start = ends[i];
        free(run);
    }
    free(copy);
}

static void frames_split_at_any_two_bytes_are_the_same_frames(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    append_frame(&bytes, 0x81, 5, 1);
    append_frame(&bytes, 0x89, 0, 1);
    append_frame(&bytes, 0x42, 126, 2);
    append_frame(&bytes, 0x80, 3, 1);
    append_frame(&bytes, 0x88, 2, 1);
    struct told whole = {.text = BUF_EMPTY};
    decode(&whole, buf_slice(&bytes), bytes.length, bytes.length);
    assert_false(whole.is_bad);
    for (size_t i = 0; i <= bytes.length; i++)
        for (size_t j = i; j <= bytes.length; j++) {
            struct told split = {.text = BUF_EMPTY};
            decode(&split, buf_slice(&bytes), i, j);
            if (split.is_bad || !slice_equal(buf_slice(&split.text), buf_slice(&whole.text)))
                fail_msg("split at %zu and %zu", i, j);
            buf_fini(&split.text);
        }
    buf_fini(&whole.text);
    buf_fini(&bytes);
}

static void long_payloads_come_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {65535, 65536, 200000};
    for (size_t i = 0; i < 3; i++) {
        struct buf bytes = BUF_EMPTY;
        append_frame(&bytes, 0x82, lengths[i], lengths[i] > 65535 ? 8 : 2);
        struct told told = {.text = BUF_EMPTY};
        decode(&told, buf_slice(&bytes), 5, 1001);
        assert_false(told.is_bad);
        const char *payload = memchr(told.text.at, ':', told.text.length);
        assert_non_null(payload);
        for (size_t k = 0; k < lengths[i]; k++)
            if ((uint8_t)payload[1 + k] != k * 7 % 256)
                fail_msg("byte %zu of %zu", k, lengths[i]);
        buf_fini(&told.text);
        buf_fini(&bytes);
    }
}

static void what_breaks_the_framing_is_told(void **state)
{
    (void)state;
    static const struct {
        slice bytes;
        const char *why;
    } cases[] = {
        {SLICE("\x81\x00"), "a frame is not masked"},
        {SLICE("\x91\x80"), "a reserved bit is set"},
        {SLICE("\xA1\x80"), "a reserved bit is set"},
        {SLICE("\x83\x80"), "unknown opcode"},
        {SLICE("\x87\x80"), "unknown opcode"},
        {SLICE("\x8B\x80"), "unknown opcode"},
        {SLICE("\x8F\x80"), "unknown opcode"},
        {SLICE("\x09\x80"), "a control frame is fragmented"},
        {SLICE("\x08\x80"), "a control frame is fragmented"},
        {SLICE("\xC9\x80"), "a control frame is compressed"},
        {SLICE("\x89\xFE"), "a control frame is too long"},
        {SLICE("\x89\xFF"), "a control frame is too long"},
        {SLICE("\x82\xFE\x00\x7D\0\0\0\0"),
         "the length of a frame is not written in the shortest way"},
        {SLICE("\x82\xFF\0\0\0\0\0\0\xFF\xFF\0\0\0\0"),
         "the length of a frame is not written in the shortest way"},
        {SLICE("\x82\xFF\x80\0\0\0\0\0\0\0\0\0\0\0"),
         "the length of a frame has its highest bit set"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int in_parts = 0; in_parts < 2; in_parts++) {
            struct ws_decoder decoder = WS_DECODER_START;
            struct ws_piece piece;
            const char *why = NULL;
            enum ws_decoded decoded = WS_DECODED_MORE;
            char bytes[16];
            memcpy(bytes, cases[i].bytes.at, cases[i].bytes.length);
            char *at = bytes, *end = bytes + cases[i].bytes.length;
            while (decoded == WS_DECODED_MORE && at < end)
                decoded = ws_decoder_next(&decoder, &at, in_parts ? at + 1 : end, &piece, &why);
            assert_int_equal(decoded, WS_DECODED_BAD);
            assert_string_equal(why, cases[i].why);
        }
}

static void a_mask_turns_with_the_bytes(void **state)
{
    (void)state;
    static const uint8_t mask[4] = {1, 2, 4, 8};
    for (size_t length = 0; length < 40; length++)
        for (size_t split = 0; split <= length; split++) {
            char bytes[40] = {0};
            uint8_t turning[4];
            memcpy(turning, mask, 4);
            ws_mask(bytes, split, turning);
            ws_mask(bytes + split, length - split, turning);
            for (size_t i = 0; i < length; i++)
                assert_int_equal(bytes[i], mask[i % 4]);
            assert_int_equal(turning[0], mask[length % 4]);
        }
}

static void heads_say_lengths_in_the_shortest_way(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        bool is_deflated;
        slice head;
    } cases[] = {
        {0, false, SLICE("\x82\x00")},
        {125, false, SLICE("\x82\x7D")},
        {126, true, SLICE("\xC2\x7E\x00\x7E")},
        {65535, false, SLICE("\x82\x7E\xFF\xFF")},
        {65536, false, SLICE("\x82\x7F\0\0\0\0\0\x01\0\0")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char head[WS_SERVER_HEAD_BYTES];
        size_t length =
            ws_write_head(head, WS_OPCODE_BINARY, cases[i].is_deflated, cases[i].length);
        assert_int_equal(length, ws_head_length(cases[i].length));
        assert_int_equal(length, cases[i].head.length);
        assert_memory_equal(head, cases[i].head.at, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_split_at_any_two_bytes_are_the_same_frames),
        cmocka_unit_test(long_payloads_come_whole),
        cmocka_unit_test(what_breaks_the_framing_is_told),
        cmocka_unit_test(a_mask_turns_with_the_bytes),
        cmocka_unit_test(heads_say_lengths_in_the_shortest_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
