/* Finding the comments of a YAML file, and the scalars they stand beside. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "comments.h"

#include "base/buf.h"

/* The comments of a text, each in brackets, those beside other text with a +. */
static void expect_comments(const char *text, const char *expected)
{
    struct comments comments = {0};
    struct buf shown = BUF_EMPTY;
    slice whole = slice_of(text);
    comments_find(&comments, whole);
    for (size_t i = 0; i < comments.list.count; i++) {
        const struct comment *comment = &comments.list.items[i];
        slice part = slice_part(whole, comment->start, comment->end);
        buf_printf(&shown, "%s[" SLICE_FORMAT "]", comment->alone ? "" : "+",
                   SLICE_ARGUMENTS(part));
    }
    buf_append_byte(&shown, '\0');
    assert_string_equal(shown.at, expected);
    buf_fini(&shown);
    comments_fini(&comments);
}

static void comments_stand_alone_or_beside_text(void **state)
{
    (void)state;
    expect_comments("# a\nk: v # b\n  # c\n", "[# a]+[# b][# c]");
    expect_comments("", "");
    expect_comments("# only", "[# only]");
    expect_comments("k: {a: 1, # x\n b: 2} # y\n# z\r\n", "+[# x]+[# y][# z]");
}

static void a_hash_inside_a_value_is_no_comment(void **state)
{
    (void)state;
    expect_comments("k: a#b\nl: 'a # b'\nm: \"a # b\"\nn: a\n", "");
    expect_comments("k: |\n  # text\n  more\n# after\n", "[# after]");
    expect_comments("k: >- # beside\n  # text\nl: 1\n", "+[# beside]");
}

static void characters_of_several_bytes_do_not_move_comments(void **state)
{
    (void)state;
    expect_comments("\xEF\xBB\xBF# a\nk: \"\xC3\xA9\xE2\x82\xAC\" # b\n", "[# a]+[# b]");
}

static void what_stands_before_a_fault_is_found(void **state)
{
    (void)state;
    expect_comments("# a\nk: \"open\n", "[# a]");
}

static void a_byte_leads_to_the_scalar_and_its_key(void **state)
{
    (void)state;
    struct comments comments = {0};
    slice text = SLICE("a:\n  b: |\n    one\n    two\n  c: x\n");
    comments_find(&comments, text);
    assert_int_equal(comments.scalars.count, 2);
    const struct keyed_scalar *block = comments_scalar_at(&comments, 20);
    assert_non_null(block);
    assert_int_equal(block->key_start, 5);
    assert_int_equal(block->start, 8);
    const struct keyed_scalar *plain = comments_scalar_at(&comments, 31);
    assert_non_null(plain);
    assert_int_equal(plain->key_start, 28);
    assert_null(comments_scalar_at(&comments, 0));
    comments_fini(&comments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_stand_alone_or_beside_text),
        cmocka_unit_test(a_hash_inside_a_value_is_no_comment),
        cmocka_unit_test(characters_of_several_bytes_do_not_move_comments),
        cmocka_unit_test(what_stands_before_a_fault_is_found),
        cmocka_unit_test(a_byte_leads_to_the_scalar_and_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
