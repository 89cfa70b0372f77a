/* What is counted of sessions: connections and their ends, logins, messages in and out. */

#include "support/memory_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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

static uint64_t closed_at_all(void)
{
    uint64_t sum = 0;
    for (enum closing i = 0; i < CLOSING_COUNT; i++)
        sum += world.metrics.connections_closed[i];
    return sum;
}

static void messages_count_by_topic_and_action(void **state)
{
    (void)state;
    struct memory_client *bo = memory_login(&world, "bo");
    assert_int_equal(world.metrics.received[TOPIC_CONNECTION][CONNECTION_CHALLENGE], 1);
    assert_int_equal(world.metrics.sent[TOPIC_CONNECTION][CONNECTION_ACCEPT], 1);
    assert_int_equal(world.metrics.received[TOPIC_AUTH][AUTH_REQUEST], 1);
    assert_int_equal(world.metrics.sent[TOPIC_AUTH][AUTH_AUTH_SUCCESSFUL], 1);
    for (int i = 0; i < 3; i++)
        memory_send(bo, &MESSAGE(TOPIC_CONNECTION, CONNECTION_PING));
    assert_int_equal(world.metrics.received[TOPIC_CONNECTION][CONNECTION_PING], 3);
    assert_int_equal(world.metrics.sent[TOPIC_CONNECTION][CONNECTION_PONG], 3);
}

static void numbers_that_are_in_no_list_and_frames_without_message_count_apart(void **state)
{
    (void)state;
    struct memory_client *bo = memory_login(&world, "bo");
    memory_send_bytes(bo, DS_FRAME_BINARY,
                      SLICE("\x07\x08\xc8\x01\x12\x02\x08\x03")); /* topic 200 */
    memory_send(bo, &MESSAGE(TOPIC_EVENT, 60000));
    memory_send_bytes(bo, DS_FRAME_BINARY, SLICE("\xff\xff\xff"));
    assert_int_equal(world.metrics.received[0][0], 1);
    assert_int_equal(world.metrics.unreadable, 2);
}

/* S12: the original adds them to `received`, or forgets what was counted before. */
static void s12_a_broadcast_counts_in_sent_once_per_receiver(void **state)
{
    (void)state;
    struct memory_client *one = memory_login(&world, "one"), *two = memory_login(&world, "two");
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, SLICE("news"));
    session_send(one->session, &message);
    struct broadcast broadcast;
    broadcast_begin(&broadcast, &message);
    broadcast_send(&broadcast, one->session);
    broadcast_send(&broadcast, two->session);
    broadcast_end(&broadcast);
    assert_int_equal(world.metrics.sent[TOPIC_EVENT][EVENT_EMIT], 3);
    assert_int_equal(world.metrics.received[TOPIC_EVENT][EVENT_EMIT], 0);
    assert_int_equal(world.metrics.sent[TOPIC_AUTH][AUTH_AUTH_SUCCESSFUL], 2);
}

static void a_broadcast_to_nobody_counts_nothing(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    struct broadcast broadcast;
    broadcast_begin(&broadcast, &message);
    broadcast_end(&broadcast);
    assert_int_equal(world.metrics.sent[TOPIC_EVENT][EVENT_EMIT], 0);
}

static void every_connection_has_one_end_with_one_reason(void **state)
{
    (void)state;
    struct memory_client *lost = memory_login(&world, "lost"), *left = memory_login(&world, "left");
    struct memory_client *slow = memory_login(&world, "slow"), *bad = memory_login(&world, "bad");
    struct memory_client *text = memory_login(&world, "text"), *cut = memory_login(&world, "cut");
    struct memory_client *stop = memory_login(&world, "stop"), *garbled = memory_connect(&world);
    assert_int_equal(world.metrics.connections_opened, 8);
    assert_int_equal(closed_at_all(), 0);

    left->outlet.end = DS_OUTLET_LEFT;
    slow->outlet.end = DS_OUTLET_SLOW_RECEIVER;
    bad->outlet.end = DS_OUTLET_PROTOCOL_ERROR;
    stop->outlet.end = DS_OUTLET_SERVER_STOP;
    memory_send_bytes(text, DS_FRAME_TEXT, SLICE("hello"));
    session_close(cut->session, DS_CLOSE_NORMAL, "a test wants it so");
    memory_send(garbled, &MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE));
    struct message login = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    MESSAGE_SET(&login, data, SLICE("no JSON"));
    memory_send(garbled, &login);
    struct memory_client *all[] = {lost, left, slow, bad, text, cut, stop, garbled};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        memory_disconnect(all[i]);

    const uint64_t *closed = world.metrics.connections_closed;
    assert_int_equal(closed[CLOSING_LOST], 1);
    assert_int_equal(closed[CLOSING_CLIENT], 1);
    assert_int_equal(closed[CLOSING_SLOW_RECEIVER], 1);
    assert_int_equal(closed[CLOSING_PROTOCOL_ERROR], 2); /* bad and text */
    assert_int_equal(closed[CLOSING_SERVER], 1);
    assert_int_equal(closed[CLOSING_SERVER_STOP], 1);
    assert_int_equal(closed[CLOSING_BAD_LOGIN], 1);
    assert_int_equal(closed_at_all(), 8);
}

