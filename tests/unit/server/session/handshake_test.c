/* The handshake, state by state (protocol.md 3.1). */

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

static void send_plain(struct memory_client *client, unsigned topic, unsigned action)
{
    struct message message = MESSAGE((uint8_t)topic, (uint16_t)action);
    memory_send(client, &message);
}

static void send_login(struct memory_client *client, const char *data)
{
    struct message message = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    if (data != NULL)
        MESSAGE_SET(&message, data, slice_of(data));
    memory_send(client, &message);
}

static struct memory_client *connect_and_challenge(void)
{
    struct memory_client *client = memory_connect(&world);
    send_plain(client, TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_ACCEPT);
    return client;
}

static void nothing_is_sent_before_the_challenge(void **state)
{
    (void)state;
    memory_expect_nothing(memory_connect(&world));
}

static void a_challenge_is_accepted_and_a_login_opens(void **state)
{
    (void)state;
    struct memory_client *client = connect_and_challenge();
    assert_int_equal(client->session->state, SESSION_AWAITING_LOGIN);
    send_login(client, "[\"bo\"]");
    const struct message *answer = memory_expect(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    assert_false(MESSAGE_HAS(answer, data));
    assert_true(session_is_open(client->session));
    assert_true(slice_equal(client->session->user_id, SLICE("bo")));
    assert_true(memory_logged(&world, "AUTH_SUCCESSFUL", "bo"));
}

static void f14_a_ping_is_answered_in_every_state(void **state)
{
    (void)state;
    struct memory_client *client = memory_connect(&world);
    send_plain(client, TOPIC_CONNECTION, CONNECTION_PING);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_PONG);
    send_plain(client, TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_ACCEPT);
    send_plain(client, TOPIC_CONNECTION, CONNECTION_PING);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_PONG);
    send_login(client, "[\"bo\"]");
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    send_plain(client, TOPIC_CONNECTION, CONNECTION_PING);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_PONG);
    memory_expect_nothing(client);
}

static void before_the_challenge_other_connection_actions_are_only_logged(void **state)
{
    (void)state;
    struct memory_client *client = memory_connect(&world);
    send_plain(client, TOPIC_CONNECTION, CONNECTION_CLOSING);
    memory_expect_nothing(client);
    assert_true(memory_logged(&world, "UNKNOWN_ACTION", "CONNECTION.CLOSING"));
    assert_false(client->is_closing);
}

static void before_the_challenge_other_topics_are_invalid_messages(void **state)
{
    (void)state;
    struct memory_client *client = memory_connect(&world);
    send_login(client, "[\"bo\"]");
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_INVALID_MESSAGE);
    memory_send_bytes(client, DS_FRAME_BINARY, SLICE("\xff\xff\xff"));
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_INVALID_MESSAGE);
    assert_false(client->is_closing);
    send_plain(client, TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_ACCEPT);
}

