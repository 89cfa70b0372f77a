#include "regex_support.h"

static void assert_culprit(const char *pattern, const char *culprit)
{
    size_t offset, length;
    if (!regex_is_catastrophic(slice_of(pattern), SLICE(""), &offset, &length))
        fail_msg("nothing found in %s", pattern);
    assert_int_equal(length, strlen(culprit));
    assert_memory_equal(pattern + offset, culprit, length);
}

static void exponential_ambiguity_is_found(void **state)
{
    (void)state;
    assert_culprit("(a+)+$", "(a+)+");
    assert_culprit("x(a*)*y", "(a*)*");
    assert_culprit("^(a|a)*$", "(a|a)*");
    assert_culprit("(a|ab|b)*c", "(a|ab|b)*");
    assert_culprit("^(\\w+\\s?)+$", "(\\w+\\s?)+");
    assert_culprit("(x+x+)+y", "(x+x+)+");
    assert_culprit("(a?b?)*c", "(a?b?)*");
    assert_culprit("(.*,)*x", "(.*,)*");
    assert_culprit("(a{1,50})*b", "(a{1,50})*");
    assert_culprit("(?=(a+)+b)c", "(a+)+");
    assert_culprit("^(([a-z])+.)+[A-Z]([a-z])+$", "(([a-z])+.)+");
}

static void polynomial_ambiguity_is_found_where_something_can_fail_after_it(void **state)
{
    (void)state;
    assert_culprit("\\s*\\s*$", "\\s*\\s*");
    assert_culprit(".*.*x", ".*.*");
    assert_culprit("^\\d+\\.?\\d*$", "\\d+\\.?\\d*");
    assert_culprit("= *( *)x", " *( *)");
}

static void harmless_patterns_are_left_alone(void **state)
{
    static const char *const patterns[] = {
        "(\\d+,)+",
        "[a-z]+@[a-z]+\\.com",
        "^[\\w.]+@[\\w.]+$",
        "^\\d{1,3}(\\.\\d{1,3}){3}$",
        "^(?:[a-z]+-)*[a-z]+$",
        "^([a-z]+\\.)+com$",
        "(foo|bar)*",
        "(a|ab)*",
        "^(\\w+\\s)*\\w+$",
        ".*foo.*bar",
        "^https?://[^/]+/.*$",
        "a*a*",
        "\"(?:[^\"\\\\]|\\\\.)*\"",
        "\\s+$",
        "",
        "(",
    };
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        size_t offset, length;
        if (regex_is_catastrophic(slice_of(patterns[i]), SLICE(""), &offset, &length))
            fail_msg("found %.*s in %s", (int)length, patterns[i] + offset, patterns[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_ambiguity_is_found),
        cmocka_unit_test(polynomial_ambiguity_is_found_where_something_can_fail_after_it),
        cmocka_unit_test(harmless_patterns_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
