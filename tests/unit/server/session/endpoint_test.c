/* What an endpoint watches: heartbeats, logins that do not come, the number of its sessions. */

#include "support/memory_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;

static void open_world(uint32_t heartbeat_ms, uint32_t login_ms)
{
    memory_world_prepare(&world);
    world.settings.heartbeat_interval_ms = heartbeat_ms;
    world.settings.unauthenticated_timeout_ms = login_ms;
    memory_world_open(&world);
    uv_update_time(&world.loop);
}

static bool is_closing(void *context)
{
    return ((struct memory_client *)context)->is_closing;
}

static void a_silent_client_is_cut_off_after_two_intervals(void **state)
{
    (void)state;
    open_world(20, 0);
    struct memory_client *client = memory_login(&world, "bo");
    uint64_t start = uv_now(&world.loop);
    memory_run_until(&world, is_closing, client);
    assert_true(uv_now(&world.loop) - start > 40);
    assert_true(memory_logged(&world, "CONNECTION_ERROR", "no heartbeat"));
    memory_world_fini(&world);
}

struct talk {
    struct memory_client *talker;
    struct memory_client *silent;
};

/* Says something before each look. */
static bool is_silent_one_gone(void *context)
{
    struct talk *talk = context;
    struct message ping = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    memory_send(talk->talker, &ping);
    return talk->silent->is_closing;
}

static void say_something(uv_timer_t *timer)
{
    (void)timer; /* wakes the loop, so that the talker talks in time */
}

static void a_client_that_talks_stays(void **state)
{
    (void)state;
    open_world(40, 0);
    uv_timer_t wake;
    uv_timer_init(&world.loop, &wake);
    uv_timer_start(&wake, say_something, 1, 1);
    struct talk talk = {memory_login(&world, "talker"), memory_login(&world, "silent")};
    memory_run_until(&world, is_silent_one_gone, &talk);
    assert_false(talk.talker->is_closing);
    uv_close((uv_handle_t *)&wake, NULL);
    memory_world_fini(&world);
}

static void f6_who_does_not_log_in_in_time_is_cut_off_even_after_a_failed_attempt(void **state)
{
    (void)state;
    open_world(30000, 30);
    struct memory_client *client = memory_connect(&world);
    struct message challenge = MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_send(client, &challenge);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_ACCEPT);
    struct message refused = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    memory_send(client, &refused);
    memory_expect(client, TOPIC_AUTH, AUTH_INVALID_MESSAGE);

    memory_run_until(&world, is_closing, client);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_AUTHENTICATION_TIMEOUT);
    assert_int_equal(client->close_code, DS_CLOSE_NORMAL);
    assert_true(memory_logged(&world, "AUTHENTICATION_TIMEOUT", "expected time"));
    memory_world_fini(&world);
}

static void refuse(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    (void)self;
    (void)login;
    done(context, &(struct ds_login_result){.outcome = DS_LOGIN_REFUSED});
}

static void f6_the_timer_runs_on_after_a_refused_login(void **state)
{
    (void)state;
    static const struct ds_authentication_operations refuse_all = {.login = refuse};
    open_world(30000, 30);
    world.authentication.operations = &refuse_all;
    struct memory_client *client = memory_connect(&world);
    struct message challenge = MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_send(client, &challenge);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_ACCEPT);
    struct message login = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    MESSAGE_SET(&login, data, SLICE("{}"));
    memory_send(client, &login);
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);

    memory_run_until(&world, is_closing, client);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_AUTHENTICATION_TIMEOUT);
    memory_world_fini(&world);
}

static void a_login_ends_the_watch_and_later_connections_have_their_own_time(void **state)
{
    (void)state;
    open_world(30000, 40);
    struct memory_client *user = memory_login(&world, "bo");
    struct memory_client *first = memory_connect(&world);
    memory_run_until(&world, is_closing, first);
    struct memory_client *second = memory_connect(&world);
    assert_false(second->is_closing);
    memory_run_until(&world, is_closing, second);
    assert_false(user->is_closing);
    memory_world_fini(&world);
}

static void the_endpoint_counts_its_sessions(void **state)
{
    (void)state;
    open_world(30000, 180000);
    assert_int_equal(session_endpoint_count(world.endpoint), 0);
    struct memory_client *one = memory_connect(&world);
    memory_login(&world, "bo");
    assert_int_equal(session_endpoint_count(world.endpoint), 2);
    memory_disconnect(one);
    assert_int_equal(session_endpoint_count(world.endpoint), 1);
    memory_world_fini(&world);
}

static void freeing_the_endpoint_ends_who_is_left(void **state)
{
    (void)state;
    open_world(30000, 180000);
    struct memory_client *client = memory_login(&world, "bo");
    client->is_connected = false; /* the endpoint does it now */
    session_endpoint_free(&world.endpoint);
    assert_true(memory_logged(&world, "CLIENT_DISCONNECTED", "bo"));
    memory_world_fini(&world);
}

static void incoming_connections_are_logged_with_referer_and_address(void **state)
{
    (void)state;
    open_world(30000, 180000);
    memory_connect(&world);
    assert_true(
        memory_logged(&world, "INCOMING_CONNECTION", "from http://page.example/ (192.0.2.7)"));
    memory_world_fini(&world);
}

static void the_websocket_side_has_the_limits_of_the_settings(void **state)
{
    (void)state;
    memory_world_prepare(&world);
    world.settings.max_message_bytes = 1000;
    world.settings.max_queue_bytes = 2000;
    world.settings.outgoing_buffer_timeout_ms = 3;
    world.settings.max_buffer_bytes = 4000;
    world.settings.deflate = true;
    memory_world_open(&world);
    const struct ds_endpoint *websocket = session_endpoint_for_transport(world.endpoint);
    assert_int_equal(websocket->kind, DS_FRAME_BINARY);
    assert_int_equal(websocket->max_message_bytes, 1000);
    assert_int_equal(websocket->max_queue_bytes, 2000); /* F20 */
    assert_int_equal(websocket->flush_delay_ms, 3);
    assert_int_equal(websocket->flush_bytes, 4000);
    assert_true(websocket->deflate);
    memory_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_client_is_cut_off_after_two_intervals),
        cmocka_unit_test(a_client_that_talks_stays),
        cmocka_unit_test(f6_who_does_not_log_in_in_time_is_cut_off_even_after_a_failed_attempt),
        cmocka_unit_test(f6_the_timer_runs_on_after_a_refused_login),
        cmocka_unit_test(a_login_ends_the_watch_and_later_connections_have_their_own_time),
        cmocka_unit_test(the_endpoint_counts_its_sessions),
        cmocka_unit_test(freeing_the_endpoint_ends_who_is_left),
        cmocka_unit_test(incoming_connections_are_logged_with_referer_and_address),
        cmocka_unit_test(the_websocket_side_has_the_limits_of_the_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
