/* The client that plugins are together: what it says to the server, and that what comes back is
 * handed on from the loop. The test is the server: it takes every message and answers it. */

#include "node/plugin_client.h"

#include "logging/log.h"

#include "base/check.h"
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- the server ---- */

static uv_loop_t loop;
static struct log nobody;
static struct plugin_client *client;
static struct session *session;
static VEC(struct message *) said;

static void *user_new(void *self, slice id, bool is_authenticated, slice server_data)
{
    static char user;
    (void)self, (void)id, (void)is_authenticated, (void)server_data;
    return &user;
}

static void user_free(void *self, void *user)
{
    (void)self, (void)user;
}

static const struct ds_permission_operations PERMISSION = {.user_new = user_new,
                                                           .user_free = user_free};

static void on_message(void *context, struct session *from, const struct message *message)
{
    (void)context;
    session = from;
    VEC_PUSH(&said, message_copy(message));
}

static void on_login(void *context, struct session *from, slice server_data)
{
    (void)context, (void)from, (void)server_data;
}

static void on_close(void *context, struct session *from, bool was_open)
{
    (void)context, (void)from, (void)was_open;
}

static const struct session_events EVENTS = {.on_login = on_login,
                                             .on_message = on_message,
                                             .on_malformed = on_message,
                                             .on_close = on_close};

/* The next thing that it said; NULL: nothing more. Lives until the end of the test. */
static size_t taken;
static const struct message *take(void)
{
    return taken < said.count ? said.items[taken++] : NULL;
}

static const struct message *expect_said(enum topic topic, unsigned action, const char *name)
{
    const struct message *message = take();
    assert_non_null(message);
    assert_int_equal(message->topic, topic);
    assert_int_equal(message->action, action);
    assert_true(slice_equal(message->name, slice_of(name)));
    return message;
}

static void expect_said_about(unsigned action, const char *name)
{
    const struct message *message = take();
    assert_non_null(message);
    assert_int_equal(message->topic, TOPIC_EVENT);
    assert_int_equal(message->action, action);
    assert_int_equal(message->name_count, 1);
    assert_true(slice_equal(message->names[0], slice_of(name)));
}

static void send_event(const char *name, const char *data)
{
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, slice_of(name));
    MESSAGE_SET(&message, data, slice_of(data));
    session_send(session, &message);
}

static void answer(unsigned action, const struct message *request)
{
    struct message message = MESSAGE(TOPIC_RECORD, (uint16_t)action);
    MESSAGE_SET(&message, name, request->name);
    MESSAGE_ECHO(&message, request, correlation_id);
    if (action != RECORD_WRITE_ACKNOWLEDGEMENT && action != RECORD_DELETE_SUCCESS)
        MESSAGE_SET(&message, original_action, request->action);
    session_send(session, &message);
}

/* What was sent has been handed on when this returns. */
static void turn(void)
{
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    nobody = (struct log){.level = DS_OFF};
    taken = 0;
    struct session_settings settings = {.loop = &loop,
                                        .log = &nobody,
                                        .permission = &PERMISSION,
                                        .events = &EVENTS,
                                        .protocol = PROTOCOL_TEXT};
    client = plugin_client_new(&settings);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    plugin_client_close(client);
    uv_run(&loop, UV_RUN_DEFAULT);
    plugin_client_free(&client);
    assert_null(client);
    assert_int_equal(uv_loop_close(&loop), 0);
    for (size_t i = 0; i < said.count; i++)
        free(said.items[i]);
    VEC_FREE(&said);
    memset(&said, 0, sizeof said);
    return 0;
}

/* ---- events ---- */

struct hearing {
    char heard[256];
    struct ds_event_subscription *subscription;
    struct hearing *makes; /* subscribes this one when it hears something */
    struct hearing *ends;  /* and ends this one */
    bool publishes;
};

static void hear(void *context, ds_slice name, ds_slice data)
{
    struct hearing *hearing = context;
    size_t length = strlen(hearing->heard);
    snprintf(hearing->heard + length, sizeof hearing->heard - length,
             SLICE_FORMAT "=" SLICE_FORMAT " ", SLICE_ARGUMENTS(name), SLICE_ARGUMENTS(data));
    if (hearing->publishes)
        plugin_client_publish(client, name, SLICE("\"again\""));
    hearing->publishes = false;
    if (hearing->makes != NULL)
        hearing->makes->subscription = plugin_client_subscribe(client, name, hear, hearing->makes);
    hearing->makes = NULL;
    if (hearing->ends != NULL)
        plugin_client_unsubscribe(client, hearing->ends->subscription);
    hearing->ends = NULL;
}

static void subscribe(struct hearing *hearing, const char *name)
{
    hearing->subscription = plugin_client_subscribe(client, slice_of(name), hear, hearing);
}

