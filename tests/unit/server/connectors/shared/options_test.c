#include "shared/options.h"
#include "support/test_values.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct ds_error error;

static void assert_whole(const char *json, uint64_t expected)
{
    uint64_t number;
    assert_true(option_whole(test_value(&arena, json), "n", 1, 10, 5, &number, &error));
    assert_int_equal(number, expected);
}

static void assert_not_whole(const char *json)
{
    uint64_t number;
    assert_false(option_whole(test_value(&arena, json), "n", 1, 10, 5, &number, &error));
    assert_non_null(strstr(error.text, "n must be a whole number from 1 to 10"));
}

static void whole_numbers_have_bounds_and_a_fallback(void **state)
{
    uint64_t number;
    (void)state;
    assert_true(option_whole(NULL, "n", 1, 10, 5, &number, &error));
    assert_int_equal(number, 5);
    assert_whole("{}", 5);
    assert_whole("{\"n\":null}", 5);
    assert_whole("{\"n\":1}", 1);
    assert_whole("{\"n\":10}", 10);
    assert_not_whole("{\"n\":0}");
    assert_not_whole("{\"n\":11}");
    assert_not_whole("{\"n\":1.5}");
    assert_not_whole("{\"n\":1e300}");
    assert_not_whole("{\"n\":\"5\"}");
    assert_not_whole("{\"n\":true}");
}

static void what_may_wait_has_bounds_and_a_fallback(void **state)
{
    size_t bytes;
    (void)state;
    assert_true(option_max_queue_bytes(NULL, &bytes, &error));
    assert_int_equal(bytes, 64 << 20);
    assert_true(
        option_max_queue_bytes(test_value(&arena, "{\"maxQueueBytes\":1024}"), &bytes, &error));
    assert_int_equal(bytes, 1024);
    assert_false(
        option_max_queue_bytes(test_value(&arena, "{\"maxQueueBytes\":1023}"), &bytes, &error));
    assert_non_null(strstr(error.text, "maxQueueBytes must be a whole number from 1024"));
}

static void truths_are_booleans(void **state)
{
    bool is_true;
    (void)state;
    assert_true(option_boolean(test_value(&arena, "{}"), "b", true, &is_true, &error));
    assert_true(is_true);
    assert_true(option_boolean(test_value(&arena, "{\"b\":false}"), "b", true, &is_true, &error));
    assert_false(is_true);
    assert_false(option_boolean(test_value(&arena, "{\"b\":0}"), "b", true, &is_true, &error));
    assert_non_null(strstr(error.text, "b must be true or false"));
}

static void texts_are_not_empty_and_have_no_zero_bytes(void **state)
{
    ds_slice text;
    (void)state;
    assert_true(option_text(test_value(&arena, "{}"), "t", slice_of("x"), &text, &error));
    assert_true(slice_equal(text, SLICE("x")));
    assert_true(
        option_text(test_value(&arena, "{\"t\":\"y\"}"), "t", slice_of("x"), &text, &error));
    assert_true(slice_equal(text, SLICE("y")));
    assert_false(
        option_text(test_value(&arena, "{\"t\":\"\"}"), "t", slice_of("x"), &text, &error));
    assert_false(option_text(test_value(&arena, "{\"t\":5}"), "t", slice_of("x"), &text, &error));
    assert_non_null(strstr(error.text, "t must be a text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_have_bounds_and_a_fallback),
        cmocka_unit_test(what_may_wait_has_bounds_and_a_fallback),
        cmocka_unit_test(truths_are_booleans),
        cmocka_unit_test(texts_are_not_empty_and_have_no_zero_bytes),
    };
    arena_init(&arena, 0);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failures;
}
