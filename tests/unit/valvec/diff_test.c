/* Unified diffs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "diff.h"

static void expect_diff(const char *before, const char *after, const char *expected)
{
    struct buf out = BUF_EMPTY;
    diff_unified(SLICE("f"), slice_of(before), slice_of(after), &out);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.at, expected);
    buf_fini(&out);
}

static void equal_texts_have_no_diff(void **state)
{
    (void)state;
    expect_diff("a\nb\n", "a\nb\n", "");
    expect_diff("", "", "");
}

static void a_changed_line_stands_between_three_lines_of_context(void **state)
{
    (void)state;
    expect_diff("1\n2\n3\n4\nx\n6\n7\n8\n9\n", "1\n2\n3\n4\ny\n6\n7\n8\n9\n",
                "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-x\n+y\n 6\n 7\n 8\n");
}

static void far_changes_have_hunks_of_their_own(void **state)
{
    (void)state;
    expect_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
                "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
                "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

static void near_changes_share_a_hunk(void **state)
{
    (void)state;
    expect_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
                "--- f\n+++ f\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}

static void lines_may_come_and_go(void **state)
{
    (void)state;
    expect_diff("", "a\n", "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n");
    expect_diff("a\n", "", "--- f\n+++ f\n@@ -1,1 +0,0 @@\n-a\n");
    expect_diff("a\nc\n", "a\nb\nc\n", "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n+b\n c\n");
}

static void a_missing_last_line_feed_is_told(void **state)
{
    (void)state;
    expect_diff("a", "a\n",
                "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_have_no_diff),
        cmocka_unit_test(a_changed_line_stands_between_three_lines_of_context),
        cmocka_unit_test(far_changes_have_hunks_of_their_own),
        cmocka_unit_test(near_changes_share_a_hunk),
        cmocka_unit_test(lines_may_come_and_go),
        cmocka_unit_test(a_missing_last_line_feed_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
