/* What messages become on the wire: the vectors of protocol.md 2.8, byte for byte. */

#include "message/codec.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_frame(const struct message *message, const char *hex)
{
    struct buf frame = BUF_EMPTY, expected = bytes_of_hex(hex);
    binary_encode(message, &frame);
    struct buf actual_hex = hex_of_bytes(buf_slice(&frame));
    struct buf expected_hex = hex_of_bytes(buf_slice(&expected));
    buf_append_byte(&actual_hex, '\0');
    buf_append_byte(&expected_hex, '\0');
    assert_string_equal(actual_hex.at, expected_hex.at);
    buf_fini(&frame);
    buf_fini(&expected);
    buf_fini(&actual_hex);
    buf_fini(&expected_hex);
}

static void messages_of_the_handshake(void **state)
{
    (void)state;
    struct message ping = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    assert_frame(&ping, "06 10 02 1a 02 08 02");

    struct message challenge = MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    MESSAGE_SET(&challenge, url, SLICE("ws://x"));
    MESSAGE_SET(&challenge, protocol_version, SLICE("0.1a"));
    MESSAGE_SET(&challenge, sdk_version, SLICE("7.0.5"));
    MESSAGE_SET(&challenge, sdk_type, SLICE("javascript"));
    assert_frame(&challenge, "27 10 02 1a 23 08 05 2a 06 77733a2f2f78 32 04 302e3161 3a 05 "
                             "372e302e35 42 0a 6a617661736372697074");

    struct message successful = MESSAGE(TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    MESSAGE_SET(&successful, data, SLICE("{\"a\":1}"));
    assert_frame(&successful, "0f 10 03 1a 0b 08 03 12 07 7b2261223a317d");
}

static void messages_of_events(void **state)
{
    (void)state;
    static const slice names[] = {{"e1", 2}, {"e2", 2}};
    struct message subscribe = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
    message_set_names(&subscribe, names, 2);
    MESSAGE_SET(&subscribe, correlation_id, SLICE("0"));
    assert_frame(&subscribe, "11 10 04 1a 0d 08 03 1a 01 30 3a 02 6531 3a 02 6532");

    struct message ack = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
    MESSAGE_ECHO(&ack, &subscribe, correlation_id);
    MESSAGE_SET(&ack, is_ack, true);
    assert_frame(&ack, "0b 10 04 1a 07 08 03 1a 01 30 28 01");

    struct message emit = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&emit, name, SLICE("e1"));
    MESSAGE_SET(&emit, data, SLICE("1"));
    assert_frame(&emit, "0d 10 04 1a 09 08 02 12 01 31 32 02 6531");
}

static void messages_of_records(void **state)
{
    (void)state;
    struct message read = MESSAGE(TOPIC_RECORD, RECORD_READ_RESPONSE);
    MESSAGE_SET(&read, name, SLICE("r"));
    MESSAGE_SET(&read, version, 0);
    MESSAGE_SET(&read, data, SLICE("{}"));
    assert_frame(&read, "0f 10 05 1a 0b 08 04 12 02 7b7d 32 01 72 68 00");

    struct message create = MESSAGE(TOPIC_RECORD, RECORD_CREATEANDUPDATE);
    MESSAGE_SET(&create, name, SLICE("r"));
    MESSAGE_SET(&create, version, -1);
    MESSAGE_SET(&create, data, SLICE("{}"));
    MESSAGE_SET(&create, is_write_ack, true);
    MESSAGE_SET(&create, correlation_id, SLICE("1"));
    assert_frame(&create, "1d 10 05 1a 19 08 10 12 02 7b7d 1a 01 31 32 01 72 58 01 68 "
                          "ffffffffffffffffff01");

    static const struct message_version versions[] = {{{"r", 1}, 0}, {{"s", 1}, 3}};
    struct message heads = MESSAGE(TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    message_set_versions(&heads, versions, 2);
    assert_frame(&heads, "14 10 05 1a 10 08 08 72 05 0a 01 72 10 00 72 05 0a 01 73 10 03");

    struct message denied = MESSAGE(TOPIC_RECORD, RECORD_MESSAGE_DENIED);
    MESSAGE_SET(&denied, name, SLICE("r"));
    MESSAGE_SET(&denied, original_action, RECORD_READ);
    MESSAGE_SET(&denied, is_error, true);
    assert_frame(&denied, "0d 10 05 1a 09 08 73 20 01 32 01 72 50 03");
}

static void scalars_are_written_also_when_they_are_nothing(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_PATCH);
    MESSAGE_SET(&message, name, SLICE(""));
    MESSAGE_SET(&message, path, SLICE(""));
    MESSAGE_SET(&message, version, 0);
    MESSAGE_SET(&message, is_write_ack, false);
    assert_frame(&message, "0e 10 05 1a 0a 08 13 32 00 58 00 62 00 68 00");

    struct message unknown = MESSAGE(TOPIC_CONNECTION, CONNECTION_UNKNOWN);
    assert_frame(&unknown, "06 10 02 1a 02 08 00");
}

