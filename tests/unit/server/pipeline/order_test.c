/* Messages of one session take effect in the order they came (B9). */

#include "recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;
static struct recorder events, records;
static struct memory_client *bo;

static int set_up(void **state)
{
    (void)state;
    memory_world_prepare(&world);
    world.settings.max_waiting_messages = 10;
    world.permission.answer = slow_names_later;
    recorder_init(&events, &world, TOPIC_EVENT);
    recorder_init(&records, &world, TOPIC_RECORD);
    memory_world_open(&world);
    bo = memory_login(&world, "bo");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    recorder_fini(&events);
    recorder_fini(&records);
    return 0;
}

static void emit_with(struct memory_client *client, const char *name, slice data)
{
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, slice_of(name));
    if (data.length > 0)
        MESSAGE_SET(&message, data, data);
    memory_send(client, &message);
}

static void emit(struct memory_client *client, const char *name)
{
    emit_with(client, name, SLICE(""));
}

static void expect_emit(const char *name)
{
    assert_true(slice_equal(recorder_expect(&events, EVENT_EMIT)->name, slice_of(name)));
}

static void b9_later_messages_wait_for_a_pending_verdict(void **state)
{
    (void)state;
    emit(bo, "first");
    expect_emit("first");
    emit(bo, "slow");
    emit(bo, "third");
    struct message read = MESSAGE(TOPIC_RECORD, RECORD_READ);
    MESSAGE_SET(&read, name, SLICE("r"));
    memory_send(bo, &read);
    recorder_expect_nothing(&events);
    recorder_expect_nothing(&records);
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_emit("slow");
    expect_emit("third");
    recorder_expect(&records, RECORD_READ);
}

