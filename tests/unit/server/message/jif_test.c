/* Both directions: what an item of a batch becomes, and what is said about it. */

#include "message/jif.h"

#include "base/buf.h"
#include "json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena arena;
static struct buf text;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    text = BUF_EMPTY;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&text);
    return 0;
}

static bool read_item(const char *json, struct message *message)
{
    valve_value item;
    assert_true(json_read(slice_of(json), (struct json_limits){128}, &arena, &item, NULL));
    buf_clear(&text);
    return jif_decode(item, &arena, message, &text);
}

static struct message decoded(const char *json)
{
    struct message message;
    if (!read_item(json, &message))
        fail_msg("%s is refused", json);
    return message;
}

static void expect_message(const char *json, unsigned topic, unsigned action, const char *name,
                           const char *data)
{
    struct message message = decoded(json);
    assert_int_equal(message.topic, topic);
    assert_int_equal(message.action, action);
    assert_int_equal(MESSAGE_HAS(&message, name), name != NULL);
    assert_int_equal(MESSAGE_HAS(&message, data), data != NULL);
    if (name != NULL)
        assert_true(slice_equal(message.name, slice_of(name)));
    if (data != NULL)
        assert_true(slice_equal(message.data, slice_of(data)));
}

static void each_item_is_a_message(void **state)
{
    (void)state;
    expect_message("{\"topic\":\"event\",\"action\":\"emit\",\"eventName\":\"e\"}", TOPIC_EVENT,
                   EVENT_EMIT, "e", NULL);
    expect_message("{\"topic\":\"event\",\"action\":\"emit\",\"eventName\":\"e\",\"data\": [ 1.0, "
                   "\"\\u00e4\" ] }",
                   TOPIC_EVENT, EVENT_EMIT, "e", "[1,\"\xC3\xA4\"]");
    expect_message("{\"rpcName\":\"r\",\"action\":\"make\",\"topic\":\"rpc\",\"data\":null}",
                   TOPIC_RPC, RPC_REQUEST, "r", "null");
    expect_message("{\"topic\":\"record\",\"action\":\"read\",\"recordName\":\"r\"}", TOPIC_RECORD,
                   RECORD_READ, "r", NULL);
    expect_message("{\"topic\":\"record\",\"action\":\"head\",\"recordName\":\"r\"}", TOPIC_RECORD,
                   RECORD_HEAD, "r", NULL);
    expect_message("{\"topic\":\"list\",\"action\":\"delete\",\"listName\":\"l\"}", TOPIC_RECORD,
                   RECORD_DELETE, "l", NULL);
    expect_message("{\"topic\":\"list\",\"action\":\"write\",\"listName\":\"l\",\"data\":[\"a\"]}",
                   TOPIC_RECORD, RECORD_CREATEANDUPDATE, "l", "[\"a\"]");
    expect_message("{\"topic\":\"presence\",\"action\":\"query\"}", TOPIC_PRESENCE,
                   PRESENCE_QUERY_ALL, NULL, NULL);
    struct message query =
        decoded("{\"topic\":\"presence\",\"action\":\"query\",\"names\":[\"a\",\"b\"]}");
    assert_int_equal(query.action, PRESENCE_QUERY);
    assert_int_equal(query.name_count, 2);
    assert_true(slice_equal(query.names[1], SLICE("b")));
}

#define WRITE "{\"topic\":\"record\",\"action\":\"write\",\"recordName\":\"r\""

static void writes_have_versions_and_paths(void **state)
{
    (void)state;
    struct message message = decoded(WRITE ",\"data\":{}}");
    assert_int_equal(message.action, RECORD_CREATEANDUPDATE);
    assert_int_equal(message.version, -1);
    assert_true(message.is_write_ack);
    assert_int_equal(decoded(WRITE ",\"data\":[],\"version\":0}").version, -1);
    assert_int_equal(decoded(WRITE ",\"data\":[],\"version\":2147483647}").version, INT32_MAX);
    message = decoded(WRITE ",\"data\":5,\"path\":\"a.b\",\"version\":7}");
    assert_int_equal(message.action, RECORD_CREATEANDPATCH);
    assert_int_equal(message.version, 7);
    assert_true(slice_equal(message.path, SLICE("a.b")));
    message = decoded(WRITE ",\"data\":{},\"path\":\"\"}");
    assert_int_equal(message.action, RECORD_CREATEANDUPDATE);
    assert_false(MESSAGE_HAS(&message, path));
}

static void what_fits_no_form_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        WRITE "}",
        WRITE ",\"data\":5}",
        WRITE ",\"data\":{},\"version\":-2}",
        WRITE ",\"data\":{},\"version\":1.5}",
        WRITE ",\"data\":{},\"version\":2147483648}",
        WRITE ",\"data\":{},\"version\":1e300}",
        WRITE ",\"data\":{},\"other\":1}",
        "{\"topic\":\"record\",\"action\":\"read\",\"recordName\":\"\"}",
        "{\"topic\":\"record\",\"action\":\"read\",\"recordName\":\"\\ud800\"}",
        "{\"topic\":\"list\",\"action\":\"write\",\"listName\":\"l\",\"data\":[1]}",
        "{\"topic\":\"presence\",\"action\":\"query\",\"names\":[null]}",
        "{\"topic\":\"presence\",\"action\":\"subscribe\"}",
    };
    struct message message;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (read_item(wrong[i], &message))
            fail_msg("%s is taken", wrong[i]);
        assert_int_equal(text.length, 0);
    }
}

