/* Messages as JSON (protocol.md 4), read and written. */

#include "codec_support.h"

static void assert_reads(const char *frame, const char *expected)
{
    char *message = decoded(&json_codec, slice_of(frame), 3);
    assert_string_equal(message, expected);
    test_free(message);
}

/* Read and written, a message is the same. */
static void assert_stays(const char *frame)
{
    assert_reads(frame, frame);
}

static void every_member_is_read_and_written(void **state)
{
    (void)state;
    assert_stays("{\"topic\":2,\"action\":4}");
    assert_stays("{\"topic\":3,\"action\":3,\"parsedData\":{\"a\":1}}");
    assert_stays("{\"topic\":5,\"action\":4,\"name\":\"r\",\"version\":0,\"parsedData\":{}}");
    assert_stays("{\"topic\":5,\"action\":8,\"versions\":{\"r\":1,\"s\":-1}}");
    assert_stays("{\"topic\":1,\"action\":1,\"originalTopic\":99}");
    assert_stays("{\"topic\":6,\"action\":2,\"name\":\"n\",\"names\":[\"a\",\"b\"],"
                 "\"subscription\":\"s\",\"version\":-2147483648,\"versions\":{},\"path\":\"a[0]\","
                 "\"correlationId\":\"1\",\"isAck\":true,\"isError\":false,\"isWriteAck\":true,"
                 "\"originalTopic\":5,\"originalAction\":3,\"requestorName\":\"bo\","
                 "\"requestorData\":\"{}\",\"url\":\"u\",\"protocolVersion\":\"0.1a\","
                 "\"sdkVersion\":\"7\",\"sdkType\":\"javascript\",\"data\":\"1\"}");
}

static void topics_of_the_bus_are_read_and_written(void **state)
{
    (void)state;
    assert_stays("{\"topic\":9,\"action\":2,\"data\":\"x\"}");
    assert_stays("{\"topic\":10,\"action\":2,\"name\":\"lock\"}");
    assert_stays("{\"topic\":11,\"action\":5}");
}

static void white_space_order_escapes_and_unknown_members_do_not_matter(void **state)
{
    (void)state;
    assert_reads(
        " { \"n\\u0061me\" : \"\\u00e9\\n\" ,\"x\":[{\"y\":[null]}], \"action\":2,\"topic\":4 } ",
        "{\"topic\":4,\"action\":2,\"name\":\"\xC3\xA9\\n\"}");
    assert_reads("{\"topic\":4,\"action\":2,\"name\":null,\"names\":null,\"data\":null}",
                 "{\"topic\":4,\"action\":2}");
    assert_reads(
        "{\"topic\":4,\"topic\":5,\"action\":2,\"action\":3,\"name\":\"a\",\"name\":\"b\"}",
        "{\"topic\":5,\"action\":3,\"name\":\"b\"}");
}

static void data_counts_more_than_parsed_data(void **state)
{
    (void)state;
    assert_reads("{\"topic\":4,\"action\":2,\"parsedData\":{\"a\": 1},\"data\":\"2\"}",
                 "{\"topic\":4,\"action\":2,\"data\":\"2\"}");
    assert_reads("{\"topic\":4,\"action\":2,\"data\":\"\",\"parsedData\":{\"a\": 1}}",
                 "{\"topic\":4,\"action\":2,\"data\":\"{\\\"a\\\": 1}\"}");
    assert_reads("{\"topic\":4,\"action\":2,\"parsedData\":null}",
                 "{\"topic\":4,\"action\":2,\"data\":\"null\"}");
    assert_reads("{\"topic\":4,\"action\":2,\"data\":\"\"}", "{\"topic\":4,\"action\":2}");
}