static void an_empty_data_is_never_written(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, SLICE("a"));
    MESSAGE_SET(&message, data, SLICE(""));
    assert_frame(&message, "09 10 04 1a 05 08 02 32 01 61");
}

static void fields_that_the_topic_does_not_have_are_left_out(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_AUTH, AUTH_INVALID_MESSAGE);
    MESSAGE_SET(&message, original_topic, 5);
    MESSAGE_SET(&message, original_action, 300);
    MESSAGE_SET(&message, version, 3);
    MESSAGE_SET(&message, name, SLICE("a"));
    assert_frame(&message, "06 10 03 1a 02 08 65");

    message.topic = TOPIC_PARSER;
    assert_frame(&message, "0b 10 01 1a 07 08 65 40 05 48 ac 02");
}

static void empty_lists_leave_no_trace(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    message_set_names(&message, NULL, 0);
    message_set_versions(&message, NULL, 0);
    assert_frame(&message, "06 10 05 1a 02 08 08");
}

/* Each length around the places where a varint grows, inside and outside. */
static void lengths_of_all_sizes_come_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {
        1,     100,   115,   116,   117,   118,   119,     120,     121,     122,
        123,   124,   125,   126,   127,   128,   129,     130,     16370,   16371,
        16372, 16373, 16374, 16375, 16376, 16377, 16378,   16379,   16380,   16381,
        16382, 16383, 16384, 16385, 16386, 65536, 1 << 20, 2097130, 2097151, 2097152};
    struct message_limits limits = {.max_names = 1};
    char *text = malloc(2097152);
    assert_non_null(text);
    memset(text, 'x', 2097152);
    struct buf frame = BUF_EMPTY;
    buf_append(&frame, SLICE("before"));
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT), back;
        MESSAGE_SET(&message, data, ((slice){text, lengths[i]}));
        frame.length = 6;
        binary_encode(&message, &frame);
        struct arena arena;
        arena_init(&arena, 0);
        slice bytes = slice_part(buf_slice(&frame), 6, frame.length);
        assert_null(binary_decode(bytes, &limits, &arena, &back));
        assert_int_equal(back.data.length, lengths[i]);
        assert_ptr_equal(back.data.at + back.data.length, bytes.at + bytes.length);
        arena_fini(&arena);
    }
    assert_memory_equal(frame.at, "before", 6);
    buf_fini(&frame);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_the_handshake),
        cmocka_unit_test(messages_of_events),
        cmocka_unit_test(messages_of_records),
        cmocka_unit_test(scalars_are_written_also_when_they_are_nothing),
        cmocka_unit_test(an_empty_data_is_never_written),
        cmocka_unit_test(fields_that_the_topic_does_not_have_are_left_out),
        cmocka_unit_test(empty_lists_leave_no_trace),
        cmocka_unit_test(lengths_of_all_sizes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
