#include "value_support.h"

#include "json_path.h"

#include <stdio.h>

/* The document after value (JSON text; NULL deletes) was set at path, or the error. */
static const char *after(const char *root, const char *path, const char *value)
{
    valve_value result = value_undefined();
    const char *error = NULL;
    valve_value data = value == NULL ? value_undefined() : value_of(value);
    bool done = json_path_set(value_of(root), slice_of(path), data, &memory, &result, &error);
    assert_true(done == (error == NULL));
    buf_clear(&shown_text);
    if (!done)
        buf_append_text(&shown_text, error);
    else
        json_write_plain(&shown_text, result);
    buf_append_byte(&shown_text, '\0');
    return shown_text.at;
}

static const char *after_all(const char *root, const char *list)
{
    valve_value result = value_undefined();
    const char *error = NULL;
    bool done = json_path_set_all(value_of(root), value_of(list), &memory, &result, &error);
    assert_true(done == (error == NULL));
    buf_clear(&shown_text);
    if (!done)
        buf_append_text(&shown_text, error);
    else
        json_write_plain(&shown_text, result);
    buf_append_byte(&shown_text, '\0');
    return shown_text.at;
}

struct path_case {
    const char *root, *path, *value, *expected;
};

static void check_cases(const struct path_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_string_equal(after(cases[i].root, cases[i].path, cases[i].value), cases[i].expected);
}

static void every_row_of_the_path_table_holds(void **unused)
{
    static const struct path_case cases[] = {
        {"{}", "a[2].b", "1", "{\"a\":[null,null,{\"b\":1}]}"},
        {"{\"a\":\"s\"}", "a.b", "1", "{\"a\":{\"b\":1}}"},
        {"{\"a\":null}", "a.b", "1", "invalid path: it leads through null"},
        {"{\"a\":[1,2]}", "a.1", "9", "{\"a\":[1,9]}"},
        {"{\"a\":[1,2]}", "a[1]", "9", "{\"a\":[1,9]}"},
        {"[1,2,3]", "1", "9", "[1,9,3]"},
        {"{}", " a . b ", "1", "{\"a\":{\"b\":1}}"},
        {"{}", "a..b", "1", "{\"a\":{\"b\":1}}"},
        {"{}", "[0]", "1", "{\"\":[1]}"},
        {"{}", "a[0][1]", "1", "{\"a\":[[null,1]]}"},
        {"{\"a\":{\"b\":[1,2,3]},\"z\":0}", "a.b[1].c", "true",
         "{\"a\":{\"b\":[1,{\"c\":true},3]},\"z\":0}"},
    };
    (void)unused;
    check_cases(cases, COUNT(cases));
}

static void deleting_removes_a_key_and_empties_a_slot(void **unused)
{
    static const struct path_case cases[] = {
        {"{\"a\":1,\"b\":2}", "a", NULL, "{\"b\":2}"},
        {"{\"a\":[1,2,3]}", "a[1]", NULL, "{\"a\":[1,null,3]}"},
        {"{\"a\":[1,2,3]}", "a.2", NULL, "{\"a\":[1,2,null]}"},
        {"{\"a\":[1]}", "a[7]", NULL, "{\"a\":[1]}"},
        {"{\"a\":{\"b\":{\"c\":1}}}", "a.b.c", NULL, "{\"a\":{\"b\":{}}}"},
        {"{\"a\":1}", "b", NULL, "{\"a\":1}"},
        {"{}", "a.b", NULL, "{\"a\":{}}"}, /* the way is made, as the original does */
    };
    (void)unused;
    check_cases(cases, COUNT(cases));
}

static void values_of_every_type_can_be_set(void **unused)
{
    static const char *const values[] = {"null",  "true", "0",  "-1.5", "\"\"",
                                         "\"x\"", "[]",   "{}", "[1]",  "{\"k\":[{}]}"};
    (void)unused;
    for (size_t i = 0; i < COUNT(values); i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "{\"a\":%s}", values[i]);
        assert_string_equal(after("{}", "a", values[i]), expected);
    }
}