static void who_is_silent_or_does_not_log_in_ends_for_that_reason(void **state)
{
    (void)state;
    memory_world_fini(&world);
    memory_world_prepare(&world);
    world.settings.unauthenticated_timeout_ms = 1;
    world.settings.heartbeat_interval_ms = 1;
    memory_world_open(&world);
    struct memory_client *silent = memory_login(&world, "silent"), *late = memory_connect(&world);
    while (!silent->is_closing || !late->is_closing)
        uv_run(&world.loop, UV_RUN_ONCE);
    memory_disconnect(silent);
    memory_disconnect(late);
    assert_int_equal(world.metrics.connections_closed[CLOSING_NO_HEARTBEAT] +
                         world.metrics.connections_closed[CLOSING_LOGIN_TIMEOUT],
                     2);
    assert_true(world.metrics.connections_closed[CLOSING_NO_HEARTBEAT] >= 1);
}

/* ---- logins ---- */

static void refuse(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    (void)self;
    (void)login;
    done(context, &(struct ds_login_result){.outcome = DS_LOGIN_REFUSED});
}

struct heard {
    unsigned allowed, declined;
    char user_id[16];
};

static void on_login(void *context, enum login_way way, bool is_allowed, slice user_id)
{
    struct heard *heard = context;
    assert_int_equal(way, LOGIN_WEBSOCKET);
    if (is_allowed)
        heard->allowed++;
    else
        heard->declined++;
    memcpy(heard->user_id, user_id.at, user_id.length);
    heard->user_id[user_id.length] = '\0';
}

static void logins_count_by_outcome_and_are_told(void **state)
{
    (void)state;
    static const struct ds_authentication_operations refuse_everybody = {.login = refuse};
    struct heard heard = {0};
    const struct metrics_watcher watcher = {&heard, on_login};
    world.metrics.watcher = &watcher;
    memory_login(&world, "bo");
    assert_int_equal(world.metrics.logins_allowed[LOGIN_WEBSOCKET], 1);
    assert_string_equal(heard.user_id, "bo");

    world.authentication.operations = &refuse_everybody;
    struct memory_client *stranger = memory_connect(&world);
    struct message login = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    MESSAGE_SET(&login, data, SLICE("{}"));
    memory_send(stranger, &MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE));
    for (int i = 0; i < 3; i++)
        memory_send(stranger, &login);
    assert_int_equal(world.metrics.logins_declined[LOGIN_WEBSOCKET], 3);
    assert_int_equal(heard.allowed, 1);
    assert_int_equal(heard.declined, 3);
    assert_string_equal(heard.user_id, "");
    memory_disconnect(stranger);
    assert_int_equal(world.metrics.connections_closed[CLOSING_LOGIN_ATTEMPTS], 1);
}

static void without_metrics_nobody_counts(void **state)
{
    (void)state;
    memory_world_fini(&world);
    memory_world_prepare(&world);
    world.settings.metrics = NULL;
    memory_world_open(&world);
    struct memory_client *bo = memory_login(&world, "bo");
    memory_disconnect(bo);
    assert_int_equal(world.metrics.connections_opened, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(messages_count_by_topic_and_action),
        TEST(numbers_that_are_in_no_list_and_frames_without_message_count_apart),
        TEST(s12_a_broadcast_counts_in_sent_once_per_receiver),
        TEST(a_broadcast_to_nobody_counts_nothing),
        TEST(every_connection_has_one_end_with_one_reason),
        TEST(who_is_silent_or_does_not_log_in_ends_for_that_reason),
        TEST(logins_count_by_outcome_and_are_told),
        TEST(without_metrics_nobody_counts),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
