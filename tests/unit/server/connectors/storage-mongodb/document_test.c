/* Records as documents: the layout, every kind of number, and what a document cannot hold. */

#include "storage-mongodb/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct ds_error error;

/* document must be freed. */
static bool write_record(bson_t *document, slice data)
{
    const struct ds_record record = {.version = 5, .data = data};
    bson_init(document);
    return document_write(document, SLICE("bo"), &record, &error);
}

static void assert_document(slice data, const char *extended_json)
{
    bson_t document;
    assert_true(write_record(&document, data));
    char *text = bson_as_canonical_extended_json(&document, NULL);
    assert_string_equal(text, extended_json);
    bson_free(text);
    bson_destroy(&document);
}

static void members_are_beside_key_and_version(void **state)
{
    (void)state;
    assert_document(SLICE("{}"),
                    "{ \"ds_key\" : \"bo\", \"ds_version\" : { \"$numberInt\" : \"5\" } }");
    assert_document(SLICE("{\"a\":\"x\",\"b\":{\"c\":null,\"d\":[true,false]}}"),
                    "{ \"a\" : \"x\", \"b\" : { \"c\" : null, \"d\" : [ true, false ] }, "
                    "\"ds_key\" : \"bo\", \"ds_version\" : { \"$numberInt\" : \"5\" } }");
    assert_document(SLICE("[\"x\",{}]"), "{ \"ds_list\" : [ \"x\", {  } ], \"ds_key\" : \"bo\", "
                                         "\"ds_version\" : { \"$numberInt\" : \"5\" } }");
}

static void assert_number(const char *number, const char *extended_json)
{
    char data[128], expected[256];
    snprintf(data, sizeof data, "{\"n\":%s}", number);
    snprintf(expected, sizeof expected,
             "{ \"n\" : { %s }, \"ds_key\" : \"bo\", \"ds_version\" : { \"$numberInt\" : \"5\" } }",
             extended_json);
    assert_document(slice_of(data), expected);
}

static void numbers_are_those_of_the_node_js_driver(void **state)
{
    (void)state;
    assert_number("1", "\"$numberInt\" : \"1\"");
    assert_number("1.0", "\"$numberInt\" : \"1\"");
    assert_number("1e3", "\"$numberInt\" : \"1000\"");
    assert_number("-2147483648", "\"$numberInt\" : \"-2147483648\"");
    assert_number("2147483648", "\"$numberDouble\" : \"2147483648.0\"");
    assert_number("1.5", "\"$numberDouble\" : \"1.5\"");
    assert_number("9007199254740992", "\"$numberDouble\" : \"9007199254740992.0\"");
    assert_number("9007199254740993", "\"$numberLong\" : \"9007199254740993\"");
    assert_number("9223372036854775807", "\"$numberLong\" : \"9223372036854775807\"");
    assert_number("-9223372036854775808", "\"$numberDouble\" : \"-9223372036854775808.0\"");
    assert_number("9223372036854775808", "\"$numberDouble\" : \"9223372036854775808.0\"");
}

static void assert_comes_back(slice data)
{
    bson_t document;
    struct buf again = BUF_EMPTY;
    int32_t version;
    assert_true(write_record(&document, data));
    assert_true(document_read(&document, &version, &again, &error));
    assert_int_equal(version, 5);
    buf_append_byte(&again, '\0');
    char expected[512];
    snprintf(expected, sizeof expected, SLICE_FORMAT, SLICE_ARGUMENTS(data));
    assert_string_equal(again.at, expected);
    buf_fini(&again);
    bson_destroy(&document);
}

static void records_come_back_as_they_were(void **state)
{
    (void)state;
    assert_comes_back(SLICE("{}"));
    assert_comes_back(SLICE("[]"));
    assert_comes_back(SLICE("[1,2.5,-3,null,true,{\"a\":[]}]"));
    assert_comes_back(
        SLICE("{\"b\":1,\"a\":2,\"\":3,\"$set\":4,\"x.y\":{\"$oid\":\"no id\"},\"1\":5,\"0\":6}"));
    assert_comes_back(SLICE(
        "{\"t\":\"\xe2\x82\xac \xf0\x9f\x98\x80 \\\" \\\\ \\n \\b\\f\\r\\t \\u0000 \\u0001\"}"));
    assert_comes_back(SLICE("{\"n\":[0.1,1e+300,-4.94065645841247e-324,2147483648,9007199254740993,"
                            "1.7976931348623157e+308]}"));
    assert_comes_back(SLICE("{\"ds_list\":{\"no\":\"list\"}}"));
}