static void a_member_of_the_wrong_kind_makes_a_message_invalid(void **state)
{
    (void)state;
    assert_reads(
        "{\"topic\":5,\"action\":18,\"data\":{\"a\":1},\"name\":\"n\",\"correlationId\":\"1\"}",
        "invalid {\"topic\":5,\"action\":18,\"name\":\"n\",\"correlationId\":\"1\"}");
    static const char *const members[] = {
        "\"name\":1",
        "\"names\":\"a\"",
        "\"names\":[1]",
        "\"names\":[null]",
        "\"version\":1.5",
        "\"version\":\"1\"",
        "\"version\":2147483648",
        "\"version\":1e3",
        "\"isAck\":1",
        "\"versions\":[1]",
        "\"versions\":{\"a\":\"1\"}",
        "\"name\":\"\\ud800\"",
        "\"names\":[\"\\ud800\"]",
        "\"versions\":{\"\\ud800\":1}",
        "\"names\":[\"1\",\"2\",\"3\",\"4\"]",
        "\"versions\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1}",
    };
    for (size_t i = 0; i < COUNT(members); i++) {
        struct buf frame = BUF_EMPTY;
        buf_printf(&frame, "{\"topic\":4,%s,\"action\":2}", members[i]);
        buf_append(&frame, (slice){"", 1});
        assert_reads(frame.at, "invalid {\"topic\":4,\"action\":2}");
        buf_fini(&frame);
    }
}

static void what_is_json_but_no_message_is_unknown(void **state)
{
    static const char *const frames[] = {
        "null",
        "1",
        "[]",
        "\"x\"",
        "{}",
        "{\"action\":1}",
        "{\"topic\":\"5\",\"action\":1}",
        "{\"topic\":256,\"action\":1}",
        "{\"topic\":-1,\"action\":1}",
        "{\"topic\":1.5}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(frames); i++)
        assert_reads(frames[i], "unknown");
}

static void actions_that_do_not_fit_are_none(void **state)
{
    (void)state;
    assert_reads("{\"topic\":4,\"action\":65538}", "{\"topic\":4,\"action\":65535}");
    assert_reads("{\"topic\":4}", "{\"topic\":4,\"action\":65535}");
}

static void what_is_no_json_is_broken(void **state)
{
    static const char *const frames[] = {
        "",
        "{",
        "x",
        "{\"topic\":4,}",
        "{\"topic\":4} x",
        "{\"topic\" 4}",
        "{topic:4}",
        "{\"topic\":4,\"data\":\"\n\"}",
        "{\"names\":[}",
        "{\"topic\":4,\"parsedData\":{\"a\":01}}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(frames); i++)
        assert_reads(frames[i], "broken");
}

static void a_payload_that_nobody_has_read_cannot_break_the_frame(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, data, SLICE("\",\"action\":3}"));
    json_encode(&message, &out);
    static const char expected[] = "{\"topic\":4,\"action\":2,\"data\":\"\\\",\\\"action\\\":3}\"}";
    assert_int_equal(out.length, sizeof expected - 1);
    assert_memory_equal(out.at, expected, out.length);
    buf_fini(&out);
}

static void little_memory_makes_reading_fail(void **state)
{
    (void)state;
    struct arena arena;
    struct message_limits limits = {100};
    struct message message;
    const char *problem;
    slice frame = SLICE("{\"topic\":4,\"action\":3,\"names\":[\"a\",\"b\",\"c\"]}");
    arena_init(&arena, 16);
    assert_int_equal(json_decode(&frame, &limits, &arena, &message, &problem), DECODED_INVALID);
    assert_string_equal(problem, "message needs too much memory");
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_is_read_and_written),
        cmocka_unit_test(topics_of_the_bus_are_read_and_written),
        cmocka_unit_test(white_space_order_escapes_and_unknown_members_do_not_matter),
        cmocka_unit_test(data_counts_more_than_parsed_data),
        cmocka_unit_test(a_member_of_the_wrong_kind_makes_a_message_invalid),
        cmocka_unit_test(what_is_json_but_no_message_is_unknown),
        cmocka_unit_test(actions_that_do_not_fit_are_none),
        cmocka_unit_test(what_is_no_json_is_broken),
        cmocka_unit_test(a_payload_that_nobody_has_read_cannot_break_the_frame),
        cmocka_unit_test(little_memory_makes_reading_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
