#include "pattern_support.h"

static bool matches(const char *path, const char *name)
{
    const struct pattern *pattern = parse(path);
    const uint64_t wanted = 1;
    struct pattern_index *index = pattern_index_new(&pattern, 1, &arena);
    assert_non_null(index);
    return pattern_index_find(index, slice_of(name), &wanted, &arena) == 0;
}

static void assert_error(const char *path, size_t offset, size_t length, const char *message)
{
    struct pattern_error error = {0};
    assert_null(pattern_parse(slice_of(path), &arena, &error));
    assert_string_equal(error.message, message);
    assert_int_equal(error.offset, offset);
    assert_int_equal(error.length, length);
}

static void assert_capture(const char *path, const char *name, uint32_t i, const char *expected)
{
    slice captures[PATTERN_MAX_VARIABLES];
    const struct pattern *pattern = parse(path);
    assert_true(i < pattern_variable_count(pattern));
    assert_true(pattern_capture(pattern, slice_of(name), &arena, captures));
    slice found = captures[i];
    assert_int_equal(found.length, strlen(expected));
    assert_memory_equal(found.at, expected, found.length);
}

static void a_star_matches_any_run_on_one_line(void **unused)
{
    (void)unused;
    assert_true(matches("*", ""));
    assert_true(matches("*", "a/b/c"));
    assert_true(matches("a/*", "a/"));
    assert_false(matches("a/*", "a"));
    assert_false(matches("*", "a\nb"));
    assert_false(matches("*", "a\rb"));
    assert_false(matches("*", "a\u2028b"));
    assert_false(matches("*", "a\u2029"));
    assert_true(matches("*", "a\u2027b\u202A\x0B\x0C\xC2\x85"));
}

static void a_variable_matches_one_segment(void **unused)
{
    (void)unused;
    assert_true(matches("user/$id", "user/bo"));
    assert_true(matches("user/$id", "user/a\nb"));
    assert_false(matches("user/$id", "user/"));
    assert_false(matches("user/$id", "user/a/b"));
    assert_true(matches("$a/$b", "x/y"));
    assert_false(matches("$a/$b", "x/y/z"));
    assert_true(matches("$user_id", "bo_id"));
    assert_false(matches("$user_id", "bo"));
}

static void a_dot_matches_one_unit(void **unused)
{
    (void)unused;
    assert_true(matches("a.b", "a.b"));
    assert_true(matches("a.b", "axb"));
    assert_true(matches("a.b", "a/b"));
    assert_false(matches("a.b", "ab"));
    assert_false(matches("a.b", "a\nb"));
    assert_true(matches("posts/.*", "posts/x"));
    assert_false(matches("posts/.*", "posts/"));
    assert_false(matches(".", "😀"));
    assert_true(matches("..", "😀"));
    assert_false(matches("...", "😀"));
    assert_true(matches("a..b", "a😀b"));
}

static void names_are_matched_as_a_whole(void **unused)
{
    (void)unused;
    assert_false(matches("a", "ab"));
    assert_false(matches("a", "ba"));
    assert_false(matches("a", "a\n"));
    assert_true(matches("a$", "a"));
    assert_false(matches("a$", "a\n"));
    assert_true(matches("^a$", "a"));
    assert_false(matches("a^b", "ab"));
}

static void alternatives_are_grouped(void **unused)
{
    (void)unused;
    assert_true(matches("a|b", "a"));
    assert_true(matches("a|b", "b"));
    assert_false(matches("a|b", "ax"));
    assert_false(matches("a|b", "xb"));
    assert_capture("(x|y)/$id", "y/7", 0, "7");
}

static void regex_characters_mean_what_they_mean_in_javascript(void **unused)
{
    (void)unused;
    assert_true(matches("a+", "aaa"));
    assert_true(matches("ab?c", "ac"));
    assert_true(matches("[^/]+/x", "abc/x"));
    assert_true(matches("a{2,3}", "aaa"));
    assert_false(matches("a{2,3}", "aaaa"));
    assert_true(matches("\\d\\w", "1_"));
    assert_true(matches("a\\.b", "a.b"));
    assert_false(matches("a\\.b", "axb"));
    assert_true(matches("\\bfoo\\b.bar", "foo-bar"));
    assert_false(matches("foo\\bbar", "foobar"));
    assert_true(matches("a{,2}", "a{,2}"));
    assert_true(matches("]x}", "]x}"));
    assert_true(matches("x{a}", "x{a}"));
    assert_true(matches("[.*]", "*"));
    assert_true(matches("(?:a|b)c", "bc"));
    assert_true(matches("(?<n>a)c", "ac"));
    assert_true(matches("é+", "éé"));
    assert_true(matches("\\u0041", "A"));
}

