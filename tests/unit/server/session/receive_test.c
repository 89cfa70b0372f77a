/* What endpoints of text make of frames: greetings and pings of the v3 protocol, F8, F13, F14, and
 * how each protocol answers what it cannot read. */

#include "support/memory_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;

static void open_world(enum protocol protocol, uint32_t heartbeat_interval_ms)
{
    memory_world_prepare(&world);
    world.settings.protocol = protocol;
    world.settings.heartbeat_interval_ms = heartbeat_interval_ms;
    memory_world_open(&world);
}

/* | and + stand for the separators of the v3 protocol. */
static void say(struct memory_client *client, const char *text)
{
    struct buf frame = BUF_EMPTY;
    for (; *text != '\0'; text++)
        buf_append_byte(&frame, *text == '|' ? '\x1F' : *text == '+' ? '\x1E' : *text);
    memory_send_bytes(client, DS_FRAME_TEXT, buf_slice(&frame));
    buf_fini(&frame);
}

static void assert_heard(struct memory_client *client, const char *expected)
{
    struct buf *text = &client->text;
    for (size_t i = 0; i < text->length; i++)
        text->at[i] = text->at[i] == '\x1F' ? '|' : text->at[i] == '\x1E' ? '+' : text->at[i];
    buf_append_byte(text, '\0');
    assert_string_equal(text->at, expected);
    buf_clear(text);
}

static struct memory_client *log_in_text(void)
{
    struct memory_client *client = memory_connect(&world);
    assert_heard(client, "C|A+C|PI+");
    say(client, "A|REQ|[\"bo\"]+");
    assert_heard(client, "A|A+");
    return client;
}

static struct memory_client *log_in_json(void)
{
    struct memory_client *client = memory_connect(&world);
    say(client, "{\"topic\":2,\"action\":5}");
    say(client, "{\"topic\":3,\"action\":2,\"data\":\"[\\\"bo\\\"]\"}");
    assert_heard(client, "{\"topic\":2,\"action\":4}{\"topic\":3,\"action\":3}");
    return client;
}

static void a_v3_client_is_greeted_and_logs_in_without_a_challenge(void **state)
{
    (void)state;
    open_world(PROTOCOL_TEXT, 30000);
    log_in_text();
    memory_world_fini(&world);
}

static void f14_pings_are_answered_before_the_login_and_after(void **state)
{
    (void)state;
    open_world(PROTOCOL_TEXT, 30000);
    struct memory_client *client = memory_connect(&world);
    say(client, "C|PO+C|PI+");
    assert_heard(client, "C|A+C|PI+C|PO+");
    say(client, "A|REQ|[\"bo\"]+C|PI+C|PO+");
    assert_heard(client, "A|A+C|PO+");
    memory_world_fini(&world);
}

static bool has_heard_three_pings(void *context)
{
    const struct memory_client *client = context;
    session_alive(client->session); /* as its answers would say */
    return client->text.length >= 15;
}

static void the_server_pings_v3_clients_in_every_interval(void **state)
{
    (void)state;
    open_world(PROTOCOL_TEXT, 300); /* who is silent for two of them is cut off */
    struct memory_client *client = log_in_text();
    memory_run_until(&world, has_heard_three_pings, client);
    client->text.length = 15;
    assert_heard(client, "C|PI+C|PI+C|PI+");
    memory_world_fini(&world);
}

static void before_the_login_a_v3_client_may_only_log_in(void **state)
{
    (void)state;
    open_world(PROTOCOL_TEXT, 30000);
    struct memory_client *client = memory_connect(&world);
    buf_clear(&client->text);
    say(client, "E|S|n+C|CHR|ws://x+E|EVT|n|X+");
    assert_heard(client, "A|E|INVALID_MESSAGE+A|E|INVALID_MESSAGE+");
    say(client, "A|REQ|7+");
    assert_heard(client, "A|E|INVALID_AUTH_DATA|U+");
    assert_true(client->is_closing);
    memory_world_fini(&world);
}

static void what_a_v3_client_cannot_have_meant_is_dropped_with_a_line(void **state)
{
    (void)state;
    open_world(PROTOCOL_TEXT, 30000);
    struct memory_client *client = log_in_text();
    say(client, "Z|S|n+E|NO|n+x");
    assert_heard(client, "");
    assert_false(client->is_closing);
    assert_true(memory_logged(&world, "INVALID_MESSAGE", "unknown topic"));
    assert_true(memory_logged(&world, "INVALID_MESSAGE", "unknown action"));
    assert_int_equal(world.metrics.unreadable, 2);
    memory_world_fini(&world);
}