static void publishing_says_the_event_with_its_data(void **state)
{
    (void)state;
    plugin_client_publish(client, SLICE("news"), SLICE("{\"a\":1}"));
    plugin_client_publish(client, SLICE(""), SLICE(""));
    const struct message *first = expect_said(TOPIC_EVENT, EVENT_EMIT, "news");
    assert_true(slice_equal(first->data, SLICE("{\"a\":1}")));
    const struct message *second = expect_said(TOPIC_EVENT, EVENT_EMIT, "");
    assert_false(MESSAGE_HAS(second, data));
}

static void several_who_hear_one_event_are_one_subscription(void **state)
{
    (void)state;
    struct hearing one = {0}, two = {0};
    subscribe(&one, "news");
    subscribe(&two, "news");
    expect_said_about(EVENT_SUBSCRIBE, "news");
    assert_null(take());
    send_event("news", "1");
    send_event("other", "2");
    assert_string_equal(one.heard, ""); /* not from inside */
    turn();
    assert_string_equal(one.heard, "news=1 ");
    assert_string_equal(two.heard, "news=1 ");
    plugin_client_unsubscribe(client, one.subscription);
    assert_null(take());
    send_event("news", "3");
    turn();
    assert_string_equal(one.heard, "news=1 ");
    assert_string_equal(two.heard, "news=1 news=3 ");
    plugin_client_unsubscribe(client, two.subscription);
    expect_said_about(EVENT_UNSUBSCRIBE, "news");
}

static void who_hears_an_event_hears_the_plugins_own_too(void **state)
{
    (void)state;
    struct hearing one = {0};
    plugin_client_publish(client, SLICE("news"), SLICE("0"));
    subscribe(&one, "news");
    plugin_client_publish(client, SLICE("news"), SLICE("1"));
    assert_string_equal(one.heard, "");
    turn();
    assert_string_equal(one.heard, "news=1 ");
}

static void a_handler_may_end_itself_and_publish(void **state)
{
    (void)state;
    struct hearing one = {.publishes = true}, two = {0};
    one.ends = &one;
    subscribe(&one, "news");
    subscribe(&two, "news");
    send_event("news", "1");
    turn();
    assert_string_equal(one.heard, "news=1 ");
    assert_string_equal(two.heard, "news=1 news=\"again\" ");
    plugin_client_unsubscribe(client, two.subscription);
}

static void the_last_handler_may_end_itself(void **state)
{
    (void)state;
    struct hearing one = {0};
    one.ends = &one;
    subscribe(&one, "news");
    expect_said_about(EVENT_SUBSCRIBE, "news");
    send_event("news", "1");
    send_event("news", "2");
    turn();
    assert_string_equal(one.heard, "news=1 ");
    expect_said_about(EVENT_UNSUBSCRIBE, "news");
}

static void a_handler_may_end_one_of_another_event(void **state)
{
    (void)state;
    struct hearing other = {0}, one = {.ends = &other};
    subscribe(&one, "news");
    subscribe(&other, "weather");
    expect_said_about(EVENT_SUBSCRIBE, "news");
    expect_said_about(EVENT_SUBSCRIBE, "weather");
    send_event("news", "1");
    send_event("weather", "2");
    turn();
    assert_string_equal(other.heard, "");
    expect_said_about(EVENT_UNSUBSCRIBE, "weather");
}

static void who_subscribes_while_an_event_is_handed_out_hears_the_next(void **state)
{
    (void)state;
    struct hearing late = {0}, one = {.makes = &late};
    subscribe(&one, "news");
    send_event("news", "1");
    turn();
    assert_string_equal(late.heard, "");
    send_event("news", "2");
    turn();
    assert_string_equal(late.heard, "news=2 ");
}

static void what_is_not_utf8_is_neither_published_nor_subscribed_to(void **state)
{
    (void)state;
    struct hearing one = {0};
    subscribe(&one, "news");
    expect_said_about(EVENT_SUBSCRIBE, "news");
    assert_null(plugin_client_subscribe(client, SLICE("n\xff"), hear, &one));
    plugin_client_publish(client, SLICE("n\xff"), SLICE("1"));
    plugin_client_publish(client, SLICE("news"), SLICE("\"\xff\""));
    plugin_client_publish(client, SLICE("news"), SLICE("\"\xed\xa0\x80\""));
    turn();
    assert_null(take());
    assert_string_equal(one.heard, "");
}

/* ---- records ---- */

struct outcome {
    unsigned calls;
    char error[128]; /* empty: none */
};

static void on_done(void *context, const char *error)
{
    struct outcome *outcome = context;
    outcome->calls++;
    snprintf(outcome->error, sizeof outcome->error, "%s", error == NULL ? "" : error);
}

static void expect_outcome(const struct outcome *outcome, const char *error)
{
    assert_int_equal(outcome->calls, 1);
    assert_string_equal(outcome->error, error);
}