static void what_is_no_path_is_refused_where_it_is_wrong(void **unused)
{
    (void)unused;
    assert_error("", 0, 0, "path can't be empty");
    assert_error("/a", 0, 1, "path can't start with /");
    assert_error("a/$-b", 2, 2, "invalid variable name $-");
    assert_error("a/$/b", 2, 2, "invalid variable name $/");
    assert_error("$é", 0, 3, "invalid variable name $é");
    assert_error("a(b", 3, 1, "unterminated group");
    assert_error("[", 0, 1, "unterminated character class");
    assert_error("+", 0, 1, "nothing to repeat");
    assert_error("*/$x+)", 5, 1, "unmatched ')'");
    assert_error("*+", 1, 1, "nothing to repeat");
    assert_error("a{3,1}", 1, 1, "numbers out of order in {} quantifier");
}

static void what_an_automaton_cannot_do_is_refused_with_the_reason(void **unused)
{
    (void)unused;
    assert_error("a(?=b)*", 1, 5, "look-around is not available in paths");
    assert_error("(?<!b)a", 0, 6, "look-around is not available in paths");
    assert_error("(a)\\1", 3, 2, "back references are not available in paths");
    assert_error("$a/\\1", 3, 2, "back references are not available in paths");
    assert_error("x[$a]", 2, 2, "a variable can't stand inside [ ] or after \\");
    assert_error("\\$a", 1, 2, "a variable can't stand inside [ ] or after \\");
    assert_error("((a{99}){99}){99}", 0, 17, "too many repetitions for a path");
}

static void a_path_has_at_most_32_variables(void **unused)
{
    char path[33 * 3 + 1];
    (void)unused;
    for (int i = 0; i < 33; i++)
        memcpy(path + 3 * i, "$x/", 4);
    assert_error(path, 96, 2, "more than 32 variables in a path");
    path[32 * 3] = '\0';
    assert_int_equal(pattern_variable_count(parse(path)), 32);
}

static void a_very_long_path_is_refused(void **unused)
{
    static char path[8194];
    (void)unused;
    memset(path, 'a', 8193);
    assert_error(path, 8192, 1, "path longer than 8192 bytes");
}

static void variables_are_known_by_position(void **unused)
{
    const struct pattern *pattern = parse("$a/$b1/(x)/$a");
    (void)unused;
    assert_int_equal(pattern_variable_count(pattern), 3);
    assert_true(slice_equal(pattern_variable_name(pattern, 0), SLICE("a")));
    assert_true(slice_equal(pattern_variable_name(pattern, 1), SLICE("b1")));
    assert_true(slice_equal(pattern_variable_name(pattern, 2), SLICE("a")));
    assert_capture("$a/$b1/(x)/$a", "1/2/x/3", 0, "1");
    assert_capture("$a/$b1/(x)/$a", "1/2/x/3", 1, "2");
    assert_capture("$a/$b1/(x)/$a", "1/2/x/3", 2, "3");
}

static void earlier_parts_take_as_much_as_they_can(void **unused)
{
    (void)unused;
    assert_capture("$a$b", "abcd", 0, "abc");
    assert_capture("$a$b", "abcd", 1, "d");
    assert_capture("$a-$b", "x-y-z", 0, "x-y");
    assert_capture("$a-$b", "x--", 0, "x");
    assert_capture("$a-$b-$c", "1-2-3-4", 1, "3");
    assert_capture("*/$b", "x/y/z", 0, "z");
    assert_capture("*$b", "xyz", 0, "z");
    assert_capture("$a*", "xy/z", 0, "xy");
    assert_capture("*-$a.$b", "p-q-r.s.t", 0, "r.s");
    assert_capture("(?:$a|b)*", "xb", 0, "xb");
    assert_capture("*?/$b", "x/y", 0, "y");
}

static void a_variable_that_takes_no_part_has_no_text(void **unused)
{
    slice captures[PATTERN_MAX_VARIABLES];
    (void)unused;
    assert_true(pattern_capture(parse("a/$x|b/$y"), SLICE("b/1"), &arena, captures));
    assert_null(captures[0].at);
    assert_true(slice_equal(captures[1], SLICE("1")));
}

static void captures_never_cut_a_character(void **unused)
{
    (void)unused;
    assert_true(matches("$a$b", "😀"));
    assert_capture("$a$b", "😀", 0, "😀");
    assert_capture("$a$b", "😀", 1, "😀");
    assert_capture("$a$b", "é😀", 0, "é😀");
}

