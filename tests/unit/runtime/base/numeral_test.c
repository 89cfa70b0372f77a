/* Written numbers. What texts of rules become is tested in number_test.c, whole literals in
 * grammar/parse_test.c. */

#include "base/numeral.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void decimals_are_rounded_once(void **state)
{
    (void)state;
    assert_true(numeral_decimal(SLICE("5.")) == 5);
    assert_true(numeral_decimal(SLICE("-.5e+1")) == -5);
    assert_true(numeral_decimal(SLICE("0.1")) == 0.1);
    assert_true(numeral_decimal(SLICE("123456789012345678e-30")) == 123456789012345678e-30);
    assert_true(numeral_decimal(SLICE("5e-324")) == 5e-324);
    assert_true(numeral_decimal(SLICE("2e-324")) == 0);
    assert_true(signbit(numeral_decimal(SLICE("-0"))));
    assert_true(isinf(numeral_decimal(SLICE("1.8e308"))));
    assert_true(isinf(numeral_decimal(SLICE("1e99999999999999999999"))));
    assert_true(numeral_decimal(SLICE("0e99999999999999999999")) == 0);
}

/* A C library that reads decimal commas in this locale ends at the point. */
static void the_locale_does_not_matter(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_NUMERIC, "de_DE.UTF-8")); /* ctest's LOCPATH has it */
    assert_true(numeral_decimal(SLICE("0.12345678901234567")) == 0.12345678901234567);
    assert_true(numeral_decimal(SLICE("1.5")) == 1.5);
    setlocale(LC_NUMERIC, "C");
}

static void powers_of_two_round_as_the_whole_number(void **state)
{
    (void)state;
    assert_true(numeral_power_of_two(SLICE("fF"), 4) == 255);
    assert_true(numeral_power_of_two(SLICE("17"), 3) == 15);
    assert_true(numeral_power_of_two(SLICE("101"), 1) == 5);
    assert_true(numeral_power_of_two(SLICE("20000000000001"), 4) == 9007199254740992.0);
    assert_true(numeral_power_of_two(SLICE("200000000000010000001"), 4) == 0x1.0000000000001p81);
}

static void digits_of_another_radix_are_no_number(void **state)
{
    (void)state;
    assert_true(isnan(numeral_power_of_two(SLICE(""), 4)));
    assert_true(isnan(numeral_power_of_two(SLICE("1g"), 4)));
    assert_true(isnan(numeral_power_of_two(SLICE("8"), 3)));
    assert_true(isnan(numeral_power_of_two(SLICE("2"), 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_rounded_once),
        cmocka_unit_test(the_locale_does_not_matter),
        cmocka_unit_test(powers_of_two_round_as_the_whole_number),
        cmocka_unit_test(digits_of_another_radix_are_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
