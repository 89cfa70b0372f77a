#include "pattern_support.h"

#include <stdio.h>
#include <stdlib.h>

#define EVERY_TYPE UINT64_MAX

/* paths end with NULL; at most 64 */
static uint32_t find(const char *const *paths, uint64_t wanted, const char *name)
{
    const struct pattern *patterns[64];
    uint32_t count = 0;
    for (; paths[count] != NULL; count++)
        patterns[count] = parse(paths[count]);
    struct pattern_index *index = pattern_index_new(patterns, count, &arena);
    assert_non_null(index);
    return pattern_index_find(index, slice_of(name), &wanted, &arena);
}

static void the_longest_text_wins(void **unused)
{
    static const char *const paths[] = {"*", "a/*", "a/b*", "a/$userIdentifier", "a/bob", NULL};
    (void)unused;
    assert_int_equal(find(paths, EVERY_TYPE, "x"), 0);
    assert_int_equal(find(paths, EVERY_TYPE, "a/x/y"), 1);
    assert_int_equal(find(paths, EVERY_TYPE, "a/bc/d"), 2);
    assert_int_equal(find(paths, EVERY_TYPE, "a/bob"), 3);
}

static void of_equal_length_the_later_one_wins(void **unused)
{
    static const char *const paths[] = {"a/$x", "a/$y", "$x/b", "a/b*", NULL};
    (void)unused;
    assert_int_equal(find(paths, EVERY_TYPE, "a/b"), 3);
    assert_int_equal(find(paths, EVERY_TYPE, "a/c"), 1);
    assert_int_equal(find(paths, EVERY_TYPE, "c/b"), 2);
}

static void lengths_are_compared_in_utf16_units(void **unused)
{
    static const char *const paths[] = {"€*€", "€***", NULL};
    (void)unused;
    assert_int_equal(find(paths, EVERY_TYPE, "€€"), 1);
}

static void patterns_without_the_type_are_passed_over(void **unused)
{
    static const char *const paths[] = {"*", "a/*", "a/b*", "[a]/b.*", NULL};
    (void)unused;
    assert_int_equal(find(paths, 7, "a/bc"), 2);
    assert_int_equal(find(paths, 3, "a/bc"), 1);
    assert_int_equal(find(paths, 1, "a/bc"), 0);
    assert_int_equal(find(paths, 0, "a/bc"), PATTERN_NONE);
    assert_int_equal(find(paths, 8, "a/bc"), 3);
}

static void nothing_is_found_where_nothing_matches(void **unused)
{
    static const char *const none[] = {NULL}, *const some[] = {"a", "b/$x", NULL};
    (void)unused;
    assert_int_equal(find(none, EVERY_TYPE, "a"), PATTERN_NONE);
    assert_int_equal(find(some, EVERY_TYPE, "c"), PATTERN_NONE);
    assert_int_equal(find(some, EVERY_TYPE, ""), PATTERN_NONE);
}

static void the_same_path_may_occur_twice(void **unused)
{
    static const char *const paths[] = {"a/$x", "a/$x", "a/$y", NULL};
    (void)unused;
    assert_int_equal(find(paths, EVERY_TYPE, "a/1"), 2);
    assert_int_equal(find(paths, 3, "a/1"), 1);
    assert_int_equal(find(paths, 1, "a/1"), 0);
}

static void more_children_than_a_node_holds_are_told_apart(void **unused)
{
    const struct pattern *patterns[64];
    char texts[64][16], name[16];
    const uint64_t wanted = EVERY_TYPE;
    (void)unused;
    for (int i = 0; i < 64; i++) {
        snprintf(texts[i], sizeof texts[i], "x/%d", i);
        texts[i][0] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[i];
        patterns[i] = parse(texts[i]);
    }
    struct pattern_index *index = pattern_index_new(patterns, 64, &arena);
    for (uint32_t i = 0; i < 64; i++) {
        snprintf(name, sizeof name, "%s", texts[i]);
        assert_int_equal(pattern_index_find(index, slice_of(name), &wanted, &arena), i);
        name[0] = '#';
        assert_int_equal(pattern_index_find(index, slice_of(name), &wanted, &arena), PATTERN_NONE);
    }
}