static void capturing_fails_on_names_that_do_not_match(void **unused)
{
    static const char *const paths[] = {"a/$x", "$x/a", "$x-$y", "*/$x", "$x$y", "a*$x", "[a]$x"};
    slice captures[PATTERN_MAX_VARIABLES];
    (void)unused;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_false(pattern_capture(parse(paths[i]), SLICE("b/"), &arena, captures));
        assert_false(pattern_capture(parse(paths[i]), SLICE(""), &arena, captures));
    }
}

static void assert_remarks(const char *path, uint32_t count, const char *first)
{
    const struct pattern *pattern = parse(path);
    struct pattern_remark remark;
    uint32_t found = 0;
    while (pattern_remark(pattern, found, &remark)) {
        if (found++ == 0)
            assert_memory_equal(path + remark.offset, first, remark.length);
    }
    assert_int_equal(found, count);
}

static void remarks_name_the_regex_characters(void **unused)
{
    (void)unused;
    assert_remarks("chat/$room/*", 0, "");
    assert_remarks("a.b.c", 2, ".");
    assert_remarks("a/[a-z]+", 2, "[a-z]");
    assert_remarks("x{2,3}", 1, "{2,3}");
    assert_remarks("x{a}", 0, "");
    assert_remarks("\\d/$x", 1, "\\d");
    assert_remarks("a(b|c)?", 4, "(");
    assert_remarks("a$", 1, "$");
    assert_remarks("]}", 0, "");
}

static void lengths_count_utf16_units(void **unused)
{
    (void)unused;
    assert_int_equal(pattern_utf16_length(parse("aé€😀")), 5);
}

static bool covers(const char *wide, const char *narrow)
{
    return pattern_covers(parse(wide), parse(narrow));
}

static void a_pattern_covers_what_it_can_be_proven_to(void **unused)
{
    (void)unused;
    assert_true(covers("*", "a/b"));
    assert_true(covers("*", "a/*"));
    assert_true(covers("a/*", "a/b/*"));
    assert_true(covers("a/$x", "a/bob"));
    assert_true(covers("$a/$b", "$x/c"));
    assert_true(covers("$x", "$a$b"));
    assert_true(covers("*", "[a-z]+(/[0-9]{2})?"));
    assert_true(covers("a|b|c", "a|c"));
    assert_true(covers("a.c", "abc"));
    assert_true(covers("^a*", "ab$"));
    assert_false(covers("a/$x", "a/*"));
    assert_false(covers("*", "$x")); /* a variable may hold line breaks */
    assert_false(covers("a/b", "a/$x"));
    assert_false(covers("$a$b", "$x"));
    assert_false(covers("a/b/*", "a/*"));
    assert_false(covers("b*", "a*"));
}

static void a_proof_that_needs_too_much_is_no_proof(void **unused)
{
    (void)unused;
    assert_false(covers("*a................*", "*a[ab]{200}a*b*a*b*a*b*a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_star_matches_any_run_on_one_line, begin, end),
        cmocka_unit_test_setup_teardown(a_variable_matches_one_segment, begin, end),
        cmocka_unit_test_setup_teardown(a_dot_matches_one_unit, begin, end),
        cmocka_unit_test_setup_teardown(names_are_matched_as_a_whole, begin, end),
        cmocka_unit_test_setup_teardown(alternatives_are_grouped, begin, end),
        cmocka_unit_test_setup_teardown(regex_characters_mean_what_they_mean_in_javascript, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_no_path_is_refused_where_it_is_wrong, begin, end),
        cmocka_unit_test_setup_teardown(what_an_automaton_cannot_do_is_refused_with_the_reason,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_path_has_at_most_32_variables, begin, end),
        cmocka_unit_test_setup_teardown(a_very_long_path_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(variables_are_known_by_position, begin, end),
        cmocka_unit_test_setup_teardown(earlier_parts_take_as_much_as_they_can, begin, end),
        cmocka_unit_test_setup_teardown(a_variable_that_takes_no_part_has_no_text, begin, end),
        cmocka_unit_test_setup_teardown(captures_never_cut_a_character, begin, end),
        cmocka_unit_test_setup_teardown(capturing_fails_on_names_that_do_not_match, begin, end),
        cmocka_unit_test_setup_teardown(remarks_name_the_regex_characters, begin, end),
        cmocka_unit_test_setup_teardown(lengths_count_utf16_units, begin, end),
        cmocka_unit_test_setup_teardown(a_pattern_covers_what_it_can_be_proven_to, begin, end),
        cmocka_unit_test_setup_teardown(a_proof_that_needs_too_much_is_no_proof, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
