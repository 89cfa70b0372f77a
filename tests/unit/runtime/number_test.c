#include "value_support.h"

#include "text.h"
#include "base/numeral.h"

#include <float.h>
#include <locale.h>
#include <string.h>

static const char *text_of(double number)
{
    static char text[NUMBER_TEXT_BYTES + 1];
    text[number_to_text(number, text)] = '\0';
    return text;
}

static void numbers_are_written_as_javascript_writes_them(void **unused)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-1, "-1"},
        {12.5, "12.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e20, "100000000000000000000"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e+21"},
        {-1.5e21, "-1.5e+21"},
        {1e-6, "0.000001"},
        {1.25e-6, "0.00000125"},
        {1e-7, "1e-7"},
        {1.5e-7, "1.5e-7"},
        {5e-324, "5e-324"},
        {-5e-324, "-5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740991.0, "9007199254740991"},
        {9007199254740992.0, "9007199254740992"},
        {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44: not the nearest 16 digits */
        {9.5367431640625e-7, "9.5367431640625e-7"},
        {1.0 / 3, "0.3333333333333333"},
        {100000.5, "100000.5"},
        {4294967295.0, "4294967295"},
        {NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(text_of(cases[i].number), cases[i].text);
}

static bool reads_back(double number)
{
    return text_to_number(slice_of(text_of(number))) == number;
}

static void every_power_of_two_and_its_neighbours_read_back(void **unused)
{
    (void)unused;
    for (int exponent = -1074; exponent < 1024; exponent++) {
        double power = ldexp(1, exponent);
        assert_true(reads_back(power));
        assert_true(reads_back(nextafter(power, 0)));
        assert_true(exponent == 1023 || reads_back(nextafter(power, INFINITY)));
    }
}

static void random_numbers_read_back(void **unused)
{
    (void)unused;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double number;
        memcpy(&number, &bits, sizeof number);
        if (isfinite(number) && !reads_back(number))
            fail_msg("%.17g is written as %s", number, text_of(number));
    }
}

static void texts_become_numbers_as_in_javascript(void **unused)
{
    static const struct {
        const char *text;
        double number;
    } cases[] = {
        {"", 0},
        {" \t\r\n\v\f", 0},
        {"\xC2\xA0\xEF\xBB\xBF\xE3\x80\x80 7 \xE2\x80\xA8", 7},
        {"\xE2\x80\x8B"
         "1",
         NAN},
        {"12", 12},
        {"-12", -12},
        {"+12", 12},
        {".5", 0.5},
        {"5.", 5},
        {"-.5e1", -5},
        {"1e3", 1000},
        {"1E-3", 0.001},
        {"00012", 12},
        {"12px", NAN},
        {"1_000", NAN},
        {"1,5", NAN},
        {"--1", NAN},
        {"1e", NAN},
        {"1e+", NAN},
        {".", NAN},
        {"+", NAN},
        {"e5", NAN},
        {".e5", NAN},
        {"1.2.3", NAN},
        {"1 2", NAN},
        {"0x1F", 31},
        {"0Xff", 255},
        {"0b101", 5},
        {"0O17", 15},
        {"0x", NAN},
        {"0xg", NAN},
        {"0b2", NAN},
        {"0o8", NAN},
        {"-0x1", NAN},
        {"+0b1", NAN},
        {"0x20000000000001", 9007199254740992.0}, /* a tie: to even */
        {"0x20000000000003", 9007199254740996.0},
        {"0x20000000000001000000000000000000001", 1.7422457186352053e+41},
        {"Infinity", INFINITY},
        {"+Infinity", INFINITY},
        {"-Infinity", -INFINITY},
        {"infinity", NAN},
        {"Infinityx", NAN},
        {"inf", NAN},
        {"nan", NAN},
        {"NaN", NAN},
        {"1e400", INFINITY},
        {"-1e400", -INFINITY},
        {"1e-400", 0},
        {"0e999999999999999999999", 0},
        {"1e99999999999999999999999", INFINITY},
        {"1e-99999999999999999999999", 0},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.0000000001", 9007199254740994.0},
        {"2.4703282292062327e-324", 0},
        {"2.4703282292062328e-324", 5e-324},
        {"1.7976931348623158e308", DBL_MAX},
        {"1.7976931348623159e308", INFINITY},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        double number = text_to_number(slice_of(cases[i].text)), wanted = cases[i].number;
        if (!(number == wanted || (isnan(number) && isnan(wanted))))
            fail_msg("'%s' is %.17g", cases[i].text, number);
    }
}

static void minus_zero_keeps_its_sign(void **unused)
{
    (void)unused;
    assert_true(signbit(text_to_number(SLICE("-0"))));
    assert_true(signbit(text_to_number(SLICE("-1e-400"))));
    assert_false(signbit(text_to_number(SLICE("0"))));
    assert_false(signbit(text_to_number(SLICE("+0"))));
}

/* 2^53 + 1 lies half way between two doubles; whatever follows it, however late, decides. */
static void a_late_digit_decides_the_rounding(void **unused)
{
    static char digits[5000];
    (void)unused;
    size_t length = strlen("9007199254740993.");
    memset(digits, '0', sizeof digits);
    memcpy(digits, "9007199254740993.", length);
    assert_true(numeral_decimal((slice){digits, sizeof digits}) == 9007199254740992.0);
    digits[sizeof digits - 1] = '1';
    assert_true(numeral_decimal((slice){digits, sizeof digits}) == 9007199254740994.0);
}

static void long_runs_of_digits_keep_their_magnitude(void **unused)
{
    static char digits[1100];
    (void)unused;
    memset(digits, '0', sizeof digits);
    digits[0] = '1';
    assert_true(text_to_number((slice){digits, 301}) == 1e300);
    assert_true(isinf(text_to_number((slice){digits, sizeof digits})));
    memcpy(digits + sizeof digits - 5, "e-999", 5);
    assert_true(text_to_number((slice){digits, sizeof digits}) == 1e95);
}

static void a_locale_with_a_decimal_comma_changes_nothing(void **unused)
{
    (void)unused;
    assert_non_null(setlocale(LC_NUMERIC, "de_DE.UTF-8")); /* ctest's LOCPATH has it */
    assert_true(text_to_number(SLICE("0.12345678901234567")) == 0.12345678901234567);
    assert_string_equal(text_of(1.0 / 3), "0.3333333333333333");
    setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_javascript_writes_them),
        cmocka_unit_test(every_power_of_two_and_its_neighbours_read_back),
        cmocka_unit_test(random_numbers_read_back),
        cmocka_unit_test(texts_become_numbers_as_in_javascript),
        cmocka_unit_test(minus_zero_keeps_its_sign),
        cmocka_unit_test(a_late_digit_decides_the_rounding),
        cmocka_unit_test(long_runs_of_digits_keep_their_magnitude),
        cmocka_unit_test(a_locale_with_a_decimal_comma_changes_nothing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
