#include "json_scan.h"

#include "value_support.h"

static struct arena arena;

static struct json_scan scan_of(const char *text)
{
    struct json_scan scan;
    arena_init(&arena, 0);
    json_scan_init(&scan, slice_of(text), &arena);
    return scan;
}

static void assert_slice(slice text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.at, expected, text.length);
}

static void members_are_read_one_by_one(void **unused)
{
    (void)unused;
    struct json_scan scan =
        scan_of(" { \"a\" : \"x\\ny\" , \"b\":[1, {\"c\":[]} ] ,\"d\":[\"e\"]}\n");
    slice key, text;
    assert_true(json_scan_enter(&scan, '{'));
    assert_true(json_scan_more(&scan, '}') && json_scan_key(&scan, &key));
    assert_slice(key, "a");
    assert_int_equal(json_scan_peek(&scan), '"');
    assert_true(json_scan_text(&scan, &text));
    assert_slice(text, "x\ny");
    assert_true(json_scan_more(&scan, '}') && json_scan_key(&scan, &key));
    assert_true(json_scan_value(&scan, &text));
    assert_slice(text, "[1, {\"c\":[]} ]");
    assert_true(json_scan_more(&scan, '}') && json_scan_key(&scan, &key));
    assert_true(json_scan_enter(&scan, '[') && json_scan_more(&scan, ']'));
    assert_true(json_scan_text(&scan, &text));
    assert_false(json_scan_more(&scan, ']'));
    assert_false(json_scan_more(&scan, '}'));
    assert_true(json_scan_end(&scan));
    arena_fini(&arena);
}

static void empty_containers_have_no_items(void **unused)
{
    (void)unused;
    struct json_scan scan = scan_of("{}");
    assert_true(json_scan_enter(&scan, '{'));
    assert_false(json_scan_more(&scan, '}'));
    assert_true(json_scan_end(&scan));
    arena_fini(&arena);
}

static bool is_value(const char *text)
{
    slice raw;
    struct json_scan scan = scan_of(text);
    bool whole = json_scan_value(&scan, &raw) && json_scan_end(&scan);
    if (!whole)
        assert_non_null(scan.cursor.message);
    arena_fini(&arena);
    return whole;
}

static void values_are_passed_over_as_strictly_as_they_are_read(void **unused)
{
    (void)unused;
    static const char *const good[] = {
        "0",
        "-0",
        "12.5e+3",
        "1E9",
        "true",
        "false",
        "null",
        "\"\"",
        "[]",
        "{}",
        "[[]]",
        "[1,2]",
        "{\"a\":{},\"b\":1}",
        " 1 ",
    };
    static const char *const bad[] = {
        "",      "-",      "01", "1.",         "1e",   ".5",      "+1",  "tru",       "nul",
        "\"",    "\"\n\"", "[",  "[1,]",       "[,1]", "[1 2]",   "{",   "{\"a\"}",   "{\"a\":}",
        "{a:1}", "{,}",    "[}", "{\"a\":1,}", "1 2",  "\"\\x\"", "nan", "{\"a\":1]",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(is_value(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(is_value(bad[i]));
}

static void nesting_is_bounded(void **unused)
{
    (void)unused;
    char text[2 * (JSON_SCAN_MAX_DEPTH + 1) + 1];
    for (unsigned depth = JSON_SCAN_MAX_DEPTH; depth <= JSON_SCAN_MAX_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[(size_t)2 * depth] = '\0';
        assert_int_equal(is_value(text), depth == JSON_SCAN_MAX_DEPTH);
    }
}

static void after_a_failure_all_fails(void **unused)
{
    (void)unused;
    slice text;
    struct json_scan scan = scan_of("[x, 1]");
    assert_true(json_scan_enter(&scan, '[') && json_scan_more(&scan, ']'));
    assert_false(json_scan_value(&scan, &text));
    assert_false(json_scan_more(&scan, ']'));
    assert_false(json_scan_value(&scan, &text));
    assert_false(json_scan_end(&scan));
    assert_string_equal(scan.cursor.message, "expected a value");
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_one_by_one),
        cmocka_unit_test(empty_containers_have_no_items),
        cmocka_unit_test(values_are_passed_over_as_strictly_as_they_are_read),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(after_a_failure_all_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
