#include "value_support.h"

#include "builtins.h"
#include "convert.h"

#include <string.h>

#define UNDEFINED "{\"$\":\"undefined\"}"
#define NO_PRIMITIVE "TypeError: Cannot convert object to primitive value"

struct expectation {
    const char *operands, *result; /* [receiver, arguments...] */
};

static const char *call(enum builtin builtin, const char *operands)
{
    uint32_t count;
    const valve_value *v = values_of(operands, &count);
    valve_value result = value_undefined();
    begin_evaluation();
    return shown(builtin_call(&run, builtin, v[0], v + 1, count - 1, &result), result);
}

static void assert_calls(enum builtin builtin, const struct expectation *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *result = call(builtin, cases[i].operands);
        if (strcmp(result, cases[i].result) != 0)
            fail_msg("%s of %s: %s", builtin_name(builtin), cases[i].operands, result);
    }
}

static void starts_with(void **unused)
{
    static const struct expectation cases[] = {
        {"[\"abc\",\"ab\"]", "true"},
        {"[\"abc\",\"bc\"]", "false"},
        {"[\"abc\",\"bc\",1]", "true"},
        {"[\"abc\",\"bc\",1.9]", "true"},
        {"[\"abc\",\"bc\",\"1\"]", "true"},
        {"[\"abc\",\"a\",-5]", "true"},
        {"[\"abc\",\"a\",{\"$\":\"NaN\"}]", "true"},
        {"[\"abc\",\"\",{\"$\":\"Infinity\"}]", "true"},
        {"[\"abc\",\"c\",{\"$\":\"Infinity\"}]", "false"},
        {"[\"undefined\"]", "true"},
        {"[\"null\",null]", "true"},
        {"[\"1,2\",[1,2]]", "true"},
        {"[\"\\ud83d\\ude00\",\"\\ud83d\"]", "true"},
        {"[\"\\ud83d\\ude00\",\"\\ude00\",1]", "true"},
        {"[\"a\",{\"toString\":1}]", NO_PRIMITIVE},
        {"[\"a\",\"a\",{\"toString\":1}]", NO_PRIMITIVE},
        {"[[\"a\"],\"a\"]", "TypeError: startsWith is not a function"},
        {"[null,\"a\"]", "TypeError: Cannot read properties of null (reading 'startsWith')"},
    };
    (void)unused;
    assert_calls(BUILTIN_STARTS_WITH, cases, COUNT(cases));
}

static void ends_with(void **unused)
{
    static const struct expectation cases[] = {
        {"[\"abc\",\"bc\"]", "true"},
        {"[\"abc\",\"ab\"]", "false"},
        {"[\"abc\",\"ab\",2]", "true"},
        {"[\"abc\",\"abcd\"]", "false"},
        {"[\"abc\",\"\",0]", "true"},
        {"[\"abc\",\"a\",-1]", "false"},
        {"[\"abc\",\"c\",99]", "true"},
        {"[\"abc\",\"c\"," UNDEFINED "]", "true"},
        {"[\"abc\",\"c\",null]", "false"},
        {"[\"undefined\"]", "true"},
        {"[\"\\ud83d\\ude00\",\"\\ude00\"]", "true"},
        {"[\"\\ud83d\\ude00\",\"\\ud83d\",1]", "true"},
        {"[\"a\\ud83d\\ude00\",\"a\",1]", "true"},
    };
    (void)unused;
    assert_calls(BUILTIN_ENDS_WITH, cases, COUNT(cases));
}

static void includes(void **unused)
{
    static const struct expectation cases[] = {
        {"[\"abc\",\"b\"]", "true"},
        {"[\"abc\",\"b\",2]", "false"},
        {"[\"abc\",\"\",99]", "true"},
        {"[\"undefined\"]", "true"},
        {"[[1,2,3],2]", "true"},
        {"[[1,2,3],\"2\"]", "false"},
        {"[[1,2,3],1,-3]", "true"},
        {"[[1,2,3],1,-2]", "false"},
        {"[[1,2,3],1,-99]", "true"},
        {"[[1,2,3],3,3]", "false"},
        {"[[0],-0]", "true"},
        {"[[null]]", "false"},
        {"[[],1,{\"toString\":1}]", "false"},
        {"[[1],1,{\"toString\":1}]", NO_PRIMITIVE},
        {"[[[1]],[1]]", "false"},
        {"[5,1]", "TypeError: includes is not a function"},
        {"[{\"includes\":1},1]", "TypeError: includes is not a function"},
    };
    (void)unused;
    assert_calls(BUILTIN_INCLUDES, cases, COUNT(cases));
}

static void index_of(void **unused)
{
    static const struct expectation cases[] = {
        {"[\"hello\",\"l\"]", "2"},
        {"[\"hello\",\"l\",3]", "3"},
        {"[\"hello\",\"l\",{\"$\":\"-Infinity\"}]", "2"},
        {"[\"hello\",\"\",99]", "5"},
        {"[\"hello\",\"x\"]", "-1"},
        {"[\"\\ud83d\\ude00\",\"\\ude00\"]", "1"},
        {"[[1,2,1],1,1]", "2"},
        {"[[1,2,3],3,-1]", "2"},
        {"[[1,2,3],1,-1]", "-1"},
        {"[[],1]", "-1"},
        {"[[-0],0]", "0"},
        {"[[\"a\"],\"a\"]", "0"},
    };
    (void)unused;
    assert_calls(BUILTIN_INDEX_OF, cases, COUNT(cases));
}