static void assert_refused(slice data, const char *text)
{
    bson_t document;
    assert_false(write_record(&document, data));
    assert_non_null(strstr(error.text, text));
    bson_destroy(&document);
}

static void what_a_document_cannot_hold_is_refused(void **state)
{
    (void)state;
    assert_refused(SLICE(""), "neither a JSON object nor a list");
    assert_refused(SLICE("5"), "neither a JSON object nor a list");
    assert_refused(SLICE("{\"a\":"), "neither a JSON object nor a list");
    assert_refused(SLICE("{\"a\\u0000b\":1}"), "zero byte");
    assert_refused(SLICE("{\"a\":1e999}"), "no double");
    assert_refused(SLICE("{\"_id\":1}"), "`_id`");
    assert_refused(SLICE("{\"ds_key\":1}"), "`ds_key`");
    assert_refused(SLICE("{\"ds_version\":1}"), "`ds_version`");
    assert_refused(SLICE("{\"ds_list\":[1]}"), "`ds_list`");
}

static void depth_and_size_are_bounded(void **state)
{
    struct buf deep = BUF_EMPTY;
    bson_t document;
    (void)state;
    for (int i = 0; i < 101; i++)
        buf_append_byte(&deep, '[');
    for (int i = 0; i < 101; i++)
        buf_append_byte(&deep, ']');
    assert_refused(buf_slice(&deep), "100 levels");
    slice fits = slice_part(buf_slice(&deep), 2, 200);
    assert_true(write_record(&document, fits));
    bson_destroy(&document);
    buf_fini(&deep);

    struct buf large = BUF_EMPTY;
    buf_append_text(&large, "[\"");
    memset(buf_extend(&large, DOCUMENT_MAX_BYTES), 'x', DOCUMENT_MAX_BYTES);
    buf_append_text(&large, "\"]");
    assert_refused(buf_slice(&large), "16 MiB");
    buf_fini(&large);
}

static void assert_read(const char *extended_json, int32_t version, const char *data)
{
    bson_error_t problem;
    struct buf read = BUF_EMPTY;
    int32_t found;
    bson_t *document = bson_new_from_json((const uint8_t *)extended_json, -1, &problem);
    assert_non_null(document);
    bool is_record = document_read(document, &found, &read, &error);
    assert_int_equal(is_record, data != NULL);
    if (is_record) {
        assert_int_equal(found, version);
        assert_true(slice_equal(buf_slice(&read), slice_of(data)));
    }
    buf_fini(&read);
    bson_destroy(document);
}

static void documents_of_others_are_read_as_javascript_shows_them(void **state)
{
    (void)state;
    assert_read("{\"_id\":{\"$oid\":\"5f0000000000000000000000\"},\"a\":1,\"ds_key\":\"bo\","
                "\"ds_version\":3}",
                3, "{\"a\":1}");
    assert_read("{\"ds_version\":{\"$numberDouble\":\"3.0\"},\"o\":{\"$oid\":"
                "\"5f0000000000000000000001\"},\"d\":{\"$date\":{\"$numberLong\":\"-1\"}},"
                "\"l\":{\"$numberLong\":\"5\"}}",
                3,
                "{\"o\":\"5f0000000000000000000001\",\"d\":\"1969-12-31T23:59:59.999Z\",\"l\":5}");
    assert_read("{\"a\":1}", 0, NULL);
    assert_read("{\"a\":1,\"ds_version\":\"5\"}", 0, NULL);
    assert_read("{\"a\":1,\"ds_version\":-1}", 0, NULL);
    assert_read("{\"a\":{\"$date\":{\"$numberLong\":\"-9223372036854775808\"}},"
                "\"ds_version\":1}",
                0, NULL);
    assert_read("{\"a\":{\"$minKey\":1},\"ds_version\":1}", 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_beside_key_and_version),
        cmocka_unit_test(numbers_are_those_of_the_node_js_driver),
        cmocka_unit_test(records_come_back_as_they_were),
        cmocka_unit_test(what_a_document_cannot_hold_is_refused),
        cmocka_unit_test(depth_and_size_are_bounded),
        cmocka_unit_test(documents_of_others_are_read_as_javascript_shows_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
