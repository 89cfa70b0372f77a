/* Every row of protocol.md 5.2, and what is no message. */

#include "codec_support.h"

struct row {
    const char *text;
    const char *message; /* as JSON */
};

static void assert_reads(const char *text, const char *expected)
{
    char *frame = swapped(slice_of(text), "|+", "\x1F\x1E");
    char *message = decoded(&text_codec, slice_of(frame), 3);
    assert_string_equal(message, expected);
    test_free(message);
    test_free(frame);
}

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_reads(rows[i].text, rows[i].message);
}

static void connections_and_logins(void **state)
{
    static const struct row rows[] = {
        {"A|REQ|{\"username\":\"bo\"}+",
         "{\"topic\":3,\"action\":2,\"data\":\"{\\\"username\\\":\\\"bo\\\"}\"}"},
        {"A|REQ+", "{\"topic\":3,\"action\":2}"},
        {"C|PI+", "{\"topic\":2,\"action\":2}"},
        {"C|PO+", "nothing"},
        {"C|CHR|ws://x+", "nothing"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void events(void **state)
{
    static const struct row rows[] = {
        {"E|S|n+", "{\"topic\":4,\"action\":3,\"names\":[\"n\"],\"correlationId\":\"n\"}"},
        {"E|US|n+", "{\"topic\":4,\"action\":4,\"names\":[\"n\"],\"correlationId\":\"n\"}"},
        {"E|EVT|n+", "{\"topic\":4,\"action\":2,\"name\":\"n\"}"},
        {"E|EVT|n|Sx+", "{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"\\\"x\\\"\"}"},
        {"E|L|p+", "{\"topic\":4,\"action\":5,\"name\":\"p\"}"},
        {"E|UL|p+", "{\"topic\":4,\"action\":6,\"name\":\"p\"}"},
        {"E|LA|p|s+", "{\"topic\":4,\"action\":7,\"name\":\"p\",\"subscription\":\"s\"}"},
        {"E|LR|p|s+", "{\"topic\":4,\"action\":8,\"name\":\"p\",\"subscription\":\"s\"}"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void records(void **state)
{
    static const struct row rows[] = {
        {"R|CR|n+", "{\"topic\":5,\"action\":23,\"names\":[\"n\"],\"correlationId\":\"n\"}"},
        {"R|S|n+", "{\"topic\":5,\"action\":25,\"names\":[\"n\"],\"correlationId\":\"n\"}"},
        {"R|US|n+", "{\"topic\":5,\"action\":26,\"names\":[\"n\"],\"correlationId\":\"n\"}"},
        {"R|R|n+", "{\"topic\":5,\"action\":3,\"name\":\"n\"}"},
        {"R|SN|n+", "{\"topic\":5,\"action\":3,\"name\":\"n\"}"},
        {"R|HD|n+", "{\"topic\":5,\"action\":5,\"name\":\"n\"}"},
        {"R|D|n+", "{\"topic\":5,\"action\":9,\"name\":\"n\"}"},
        {"R|L|p+", "{\"topic\":5,\"action\":27,\"name\":\"p\"}"},
        {"R|UL|p+", "{\"topic\":5,\"action\":28,\"name\":\"p\"}"},
        {"R|LA|p|s+", "{\"topic\":5,\"action\":29,\"name\":\"p\",\"subscription\":\"s\"}"},
        {"R|LR|p|s+", "{\"topic\":5,\"action\":30,\"name\":\"p\",\"subscription\":\"s\"}"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void writes(void **state)
{
    static const struct row rows[] = {
        {"R|U|n|4|{}+", "{\"topic\":5,\"action\":18,\"name\":\"n\",\"version\":4,"
                        "\"correlationId\":\"4\",\"parsedData\":{}}"},
        {"R|U|n|4|{}|{\"writeSuccess\":true}+",
         "{\"topic\":5,\"action\":18,\"name\":\"n\",\"version\":4,\"correlationId\":\"4\","
         "\"isWriteAck\":true,\"parsedData\":{}}"},
        {"R|U|n|4|{}|{}+", "{\"topic\":5,\"action\":18,\"name\":\"n\",\"version\":4,"
                           "\"correlationId\":\"4\",\"parsedData\":{}}"},
        {"R|P|n|4|a.b|Sx+", "{\"topic\":5,\"action\":19,\"name\":\"n\",\"version\":4,"
                            "\"path\":\"a.b\",\"correlationId\":\"4\",\"parsedData\":\"x\"}"},
        {"R|P|n|4|a.b|T|{\"writeSuccess\":true}+",
         "{\"topic\":5,\"action\":19,\"name\":\"n\",\"version\":4,\"path\":\"a.b\","
         "\"correlationId\":\"4\",\"isWriteAck\":true,\"parsedData\":true}"},
        {"R|P|n|4|a.b|U+", "{\"topic\":5,\"action\":20,\"name\":\"n\",\"version\":4,"
                           "\"path\":\"a.b\",\"correlationId\":\"4\"}"},
        {"R|CU|n|-1|{}|{}+", "{\"topic\":5,\"action\":16,\"name\":\"n\",\"version\":-1,"
                             "\"correlationId\":\"-1\",\"data\":\"{}\"}"},
        {"R|CU|n|-1|{}|{\"writeSuccess\":true}+",
         "{\"topic\":5,\"action\":16,\"name\":\"n\",\"version\":-1,\"correlationId\":\"-1\","
         "\"isWriteAck\":true,\"data\":\"{}\"}"},
        {"R|CU|n|-1|a|N7|{}+", "{\"topic\":5,\"action\":17,\"name\":\"n\",\"version\":-1,"
                               "\"path\":\"a\",\"correlationId\":\"-1\",\"data\":\"7\"}"},
        {"R|CU|n|-1|a|N7|{\"writeSuccess\":true}+",
         "{\"topic\":5,\"action\":17,\"name\":\"n\",\"version\":-1,\"path\":\"a\","
         "\"correlationId\":\"-1\",\"isWriteAck\":true,\"data\":\"7\"}"},
        {"R|CU|n|-1|a|U|{}+", "{\"topic\":5,\"action\":20,\"name\":\"n\",\"version\":-1,"
                              "\"path\":\"a\",\"correlationId\":\"-1\"}"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void calls(void **state)
{
    static const struct row rows[] = {
        {"P|S|n+", "{\"topic\":6,\"action\":8,\"names\":[\"n\"],\"correlationId\":\"n\"}"},
        {"P|US|n+", "{\"topic\":6,\"action\":9,\"names\":[\"n\"],\"correlationId\":\"n\"}"},
        {"P|REQ|n|i|Sx+", "{\"topic\":6,\"action\":2,\"name\":\"n\",\"correlationId\":\"i\","
                          "\"data\":\"\\\"x\\\"\"}"},
        {"P|REQ|n|i|U+", "{\"topic\":6,\"action\":2,\"name\":\"n\",\"correlationId\":\"i\"}"},
        {"P|A|REQ|n|i+", "{\"topic\":6,\"action\":4,\"name\":\"n\",\"correlationId\":\"i\"}"},
        {"P|RES|n|i|L+", "{\"topic\":6,\"action\":5,\"name\":\"n\",\"correlationId\":\"i\","
                         "\"data\":\"null\"}"},
        {"P|E|no \"way\"|n|i+", "{\"topic\":6,\"action\":7,\"name\":\"n\",\"correlationId\":\"i\","
                                "\"data\":\"\\\"no \\\\\\\"way\\\\\\\"\\\"\"}"},
        {"P|REJ|n|i+", "{\"topic\":6,\"action\":6,\"name\":\"n\",\"correlationId\":\"i\"}"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void presence(void **state)
{
    static const struct row rows[] = {
        {"U|S|S+", "{\"topic\":7,\"action\":12}"},
        {"U|S|U+", "{\"topic\":7,\"action\":12}"},
        {"U|US|US+", "{\"topic\":7,\"action\":13}"},
        {"U|S|7|[\"a\",\"b\"]+",
         "{\"topic\":7,\"action\":10,\"names\":[\"a\",\"b\"],\"correlationId\":\"7\"}"},
        {"U|S|[\"a\"]+", "{\"topic\":7,\"action\":10,\"names\":[\"a\"]}"},
        {"U|US|7|[\"a\"]+",
         "{\"topic\":7,\"action\":11,\"names\":[\"a\"],\"correlationId\":\"7\"}"},
        {"U|Q|Q+", "{\"topic\":7,\"action\":2}"},
        {"U|Q|7|[\"a\"]+", "{\"topic\":7,\"action\":4,\"names\":[\"a\"],\"correlationId\":\"7\"}"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void typed_values_become_json(void **state)
{
    static const struct row values[] = {
        {"S", "\"\""},    {"Sa\"\\\n", "\"a\\\"\\\\\\n\""}, {"N-1.5", "-1.5"}, {"N1e+21", "1e+21"},
        {"NNaN", "null"}, {"N-Infinity", "null"},           {"T", "true"},     {"F", "false"},
        {"L", "null"},    {"O{\"a\":[]}", "{\"a\":[]}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct buf text = BUF_EMPTY;
        struct arena arena;
        struct message message;
        const char *problem;
        struct message_limits limits = {3};
        buf_printf(&text,
                   "E\x1F"
                   "EVT\x1Fn\x1F%s",
                   values[i].text);
        slice rest = buf_slice(&text);
        arena_init(&arena, 0);
        assert_int_equal(text_decode(&rest, &limits, &arena, &message, &problem), DECODED_MESSAGE);
        assert_int_equal(message.data.length, strlen(values[i].message));
        assert_memory_equal(message.data.at, values[i].message, message.data.length);
        arena_fini(&arena);
        buf_fini(&text);
    }
}

/* F13: nothing that is no JSON goes on to others. */
static void values_and_lists_that_cannot_be_read_are_invalid(void **state)
{
    static const struct row rows[] = {
        {"E|EVT|n|Xfoo+", "invalid {\"topic\":4,\"action\":2,\"name\":\"n\"}"},
        {"E|EVT|n|O{+", "invalid {\"topic\":4,\"action\":2,\"name\":\"n\"}"},
        {"E|EVT|n|O+", "invalid {\"topic\":4,\"action\":2,\"name\":\"n\"}"},
        {"E|EVT|n|N+", "invalid {\"topic\":4,\"action\":2,\"name\":\"n\"}"},
        {"E|EVT|n|N1x+", "invalid {\"topic\":4,\"action\":2,\"name\":\"n\"}"},
        {"E|EVT|n|N\"1\"+", "invalid {\"topic\":4,\"action\":2,\"name\":\"n\"}"},
        {"E|EVT|n|Tx+", "invalid {\"topic\":4,\"action\":2,\"name\":\"n\"}"},
        {"R|U|n|x|{}+",
         "invalid {\"topic\":5,\"action\":18,\"name\":\"n\",\"correlationId\":\"x\"}"},
        {"R|U|n|2147483648|{}+", "invalid {\"topic\":5,\"action\":18,\"name\":\"n\","
                                 "\"correlationId\":\"2147483648\"}"},
        {"R|U|n|1+", "invalid {\"topic\":5,\"action\":18,\"name\":\"n\"}"},
        {"R|P|n|1|a+", "invalid {\"topic\":5,\"action\":19,\"name\":\"n\"}"},
        {"E|S+", "invalid {\"topic\":4,\"action\":3}"},
        {"P|E|x|n+", "invalid {\"topic\":6,\"action\":7}"},
        {"U|S|7|a+", "invalid {\"topic\":7,\"action\":10,\"correlationId\":\"7\"}"},
        {"U|S|7|[1]+", "invalid {\"topic\":7,\"action\":10,\"correlationId\":\"7\"}"},
        {"U|S|7|[\"\\ud800\"]+", "invalid {\"topic\":7,\"action\":10,\"correlationId\":\"7\"}"},
        {"U|S|7|[\"a\",\"b\",\"c\",\"d\"]+",
         "invalid {\"topic\":7,\"action\":10,\"correlationId\":\"7\"}"},
        {"U|S+", "invalid {\"topic\":7,\"action\":10}"},
        {"U|Q|7|+", "invalid {\"topic\":7,\"action\":4,\"correlationId\":\"7\"}"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void what_is_no_message_is_dropped(void **state)
{
    static const char *const texts[] = {
        "",        "+",       "ab+",    "Z|S|n+",   "EE|S|n+",
        "E|XX|n+", "E|SX|n+", "R|H|n+", "E|A|S|n+", "R|E|VERSION_EXISTS|n|1|{}+",
        "E||+"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_reads(texts[i], "nothing");
}

static void a_frame_holds_many_messages_and_needs_no_last_separator(void **state)
{
    (void)state;
    assert_reads("C|PI+x+C|PI", "{\"topic\":2,\"action\":2}\nnothing\n{\"topic\":2,\"action\":2}");
    assert_reads("E|EVT|n|SA+E|EVT|n|XA+C|PO+",
                 "{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"\\\"A\\\"\"}\n"
                 "invalid {\"topic\":4,\"action\":2,\"name\":\"n\"}\nnothing");
}

static void fields_too_many_are_not_looked_at(void **state)
{
    (void)state;
    assert_reads("E|EVT|n|Sx|y|z|||||||||||+",
                 "{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"\\\"x\\\"\"}");
    assert_reads("E|EVT||+", "{\"topic\":4,\"action\":2,\"name\":\"\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_and_logins),
        cmocka_unit_test(events),
        cmocka_unit_test(records),
        cmocka_unit_test(writes),
        cmocka_unit_test(calls),
        cmocka_unit_test(presence),
        cmocka_unit_test(typed_values_become_json),
        cmocka_unit_test(values_and_lists_that_cannot_be_read_are_invalid),
        cmocka_unit_test(what_is_no_message_is_dropped),
        cmocka_unit_test(a_frame_holds_many_messages_and_needs_no_last_separator),
        cmocka_unit_test(fields_too_many_are_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