static void b9_answers_to_what_cannot_be_used_keep_their_place(void **state)
{
    (void)state;
    world.settings.max_names = 1;
    emit(bo, "slow");
    memory_send_bytes(bo, DS_FRAME_BINARY, SLICE("\x02\x10\x63")); /* topic 99 */
    struct message subscribe = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
    message_set_names(&subscribe, (slice[]){SLICE("a"), SLICE("b")}, 2);
    MESSAGE_SET(&subscribe, correlation_id, SLICE("7"));
    memory_send(bo, &subscribe);
    emit(bo, "last");
    memory_expect_nothing(bo);
    permission_double_decide(&world.permission, DS_DENY);
    memory_expect(bo, TOPIC_EVENT, EVENT_MESSAGE_DENIED);
    memory_expect(bo, TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
    const struct message *answer = memory_expect(bo, TOPIC_EVENT, EVENT_INVALID_MESSAGE_DATA);
    assert_true(slice_equal(answer->correlation_id, SLICE("7")));
    assert_true(answer->is_error);
    assert_int_equal(answer->original_action, EVENT_SUBSCRIBE);
    memory_expect_nothing(bo);
    expect_emit("last");
}

static void b9_each_pending_verdict_holds_those_behind_it(void **state)
{
    (void)state;
    emit(bo, "slow1");
    emit(bo, "slow2");
    emit(bo, "last");
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_emit("slow1");
    recorder_expect_nothing(&events);
    permission_double_decide(&world.permission, DS_DENY);
    memory_expect(bo, TOPIC_EVENT, EVENT_MESSAGE_DENIED);
    expect_emit("last");
}

static void other_sessions_do_not_wait(void **state)
{
    (void)state;
    struct memory_client *al = memory_login(&world, "al");
    emit(bo, "slow");
    emit(al, "quick");
    expect_emit("quick");
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_emit("slow");
}

static void a_ping_is_answered_while_messages_wait(void **state)
{
    (void)state;
    emit(bo, "slow");
    struct message ping = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    memory_send(bo, &ping);
    memory_expect(bo, TOPIC_CONNECTION, CONNECTION_PONG);
}

static void handlers_hold_a_session_as_often_as_they_release_it(void **state)
{
    (void)state;
    events.holds = true;
    emit(bo, "one");
    emit(bo, "two");
    expect_emit("one");
    pipeline_hold(bo->session);
    pipeline_release(world.pipeline, bo->session);
    recorder_expect_nothing(&events);
    events.holds = false;
    pipeline_release(world.pipeline, bo->session);
    expect_emit("two");
}

static void waiting_messages_keep_their_content(void **state)
{
    (void)state;
    char data[] = "\"kept\"";
    emit(bo, "slow");
    emit_with(bo, "later", slice_of(data));
    memset(data, 'x', sizeof data);
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_emit("slow");
    assert_true(slice_equal(recorder_expect(&events, EVENT_EMIT)->data, SLICE("\"kept\"")));
}

static void reading_pauses_while_many_wait(void **state)
{
    (void)state;
    emit(bo, "slow");
    for (int i = 0; i < 10; i++) {
        emit(bo, "next");
        assert_false(bo->is_paused);
    }
    emit(bo, "one too many");
    assert_true(bo->is_paused);
    permission_double_decide(&world.permission, DS_ALLOW);
    assert_false(bo->is_paused);
    assert_int_equal(events.messages.count, 12);
}

static void reading_resumes_when_half_of_them_are_gone(void **state)
{
    (void)state;
    emit(bo, "slow");
    for (int i = 0; i < 11; i++)
        emit(bo, i == 4 || i == 8 ? "slow again" : "next");
    assert_true(bo->is_paused);
    permission_double_decide(&world.permission, DS_ALLOW); /* 6 wait now */
    assert_true(bo->is_paused);
    permission_double_decide(&world.permission, DS_ALLOW); /* 2 */
    assert_false(bo->is_paused);
    permission_double_decide(&world.permission, DS_ALLOW);
}

static void reading_pauses_while_large_ones_wait(void **state)
{
    (void)state;
    static char large[600000];
    memset(large, '1', sizeof large);
    emit(bo, "slow");
    emit_with(bo, "large", (slice){large, sizeof large});
    assert_false(bo->is_paused);
    emit_with(bo, "large", (slice){large, sizeof large});
    assert_true(bo->is_paused);
    permission_double_decide(&world.permission, DS_ALLOW);
    assert_false(bo->is_paused);
    assert_int_equal(bo->session->waiting_bytes, 0);
}

static void what_was_sent_before_the_end_takes_effect_and_then_handlers_forget(void **state)
{
    (void)state;
    emit(bo, "slow");
    emit(bo, "last");
    memory_disconnect(bo);
    assert_int_equal(events.closes, 0);
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_emit("slow");
    expect_emit("last");
    assert_int_equal(events.closes, 1);
    assert_int_equal(world.permission.user_count, 0);
}

static void an_ended_session_may_be_held_and_released(void **state)
{
    (void)state;
    events.holds = true;
    emit(bo, "one");
    struct session *session = bo->session;
    memory_disconnect(bo);
    assert_int_equal(events.closes, 0);
    pipeline_release(world.pipeline, session);
    assert_int_equal(events.closes, 1);
}

static void a_thousand_verdicts_in_a_row_take_no_stack(void **state)
{
    (void)state;
    emit(bo, "slow");
    for (int i = 0; i < 100000; i++)
        emit(bo, "next");
    permission_double_decide(&world.permission, DS_ALLOW);
    assert_int_equal(events.messages.count, 100001);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(b9_later_messages_wait_for_a_pending_verdict),
        TEST(b9_answers_to_what_cannot_be_used_keep_their_place),
        TEST(b9_each_pending_verdict_holds_those_behind_it),
        TEST(other_sessions_do_not_wait),
        TEST(a_ping_is_answered_while_messages_wait),
        TEST(handlers_hold_a_session_as_often_as_they_release_it),
        TEST(waiting_messages_keep_their_content),
        TEST(reading_pauses_while_many_wait),
        TEST(reading_resumes_when_half_of_them_are_gone),
        TEST(reading_pauses_while_large_ones_wait),
        TEST(what_was_sent_before_the_end_takes_effect_and_then_handlers_forget),
        TEST(an_ended_session_may_be_held_and_released),
        TEST(a_thousand_verdicts_in_a_row_take_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
