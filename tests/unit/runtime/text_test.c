#include "value_support.h"

#include "base/utf8.h"
#include "text.h"

#include <string.h>

#define PAIR "\xF0\x9F\x98\x80" /* U+1F600: D83D DE00 */
#define HIGH "\xED\xA0\xBD"     /* D83D alone */
#define LOW "\xED\xB8\x80"      /* DE00 alone */

static valve_value text(const char *bytes)
{
    return value_text(slice_of(bytes));
}

static void length_is_in_utf16_units(void **unused)
{
    (void)unused;
    assert_int_equal(text_length(text("")), 0);
    assert_int_equal(text_length(text("abc")), 3);
    assert_int_equal(text_length(text("\xC3\xA9\xE2\x82\xAC" PAIR)), 4);
    assert_int_equal(text_length(text(HIGH LOW)), 2);
    assert_int_equal(text_length(text("1234567" PAIR "1234" PAIR PAIR "\xC3\xA9")), 18);
}

static void a_unit_may_be_half_of_a_pair(void **unused)
{
    static const char *const units[] = {"a", "\xC3\xA9", HIGH, LOW, "\xE2\x82\xAC", LOW, "z"};
    (void)unused;
    valve_value whole = text("a\xC3\xA9" PAIR "\xE2\x82\xAC" LOW "z"), unit;
    for (uint32_t i = 0; i < COUNT(units); i++) {
        assert_true(text_unit_at(&run, whole, i, &unit));
        assert_true(slice_equal(value_slice(unit), slice_of(units[i])));
    }
    assert_true(text_unit_at(&run, whole, COUNT(units), &unit));
    assert_int_equal(unit.type, VALUE_UNDEFINED);
}

