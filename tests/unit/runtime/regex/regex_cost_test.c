/* The bound of the work decides which subjects PCRE2 may have. */

#include "regex_support.h"

static void assert_degree(const char *pattern, uint32_t degree)
{
    struct regex *regex = regex_or_fail(pattern, "");
    if (regex->cost.degree != degree)
        fail_msg("%s: degree %u, not %u", pattern, regex->cost.degree, degree);
    regex_free(&regex);
}

static void the_degree_grows_with_loops_that_share_characters(void **state)
{
    (void)state;
    assert_degree("^abc", 0);
    assert_degree("abc", 1);
    assert_degree("^[a-z]+@[a-z]+\\.com$", 1);
    assert_degree("[a-z]+@", 2);
    assert_degree("^.*.*x", 2);
    assert_degree("^.*.*.*x", 3);
    assert_degree("^(?:\\d+,)+$", 2);
    assert_degree("^(?=.*a)(?=.*b)c", 1);
}

static void ambiguous_loops_have_no_bound(void **state)
{
    (void)state;
    assert_degree("^(?:a+)+$", REGEX_COST_UNBOUNDED);
    assert_degree("^(?:a|a)*$", REGEX_COST_UNBOUNDED);
    assert_degree("^(?:a|ab)*$", REGEX_COST_UNBOUNDED);
    assert_degree("^(?:a?){60}$", REGEX_COST_UNBOUNDED);
    assert_degree(
        "^a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?$",
        REGEX_COST_UNBOUNDED);
}

static void a_bound_is_compared_with_the_length_of_the_subject(void **state)
{
    struct regex_cost quadratic = {2, 2};
    (void)state;
    assert_true(regex_cost_within(quadratic, 999, 2e6));
    assert_false(regex_cost_within(quadratic, 1000, 2e6));
    assert_false(regex_cost_within((struct regex_cost){1, REGEX_COST_UNBOUNDED}, 0, 1e18));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_degree_grows_with_loops_that_share_characters),
        cmocka_unit_test(ambiguous_loops_have_no_bound),
        cmocka_unit_test(a_bound_is_compared_with_the_length_of_the_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