static void some_faults_are_explained_as_the_original_does(void **state)
{
    (void)state;
    static const char *const faults[][2] = {
        {"5", "property '' should be object"},
        {"{}", "property 'topic' is required for topic 'undefined'"},
        {"{\"topic\":\"event\"}", "property 'action' is required for topic 'event'"},
        {"{\"topic\":\"event\",\"action\":\"emit\"}",
         "property 'eventName' is required for topic 'event'"},
        {"{\"topic\":\"event\",\"action\":\"emit\",\"eventName\":5}",
         "property '.eventName' should be string"},
        {"{\"topic\":\"event\",\"action\":\"emit\",\"eventName\":\"\"}",
         "property '.eventName' should NOT be shorter than 1 characters"},
    };
    struct message message;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        assert_false(read_item(faults[i][0], &message));
        assert_true(slice_equal(buf_slice(&text), slice_of(faults[i][1])));
    }
}

static void expect_item(const struct message *message, const char *item)
{
    buf_clear(&text);
    jif_encode(message, &text);
    if (!slice_equal(buf_slice(&text), slice_of(item)))
        fail_msg("it is " SLICE_FORMAT, SLICE_ARGUMENTS(buf_slice(&text)));
}

static void answers_are_items(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_READ_RESPONSE);
    MESSAGE_SET(&message, version, 3);
    MESSAGE_SET(&message, data, SLICE("{\"a\":1}"));
    expect_item(&message, "{\"success\":true,\"version\":3,\"data\":{\"a\":1}}");
    message.action = RECORD_HEAD_RESPONSE;
    expect_item(&message, "{\"success\":true,\"version\":3}");
    message = MESSAGE(TOPIC_RECORD, RECORD_WRITE_ACKNOWLEDGEMENT);
    expect_item(&message, "{\"success\":true}");
    message = MESSAGE(TOPIC_RPC, RPC_RESPONSE);
    expect_item(&message, "{\"success\":true}");
    message = MESSAGE(TOPIC_RPC, RPC_REQUEST_ERROR);
    MESSAGE_SET(&message, data, SLICE("\"no\""));
    expect_item(&message, "{\"errorTopic\":\"rpc\",\"success\":false,\"error\":\"no\"}");
    message = MESSAGE(TOPIC_RPC, RPC_ACCEPT);
    expect_item(&message, "");
    const slice names[] = {SLICE("a"), SLICE("\"b\"")};
    message = MESSAGE(TOPIC_PRESENCE, PRESENCE_QUERY_ALL_RESPONSE);
    message_set_names(&message, names, 2);
    expect_item(&message, "{\"success\":true,\"users\":[\"a\",\"\\\"b\\\"\"]}");
}

static void errors_are_items(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_MESSAGE_DENIED);
    MESSAGE_SET(&message, name, SLICE("r"));
    MESSAGE_SET(&message, original_action, RECORD_READ);
    MESSAGE_SET(&message, is_error, true);
    expect_item(&message, "{\"errorTopic\":\"record\",\"errorEvent\":115,\"success\":false,"
                          "\"action\":3,\"error\":\"Message denied. Action \\\"READ\\\" is not "
                          "permitted.\"}");
    message = MESSAGE(TOPIC_RECORD, RECORD_VERSION_EXISTS);
    MESSAGE_SET(&message, name, SLICE("\"r\""));
    MESSAGE_SET(&message, version, 4);
    MESSAGE_SET(&message, data, SLICE("{}"));
    expect_item(&message, "{\"errorTopic\":\"record\",\"errorEvent\":102,\"success\":false,"
                          "\"error\":\"Record update failed. Version 4 exists for record "
                          "\\\"\\\"r\\\"\\\".\",\"currentVersion\":4,\"currentData\":{}}");
    message = MESSAGE(TOPIC_RPC, RPC_MULTIPLE_ACCEPT);
    MESSAGE_SET(&message, name, SLICE("r"));
    expect_item(&message, "{\"errorTopic\":\"rpc\",\"errorEvent\":102,\"success\":false,"
                          "\"error\":\"An error occurred: MULTIPLE_ACCEPT.\","
                          "\"errorParams\":\"r\"}");
    message = MESSAGE(TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
    expect_item(&message, "{\"errorTopic\":\"parser\",\"errorEvent\":1,\"success\":false,"
                          "\"error\":\"An error occurred: UNKNOWN_TOPIC.\"}");
    message = MESSAGE(TOPIC_EVENT, EVENT_MESSAGE_PERMISSION_ERROR);
    expect_item(&message, "{\"success\":false,\"error\":\"Message denied. Action 'emit' is not "
                          "permitted.\",\"errorEvent\":\"MESSAGE_DENIED\",\"errorAction\":"
                          "\"emit\",\"errorTopic\":\"event\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_item_is_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_have_versions_and_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_fits_no_form_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(some_faults_are_explained_as_the_original_does, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(answers_are_items, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_are_items, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
