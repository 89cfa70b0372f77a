/* The end of a pipeline: what was taken is finished, what comes later is not begun. */

#include "recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;
static struct recorder events;
static struct memory_client *bo;
static unsigned idle_calls;

static int set_up(void **state)
{
    (void)state;
    idle_calls = 0;
    memory_world_prepare(&world);
    world.permission.answer = slow_names_later;
    recorder_init(&events, &world, TOPIC_EVENT);
    memory_world_open(&world);
    bo = memory_login(&world, "bo");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    recorder_fini(&events);
    return 0;
}

static void on_idle(void *context)
{
    (void)context;
    idle_calls++;
}

static void emit(const char *name)
{
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, slice_of(name));
    memory_send(bo, &message);
}

static void expect_emit(const char *name)
{
    assert_true(slice_equal(recorder_expect(&events, EVENT_EMIT)->name, slice_of(name)));
}

static void an_idle_pipeline_stops_at_once(void **state)
{
    (void)state;
    emit("one");
    expect_emit("one");
    pipeline_stop(world.pipeline, on_idle, NULL);
    assert_int_equal(idle_calls, 1);
}

static void what_was_taken_is_finished_in_order(void **state)
{
    (void)state;
    emit("slow1");
    emit("behind it");
    emit("slow2");
    pipeline_stop(world.pipeline, on_idle, NULL);
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_emit("slow1");
    expect_emit("behind it");
    assert_int_equal(idle_calls, 0);
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_emit("slow2");
    assert_int_equal(idle_calls, 1);
}

static void what_comes_later_is_dropped_but_pings_are_answered(void **state)
{
    (void)state;
    struct message ping = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    pipeline_stop(world.pipeline, on_idle, NULL);
    emit("late");
    recorder_expect_nothing(&events);
    memory_send(bo, &ping);
    memory_expect(bo, TOPIC_CONNECTION, CONNECTION_PONG);
}

static void handlers_that_were_removed_hear_nothing(void **state)
{
    (void)state;
    emit("slow");
    emit("behind it");
    pipeline_remove_handlers(world.pipeline);
    permission_double_decide(&world.permission, DS_ALLOW);
    recorder_expect_nothing(&events);
    memory_disconnect(bo);
    assert_int_equal(events.closes, 0);
}

/* Or a handler would keep it, and the last release free it. */
static void before_they_are_removed_handlers_hear_of_ends_that_wait(void **state)
{
    (void)state;
    emit("slow");
    emit("behind it");
    memory_disconnect(bo);
    assert_int_equal(events.closes, 0);
    pipeline_remove_handlers(world.pipeline);
    assert_int_equal(events.closes, 1);
    permission_double_decide(&world.permission, DS_ALLOW);
    recorder_expect_nothing(&events);
    assert_int_equal(events.closes, 1);
    assert_int_equal(world.permission.user_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_idle_pipeline_stops_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_taken_is_finished_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_comes_later_is_dropped_but_pings_are_answered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(handlers_that_were_removed_hear_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(before_they_are_removed_handlers_hear_of_ends_that_wait,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
