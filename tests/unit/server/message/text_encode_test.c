/* Every row of protocol.md 5.3, and what must not be written. */

#include "codec_support.h"

struct row {
    const char *message; /* as JSON */
    const char *text;
};

static void assert_writes(const char *json, const char *expected)
{
    struct arena arena;
    struct buf out = BUF_EMPTY;
    arena_init(&arena, 0);
    buf_append_text(&out, "before");
    struct message message = message_of(json, &arena);
    text_encode(&message, &out);
    char *text = swapped(slice_part(buf_slice(&out), 6, out.length), "\x1F\x1E", "|+");
    assert_string_equal(text, expected);
    test_free(text);
    buf_fini(&out);
    arena_fini(&arena);
}

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_writes(rows[i].message, rows[i].text);
}

static void connections_and_logins(void **state)
{
    static const struct row rows[] = {
        {"{\"topic\":2,\"action\":4}", "C|A+"},
        {"{\"topic\":2,\"action\":2}", "C|PI+"},
        {"{\"topic\":2,\"action\":3}", "C|PO+"},
        {"{\"topic\":2,\"action\":100}", "C|E|CONNECTION_AUTHENTICATION_TIMEOUT+"},
        {"{\"topic\":2,\"action\":101}", "C|E|INVALID_MESSAGE+"},
        {"{\"topic\":3,\"action\":3}", "A|A+"},
        {"{\"topic\":3,\"action\":3,\"parsedData\":{\"a\":1}}", "A|A|O{\"a\":1}+"},
        {"{\"topic\":3,\"action\":3,\"parsedData\":null}", "A|A|L+"},
        {"{\"topic\":3,\"action\":4}", "A|E|INVALID_AUTH_DATA|U+"},
        {"{\"topic\":3,\"action\":4,\"parsedData\":\"no\"}", "A|E|INVALID_AUTH_DATA|Sno+"},
        {"{\"topic\":3,\"action\":102}", "A|E|INVALID_AUTH_DATA|U+"},
        {"{\"topic\":3,\"action\":100}", "A|E|TOO_MANY_AUTH_ATTEMPTS+"},
        {"{\"topic\":3,\"action\":101}", "A|E|INVALID_MESSAGE+"},
        {"{\"topic\":1,\"action\":1,\"originalTopic\":7}", "X|E|UNKNOWN_TOPIC|U+"},
        {"{\"topic\":1,\"action\":1}", "X|E|UNKNOWN_TOPIC+"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void events(void **state)
{
    static const struct row rows[] = {
        {"{\"topic\":4,\"action\":3,\"correlationId\":\"n\",\"isAck\":true}", "E|A|S|n+"},
        {"{\"topic\":4,\"action\":4,\"correlationId\":\"n\",\"isAck\":true}", "E|A|US|n+"},
        {"{\"topic\":4,\"action\":5,\"name\":\"p\",\"isAck\":true}", "E|A|L|p+"},
        {"{\"topic\":4,\"action\":6,\"name\":\"p\",\"isAck\":true}", "E|A|UL|p+"},
        {"{\"topic\":4,\"action\":2,\"name\":\"n\"}", "E|EVT|n|U+"},
        {"{\"topic\":4,\"action\":2,\"name\":\"n\",\"parsedData\":[1]}", "E|EVT|n|O[1]+"},
        {"{\"topic\":4,\"action\":11,\"name\":\"p\",\"subscription\":\"s\"}", "E|SP|p|s+"},
        {"{\"topic\":4,\"action\":12,\"name\":\"p\",\"subscription\":\"s\"}", "E|SR|p|s+"},
        {"{\"topic\":4,\"action\":106,\"name\":\"n\",\"originalAction\":3}",
         "E|E|MULTIPLE_SUBSCRIPTIONS|n+"},
        {"{\"topic\":4,\"action\":107,\"name\":\"n\"}", "E|E|NOT_SUBSCRIBED|n+"},
        {"{\"topic\":4,\"action\":104,\"name\":\"n\",\"originalAction\":2}",
         "E|E|MESSAGE_DENIED|n|EVT+"},
        {"{\"topic\":4,\"action\":104,\"name\":\"n\",\"originalAction\":3,"
         "\"correlationId\":\"n\"}",
         "E|E|MESSAGE_DENIED|n|S+"},
        {"{\"topic\":4,\"action\":103,\"name\":\"n\",\"originalAction\":3,"
         "\"correlationId\":\"n\"}",
         "E|E|MESSAGE_PERMISSION_ERROR|n+"},
        {"{\"topic\":4,\"action\":105,\"data\":\"bad\"}", "E|E|INVALID_MESSAGE_DATA|bad+"},
        {"{\"topic\":4,\"action\":105,\"name\":\"n\"}", "E|E|INVALID_MESSAGE_DATA|n+"},
        {"{\"topic\":4,\"action\":100,\"name\":\"p\"}", "E|E|INVALID_LISTEN_REGEX|p+"},
        {"{\"topic\":4,\"action\":101,\"subscription\":\"s\"}", "E|E|LISTEN_RESPONSE_TIMEOUT|s+"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void records(void **state)
{
    static const struct row rows[] = {
        {"{\"topic\":5,\"action\":23,\"names\":[\"n\"],\"correlationId\":\"n\",\"isAck\":true}",
         "R|A|S|n+"},
        {"{\"topic\":5,\"action\":25,\"correlationId\":\"n\",\"isAck\":true}", "R|A|S|n+"},
        {"{\"topic\":5,\"action\":26,\"correlationId\":\"n\",\"isAck\":true}", "R|A|US|n+"},
        {"{\"topic\":5,\"action\":27,\"name\":\"p\",\"isAck\":true}", "R|A|L|p+"},
        {"{\"topic\":5,\"action\":28,\"name\":\"p\",\"isAck\":true}", "R|A|UL|p+"},
        {"{\"topic\":5,\"action\":33,\"name\":\"p\",\"subscription\":\"s\"}", "R|SP|p|s+"},
        {"{\"topic\":5,\"action\":34,\"name\":\"p\",\"subscription\":\"s\"}", "R|SR|p|s+"},
        {"{\"topic\":5,\"action\":4,\"name\":\"n\",\"version\":0,\"parsedData\":{}}",
         "R|R|n|0|{}+"},
        {"{\"topic\":5,\"action\":6,\"name\":\"n\",\"version\":-1}", "R|HD|n|-1|null+"},
        {"{\"topic\":5,\"action\":18,\"name\":\"n\",\"version\":2,\"parsedData\":{\"a\":1},"
         "\"isWriteAck\":false}",
         "R|U|n|2|{\"a\":1}+"},
        {"{\"topic\":5,\"action\":19,\"name\":\"n\",\"version\":2,\"path\":\"a.b\","
         "\"parsedData\":\"x\"}",
         "R|P|n|2|a.b|Sx+"},
        {"{\"topic\":5,\"action\":19,\"name\":\"n\",\"version\":2,\"path\":\"a.b\"}",
         "R|P|n|2|a.b|U+"},
        {"{\"topic\":5,\"action\":20,\"name\":\"n\",\"version\":2,\"path\":\"a.b\"}",
         "R|P|n|2|a.b|U+"},
        {"{\"topic\":5,\"action\":14,\"name\":\"n\",\"correlationId\":\"-1\",\"isWriteAck\":true}",
         "R|WA|n|[-1]|L+"},
        {"{\"topic\":5,\"action\":10,\"name\":\"n\"}", "R|A|D|n+"},
        {"{\"topic\":5,\"action\":13,\"name\":\"n\"}", "R|A|D|n+"},
        {"{\"topic\":5,\"action\":31,\"name\":\"n\"}", "R|SH|n|T+"},
        {"{\"topic\":5,\"action\":32,\"name\":\"n\"}", "R|SH|n|F+"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void errors_of_records(void **state)
{
    static const struct row rows[] = {
        {"{\"topic\":5,\"action\":111,\"subscription\":\"s\"}", "C|PO+"},
        {"{\"topic\":5,\"action\":102,\"name\":\"n\",\"version\":3,\"parsedData\":{},"
         "\"isError\":true}",
         "R|E|VERSION_EXISTS|n|3|{}+"},
        {"{\"topic\":5,\"action\":102,\"name\":\"n\",\"version\":3,\"parsedData\":{},"
         "\"isWriteAck\":true,\"correlationId\":\"3\"}",
         "R|E|VERSION_EXISTS|n|3|{}|{\"writeSuccess\":true}+"},
        {"{\"topic\":5,\"action\":107,\"name\":\"n\",\"originalAction\":3}",
         "R|E|RECORD_NOT_FOUND|n+"},
        {"{\"topic\":5,\"action\":100,\"name\":\"n\"}", "R|E|CACHE_RETRIEVAL_TIMEOUT|n+"},
        {"{\"topic\":5,\"action\":101,\"name\":\"n\"}", "R|E|STORAGE_RETRIEVAL_TIMEOUT|n+"},
        {"{\"topic\":5,\"action\":117,\"name\":\"n\",\"originalAction\":25}",
         "R|E|MULTIPLE_SUBSCRIPTIONS|n+"},
        {"{\"topic\":5,\"action\":115,\"name\":\"n\",\"originalAction\":18,"
         "\"correlationId\":\"4\"}",
         "R|E|MESSAGE_DENIED|n|U|4+"},
        {"{\"topic\":5,\"action\":115,\"name\":\"n\",\"originalAction\":17,"
         "\"correlationId\":\"-1\",\"isWriteAck\":true}",
         "R|E|MESSAGE_DENIED|n|CU|-1+"},
        {"{\"topic\":5,\"action\":115,\"name\":\"n\",\"originalAction\":23,"
         "\"correlationId\":\"n\"}",
         "R|E|MESSAGE_DENIED|n|CR+"},
        {"{\"topic\":5,\"action\":115,\"name\":\"n\",\"originalAction\":3}",
         "R|E|MESSAGE_DENIED|n|SN+"},
        {"{\"topic\":5,\"action\":115,\"name\":\"n\",\"originalAction\":9}",
         "R|E|MESSAGE_DENIED|n|D+"},
        {"{\"topic\":5,\"action\":108,\"name\":\"n\",\"version\":9,\"correlationId\":\"9\"}",
         "R|E|INVALID_VERSION|n+"},
        {"{\"topic\":5,\"action\":105,\"name\":\"n\"}", "R|E|RECORD_UPDATE_ERROR|n+"},
        {"{\"topic\":5,\"action\":105,\"name\":\"n\",\"isWriteAck\":true,"
         "\"correlationId\":\"9\"}",
         "R|WA|n|[9]|SRECORD_UPDATE_ERROR+R|E|RECORD_UPDATE_ERROR|n+"},
        {"{\"topic\":5,\"action\":110,\"name\":\"p\"}", "R|E|INVALID_LISTEN_REGEX|p+"},
        {"{\"topic\":5,\"action\":116,\"data\":\"bad\"}", "R|E|INVALID_MESSAGE_DATA|bad+"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void calls(void **state)
{
    static const struct row rows[] = {
        {"{\"topic\":6,\"action\":8,\"correlationId\":\"n\",\"isAck\":true}", "P|A|S|n+"},
        {"{\"topic\":6,\"action\":9,\"correlationId\":\"n\",\"isAck\":true}", "P|A|US|n+"},
        {"{\"topic\":6,\"action\":2,\"name\":\"n\",\"correlationId\":\"i\",\"data\":\"1\"}",
         "P|REQ|n|i|N1+"},
        {"{\"topic\":6,\"action\":2,\"name\":\"n\",\"correlationId\":\"i\"}", "P|REQ|n|i|U+"},
        {"{\"topic\":6,\"action\":5,\"name\":\"n\",\"correlationId\":\"i\",\"data\":\"false\"}",
         "P|RES|n|i|F+"},
        {"{\"topic\":6,\"action\":4,\"name\":\"n\",\"correlationId\":\"i\"}", "P|A|REQ|n|i+"},
        {"{\"topic\":6,\"action\":6,\"name\":\"n\",\"correlationId\":\"i\"}", "P|REJ|n|i+"},
        {"{\"topic\":6,\"action\":7,\"name\":\"n\",\"correlationId\":\"i\",\"parsedData\":\"no\"}",
         "P|E|Sno|n|i+"},
        {"{\"topic\":6,\"action\":100,\"name\":\"n\",\"correlationId\":\"i\"}",
         "P|E|NO_RPC_PROVIDER|n|i+"},
        {"{\"topic\":6,\"action\":101,\"name\":\"n\",\"correlationId\":\"i\"}",
         "P|E|ACCEPT_TIMEOUT|n|i+"},
        {"{\"topic\":6,\"action\":102,\"name\":\"n\",\"correlationId\":\"i\"}",
         "P|E|MULTIPLE_ACCEPT|n|i+"},
        {"{\"topic\":6,\"action\":103,\"name\":\"n\",\"correlationId\":\"i\","
         "\"originalAction\":5}",
         "P|E|INVALID_RPC_CORRELATION_ID|n|i+"},
        {"{\"topic\":6,\"action\":104,\"name\":\"n\",\"correlationId\":\"i\"}",
         "P|E|RESPONSE_TIMEOUT|n|i+"},
        {"{\"topic\":6,\"action\":105,\"name\":\"n\",\"correlationId\":\"i\"}",
         "P|E|MULTIPLE_RESPONSE|n|i+"},
        {"{\"topic\":6,\"action\":107,\"name\":\"n\",\"correlationId\":\"i\","
         "\"originalAction\":2}",
         "P|E|MESSAGE_DENIED|n|REQ|i+"},
        {"{\"topic\":6,\"action\":107,\"name\":\"n\",\"correlationId\":\"n\","
         "\"originalAction\":8}",
         "P|E|MESSAGE_DENIED|n|S+"},
        {"{\"topic\":6,\"action\":106,\"name\":\"n\",\"correlationId\":\"i\","
         "\"originalAction\":2}",
         "P|E|MESSAGE_PERMISSION_ERROR|n|i+"},
        {"{\"topic\":6,\"action\":109,\"name\":\"n\",\"originalAction\":8}",
         "P|E|MULTIPLE_SUBSCRIPTIONS|n+"},
        {"{\"topic\":6,\"action\":110,\"name\":\"n\"}", "P|E|NOT_SUBSCRIBED|n+"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void presence(void **state)
{
    static const struct row rows[] = {
        {"{\"topic\":7,\"action\":12,\"isAck\":true}", "U|A|S|S+"},
        {"{\"topic\":7,\"action\":13,\"isAck\":true}", "U|A|US|US+"},
        {"{\"topic\":7,\"action\":10,\"correlationId\":\"7\",\"isAck\":true}",
         "U|A|S|7|undefined+"},
        {"{\"topic\":7,\"action\":11,\"correlationId\":\"7\",\"isAck\":true}",
         "U|A|US|7|undefined+"},
        {"{\"topic\":7,\"action\":3,\"names\":[]}", "U|Q+"},
        {"{\"topic\":7,\"action\":3,\"names\":[\"a\",\"b\\u001f\",\"c\"]}", "U|Q|a|c+"},
        {"{\"topic\":7,\"action\":5,\"correlationId\":\"7\",\"parsedData\":{\"a\":true}}",
         "U|Q|7|{\"a\":true}+"},
        {"{\"topic\":7,\"action\":6,\"name\":\"a\"}", "U|PNJ|a+"},
        {"{\"topic\":7,\"action\":7,\"name\":\"a\"}", "U|PNJ|a+"},
        {"{\"topic\":7,\"action\":8,\"name\":\"a\"}", "U|PNL|a+"},
        {"{\"topic\":7,\"action\":9,\"name\":\"a\"}", "U|PNL|a+"},
        {"{\"topic\":7,\"action\":103,\"name\":\"a\"}", "U|E|MULTIPLE_SUBSCRIPTIONS|a+"},
        {"{\"topic\":7,\"action\":102,\"name\":\"a\",\"originalAction\":10,"
         "\"correlationId\":\"7\"}",
         "U|E|MESSAGE_DENIED|a|S|7+"},
        {"{\"topic\":7,\"action\":100}", "U|E|INVALID_PRESENCE_USERS+"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

static void values_are_typed(void **state)
{
    static const struct row rows[] = {
        {"{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\" \\\"a\\\\nb\\\" \"}",
         "E|EVT|n|Sa\nb+"},
        {"{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"\\\"a\\\\u001eb\\\"\"}",
         "E|EVT|n|O\"a\\u001eb\"+"},
        {"{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"\\\"\\\\ud800\\\"\"}",
         "E|EVT|n|O\"\\ud800\"+"},
        {"{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"-1.5e3\"}", "E|EVT|n|N-1.5e3+"},
        {"{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"true\"}", "E|EVT|n|T+"},
        {"{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"null\"}", "E|EVT|n|L+"},
    };
    (void)state;
    assert_rows(rows, COUNT(rows));
}

/* F13: never an empty frame; and nobody puts words into the mouth of the server. */
static void what_has_no_form_is_not_written(void **state)
{
    static const char *const messages[] = {
        "{\"topic\":4,\"action\":2,\"name\":\"n\\u001eR\\u001fA\\u001fD\\u001fx\"}",
        "{\"topic\":4,\"action\":2,\"name\":\"n\\u001fSx\"}",
        "{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"[\\u001e]\"}",
        "{\"topic\":4,\"action\":2,\"name\":\"n\",\"data\":\"\\\"open\"}",
        "{\"topic\":5,\"action\":8,\"versions\":{\"r\":1}}",
        "{\"topic\":5,\"action\":35,\"name\":\"n\",\"version\":1,\"parsedData\":[]}",
        "{\"topic\":8,\"action\":0}",
        "{\"topic\":5,\"action\":24,\"name\":\"n\"}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++)
        assert_writes(messages[i], "");
}

static void a_multiple_patch_is_written_as_what_it_made(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_PATCH_MULTI);
    MESSAGE_SET(&message, name, SLICE("n"));
    MESSAGE_SET(&message, version, 3);
    MESSAGE_SET(&message, data, SLICE("[{\"path\":\"a\",\"data\":1}]"));
    MESSAGE_SET(&message, result, SLICE("{\"a\":1}"));
    text_encode(&message, &out);
    assert_int_equal(out.length, 16);
    assert_memory_equal(out.at,
                        "R\x1FU\x1Fn\x1F"
                        "3\x1F{\"a\":1}\x1E",
                        16);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_and_logins),
        cmocka_unit_test(events),
        cmocka_unit_test(records),
        cmocka_unit_test(errors_of_records),
        cmocka_unit_test(calls),
        cmocka_unit_test(presence),
        cmocka_unit_test(values_are_typed),
        cmocka_unit_test(what_has_no_form_is_not_written),
        cmocka_unit_test(a_multiple_patch_is_written_as_what_it_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
