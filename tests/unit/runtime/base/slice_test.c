#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MAX_LENGTH 40

/* Short texts are compared in words that overlap: one differing byte stands at every place. */
static void texts_are_equal_when_every_byte_is(void **unused)
{
    char a[MAX_LENGTH], b[MAX_LENGTH];
    (void)unused;
    memset(a, 'x', sizeof a);
    memset(b, 'x', sizeof b);
    for (size_t length = 0; length <= MAX_LENGTH; length++) {
        assert_true(slice_equal((slice){a, length}, (slice){b, length}));
        for (size_t i = 0; i < MAX_LENGTH; i++) {
            b[i] = 'y';
            assert_int_equal(slice_equal((slice){a, length}, (slice){b, length}), i >= length);
            b[i] = 'x';
        }
    }
    assert_false(slice_equal((slice){a, 3}, (slice){b, 4}));
    assert_true(slice_equal((slice){NULL, 0}, (slice){a, 0}));
}

static void a_short_text_is_a_word_of_its_bytes(void **unused)
{
    (void)unused;
    for (size_t length = 1; length <= 8; length++) {
        for (size_t i = 0; i < length; i++) {
            char text[8] = {0};
            text[i] = '\x80';
            assert_true((bytes_of_short(text, length) & 0x8080808080808080u) != 0);
        }
        assert_true(bytes_of_short("\x80\x80\x80\x80\x80\x80\x80\x80", length) ==
                    0x8080808080808080u);
    }
}

static void a_copy_ends_with_a_zero_byte_and_is_cleared_when_it_is_freed(void **unused)
{
    (void)unused;
    slice copy = slice_copy((slice){"ab\0cd", 5}), of_nothing = slice_copy((slice){NULL, 0});
    assert_memory_equal(copy.at, "ab\0cd", 6);
    assert_int_equal(copy.length, 5);
    assert_string_equal(of_nothing.at, "");
    slice_free(&copy);
    slice_free(&copy);
    slice_free(&of_nothing);
    assert_null(copy.at);
    assert_int_equal(copy.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_equal_when_every_byte_is),
        cmocka_unit_test(a_short_text_is_a_word_of_its_bytes),
        cmocka_unit_test(a_copy_ends_with_a_zero_byte_and_is_cleared_when_it_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
