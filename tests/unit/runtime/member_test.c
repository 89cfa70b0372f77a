#include "value_support.h"

#include "convert.h"

#include <string.h>

#define UNDEFINED "{\"$\":\"undefined\"}"
#define NO_PRIMITIVE "TypeError: Cannot convert object to primitive value"

struct expectation {
    const char *operands, *result; /* of get: [value, key]; of in: [key, value] */
};

static void assert_members(const struct expectation *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t operands;
        const valve_value *v = values_of(cases[i].operands, &operands);
        valve_value member;
        begin_evaluation();
        assert_string_equal(shown(operate_get(&run, v[0], v[1], &member), member), cases[i].result);
    }
}

static void objects_have_own_keys_only(void **unused)
{
    static const struct expectation cases[] = {
        {"[{\"a\":1},\"a\"]", "1"},
        {"[{\"a\":1},\"b\"]", UNDEFINED},
        {"[{\"a\":1},\"toString\"]", UNDEFINED},
        {"[{\"a\":1},\"constructor\"]", UNDEFINED},
        {"[{\"a\":1},\"__proto__\"]", UNDEFINED},
        {"[{\"__proto__\":1},\"__proto__\"]", "1"},
        {"[{\"1\":2},1]", "2"},
        {"[{\"1e+21\":2},1e21]", "2"},
        {"[{\"0\":2},-0]", "2"},
        {"[{\"null\":2},null]", "2"},
        {"[{\"1,2\":3},[1,2]]", "3"},
        {"[{\"true\":3},true]", "3"},
        {"[{},{\"toString\":1}]", NO_PRIMITIVE},
    };
    (void)unused;
    assert_members(cases, COUNT(cases));
}

static void arrays_have_canonical_indexes_and_a_length(void **unused)
{
    static const struct expectation cases[] = {
        {"[[7,8],0]", "7"},
        {"[[7,8],\"1\"]", "8"},
        {"[[7,8],[1]]", "8"},
        {"[[7,8],-0]", "7"},
        {"[[7,8],\"-0\"]", UNDEFINED},
        {"[[7,8],2]", UNDEFINED},
        {"[[7,8],-1]", UNDEFINED},
        {"[[7,8],0.5]", UNDEFINED},
        {"[[7,8],\"01\"]", UNDEFINED},
        {"[[7,8],\"1.0\"]", UNDEFINED},
        {"[[7,8],4294967296]", UNDEFINED},
        {"[[7,8],{\"$\":\"NaN\"}]", UNDEFINED},
        {"[[7,8],\"length\"]", "2"},
        {"[[7,8],[\"length\"]]", "2"},
        {"[[7,8],\"includes\"]", UNDEFINED},
        {"[[7,8],null]", UNDEFINED},
    };
    (void)unused;
    assert_members(cases, COUNT(cases));
}

static void texts_have_units_and_a_length(void **unused)
{
    static const struct expectation cases[] = {
        {"[\"abc\",1]", "\"b\""},
        {"[\"abc\",\"2\"]", "\"c\""},
        {"[\"abc\",3]", UNDEFINED},
        {"[\"abc\",\"length\"]", "3"},
        {"[\"\\ud83d\\ude00\",\"length\"]", "2"},
        {"[\"\\ud83d\\ude00\",1]", "\"\\ude00\""},
        {"[\"abc\",\"trim\"]", UNDEFINED},
        {"[\"\",0]", UNDEFINED},
    };
    (void)unused;
    assert_members(cases, COUNT(cases));
}

static void other_values_have_no_members_or_fail(void **unused)
{
    static const struct expectation cases[] = {
        {"[5,\"toFixed\"]", UNDEFINED},
        {"[true,0]", UNDEFINED},
        {"[5,{\"toString\":1}]", NO_PRIMITIVE},
        {"[null,\"owner\"]", "TypeError: Cannot read properties of null (reading 'owner')"},
        {"[" UNDEFINED ",\"x\"]", "TypeError: Cannot read properties of undefined (reading 'x')"},
        {"[null,-0]", "TypeError: Cannot read properties of null (reading '0')"},
        {"[null," UNDEFINED "]", "TypeError: Cannot read properties of null (reading 'undefined')"},
        {"[null,{}]", "TypeError: Cannot read properties of null (reading '#<Object>')"},
        {"[null,{\"toString\":1}]", "TypeError: Cannot read properties of null"},
        {"[null,[1,2]]", "TypeError: Cannot read properties of null"},
    };
    (void)unused;
    assert_members(cases, COUNT(cases));
}

