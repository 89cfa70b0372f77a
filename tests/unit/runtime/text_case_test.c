#include "value_support.h"

#include "text.h"

#include <string.h>

#define SURROGATE "\xED\xA0\xBD"

struct mapping {
    const char *text, *mapped;
};

typedef bool map_case(struct evaluation *evaluation, valve_value text, valve_value *mapped);

static void assert_mapped(map_case *map, const struct mapping *mappings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        valve_value mapped;
        assert_true(map(&run, value_text(slice_of(mappings[i].text)), &mapped));
        if (!slice_equal(value_slice(mapped), slice_of(mappings[i].mapped)))
            fail_msg("%s became %.*s", mappings[i].text, (int)mapped.length, mapped.as.text);
    }
}

static void upper_case_uses_full_mappings(void **unused)
{
    static const struct mapping mappings[] = {
        {"", ""},
        {"abc-XYZ{z`", "ABC-XYZ{Z`"},
        {"stra\u00DFe", "STRASSE"},
        {"\uFB01x", "FIX"},
        {"\u0149", "\u02BCN"},
        {"\u0390", "\u0399\u0308\u0301"},
        {"\u03C2\u03C3", "\u03A3\u03A3"},
        {"i\u0131", "II"},
        {"\U00010428", "\U00010400"},
        {"a" SURROGATE "\u00E9", "A" SURROGATE "\u00C9"},
    };
    (void)unused;
    assert_mapped(text_to_upper, mappings, COUNT(mappings));
}

static void lower_case_uses_full_mappings(void **unused)
{
    static const struct mapping mappings[] = {
        {"ABC-xyz[Z@", "abc-xyz[z@"},
        {"\u0130", "i\u0307"},
        {"\u1E9E", "\u00DF"},
        {"\U00010400", "\U00010428"},
        {SURROGATE "\u00C9" SURROGATE, SURROGATE "\u00E9" SURROGATE},
    };
    (void)unused;
    assert_mapped(text_to_lower, mappings, COUNT(mappings));
}

static void a_capital_sigma_at_the_end_of_a_word_becomes_final(void **unused)
{
    static const struct mapping mappings[] = {
        {"\u03A3", "\u03C3"},
        {"A\u03A3", "a\u03C2"},
        {"A\u03A3B", "a\u03C3b"},
        {"A\u03A3 B", "a\u03C2 b"},
        {"A\u03A3'B", "a\u03C3'b"},
        {"A'\u03A3", "a'\u03C2"},
        {"A\u03A3.", "a\u03C2."},
        {"A\u03A3\u0301", "a\u03C2\u0301"},
        {"1\u03A3", "1\u03C3"},
        {"\u03A3\u03A3", "\u03C3\u03C2"},
        {"A" SURROGATE "\u03A3", "a" SURROGATE "\u03C3"},
        {"A\u03A3" SURROGATE "B", "a\u03C2" SURROGATE "b"},
        {"\u02B0\u03A3", "\u02B0\u03C3"},
    };
    (void)unused;
    assert_mapped(text_to_lower, mappings, COUNT(mappings));
}

static void what_does_not_change_is_not_copied(void **unused)
{
    (void)unused;
    valve_value lower = value_text(SLICE("already lower 1")), mapped;
    assert_true(text_to_lower(&run, lower, &mapped));
    assert_ptr_equal(mapped.as.text, lower.as.text);
    assert_int_equal(mapped.flags, VALUE_ASCII);
}

static void each_ascii_byte_changes_or_stays_at_each_place(void **unused)
{
    enum { LONGEST = 20 };
    (void)unused;
    for (uint32_t length = 1; length <= LONGEST; length++)
        for (uint32_t place = 0; place < length; place++)
            for (int byte = 0; byte < 0x80; byte++) {
                char bytes[LONGEST];
                valve_value text = value_ascii((slice){bytes, length}), upper, lower;
                memset(bytes, '#', sizeof bytes);
                bytes[place] = (char)byte;
                assert_true(text_to_upper(&run, text, &upper));
                assert_true(text_to_lower(&run, text, &lower));
                for (uint32_t i = 0; i < length; i++) {
                    bool is_lower = bytes[i] >= 'a' && bytes[i] <= 'z';
                    bool is_upper = bytes[i] >= 'A' && bytes[i] <= 'Z';
                    assert_int_equal(upper.as.text[i], bytes[i] - (is_lower ? 32 : 0));
                    assert_int_equal(lower.as.text[i], bytes[i] + (is_upper ? 32 : 0));
                }
                assert_int_equal(upper.length, length);
                assert_int_equal(lower.length, length);
            }
    begin_evaluation();
}

static void a_text_may_not_grow_past_the_limit(void **unused)
{
    (void)unused;
    begin_evaluation();
    limits.max_text_bytes = 4;
    valve_value mapped;
    assert_true(text_to_upper(&run, value_text(SLICE("\u00DF\u00DF")), &mapped));
    assert_false(text_to_upper(&run, value_text(SLICE("\u0390")), &mapped));
    assert_string_equal(shown(false, mapped), "RangeError: Invalid string length");
    begin_evaluation();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upper_case_uses_full_mappings),
        cmocka_unit_test(lower_case_uses_full_mappings),
        cmocka_unit_test(a_capital_sigma_at_the_end_of_a_word_becomes_final),
        cmocka_unit_test(what_does_not_change_is_not_copied),
        cmocka_unit_test(each_ascii_byte_changes_or_stays_at_each_place),
        cmocka_unit_test(a_text_may_not_grow_past_the_limit),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
