#include "value_support.h"

#include "convert.h"

struct expectation {
    const char *json, *result;
};

static void values_have_the_texts_of_javascript(void **unused)
{
    static const struct expectation cases[] = {
        {"{\"$\":\"undefined\"}", "\"undefined\""},
        {"null", "\"null\""},
        {"true", "\"true\""},
        {"false", "\"false\""},
        {"-0", "\"0\""},
        {"1e21", "\"1e+21\""},
        {"\"x\"", "\"x\""},
        {"[]", "\"\""},
        {"[1,\"a\",null,{\"$\":\"undefined\"},true,{\"$\":\"NaN\"}]", "\"1,a,,,true,NaN\""},
        {"[[1,[2,[]]],[[],3],[null]]", "\"1,2,,,3,\""},
        {"{}", "\"[object Object]\""},
        {"[{},{\"a\":1}]", "\"[object Object],[object Object]\""},
        {"{\"valueOf\":1}", "\"[object Object]\""},
        {"{\"toString\":null}", "TypeError: Cannot convert object to primitive value"},
        {"[1,[{\"toString\":1}]]", "TypeError: Cannot convert object to primitive value"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin_evaluation();
        valve_value text;
        bool done = convert_to_text(&run, value_of(cases[i].json), &text);
        assert_string_equal(shown(done, text), cases[i].result);
    }
}

static void values_have_the_numbers_of_javascript(void **unused)
{
    static const struct expectation cases[] = {
        {"{\"$\":\"undefined\"}", "{\"$\":\"NaN\"}"},
        {"null", "0"},
        {"true", "1"},
        {"\" 12 \"", "12"},
        {"\"12px\"", "{\"$\":\"NaN\"}"},
        {"[]", "0"},
        {"[[\"7\"]]", "7"},
        {"[1,2]", "{\"$\":\"NaN\"}"},
        {"{}", "{\"$\":\"NaN\"}"},
        {"{\"toString\":1}", "TypeError: Cannot convert object to primitive value"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin_evaluation();
        double number = 0;
        bool done = convert_to_number(&run, value_of(cases[i].json), &number);
        assert_string_equal(shown(done, value_number(number)), cases[i].result);
    }
}

static void numbers_wrap_to_32_bits(void **unused)
{
    static const struct {
        double number;
        int32_t bits;
    } cases[] = {
        {0, 0},
        {-0.9, 0},
        {1.9, 1},
        {-1.9, -1},
        {2147483647, INT32_MAX},
        {2147483648.0, INT32_MIN},
        {-2147483648.0, INT32_MIN},
        {-2147483649.0, INT32_MAX},
        {4294967296.0, 0},
        {4294967297.5, 1},
        {-4294967297.5, -1},
        {1e20, 1661992960},
        {0x1p60, 0},
        {NAN, 0},
        {INFINITY, 0},
        {-INFINITY, 0},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(convert_number_to_int32(cases[i].number), cases[i].bits);
}

static void the_groups_of_a_match_have_no_text(void **unused)
{
    (void)unused;
    begin_evaluation();
    valve_value groups = value_of("{}"), text;
    groups.flags = VALUE_BARE;
    bool done = convert_to_text(&run, groups, &text);
    assert_string_equal(shown(done, text), "TypeError: Cannot convert object to primitive value");
}

static void arrays_nested_a_hundred_thousand_deep_need_no_c_stack(void **unused)
{
    enum { LEVELS = 100000 };
    (void)unused;
    begin_evaluation();
    limits.max_steps = 2 * LEVELS;
    valve_value nested = value_number(7);
    for (int i = 0; i < LEVELS; i++)
        nested =
            (valve_value){.as.array = value_array_new(&memory, &nested, 1), .type = VALUE_ARRAY};
    valve_value text;
    bool done = convert_to_text(&run, nested, &text);
    assert_string_equal(shown(done, text), "\"7\"");
}

static valve_value joined(const char *parts)
{
    uint32_t count;
    const valve_value *values = values_of(parts, &count);
    valve_value text = value_undefined();
    begin_evaluation();
    assert_true(operate_join(&run, values, count, &text));
    return text;
}

static void join_makes_one_text(void **unused)
{
    (void)unused;
    assert_string_equal(shown(true, joined("[]")), "\"\"");
    assert_string_equal(shown(true, joined("[\"a\",1,null,[1,2],{},{\"$\":\"undefined\"}]")),
                        "\"a1null1,2[object Object]undefined\"");
    assert_int_equal(joined("[\"a\",1]").flags, VALUE_ASCII);
    assert_int_equal(joined("[\"a\",\"\u00E9\"]").flags, 0);
}

static void halves_of_a_pair_join_to_one_character(void **unused)
{
    (void)unused;
    assert_string_equal(shown(true, joined("[\"x\\ud83d\",\"\\ude00y\"]")), "\"x\U0001F600y\"");
    assert_int_equal(joined("[\"\\ud83d\",\"\\ude00\"]").length, 4);
    assert_string_equal(shown(true, joined("[\"\\ude00\",\"\\ud83d\"]")), "\"\\ude00\\ud83d\"");
    assert_string_equal(shown(true, joined("[[\"\\ud83d\"],\"\",[\"\\ude00\"]]")),
                        "\"\U0001F600\"");
}

static void a_text_has_a_longest_length(void **unused)
{
    (void)unused;
    begin_evaluation();
    limits.max_text_bytes = 5;
    const valve_value parts[] = {value_text(SLICE("abc")), value_text(SLICE("de")),
                                 value_text(SLICE("f"))};
    valve_value text;
    assert_true(operate_join(&run, parts, 2, &text));
    bool done = operate_join(&run, parts, 3, &text);
    assert_string_equal(shown(done, text), "RangeError: Invalid string length");
}

static void long_arrays_cost_steps(void **unused)
{
    (void)unused;
    begin_evaluation();
    limits.max_steps = 3;
    valve_value text;
    bool done = convert_to_text(&run, value_of("[1,2,3,4]"), &text);
    assert_string_equal(shown(done, text), "RangeError: the rule takes too many steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_texts_of_javascript),
        cmocka_unit_test(values_have_the_numbers_of_javascript),
        cmocka_unit_test(numbers_wrap_to_32_bits),
        cmocka_unit_test(the_groups_of_a_match_have_no_text),
        cmocka_unit_test(arrays_nested_a_hundred_thousand_deep_need_no_c_stack),
        cmocka_unit_test(join_makes_one_text),
        cmocka_unit_test(halves_of_a_pair_join_to_one_character),
        cmocka_unit_test(a_text_has_a_longest_length),
        cmocka_unit_test(long_arrays_cost_steps),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
