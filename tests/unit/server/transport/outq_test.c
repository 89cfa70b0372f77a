#include "transport/outq.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct outq_pool pool;
    struct outq queue;
    struct buf expected;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    outq_fini(&fixture->queue, &fixture->pool);
    outq_pool_fini(&fixture->pool);
    buf_fini(&fixture->expected);
    free(fixture);
    return 0;
}

static char filler(size_t i)
{
    return (char)(i * 31 % 251);
}

static void append(struct fixture *fixture, size_t length)
{
    char *bytes = malloc(length + 1);
    for (size_t i = 0; i < length; i++)
        bytes[i] = filler(fixture->expected.length + i);
    outq_append(&fixture->queue, &fixture->pool, (slice){bytes, length});
    buf_append(&fixture->expected, (slice){bytes, length});
    free(bytes);
}

static void append_frame(struct fixture *fixture, size_t length)
{
    struct ds_frame *frame = ds_frame_new(length);
    for (size_t i = 0; i < length; i++)
        frame->bytes[i] = filler(fixture->expected.length + i);
    outq_append_frame(&fixture->queue, &fixture->pool, frame);
    buf_append(&fixture->expected, ds_frame_payload(frame));
    ds_frame_release(&frame);
    assert_null(frame);
}

/* Takes everything out again, at most `step` bytes at a time, and compares. */
static void drain(struct fixture *fixture, size_t step)
{
    size_t at = 0;
    while (outq_bytes(&fixture->queue) > 0) {
        uv_buf_t runs[3];
        size_t total, seen = 0;
        size_t count = outq_runs(&fixture->queue, runs, 3, &total);
        assert_in_range(count, 1, 3);
        for (size_t i = 0; i < count; i++) {
            assert_true(runs[i].len > 0);
            assert_memory_equal(runs[i].base, fixture->expected.at + at + seen, runs[i].len);
            seen += runs[i].len;
        }
        assert_int_equal(seen, total);
        size_t taken = total < step ? total : step;
        outq_consume(&fixture->queue, &fixture->pool, taken);
        at += taken;
    }
    assert_int_equal(at, fixture->expected.length);
    assert_null(fixture->queue.first);
    assert_null(fixture->queue.last);
    buf_clear(&fixture->expected);
}

static void many_small_messages_leave_as_one_run(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 100; i++)
        append_frame(fixture, 25);
    uv_buf_t runs[2];
    size_t total;
    assert_int_equal(outq_runs(&fixture->queue, runs, 2, &total), 1);
    assert_int_equal(total, 2500);
}

static void bytes_come_out_in_order_however_they_are_taken(void **state)
{
    static const size_t steps[] = {1, 7, 1000, 4096, SIZE_MAX};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (size_t length = 0; length < 6000; length = length * 2 + 1) {
            append(*state, length);
            append_frame(*state, length + 1);
            append(*state, 3);
        }
        drain(*state, steps[i]);
    }
}

static void large_frames_are_shared_and_let_go(void **state)
{
    struct fixture *fixture = *state;
    struct ds_frame *frame = ds_frame_new(OUTQ_SMALL_BYTES + 1);
    outq_append_frame(&fixture->queue, &fixture->pool, frame);
    assert_int_equal(frame->references, 2);
    outq_consume(&fixture->queue, &fixture->pool, OUTQ_SMALL_BYTES);
    assert_int_equal(frame->references, 2);
    outq_consume(&fixture->queue, &fixture->pool, 1);
    assert_int_equal(frame->references, 1);
    ds_frame_release(&frame);
}

static void small_frames_are_copied(void **state)
{
    struct fixture *fixture = *state;
    struct ds_frame *frame = ds_frame_new(OUTQ_SMALL_BYTES);
    outq_append_frame(&fixture->queue, &fixture->pool, frame);
    assert_int_equal(frame->references, 1);
    ds_frame_release(&frame);
}

static void bytes_do_not_move_while_more_are_queued(void **state)
{
    struct fixture *fixture = *state;
    append(fixture, 10);
    uv_buf_t before, after;
    size_t total;
    outq_runs(&fixture->queue, &before, 1, &total);
    for (size_t i = 0; i < 100; i++)
        append(fixture, 500);
    outq_runs(&fixture->queue, &after, 1, &total);
    assert_ptr_equal(before.base, after.base);
    drain(fixture, 4096);
}

static void an_empty_queue_owns_nothing_and_the_pool_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 2 * OUTQ_POOL_BLOCKS; i++)
        append(fixture, OUTQ_SMALL_BYTES * 3);
    drain(fixture, SIZE_MAX);
    assert_int_equal(fixture->pool.free_count, OUTQ_POOL_BLOCKS);
}

static void a_queue_that_ends_full_gives_everything_back(void **state)
{
    struct fixture *fixture = *state;
    append(fixture, 5000);
    append_frame(fixture, 5000);
    outq_fini(&fixture->queue, &fixture->pool);
    assert_int_equal(outq_bytes(&fixture->queue), 0);
    buf_clear(&fixture->expected);
    append(fixture, 5);
    drain(fixture, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(many_small_messages_leave_as_one_run),
        TEST(bytes_come_out_in_order_however_they_are_taken),
        TEST(large_frames_are_shared_and_let_go),
        TEST(small_frames_are_copied),
        TEST(bytes_do_not_move_while_more_are_queued),
        TEST(an_empty_queue_owns_nothing_and_the_pool_is_bounded),
        TEST(a_queue_that_ends_full_gives_everything_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