static void in_asks_for_own_keys(void **unused)
{
    static const struct expectation cases[] = {
        {"[\"a\",{\"a\":null}]", "true"},
        {"[\"b\",{\"a\":null}]", "false"},
        {"[\"toString\",{}]", "false"},
        {"[1,{\"1\":0}]", "true"},
        {"[0,[7]]", "true"},
        {"[\"0\",[7]]", "true"},
        {"[1,[7]]", "false"},
        {"[\"length\",[]]", "true"},
        {"[\"includes\",[]]", "false"},
        {"[{\"toString\":1},{}]", NO_PRIMITIVE},
        {"[\"a\",\"abc\"]", "TypeError: Cannot use 'in' operator to search for 'a' in abc"},
        {"[{},null]", "TypeError: Cannot use 'in' operator to search for '#<Object>' in null"},
        {"[[1],true]",
         "TypeError: Cannot use 'in' operator to search for '[object Array]' in true"},
        {"[{\"toString\":1},5]",
         "TypeError: Cannot use 'in' operator to search for '[object Object]' in 5"},
        {"[-0," UNDEFINED "]",
         "TypeError: Cannot use 'in' operator to search for '0' in undefined"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t count;
        const valve_value *v = values_of(cases[i].operands, &count);
        bool has = false;
        begin_evaluation();
        bool done = operate_in(&run, v[0], v[1], &has);
        assert_string_equal(shown(done, value_boolean(has)), cases[i].result);
    }
}

static valve_value get(valve_value v, const char *key)
{
    valve_value member;
    assert_true(operate_get(&run, v, value_text(slice_of(key)), &member));
    return member;
}

static bool is_in(const char *key, valve_value v)
{
    bool has;
    assert_true(operate_in(&run, value_text(slice_of(key)), v, &has));
    return has;
}

static void a_match_is_an_array_with_more_keys(void **unused)
{
    (void)unused;
    begin_evaluation();
    valve_value whole = value_text(SLICE("b"));
    struct value_match match = {.items = {1, &whole},
                                .index = value_number(1),
                                .input = value_text(SLICE("abc")),
                                .groups = value_undefined()};
    valve_value v = {.as.match = &match, .type = VALUE_MATCH};
    assert_string_equal(shown(true, get(v, "0")), "\"b\"");
    assert_string_equal(shown(true, get(v, "length")), "1");
    assert_string_equal(shown(true, get(v, "index")), "1");
    assert_string_equal(shown(true, get(v, "input")), "\"abc\"");
    assert_true(is_in("groups", v) && is_in("index", v) && is_in("0", v) && !is_in("1", v));

    match.index = match.input = value_undefined(); /* as with flag g */
    assert_string_equal(shown(true, get(v, "index")), UNDEFINED);
    assert_false(is_in("groups", v) || is_in("index", v) || is_in("input", v));
}

static void long_keys_are_quoted_in_part(void **unused)
{
    static char key[5000];
    (void)unused;
    begin_evaluation();
    memset(key, 'k', sizeof key);
    valve_value member;
    assert_false(operate_get(&run, value_null(), value_text((slice){key, sizeof key}), &member));
    assert_true(run.error.length < 1200);
}

static void a_key_with_a_zero_unit_is_quoted_whole(void **unused)
{
    (void)unused;
    begin_evaluation();
    valve_value member;
    assert_false(operate_get(&run, value_null(), value_text(SLICE("a\0b")), &member));
    assert_true(slice_equal(run.error,
                            SLICE("TypeError: Cannot read properties of null (reading 'a\0b')")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_have_own_keys_only),
        cmocka_unit_test(arrays_have_canonical_indexes_and_a_length),
        cmocka_unit_test(texts_have_units_and_a_length),
        cmocka_unit_test(other_values_have_no_members_or_fail),
        cmocka_unit_test(in_asks_for_own_keys),
        cmocka_unit_test(a_match_is_an_array_with_more_keys),
        cmocka_unit_test(long_keys_are_quoted_in_part),
        cmocka_unit_test(a_key_with_a_zero_unit_is_quoted_whole),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
