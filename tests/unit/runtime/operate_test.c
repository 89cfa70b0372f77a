#include "value_support.h"

#include "convert.h"

#define NO_PRIMITIVE "TypeError: Cannot convert object to primitive value"

static bool equal_loosely(valve_value a, valve_value b, valve_value *result)
{
    bool equal = false;
    bool done = operate_loose_equal(&run, a, b, &equal);
    *result = value_boolean(equal);
    return done;
}

static void loose_equality_converts(void **unused)
{
    static const struct {
        const char *sides, *equal;
    } cases[] = {
        {"[null,{\"$\":\"undefined\"}]", "true"},
        {"[null,null]", "true"},
        {"[null,0]", "false"},
        {"[null,false]", "false"},
        {"[{\"$\":\"undefined\"},\"\"]", "false"},
        {"[null,{\"toString\":1}]", "false"},
        {"[1,\"1\"]", "true"},
        {"[\"1\",\"1.0\"]", "false"},
        {"[1,\"1.0\"]", "true"},
        {"[0,\"\"]", "true"},
        {"[0,-0]", "true"},
        {"[{\"$\":\"NaN\"},{\"$\":\"NaN\"}]", "false"},
        {"[true,1]", "true"},
        {"[true,\"1\"]", "true"},
        {"[true,\"true\"]", "false"},
        {"[[1],1]", "true"},
        {"[[],\"\"]", "true"},
        {"[[],false]", "true"},
        {"[[],[]]", "false"},
        {"[[1,2],\"1,2\"]", "true"},
        {"[{},\"[object Object]\"]", "true"},
        {"[{},{}]", "false"},
        {"[{\"toString\":1},1]", NO_PRIMITIVE},
        {"[{\"toString\":1},{\"toString\":1}]", "false"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t count;
        const valve_value *sides = values_of(cases[i].sides, &count);
        valve_value equal;
        begin_evaluation();
        assert_string_equal(shown(equal_loosely(sides[0], sides[1], &equal), equal),
                            cases[i].equal);
        begin_evaluation();
        assert_string_equal(shown(equal_loosely(sides[1], sides[0], &equal), equal),
                            cases[i].equal);
    }
}

static void strict_equality_does_not_convert(void **unused)
{
    (void)unused;
    uint32_t count;
    const valve_value *v = values_of("[1,\"1\",true,null,{\"$\":\"undefined\"},[],[],{},{},0,-0,"
                                     "{\"$\":\"NaN\"},\"a\",\"\\u0061\"]",
                                     &count);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < count; k++) {
            bool is_nan = v[i].type == VALUE_NUMBER && isnan(v[i].as.number);
            bool are_zeros = (i == 9 || i == 10) && (k == 9 || k == 10);
            bool are_texts = (i == 12 || i == 13) && (k == 12 || k == 13);
            assert_int_equal(operate_strict_equal(v[i], v[k]),
                             (i == k && !is_nan) || are_zeros || are_texts);
        }
    }
}

static void comparisons_are_those_of_javascript(void **unused)
{
    static const struct {
        const char *sides, *less, *less_equal;
    } cases[] = {
        {"[1,2]", "true", "true"},
        {"[2,2]", "false", "true"},
        {"[\"10\",\"9\"]", "true", "true"},
        {"[\"10\",9]", "false", "false"},
        {"[\"B\",\"a\"]", "true", "true"},
        {"[{\"$\":\"undefined\"},0]", "false", "false"},
        {"[{\"$\":\"NaN\"},{\"$\":\"NaN\"}]", "false", "false"},
        {"[null,0]", "false", "true"},
        {"[null,1]", "true", "true"},
        {"[[2],10]", "true", "true"},
        {"[[2],[10]]", "false", "false"},
        {"[{},{}]", "false", "true"},
        {"[\"\\ud83d\\ude00\",\"\\uffff\"]", "true", "true"},
        {"[\"x\",1]", "false", "false"},
        {"[1,{\"toString\":1}]", NO_PRIMITIVE, NO_PRIMITIVE},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t count;
        const valve_value *sides = values_of(cases[i].sides, &count);
        const struct {
            enum comparison comparison;
            uint32_t left;
            const char *holds;
        } forms[] = {{COMPARE_LESS, 0, cases[i].less},
                     {COMPARE_GREATER, 1, cases[i].less},
                     {COMPARE_LESS_EQUAL, 0, cases[i].less_equal},
                     {COMPARE_GREATER_EQUAL, 1, cases[i].less_equal}};
        for (size_t k = 0; k < COUNT(forms); k++) {
            begin_evaluation();
            bool holds = false;
            bool done = operate_compare(&run, forms[k].comparison, sides[forms[k].left],
                                        sides[1 - forms[k].left], &holds);
            assert_string_equal(shown(done, value_boolean(holds)), forms[k].holds);
        }
    }
}

static void plus_adds_or_joins(void **unused)
{
    static const struct {
        const char *sides, *sum;
    } cases[] = {
        {"[1,2]", "3"},
        {"[1,null]", "1"},
        {"[1,{\"$\":\"undefined\"}]", "{\"$\":\"NaN\"}"},
        {"[true,true]", "2"},
        {"[\"5\",1]", "\"51\""},
        {"[1,\"5\"]", "\"15\""},
        {"[\"a\",null]", "\"anull\""},
        {"[[],[]]", "\"\""},
        {"[[1,2],3]", "\"1,23\""},
        {"[{},1]", "\"[object Object]1\""},
        {"[\"\\ud83d\",\"\\ude00\"]", "\"\U0001F600\""},
        {"[{\"toString\":1},1]", NO_PRIMITIVE},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t count;
        const valve_value *sides = values_of(cases[i].sides, &count);
        valve_value sum;
        begin_evaluation();
        assert_string_equal(shown(operate_add(&run, sides[0], sides[1], &sum), sum), cases[i].sum);
    }
}

static void power_differs_from_c_where_javascript_says_so(void **unused)
{
    (void)unused;
    assert_true(isnan(operate_power(1, NAN)));
    assert_true(isnan(operate_power(1, INFINITY)));
    assert_true(isnan(operate_power(-1, -INFINITY)));
    assert_true(operate_power(NAN, 0) == 1);
    assert_true(operate_power(2, -1) == 0.5);
    assert_true(operate_power(2, 53) == 9007199254740992.0);
    assert_true(isnan(operate_power(-8, 1.0 / 3)));
    assert_true(isinf(operate_power(0, -1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loose_equality_converts),
        cmocka_unit_test(strict_equality_does_not_convert),
        cmocka_unit_test(comparisons_are_those_of_javascript),
        cmocka_unit_test(plus_adds_or_joins),
        cmocka_unit_test(power_differs_from_c_where_javascript_says_so),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