static void an_array_includes_nan_but_has_no_index_of_it(void **unused)
{
    (void)unused;
    begin_evaluation();
    valve_value nan = value_number(NAN), result;
    valve_value list = {.as.array = value_array_new(&memory, &nan, 1), .type = VALUE_ARRAY};
    assert_true(builtin_call(&run, BUILTIN_INCLUDES, list, &nan, 1, &result));
    assert_true(result.as.boolean);
    assert_true(builtin_call(&run, BUILTIN_INDEX_OF, list, &nan, 1, &result));
    assert_true(result.as.number == -1);
}

static void case_and_trim_ignore_arguments(void **unused)
{
    (void)unused;
    assert_string_equal(call(BUILTIN_TO_UPPER_CASE, "[\"a\u00DF\",1]"), "\"ASS\"");
    assert_string_equal(call(BUILTIN_TO_LOWER_CASE, "[\"A\u03A3\",{\"toString\":1}]"),
                        "\"a\u03C2\"");
    assert_string_equal(call(BUILTIN_TRIM, "[\" \\t\u3000x \"]"), "\"x\"");
    assert_string_equal(call(BUILTIN_TRIM, "[5]"), "TypeError: trim is not a function");
}

static void match_takes_texts_of_bounded_length_only(void **unused)
{
    static const struct expectation cases[] = {
        {"[\"abc\",\"b(.)\"]", "[\"bc\",\"c\"]"},
        {"[\"abc\",\"x\"]", "null"},
        {"[\"abc\",\"\"]", "[\"\"]"},
        {"[\"abc\"]", "TypeError: match needs a regular expression, not undefined"},
        {"[\"abc\"," UNDEFINED "]", "TypeError: match needs a regular expression, not undefined"},
        {"[\"abc\",null]", "TypeError: match needs a regular expression, not null"},
        {"[\"abc\",1]", "TypeError: match needs a regular expression, not number"},
        {"[\"abc\",{}]", "TypeError: match needs a regular expression, not object"},
        {"[\"abc\",[\"b\"]]", "TypeError: match needs a regular expression, not array"},
        {"[[\"a\"],\"a\"]", "TypeError: match is not a function"},
    };
    (void)unused;
    assert_calls(BUILTIN_MATCH, cases, COUNT(cases));
    const char *invalid = call(BUILTIN_MATCH, "[\"abc\",\"(\"]");
    assert_memory_equal(invalid, "SyntaxError: Invalid regular expression: /(/: ", 45);
}

static void the_groups_of_a_match_have_no_text(void **unused)
{
    (void)unused;
    uint32_t count;
    const valve_value *v = values_of("[\"ab\",\"(?<first>a)\"]", &count);
    valve_value match = value_undefined(), text;
    begin_evaluation();
    assert_true(builtin_call(&run, BUILTIN_MATCH, v[0], v + 1, 1, &match));
    valve_value groups = match.as.match->groups;
    assert_string_equal(shown(true, groups), "{\"first\":\"a\"}");
    bool done = convert_to_text(&run, groups, &text);
    assert_string_equal(shown(done, text), NO_PRIMITIVE);
}

static const char *match_pattern_of(size_t units)
{
    static char pattern[4096];
    memset(pattern, 'a', sizeof pattern);
    valve_value arguments[] = {value_text((slice){pattern, units})}, result;
    begin_evaluation();
    return shown(builtin_call(&run, BUILTIN_MATCH, value_text(SLICE("b")), arguments, 1, &result),
                 result);
}

static void a_computed_pattern_has_a_longest_length(void **unused)
{
    (void)unused;
    assert_string_equal(match_pattern_of(256), "null");
    assert_string_equal(match_pattern_of(257),
                        "RangeError: the computed regular expression is longer than 256");
    assert_string_equal(match_pattern_of(4000),
                        "RangeError: the computed regular expression is longer than 256");
}

static void methods_exist_where_javascript_has_them(void **unused)
{
    static const struct {
        const char *receiver;
        bool trim, includes;
    } cases[] = {
        {"\"a\"", true, true},         {"[]", false, true},
        {"5", false, false},           {"{}", false, false},
        {"{\"trim\":1}", true, false}, {"{\"trim\":null,\"includes\":0}", false, true},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        valve_value receiver = value_of(cases[i].receiver);
        bool exists;
        begin_evaluation();
        assert_true(builtin_exists(&run, BUILTIN_TRIM, receiver, &exists));
        assert_int_equal(exists, cases[i].trim);
        assert_true(builtin_exists(&run, BUILTIN_INCLUDES, receiver, &exists));
        assert_int_equal(exists, cases[i].includes);
    }
    bool exists = false;
    bool done = builtin_exists(&run, BUILTIN_TRIM, value_null(), &exists);
    assert_string_equal(shown(done, value_null()),
                        "TypeError: Cannot read properties of null (reading 'trim')");
}

static void every_builtin_is_found_by_its_name(void **unused)
{
    (void)unused;
    for (int i = 0; i < BUILTIN_COUNT; i++) {
        enum builtin found;
        assert_true(builtin_find(slice_of(builtin_name((enum builtin)i)), &found));
        assert_int_equal(found, i);
    }
    enum builtin found;
    assert_false(builtin_find(SLICE("replace"), &found));
    assert_false(builtin_find(SLICE("trim "), &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_with),
        cmocka_unit_test(ends_with),
        cmocka_unit_test(includes),
        cmocka_unit_test(index_of),
        cmocka_unit_test(an_array_includes_nan_but_has_no_index_of_it),
        cmocka_unit_test(case_and_trim_ignore_arguments),
        cmocka_unit_test(match_takes_texts_of_bounded_length_only),
        cmocka_unit_test(the_groups_of_a_match_have_no_text),
        cmocka_unit_test(a_computed_pattern_has_a_longest_length),
        cmocka_unit_test(methods_exist_where_javascript_has_them),
        cmocka_unit_test(every_builtin_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
