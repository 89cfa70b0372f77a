#include "transport/ws/deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define NO_BOUND ((size_t)1 << 30)

static int set_up(void **state)
{
    *state = ws_deflate_new();
    return 0;
}

static int tear_down(void **state)
{
    struct ws_deflate *deflate = *state;
    ws_deflate_free(&deflate);
    assert_null(deflate);
    return 0;
}

static slice filled(char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = "a text that repeats "[i % 20];
    return (slice){bytes, length};
}

static void what_is_compressed_comes_back_in_every_window(void **state)
{
    char *bytes = malloc(100000);
    for (unsigned bits = WS_WINDOW_BITS_MIN; bits <= WS_WINDOW_BITS_MAX; bits++)
        for (size_t length = 100; length <= 100000; length *= 10) {
            struct buf deflated = BUF_EMPTY, inflated = BUF_EMPTY;
            bool can = bits > WS_WINDOW_BITS_MIN || length <= WS_WINDOW_BYTES_MIN;
            slice message = filled(bytes, length);
            assert_int_equal(ws_deflate_message(*state, message, bits, &deflated), can);
            if (can) {
                assert_true(deflated.length < length);
                assert_int_equal(
                    ws_inflate_message(*state, buf_slice(&deflated), length, &inflated),
                    WS_INFLATED);
                assert_true(slice_equal(buf_slice(&inflated), message));
            }
            buf_fini(&deflated);
            buf_fini(&inflated);
        }
    free(bytes);
}

static void what_gets_no_shorter_is_left_alone(void **state)
{
    struct buf out = BUF_EMPTY;
    buf_append_text(&out, "kept");
    assert_false(ws_deflate_message(*state, SLICE("xy"), WS_WINDOW_BITS_MAX, &out));
    assert_false(ws_deflate_message(*state, SLICE(""), WS_WINDOW_BITS_MAX, &out));
    assert_true(slice_equal(buf_slice(&out), SLICE("kept")));
    buf_fini(&out);
}

/* A message that is a thousand times its compressed size. */
static void a_bomb_is_stopped_at_the_bound(void **state)
{
    enum { LENGTH = 16 * 1024 * 1024 };
    char *zeros = calloc(1, LENGTH);
    struct buf deflated = BUF_EMPTY;
    assert_true(ws_deflate_message(*state, (slice){zeros, LENGTH}, WS_WINDOW_BITS_MAX, &deflated));
    assert_true(deflated.length < LENGTH / 500);
    for (size_t bound = 0; bound < 200000; bound = bound * 3 + 1) {
        struct buf out = BUF_EMPTY;
        assert_int_equal(ws_inflate_message(*state, buf_slice(&deflated), bound, &out),
                         WS_INFLATED_TOO_LARGE);
        assert_true(out.capacity <= bound * 2 + 64 * 1024);
        buf_fini(&out);
    }
    struct buf out = BUF_EMPTY;
    assert_int_equal(ws_inflate_message(*state, buf_slice(&deflated), LENGTH - 1, &out),
                     WS_INFLATED_TOO_LARGE);
    buf_fini(&out);
    assert_int_equal(ws_inflate_message(*state, buf_slice(&deflated), LENGTH, &out), WS_INFLATED);
    assert_int_equal(out.length, LENGTH);
    buf_fini(&out);
    buf_fini(&deflated);
    free(zeros);
}

static void broken_messages_are_told_wherever_they_break_off(void **state)
{
    char bytes[5000];
    struct buf deflated = BUF_EMPTY;
    assert_true(ws_deflate_message(*state, filled(bytes, sizeof bytes), 15, &deflated));
    for (size_t length = 1; length < deflated.length; length++) {
        struct buf out = BUF_EMPTY;
        enum ws_inflated result =
            ws_inflate_message(*state, slice_part(buf_slice(&deflated), 0, length), NO_BOUND, &out);
        /* Behind the last block only its end mark is missing, which is bits that the tail has. */
        if (length + 2 < deflated.length)
            assert_int_equal(result, WS_INFLATED_BAD);
        buf_fini(&out);
    }
    buf_fini(&deflated);
}

static void nothing_of_a_broken_message_reaches_the_next(void **state)
{
    struct buf out = BUF_EMPTY;
    assert_int_equal(ws_inflate_message(*state, SLICE("\xFF\xFF\xFF"), NO_BOUND, &out),
                     WS_INFLATED_BAD);
    buf_clear(&out);
    slice hello = SLICE("\xF2\x48\xCD\xC9\xC9\x07\x00"); /* RFC 7692 7.2.3.1 */
    assert_int_equal(ws_inflate_message(*state, hello, 5, &out), WS_INFLATED);
    assert_true(slice_equal(buf_slice(&out), SLICE("Hello")));
    buf_fini(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_compressed_comes_back_in_every_window),
        TEST(what_gets_no_shorter_is_left_alone),
        TEST(a_bomb_is_stopped_at_the_bound),
        TEST(broken_messages_are_told_wherever_they_break_off),
        TEST(nothing_of_a_broken_message_reaches_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