static void a_number_step_on_an_object_is_a_key(void **unused)
{
    static const struct path_case cases[] = {
        {"{\"a\":{}}", "a[1]", "9", "{\"a\":{\"1\":9}}"},
        {"{\"a\":{\"1\":0}}", "a[1].b", "9", "{\"a\":{\"1\":{\"b\":9}}}"},
        {"{\"a\":{\"1\":0}}", "a[1]", NULL, "{\"a\":{}}"},
        {"{}", "1", "9", "{\"1\":9}"},
        {"{}", "a[ 2 ]", "9", "{\"a\":[null,null,9]}"},
        {"{}", "a[1e1]", "9", "{\"a\":[null,null,null,null,null,null,null,null,null,null,9]}"},
        {"{}", "a[0x1]", "9", "{\"a\":[null,9]}"},
        {"{}", "a[1", "9", "{\"a\":[null,9]}"},
        {"{}", "a]1", "9", "{\"a\":[null,9]}"},
        {"{}", "a[]", "9", "{\"a\":9}"},
        {"{}", "a[1.5]", "9", "{\"a\":[null,{\"5\":9}]}"}, /* dots part first */
    };
    (void)unused;
    check_cases(cases, COUNT(cases));
}

static void H23_prototype_keys_huge_indexes_and_nonsense_are_refused(void **unused)
{
    static const struct path_case cases[] = {
        {"{}", "__proto__.x", "1", "invalid path: forbidden key '__proto__'"},
        {"{}", "a.__proto__", "1", "invalid path: forbidden key '__proto__'"},
        {"{}", " constructor ", "1", "invalid path: forbidden key 'constructor'"},
        {"{}", "constructor[1]", "1", "invalid path: forbidden key 'constructor'"},
        {"{}", "x.prototype.y", NULL, "invalid path: forbidden key 'prototype'"},
        {"{}", "a[1000000]", "1", "invalid path: index too large"},
        {"{}", "a[1e300]", "1", "invalid path: index too large"},
        {"{}", "a[Infinity]", "1", "invalid path: index too large"},
        {"{\"a\":[]}", "a.1000000", "1", "invalid path: index too large"},
        {"{}", "a[10001]", "1", "invalid path: index too far beyond the end"},
        {"{}", "a[x]", "1", "invalid path: an index is a whole number from 0 on"},
        {"{}", "a[-1]", "1", "invalid path: an index is a whole number from 0 on"},
        {"{}", "a[15e-1]", "1", "invalid path: an index is a whole number from 0 on"},
        {"{}", "a[NaN]", "1", "invalid path: an index is a whole number from 0 on"},
        {"{}", "a[1]b", "1", "invalid path: an index is a whole number from 0 on"},
        {"[1,2,3]", "[1]", "9", "invalid path: a list has indexes, not keys"},
        {"{\"a\":[]}", "a.length", "0", "invalid path: a list has indexes, not keys"},
        {"{\"a\":[]}", "a.01", "0", "invalid path: a list has indexes, not keys"},
        {"{\"a\":[]}", "a.x", NULL, "invalid path: a list has indexes, not keys"},
    };
    (void)unused;
    check_cases(cases, COUNT(cases));
}

static void B14_paths_that_name_nothing_and_roots_that_hold_nothing_are_refused(void **unused)
{
    static const struct path_case cases[] = {
        {"{}", "", "1", "invalid path: it names nothing"},
        {"{}", ".", "1", "invalid path: it names nothing"},
        {"{}", " . .. ", "1", "invalid path: it names nothing"},
        {"{\"a\":null}", "a[0]", "1", "invalid path: it leads through null"},
        {"[null]", "0.x", NULL, "invalid path: it leads through null"},
        {"5", "a", "1", "only an object or a list can be patched"},
        {"null", "a", "1", "only an object or a list can be patched"},
        {"\"text\"", "a", "1", "only an object or a list can be patched"},
    };
    (void)unused;
    check_cases(cases, COUNT(cases));
}