static void a_topic_that_nobody_handles_is_answered(void **state)
{
    (void)state;
    open_world(PROTOCOL_TEXT, 30000);
    struct memory_client *client = log_in_text();
    say(client, "E|EVT|n+E|EVT|n|X+");
    assert_heard(client, "X|E|UNKNOWN_TOPIC|E+X|E|UNKNOWN_TOPIC|E+");
    memory_world_fini(&world);
}

static void f13_what_has_no_form_is_not_sent(void **state)
{
    (void)state;
    open_world(PROTOCOL_TEXT, 30000);
    struct memory_client *client = log_in_text();
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    struct broadcast broadcast;
    session_send(client->session, &message);
    broadcast_begin(&broadcast, &message);
    broadcast_send(&broadcast, client->session);
    broadcast_send(&broadcast, client->session);
    assert_int_equal(broadcast.sent, 0);
    broadcast_end(&broadcast);
    assert_heard(client, "");
    assert_int_equal(world.metrics.sent[TOPIC_RECORD][RECORD_HEAD_RESPONSE_BULK], 0);
    memory_world_fini(&world);
}

static void a_json_client_logs_in_with_a_challenge(void **state)
{
    (void)state;
    open_world(PROTOCOL_JSON, 30000);
    log_in_json();
    struct memory_client *client = memory_connect(&world);
    say(client, "{\"topic\":2,\"action\":2}"); /* F14 */
    assert_heard(client, "{\"topic\":2,\"action\":3}");
    memory_world_fini(&world);
}

static void what_is_json_and_no_message_is_answered(void **state)
{
    (void)state;
    open_world(PROTOCOL_JSON, 30000);
    struct memory_client *client = log_in_json();
    say(client, "null");
    assert_heard(client, "{\"topic\":1,\"action\":1}");
    say(client, "{\"topic\":99,\"action\":1}");
    assert_heard(client, "{\"topic\":1,\"action\":1,\"originalTopic\":99,\"originalAction\":1}");
    assert_false(client->is_closing);
    memory_world_fini(&world);
}

static void what_is_no_json_ends_the_connection(void **state)
{
    (void)state;
    open_world(PROTOCOL_JSON, 30000);
    struct memory_client *client = log_in_json(), *stranger = memory_connect(&world);
    say(client, "{\"topic\":");
    say(stranger, "x");
    assert_heard(client, "");
    assert_heard(stranger, "");
    assert_true(client->is_closing && stranger->is_closing);
    assert_true(memory_logged(&world, "INVALID_MESSAGE", "expected a value"));
    memory_world_fini(&world);
}

static void f8_binary_data_on_an_endpoint_of_text_ends_the_connection(void **state)
{
    static const enum protocol protocols[] = {PROTOCOL_TEXT, PROTOCOL_JSON};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_world(protocols[i], 30000);
        struct memory_client *client = memory_connect(&world);
        memory_send_bytes(client, DS_FRAME_BINARY, SLICE("{}"));
        assert_true(client->is_closing);
        assert_int_equal(client->close_code, DS_CLOSE_UNSUPPORTED);
        memory_world_fini(&world);
    }
}

static void a_closed_connection_is_not_read_to_the_end_of_the_frame(void **state)
{
    (void)state;
    open_world(PROTOCOL_TEXT, 30000);
    struct memory_client *client = memory_connect(&world);
    buf_clear(&client->text);
    say(client, "A|REQ|7+A|REQ|[\"bo\"]+");
    assert_heard(client, "A|E|INVALID_AUTH_DATA|U+");
    assert_false(client->session->was_open);
    memory_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_v3_client_is_greeted_and_logs_in_without_a_challenge),
        cmocka_unit_test(f14_pings_are_answered_before_the_login_and_after),
        cmocka_unit_test(the_server_pings_v3_clients_in_every_interval),
        cmocka_unit_test(before_the_login_a_v3_client_may_only_log_in),
        cmocka_unit_test(what_a_v3_client_cannot_have_meant_is_dropped_with_a_line),
        cmocka_unit_test(a_topic_that_nobody_handles_is_answered),
        cmocka_unit_test(f13_what_has_no_form_is_not_sent),
        cmocka_unit_test(a_json_client_logs_in_with_a_challenge),
        cmocka_unit_test(what_is_json_and_no_message_is_answered),
        cmocka_unit_test(what_is_no_json_ends_the_connection),
        cmocka_unit_test(f8_binary_data_on_an_endpoint_of_text_ends_the_connection),
        cmocka_unit_test(a_closed_connection_is_not_read_to_the_end_of_the_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
