/* Frames that hold many messages: no more of them wait than of messages in frames of their own. */

#include "recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MOST_WAITING 10
#define MANY 1000

static struct memory_world world;
static struct recorder events;
static struct memory_client *bo;

static int set_up(void **state)
{
    (void)state;
    memory_world_prepare(&world);
    world.settings.protocol = PROTOCOL_TEXT;
    world.settings.max_waiting_messages = MOST_WAITING;
    world.permission.answer = slow_names_later;
    recorder_init(&events, &world, TOPIC_EVENT);
    memory_world_open(&world);
    bo = memory_connect(&world);
    memory_send_bytes(bo, DS_FRAME_TEXT, SLICE("A\x1FREQ\x1F[\"bo\"]\x1E"));
    assert_true(session_is_open(bo->session));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    recorder_fini(&events);
    return 0;
}

static void send_many(const char *first, int from, int count)
{
    struct buf frame = BUF_EMPTY;
    buf_append_text(&frame, first);
    for (int i = 0; i < count; i++)
        buf_printf(&frame,
                   "%sE\x1F"
                   "EVT\x1F%d",
                   i == 0 && *first == '\0' ? "" : "\x1E", from + i);
    memory_send_bytes(bo, DS_FRAME_TEXT, buf_slice(&frame));
    buf_fini(&frame);
}

static void expect_many(int from, int count)
{
    char name[16];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%d", from + i);
        assert_true(slice_equal(recorder_expect(&events, EVENT_EMIT)->name, slice_of(name)));
    }
}

static void the_rest_of_a_frame_waits_unread(void **state)
{
    (void)state;
    send_many("E\x1F"
              "EVT\x1Fslow",
              0, MANY);
    assert_true(bo->is_paused);
    assert_int_equal(bo->session->waiting_count, MOST_WAITING + 1);
    send_many("", MANY, MANY); /* had been read by the transport */
    assert_int_equal(bo->session->waiting_count, MOST_WAITING + 1);
    recorder_expect_nothing(&events);

    permission_double_decide(&world.permission, DS_ALLOW);
    assert_true(slice_equal(recorder_expect(&events, EVENT_EMIT)->name, SLICE("slow")));
    expect_many(0, 2 * MANY);
    recorder_expect_nothing(&events);
    assert_false(bo->is_paused);
    assert_null(bo->session->unread);
}

static void a_frame_may_pause_again_and_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        send_many("E\x1F"
                  "EVT\x1Fslow",
                  0, 50);
    for (int i = 0; i < 3; i++) {
        recorder_expect_nothing(&events);
        assert_true(permission_double_decide(&world.permission, DS_ALLOW));
        assert_true(slice_equal(recorder_expect(&events, EVENT_EMIT)->name, SLICE("slow")));
        expect_many(0, 50);
    }
    recorder_expect_nothing(&events);
    assert_false(bo->is_paused);
}

static void what_was_not_read_is_gone_with_the_connection(void **state)
{
    (void)state;
    send_many("E\x1F"
              "EVT\x1Fslow",
              0, MANY);
    memory_disconnect(bo);
    permission_double_decide(&world.permission, DS_ALLOW);
    recorder_expect(&events, EVENT_EMIT);
    expect_many(0, MOST_WAITING + 1);
    recorder_expect_nothing(&events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_rest_of_a_frame_waits_unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_may_pause_again_and_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_read_is_gone_with_the_connection, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