static void javascripts_white_space_is_trimmed(void **unused)
{
    (void)unused;
    assert_string_equal(after("{}",
                              "\xC2\xA0"
                              "a\t.\xEF\xBB\xBF"
                              "b",
                              "1"),
                        "{\"a\":{\"b\":1}}");
}

static void the_root_never_changes_and_shares_what_is_beside_the_path(void **unused)
{
    (void)unused;
    valve_value root = value_of("{\"a\":{\"x\":1},\"b\":{\"y\":2}}"), result;
    const char *error;
    assert_true(json_path_set(root, SLICE("a.x"), value_number(9), &memory, &result, &error));
    assert_string_equal(shown(true, root), "{\"a\":{\"x\":1},\"b\":{\"y\":2}}");
    assert_string_equal(shown(true, result), "{\"a\":{\"x\":9},\"b\":{\"y\":2}}");
    assert_ptr_equal(value_object_find(root.as.object, SLICE("b"))->as.object,
                     value_object_find(result.as.object, SLICE("b"))->as.object);
}

static void entries_of_a_multi_patch_apply_in_order(void **unused)
{
    (void)unused;
    assert_string_equal(after_all("{\"a\":1,\"c\":{\"d\":4}}",
                                  "[{\"path\":\"a\"},{\"path\":\"b[1]\",\"data\":2},"
                                  "{\"path\":\"b[0].x\",\"data\":3},"
                                  "{\"path\":\"c.e\",\"data\":null},{\"path\":\"a\",\"data\":5}]"),
                        "{\"c\":{\"d\":4,\"e\":null},\"b\":[{\"x\":3},2],\"a\":5}");
    /* what an entry set may be changed by the next, without changing the list */
    assert_string_equal(after_all("{}", "[{\"path\":\"a\",\"data\":{\"x\":1}},"
                                        "{\"path\":\"b\",\"data\":{\"x\":1}},"
                                        "{\"path\":\"a.y\",\"data\":2}]"),
                        "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"x\":1}}");
    assert_string_equal(after_all("{\"a\":{\"x\":1}}", "[{\"path\":\"a.y\",\"data\":2},"
                                                       "{\"path\":\"a\",\"data\":7},"
                                                       "{\"path\":\"a.z\",\"data\":3}]"),
                        "{\"a\":{\"z\":3}}");
}

static void a_multi_patch_that_is_not_sound_changes_nothing(void **unused)
{
    static const char *const entry = "an entry of a multi patch has a path";
    static const char *const whole = "a multi patch is a list of at least one entry";
    (void)unused;
    assert_string_equal(after_all("{}", "[]"), whole);
    assert_string_equal(after_all("{}", "{\"path\":\"a\"}"), whole);
    assert_string_equal(after_all("{}", "null"), whole);
    assert_string_equal(after_all("{}", "[{\"data\":1}]"), entry);
    assert_string_equal(after_all("{}", "[{\"path\":1,\"data\":1}]"), entry);
    assert_string_equal(after_all("{}", "[null]"), "an entry of a multi patch is an object");
    assert_string_equal(after_all("{}", "[{\"path\":\"a\",\"data\":1},{\"path\":\"\"}]"),
                        "invalid path: it names nothing");
}