static void what_regular_expressions_begin_with_selects_them(void **unused)
{
    static const char *const paths[] = {"user/[a-z]+", "user/\\d+", "room/(a|b)", "a|room/b", NULL};
    (void)unused;
    assert_int_equal(find(paths, EVERY_TYPE, "user/bo"), 0);
    assert_int_equal(find(paths, EVERY_TYPE, "user/17"), 1);
    assert_int_equal(find(paths, EVERY_TYPE, "room/a"), 2);
    assert_int_equal(find(paths, 8, "room/b"), 3);
    assert_int_equal(find(paths, EVERY_TYPE, "room/c"), PATTERN_NONE);
}

/* Sets that make a backtracking matcher take for ever: here they only must end. */
static void adversarial_sets_take_linear_time(void **unused)
{
    enum { COUNT = 64, LENGTH = 20000 };
    static char name[LENGTH + 1];
    const struct pattern *patterns[COUNT];
    char text[COUNT * 2 + 8];
    const uint64_t wanted = EVERY_TYPE;
    (void)unused;
    memset(name, 'a', LENGTH);
    for (uint32_t i = 0; i < COUNT; i++) {
        size_t length = 0;
        for (uint32_t k = 0; k <= i; k++)
            length += (size_t)snprintf(text + length, sizeof text - length, "*a");
        snprintf(text + length, sizeof text - length, i + 1 < COUNT ? "b" : "");
        patterns[i] = parse(arena_printf(&arena, "%s", text).at);
    }
    struct pattern_index *index = pattern_index_new(patterns, COUNT, &arena);
    assert_int_equal(pattern_index_find(index, slice_of(name), &wanted, &arena), COUNT - 1);
    name[LENGTH - 1] = 'b';
    assert_int_equal(pattern_index_find(index, slice_of(name), &wanted, &arena), COUNT - 2);
}

static void an_exhausted_scratch_finds_nothing(void **unused)
{
    const struct pattern *patterns[] = {parse("*"), parse("(a|b)+")};
    const uint64_t wanted = EVERY_TYPE;
    struct arena scratch;
    (void)unused;
    struct pattern_index *index = pattern_index_new(patterns, 2, &arena);
    arena_init(&scratch, 16);
    assert_int_equal(pattern_index_find(index, SLICE("ab"), &wanted, &scratch), PATTERN_NONE);
    arena_fini(&scratch);
    arena_init(&scratch, 65536);
    assert_int_equal(pattern_index_find(index, SLICE("ab"), &wanted, &scratch), 1);
    assert_int_equal(scratch.used_bytes, 0);
    arena_fini(&scratch);
}

static void an_exhausted_arena_gives_no_index(void **unused)
{
    const struct pattern *patterns[] = {parse("*")};
    struct arena small;
    (void)unused;
    arena_init(&small, 64);
    assert_null(pattern_index_new(patterns, 1, &small));
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_longest_text_wins, begin, end),
        cmocka_unit_test_setup_teardown(of_equal_length_the_later_one_wins, begin, end),
        cmocka_unit_test_setup_teardown(lengths_are_compared_in_utf16_units, begin, end),
        cmocka_unit_test_setup_teardown(patterns_without_the_type_are_passed_over, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_found_where_nothing_matches, begin, end),
        cmocka_unit_test_setup_teardown(the_same_path_may_occur_twice, begin, end),
        cmocka_unit_test_setup_teardown(more_children_than_a_node_holds_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(what_regular_expressions_begin_with_selects_them, begin,
                                        end),
        cmocka_unit_test_setup_teardown(adversarial_sets_take_linear_time, begin, end),
        cmocka_unit_test_setup_teardown(an_exhausted_scratch_finds_nothing, begin, end),
        cmocka_unit_test_setup_teardown(an_exhausted_arena_gives_no_index, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
