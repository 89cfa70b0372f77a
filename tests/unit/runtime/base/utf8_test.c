#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void every_code_point_survives_encoding(void **unused)
{
    (void)unused;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        size_t length = utf8_encode(c, bytes), position = 0;
        bool is_surrogate = c >= 0xD800 && c < 0xE000;
        slice text = {bytes, length};
        if (utf8_next(text, &position) != c || position != length || utf8_count(text) != 1 ||
            !utf8_valid(text, true) || utf8_valid(text, false) == is_surrogate)
            fail_msg("U+%04X", c);
    }
}

static void malformed_bytes_give_a_replacement_and_move_by_one(void **unused)
{
    static const slice cases[] = {
        SLICE("\x80"),             /* tail without lead */
        SLICE("\xC3"),             /* cut off */
        SLICE("\xE2\x82"),         /* cut off */
        SLICE("\xF0\x9F\x98"),     /* cut off */
        SLICE("\xC0\x80"),         /* overlong */
        SLICE("\xC1\xBF"),         /* overlong */
        SLICE("\xE0\x9F\xBF"),     /* overlong */
        SLICE("\xF0\x8F\xBF\xBF"), /* overlong */
        SLICE("\xF4\x90\x80\x80"), /* above U+10FFFF */
        SLICE("\xF5\x80\x80\x80"),
        SLICE("\xFF"),
        SLICE("\xC3\x41"),
        SLICE("\xE2\x82\x41"),
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t position = 0;
        assert_int_equal(utf8_next(cases[i], &position), 0xFFFD);
        assert_int_equal(position, 1);
        assert_false(utf8_valid(cases[i], false));
        assert_false(utf8_valid(cases[i], true));
    }
}

static void a_pair_spelt_as_two_surrogates_is_not_well_formed(void **unused)
{
    (void)unused;
    assert_false(utf8_valid(SLICE("\xED\xA0\xBD\xED\xB8\x80"), true));
    assert_true(utf8_valid(SLICE("\xED\xB8\x80\xED\xA0\xBD"), true));
    assert_true(utf8_valid(SLICE("\xED\xA0\xBDx\xED\xB8\x80"), true));
}

static void characters_are_counted(void **unused)
{
    (void)unused;
    assert_int_equal(utf8_count(SLICE("")), 0);
    assert_int_equal(utf8_count(SLICE("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_survives_encoding),
        cmocka_unit_test(malformed_bytes_give_a_replacement_and_move_by_one),
        cmocka_unit_test(a_pair_spelt_as_two_surrogates_is_not_well_formed),
        cmocka_unit_test(characters_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