static void many_members_are_added_deleted_and_found_again(void **unused)
{
    (void)unused;
    struct buf list = BUF_EMPTY, expected = BUF_EMPTY;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 300; i++)
            buf_printf(&list, "%s{\"path\":\"k%d\",\"data\":%d}", list.length == 0 ? "[" : ",", i,
                       i + round);
    }
    for (int i = 0; i < 300; i += 2)
        buf_printf(&list, ",{\"path\":\"k%d\"}", i);
    buf_printf(&list, ",{\"path\":\"k0\",\"data\":\"again\"}]");
    buf_append_byte(&list, '\0');
    valve_value parsed, result;
    const char *error;
    assert_true(json_read((slice){list.at, list.length - 1}, (struct json_limits){9}, &memory,
                          &parsed, NULL));
    assert_true(
        json_path_set_all(value_of("{\"k1\":0,\"z\":1}"), parsed, &memory, &result, &error));
    buf_append_text(&expected, "{\"k1\":2,\"z\":1");
    for (int i = 3; i < 300; i += 2)
        buf_printf(&expected, ",\"k%d\":%d", i, i + 1);
    buf_append_text(&expected, ",\"k0\":\"again\"}");
    buf_append_byte(&expected, '\0');
    assert_string_equal(shown(true, result), expected.at);
    assert_non_null(value_object_find(result.as.object, SLICE("k299")));
    assert_null(value_object_find(result.as.object, SLICE("k298")));
    buf_fini(&list);
    buf_fini(&expected);
}

/* Wherever memory ends, the answer is an error, and never a part of a change. */
static void an_arena_that_is_exhausted_is_an_error(void **unused)
{
    (void)unused;
    valve_value root = value_of("{\"a\":{\"b\":[1,2,3]},\"c\":1}"), result;
    size_t refused = 0;
    for (size_t limit = 16;; limit += 16) {
        struct arena small;
        const char *error = NULL;
        arena_init(&small, limit);
        bool done =
            json_path_set(root, SLICE("a.b[7].c.d"), value_number(1), &small, &result, &error);
        if (done)
            assert_string_equal(shown(true, result), "{\"a\":{\"b\":[1,2,3,null,null,null,null,"
                                                     "{\"c\":{\"d\":1}}]},\"c\":1}");
        else
            assert_string_equal(error, "out of memory");
        arena_fini(&small);
        if (done)
            break;
        refused++;
    }
    assert_true(refused > 10);
}

static void long_paths_and_deep_growth_are_bounded_by_the_arena(void **unused)
{
    (void)unused;
    struct buf path = BUF_EMPTY;
    buf_append_byte(&path, 'a');
    for (int i = 0; i < 100000; i++)
        buf_append_text(&path, "[9999]");
    struct arena small;
    arena_init(&small, 1 << 24);
    valve_value result;
    const char *error;
    assert_false(
        json_path_set(value_of("{}"), buf_slice(&path), value_number(1), &small, &result, &error));
    assert_string_equal(error, "out of memory");
    arena_fini(&small);
    buf_fini(&path);
}

static void a_patched_document_is_plain_json(void **unused)
{
    (void)unused;
    assert_string_equal(after("{\"n\":-0,\"m\":1e999}", "a", "1"), "{\"n\":0,\"m\":null,\"a\":1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_path_table_holds),
        cmocka_unit_test(deleting_removes_a_key_and_empties_a_slot),
        cmocka_unit_test(values_of_every_type_can_be_set),
        cmocka_unit_test(a_number_step_on_an_object_is_a_key),
        cmocka_unit_test(H23_prototype_keys_huge_indexes_and_nonsense_are_refused),
        cmocka_unit_test(B14_paths_that_name_nothing_and_roots_that_hold_nothing_are_refused),
        cmocka_unit_test(javascripts_white_space_is_trimmed),
        cmocka_unit_test(the_root_never_changes_and_shares_what_is_beside_the_path),
        cmocka_unit_test(entries_of_a_multi_patch_apply_in_order),
        cmocka_unit_test(a_multi_patch_that_is_not_sound_changes_nothing),
        cmocka_unit_test(many_members_are_added_deleted_and_found_again),
        cmocka_unit_test(an_arena_that_is_exhausted_is_an_error),
        cmocka_unit_test(long_paths_and_deep_growth_are_bounded_by_the_arena),
        cmocka_unit_test(a_patched_document_is_plain_json),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