/* Ascending as JavaScript sorts them: the pair's first unit D83D is below E000 and FFFF. */
static void order_is_that_of_utf16_units(void **unused)
{
    static const char *const ascending[] = {
        "",
        "A",
        "B",
        "a",
        "aa",
        "ab",
        "\xC3\xA9",
        HIGH,
        HIGH "a",
        PAIR,
        PAIR "a",
        "\xF0\x9F\x98\x81",
        HIGH "\xEE\x80\x80",
        "\xED\xA1\x80",
        LOW,
        "\xEE\x80\x80",
        "\xEF\xBF\xBF",
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(ascending); i++) {
        for (size_t k = 0; k < COUNT(ascending); k++) {
            int order = text_compare(text(ascending[i]), text(ascending[k]));
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
}

static double find(const char *where, const char *what, uint32_t from)
{
    double index;
    assert_true(text_index_of(&run, text(where), text(what), from, &index));
    return index;
}

static void search_is_in_units_and_may_split_pairs(void **unused)
{
    (void)unused;
    assert_true(find("hello", "l", 0) == 2);
    assert_true(find("hello", "l", 3) == 3);
    assert_true(find("hello", "l", 4) == -1);
    assert_true(find("hello", "", 3) == 3);
    assert_true(find("hello", "", 99) == 5);
    assert_true(find("", "a", 0) == -1);
    assert_true(find(PAIR "a" PAIR, "a", 0) == 2);
    assert_true(find(PAIR PAIR, PAIR, 1) == 2);
    assert_true(find(PAIR PAIR, PAIR, 3) == -1);
    assert_true(find(PAIR PAIR, LOW, 0) == 1);
    assert_true(find(PAIR PAIR, LOW, 2) == 3);
    assert_true(find(PAIR PAIR, HIGH, 1) == 2);
    assert_true(find("x" PAIR, "x" HIGH, 0) == 0);
    assert_true(find(PAIR "x" PAIR, LOW "x" HIGH, 0) == 1);
    assert_true(find(PAIR "x", LOW "y", 0) == -1);
}

/* Short texts are searched another way than long ones. */
static void what_is_found_does_not_depend_on_the_length_of_the_text(void **unused)
{
    enum { LONG = 64, TEXT = 7, NEEDLE = 4 };
    (void)unused;
    for (uint32_t bits = 0; bits < 1u << TEXT; bits++)
        for (uint32_t wanted = 0; wanted < 1u << NEEDLE; wanted++)
            for (uint32_t length = 1; length <= NEEDLE; length++) {
                char where[LONG], what[NEEDLE];
                double in_short, in_long;
                memset(where, '#', sizeof where);
                for (uint32_t i = 0; i < TEXT; i++)
                    where[i] = "ab"[bits >> i & 1];
                for (uint32_t i = 0; i < length; i++)
                    what[i] = "ab"[wanted >> i & 1];
                valve_value needle = value_ascii((slice){what, length});
                assert_true(
                    text_index_of(&run, value_ascii((slice){where, TEXT}), needle, 0, &in_short));
                assert_true(
                    text_index_of(&run, value_ascii((slice){where, LONG}), needle, 0, &in_long));
                assert_true(in_short == in_long);
                begin_evaluation();
            }
}

static void a_position_may_be_within_a_pair(void **unused)
{
    (void)unused;
    valve_value whole = text(PAIR "b");
    assert_true(text_has_at(whole, text(PAIR), 0));
    assert_true(text_has_at(whole, text(HIGH), 0));
    assert_true(text_has_at(whole, text(LOW "b"), 1));
    assert_true(text_has_at(whole, text(""), 1));
    assert_false(text_has_at(whole, text(PAIR), 1));
    assert_true(text_has_at(whole, text("b"), 2));
    assert_false(text_has_at(whole, text("b"), 3));
    assert_true(text_has_at(whole, text(""), 3));
}

/* A needle that splits pairs takes a path of its own, which must stay linear. */
static void searching_for_half_a_pair_takes_linear_time(void **unused)
{
    enum { BYTES = 400000 };
    (void)unused;
    char *where = malloc(BYTES), *what = malloc(BYTES / 2 + 3);
    memset(where, 'a', BYTES);
    memcpy(what, LOW, 3);
    memset(what + 3, 'a', BYTES / 2);
    double index;
    assert_true(text_index_of(&run, value_text((slice){where, BYTES}),
                              value_text((slice){what, BYTES / 2 + 3}), 0, &index));
    assert_true(index == -1);
    free(where);
    free(what);
}

static void searching_costs_steps_by_length(void **unused)
{
    static char where[160];
    (void)unused;
    memset(where, 'a', sizeof where);
    double index;
    run.steps = 0;
    assert_true(
        text_index_of(&run, value_text((slice){where, sizeof where}), text("b"), 0, &index));
    assert_int_equal(run.steps, 10);
}

static void units_and_texts_convert_both_ways(void **unused)
{
    static const char *const cases[] = {"", "abc", "\xC3\xA9" PAIR "x", HIGH "x" LOW, LOW HIGH};
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint16_t units[8];
        size_t count = text_to_units(slice_of(cases[i]), NULL);
        assert_int_equal(text_to_units(slice_of(cases[i]), units), count);
        valve_value back;
        assert_true(text_from_units(&run, units, count, &back));
        assert_true(slice_equal(value_slice(back), slice_of(cases[i])));
    }
    const uint16_t pair[] = {0xD83D, 0xDE00};
    valve_value joined;
    assert_true(text_from_units(&run, pair, 2, &joined));
    assert_true(slice_equal(value_slice(joined), SLICE(PAIR)));
}

static void trim_strips_javascripts_white_space_only(void **unused)
{
    static const uint32_t others[] = {0, 8, 0xE, 0x1F, 0x7F, 0x85, 0x180E, 0x200B, 0x2060};
    static const uint32_t spaces[] = {9,      0xA,    0xB,    0xC,    0xD,    0x20,
                                      0xA0,   0x1680, 0x2000, 0x200A, 0x2028, 0x2029,
                                      0x202F, 0x205F, 0x3000, 0xFEFF};
    (void)unused;
    for (size_t i = 0; i < COUNT(spaces) + COUNT(others); i++) {
        bool is_space = i < COUNT(spaces);
        char bytes[16];
        size_t length = utf8_encode(is_space ? spaces[i] : others[i - COUNT(spaces)], bytes);
        bytes[length] = 'x';
        memcpy(bytes + length + 1, bytes, length);
        valve_value trimmed = text_trim(value_text((slice){bytes, 2 * length + 1}));
        assert_int_equal(trimmed.length, is_space ? 1 : 2 * length + 1);
    }
    assert_int_equal(text_trim(text(" \t\xE2\x80\xA8 ")).length, 0);
    assert_int_equal(text_trim(text("")).length, 0);
}

static void a_null_slice_is_an_empty_text(void **unused)
{
    (void)unused;
    valve_value empty = value_text((slice){NULL, 0}), mapped;
    assert_int_equal(text_length(text_trim(empty)), 0);
    assert_int_equal(text_compare(empty, text("")), 0);
    assert_true(text_has_at(empty, empty, 0));
    assert_true(text_to_upper(&run, empty, &mapped) && mapped.length == 0);
    assert_true(text_to_number((slice){NULL, 0}) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_is_in_utf16_units),
        cmocka_unit_test(a_unit_may_be_half_of_a_pair),
        cmocka_unit_test(order_is_that_of_utf16_units),
        cmocka_unit_test(search_is_in_units_and_may_split_pairs),
        cmocka_unit_test(what_is_found_does_not_depend_on_the_length_of_the_text),
        cmocka_unit_test(a_position_may_be_within_a_pair),
        cmocka_unit_test(searching_for_half_a_pair_takes_linear_time),
        cmocka_unit_test(searching_costs_steps_by_length),
        cmocka_unit_test(units_and_texts_convert_both_ways),
        cmocka_unit_test(a_null_slice_is_an_empty_text),
        cmocka_unit_test(trim_strips_javascripts_white_space_only),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