static void a_write_is_one_of_three_messages(void **state)
{
    (void)state;
    static struct outcome outcomes[3]; /* still open at the end of the test */
    plugin_client_write(client, SLICE("r"), SLICE(""), SLICE("{}"), on_done, &outcomes[0]);
    plugin_client_write(client, SLICE("r"), SLICE("a.b"), SLICE("1"), on_done, &outcomes[1]);
    plugin_client_write(client, SLICE("r"), SLICE("a.b"), SLICE(""), on_done, &outcomes[2]);
    static const unsigned actions[] = {RECORD_CREATEANDUPDATE, RECORD_CREATEANDPATCH, RECORD_ERASE};
    for (size_t i = 0; i < 3; i++) {
        const struct message *message = expect_said(TOPIC_RECORD, actions[i], "r");
        assert_int_equal(message->version, -1);
        assert_true(message->is_write_ack);
        assert_int_equal(MESSAGE_HAS(message, path), i > 0);
        assert_int_equal(MESSAGE_HAS(message, data), i < 2);
    }
}

static void what_is_not_utf8_is_neither_written_nor_deleted(void **state)
{
    (void)state;
    struct outcome outcomes[4] = {0};
    plugin_client_write(client, SLICE("r\xff"), SLICE(""), SLICE("{}"), on_done, &outcomes[0]);
    plugin_client_write(client, SLICE("r"), SLICE("a\xff"), SLICE("1"), on_done, &outcomes[1]);
    plugin_client_write(client, SLICE("r"), SLICE(""), SLICE("[\"\xff\"]"), on_done, &outcomes[2]);
    plugin_client_delete(client, SLICE("r\xff"), on_done, &outcomes[3]);
    assert_null(take());
    for (size_t i = 0; i < 3; i++)
        expect_outcome(&outcomes[i], "the name, path or data is not UTF-8");
    expect_outcome(&outcomes[3], "the name is not UTF-8");
}

static void outcomes_come_from_the_loop_to_the_write_that_asked(void **state)
{
    (void)state;
    struct outcome first = {0}, second = {0};
    plugin_client_write(client, SLICE("r"), SLICE(""), SLICE("{}"), on_done, &first);
    plugin_client_write(client, SLICE("r"), SLICE(""), SLICE("[]"), on_done, &second);
    const struct message *one = take(), *other = take();
    answer(RECORD_WRITE_ACKNOWLEDGEMENT, other);
    assert_int_equal(second.calls, 0);
    turn();
    expect_outcome(&second, "");
    assert_int_equal(first.calls, 0);
    answer(RECORD_RECORD_UPDATE_ERROR, one);
    turn();
    expect_outcome(&first, "the record was not written: RECORD_UPDATE_ERROR");
    answer(RECORD_WRITE_ACKNOWLEDGEMENT, one);
    turn();
    assert_int_equal(first.calls, 1);
}

static void a_deletion_is_known_by_its_name(void **state)
{
    (void)state;
    struct outcome first = {0}, second = {0};
    plugin_client_delete(client, SLICE("r"), on_done, &first);
    plugin_client_delete(client, SLICE("s"), on_done, &second);
    const struct message *one = expect_said(TOPIC_RECORD, RECORD_DELETE, "r"),
                         *other = expect_said(TOPIC_RECORD, RECORD_DELETE, "s");
    answer(RECORD_RECORD_DELETE_ERROR, other);
    answer(RECORD_DELETE_SUCCESS, one);
    turn();
    expect_outcome(&first, "");
    expect_outcome(&second, "the record was not deleted: RECORD_DELETE_ERROR");
}

static void what_is_open_at_the_end_gets_an_error(void **state)
{
    (void)state;
    struct outcome write = {0}, deletion = {0};
    struct hearing one = {0};
    subscribe(&one, "news");
    plugin_client_write(client, SLICE("r"), SLICE(""), SLICE("{}"), on_done, &write);
    plugin_client_delete(client, SLICE("r"), on_done, &deletion);
    send_event("news", "1");
    plugin_client_close(client);
    expect_outcome(&write, "the server stops");
    expect_outcome(&deletion, "the server stops");
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_string_equal(one.heard, "");
    plugin_client_free(&client); /* for tear_down there is nothing left */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(publishing_says_the_event_with_its_data),
        TEST(several_who_hear_one_event_are_one_subscription),
        TEST(who_hears_an_event_hears_the_plugins_own_too),
        TEST(a_handler_may_end_itself_and_publish),
        TEST(the_last_handler_may_end_itself),
        TEST(a_handler_may_end_one_of_another_event),
        TEST(who_subscribes_while_an_event_is_handed_out_hears_the_next),
        TEST(what_is_not_utf8_is_neither_published_nor_subscribed_to),
        TEST(a_write_is_one_of_three_messages),
        TEST(what_is_not_utf8_is_neither_written_nor_deleted),
        TEST(outcomes_come_from_the_loop_to_the_write_that_asked),
        TEST(a_deletion_is_known_by_its_name),
        TEST(what_is_open_at_the_end_gets_an_error),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