static void before_the_login_other_topics_are_invalid_messages(void **state)
{
    (void)state;
    struct memory_client *client = connect_and_challenge();
    send_plain(client, TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_expect(client, TOPIC_AUTH, AUTH_INVALID_MESSAGE);
    send_plain(client, TOPIC_EVENT, EVENT_EMIT);
    memory_expect(client, TOPIC_AUTH, AUTH_INVALID_MESSAGE);
    memory_send_bytes(client, DS_FRAME_BINARY, SLICE("\x05 garbage"));
    memory_expect(client, TOPIC_AUTH, AUTH_INVALID_MESSAGE);
    assert_int_equal(world.permission.asked.count, 0);
    assert_false(client->is_closing);
}

static void an_auth_action_that_is_no_request_ends_the_connection(void **state)
{
    (void)state;
    struct memory_client *client = connect_and_challenge();
    send_plain(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    memory_expect(client, TOPIC_AUTH, AUTH_INVALID_MESSAGE_DATA);
    assert_true(client->is_closing);
    assert_int_equal(client->close_code, DS_CLOSE_NORMAL);
}

static void f1_login_data_that_is_no_object_or_list_ends_the_connection(void **state)
{
    (void)state;
    static const char *const data[] = {NULL,    "1",          "\"text\"", "null", "true",
                                       "{bad}", "{\"a\":1}x", "[",        "",     "\xff"};
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        struct memory_client *client = connect_and_challenge();
        /* what is not UTF-8 is not decodable in the first place */
        bool is_text = data[i] == NULL || (unsigned char)data[i][0] != 0xFF;
        send_login(client, data[i]);
        memory_expect(client, TOPIC_AUTH,
                      is_text ? AUTH_INVALID_MESSAGE_DATA : AUTH_INVALID_MESSAGE);
        assert_int_equal(client->is_closing, is_text);
        memory_expect_nothing(client);
    }
}

static void f1_login_data_nested_a_hundred_thousand_levels_ends_the_connection(void **state)
{
    (void)state;
    struct memory_client *client = connect_and_challenge();
    struct message message = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    struct buf deep = BUF_EMPTY;
    for (int i = 0; i < 100000; i++)
        buf_append_byte(&deep, '[');
    MESSAGE_SET(&message, data, buf_slice(&deep));
    memory_send(client, &message);
    buf_fini(&deep);
    memory_expect(client, TOPIC_AUTH, AUTH_INVALID_MESSAGE_DATA);
    assert_true(client->is_closing);
}

static void login_data_is_logged_only_on_demand(void **state)
{
    (void)state;
    send_login(connect_and_challenge(), "{\"password\":\"secret\"");
    assert_true(memory_logged(&world, "INVALID_MESSAGE_DATA", "Error parsing auth message"));
    assert_false(memory_logged(&world, "INVALID_MESSAGE_DATA", "secret"));
    world.settings.log_invalid_auth_data = true;
    send_login(connect_and_challenge(), "{\"password\":\"secret\"");
    assert_true(memory_logged(&world, "INVALID_MESSAGE_DATA", "secret"));
}

static void f8_text_on_a_binary_endpoint_closes_with_1003(void **state)
{
    (void)state;
    struct memory_client *client = memory_connect(&world);
    memory_send_bytes(client, DS_FRAME_TEXT, SLICE("{\"topic\":2}"));
    assert_true(client->is_closing);
    assert_int_equal(client->close_code, DS_CLOSE_UNSUPPORTED);
    memory_expect_nothing(client);
}

static void after_login_what_cannot_be_decoded_is_an_unknown_topic(void **state)
{
    (void)state;
    struct memory_client *client = memory_login(&world, "bo");
    memory_send_bytes(client, DS_FRAME_BINARY, SLICE("\x7f\x01"));
    memory_expect(client, TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
    assert_true(memory_logged(&world, "INVALID_MESSAGE", "bo: "));
    assert_false(client->is_closing);
}

static void after_login_handshake_messages_are_unknown_topics(void **state)
{
    (void)state;
    struct memory_client *client = memory_login(&world, "bo");
    send_plain(client, TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    const struct message *answer = memory_expect(client, TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
    assert_int_equal(answer->original_topic, TOPIC_CONNECTION);
    send_login(client, "{}");
    answer = memory_expect(client, TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
    assert_int_equal(answer->original_topic, TOPIC_AUTH);
    assert_true(session_is_open(client->session));
}

static void a_closed_session_takes_and_gets_nothing(void **state)
{
    (void)state;
    struct memory_client *client = memory_connect(&world);
    memory_send_bytes(client, DS_FRAME_TEXT, SLICE("hello"));
    send_plain(client, TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_expect_nothing(client);
    assert_int_equal(client->session->state, SESSION_CLOSED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_sent_before_the_challenge),
        TEST(a_challenge_is_accepted_and_a_login_opens),
        TEST(f14_a_ping_is_answered_in_every_state),
        TEST(before_the_challenge_other_connection_actions_are_only_logged),
        TEST(before_the_challenge_other_topics_are_invalid_messages),
        TEST(before_the_login_other_topics_are_invalid_messages),
        TEST(an_auth_action_that_is_no_request_ends_the_connection),
        TEST(f1_login_data_that_is_no_object_or_list_ends_the_connection),
        TEST(f1_login_data_nested_a_hundred_thousand_levels_ends_the_connection),
        TEST(login_data_is_logged_only_on_demand),
        TEST(f8_text_on_a_binary_endpoint_closes_with_1003),
        TEST(after_login_what_cannot_be_decoded_is_an_unknown_topic),
        TEST(after_login_handshake_messages_are_unknown_topics),
        TEST(a_closed_session_takes_and_gets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
