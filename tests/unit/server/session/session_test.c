/* Sending, broadcasting, counting of references. */

#include "support/memory_session.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;

static int set_up(void **state)
{
    (void)state;
    memory_world_init(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    return 0;
}

static struct message event(const char *name)
{
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, slice_of(name));
    return message;
}

static void a_broadcast_is_framed_once_and_reaches_each(void **state)
{
    (void)state;
    struct memory_client *one = memory_login(&world, "one"), *two = memory_login(&world, "two");
    struct memory_client *gone = memory_login(&world, "gone");
    struct session *kept = session_retain(gone->session);
    memory_disconnect(gone);

    struct message message = event("news");
    struct broadcast broadcast;
    broadcast_begin(&broadcast, &message);
    broadcast_send(&broadcast, one->session);
    struct ds_frame *frame = broadcast.forms[PROTOCOL_BINARY].frame;
    broadcast_send(&broadcast, two->session);
    broadcast_send(&broadcast, kept);
    assert_ptr_equal(broadcast.forms[PROTOCOL_BINARY].frame, frame);
    assert_int_equal(broadcast.sent, 2);
    broadcast_end(&broadcast);

    assert_true(slice_equal(memory_expect(one, TOPIC_EVENT, EVENT_EMIT)->name, SLICE("news")));
    assert_true(slice_equal(memory_expect(two, TOPIC_EVENT, EVENT_EMIT)->name, SLICE("news")));
    memory_expect_nothing(gone);
    session_release(&kept);
    assert_null(kept);
}

static void a_broadcast_to_nobody_makes_no_frame(void **state)
{
    (void)state;
    struct message message = event("news");
    struct broadcast broadcast;
    broadcast_begin(&broadcast, &message);
    assert_null(broadcast.forms[PROTOCOL_BINARY].frame);
    broadcast_end(&broadcast);
}

static void a_retained_session_outlives_its_connection(void **state)
{
    (void)state;
    struct memory_client *client = memory_login(&world, "bo");
    struct session *session = session_retain(client->session);
    memory_disconnect(client);
    struct message message = event("late");
    session_send(session, &message);
    session_close(session, DS_CLOSE_NORMAL, "again");
    assert_false(session_is_open(session));
    assert_non_null(session->user);
    assert_int_equal(world.permission.user_count, 1);
    session_release(&session);
    assert_int_equal(world.permission.user_count, 0);
}

static void after_close_nothing_more_is_sent_and_the_reason_is_logged(void **state)
{
    (void)state;
    struct memory_client *client = memory_login(&world, "bo");
    session_close(client->session, DS_CLOSE_POLICY, "it was rude");
    struct message message = event("late");
    session_send(client->session, &message);
    session_close(client->session, DS_CLOSE_NORMAL, "again");
    assert_int_equal(client->close_code, DS_CLOSE_POLICY);
    assert_true(memory_logged(&world, "CONNECTION_ERROR", "bo: it was rude"));
    assert_false(memory_logged(&world, "CONNECTION_ERROR", "again"));
    memory_expect_nothing(client);
}

static void what_a_large_message_needed_is_given_back(void **state)
{
    (void)state;
    struct memory_client *client = memory_login(&world, "bo");
    struct buf large = BUF_EMPTY;
    memset(buf_extend(&large, 1000000), 'x', 1000000);
    struct message message = event("large"), small = event("small");
    MESSAGE_SET(&message, data, buf_slice(&large));
    session_send(client->session, &message);
    session_send(client->session, &small);
    assert_int_equal(memory_expect(client, TOPIC_EVENT, EVENT_EMIT)->data.length, 1000000);
    assert_true(slice_equal(memory_expect(client, TOPIC_EVENT, EVENT_EMIT)->name, SLICE("small")));
    buf_fini(&large);
}

static void an_idle_session_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct session) <= 320);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_broadcast_is_framed_once_and_reaches_each),
        TEST(a_broadcast_to_nobody_makes_no_frame),
        TEST(a_retained_session_outlives_its_connection),
        TEST(after_close_nothing_more_is_sent_and_the_reason_is_logged),
        TEST(what_a_large_message_needed_is_given_back),
        TEST(an_idle_session_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
