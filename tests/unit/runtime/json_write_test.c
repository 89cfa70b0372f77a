#include "value_support.h"

static void values_are_written_in_compact_form(void **unused)
{
    (void)unused;
    assert_string_equal(
        shown(true, value_of("[ 1 , -2.50 , 1e21 , null, true , \"a\" , { } , [ ] ]")),
        "[1,-2.5,1e+21,null,true,\"a\",{},[]]");
}

static void what_json_cannot_say_is_an_object_with_a_dollar(void **unused)
{
    static const char *const cases[] = {
        "{\"$\":\"undefined\"}", "{\"$\":\"NaN\"}", "{\"$\":\"Infinity\"}",
        "{\"$\":\"-Infinity\"}", "{\"$\":\"-0\"}",
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(shown(true, value_of(cases[i])), cases[i]);
    assert_string_equal(shown(true, value_of("[{\"$\":\"undefined\"},-0]")),
                        "[{\"$\":\"undefined\"},{\"$\":\"-0\"}]");
}

static void members_come_in_javascripts_order(void **unused)
{
    (void)unused;
    assert_string_equal(
        shown(true,
              value_of("{\"b\":1,\"10\":2,\"a\":3,\"9\":4,\"01\":5,\"0\":6,\"4294967295\":7}")),
        "{\"0\":6,\"9\":4,\"10\":2,\"b\":1,\"a\":3,\"01\":5,\"4294967295\":7}");
    assert_string_equal(shown(true, value_of("[{\"2\":{\"1\":0},\"1\":0}]")),
                        "[{\"1\":0,\"2\":{\"1\":0}}]");
}

static void texts_are_escaped_as_little_as_javascript_does(void **unused)
{
    (void)unused;
    struct buf buf = BUF_EMPTY;
    json_write_text(&buf, SLICE("\"\\/\b\f\n\r\t\x01\x1F\x7F\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80"));
    assert_true(slice_equal(buf_slice(&buf),
                            SLICE("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\xC3\xA9\xE2\x80\xA8"
                                  "\xF0\x9F\x98\x80\"")));
    buf_fini(&buf);
}

static void surrogates_are_escaped_and_malformed_bytes_replaced(void **unused)
{
    (void)unused;
    struct buf buf = BUF_EMPTY;
    json_write_text(&buf, SLICE("a\xED\xA0\xBD"
                                "b\x80\xC3"));
    assert_true(slice_equal(buf_slice(&buf), SLICE("\"a\\ud83db\xEF\xBF\xBD\xEF\xBF\xBD\"")));
    buf_fini(&buf);
}

static void a_match_is_written_as_its_array(void **unused)
{
    (void)unused;
    valve_value items[] = {value_text(SLICE("ab")), value_undefined()};
    struct value_match match = {.items = {2, items}, .index = value_number(3)};
    valve_value v = {.as.match = &match, .type = VALUE_MATCH};
    assert_string_equal(shown(true, v), "[\"ab\",{\"$\":\"undefined\"}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_written_in_compact_form),
        cmocka_unit_test(what_json_cannot_say_is_an_object_with_a_dollar),
        cmocka_unit_test(members_come_in_javascripts_order),
        cmocka_unit_test(texts_are_escaped_as_little_as_javascript_does),
        cmocka_unit_test(surrogates_are_escaped_and_malformed_bytes_replaced),
        cmocka_unit_test(a_match_is_written_as_its_array),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
