#include "plugins/state_registry/repair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BIT(set) (UINT32_C(1) << (set))

static void a_newcomer_is_asked_for_everything_until_it_comes(void **state)
{
    (void)state;
    struct repair repair;
    repair_begin(&repair, BIT(10) | BIT(11), 1000);
    assert_int_equal(repair_take_due(&repair, 1000, 500), BIT(10) | BIT(11));
    assert_int_equal(repair_take_due(&repair, 1400, 500), 0);
    repair_end(&repair, 10);
    assert_int_equal(repair_take_due(&repair, 1500, 500), BIT(11));
    assert_int_equal(repair.due_ms, 2500);
    repair_end(&repair, 11);
    assert_int_equal(repair.due_ms, 0);
}

static void a_checksum_that_agrees_in_time_spares_the_question(void **state)
{
    (void)state;
    struct repair repair = {0};
    repair_compare(&repair, 10, false, 1000, 500);
    assert_int_equal(repair_take_due(&repair, 1499, 500), 0);
    repair_compare(&repair, 10, true, 1499, 500);
    assert_int_equal(repair_take_due(&repair, 1500, 500), 0);
    assert_int_equal(repair.due_ms, 0);
}

/* S9: another mismatch does not put off the question for ever. */
static void one_that_differs_for_the_whole_time_is_asked_for_once(void **state)
{
    (void)state;
    struct repair repair = {0};
    repair_compare(&repair, 10, false, 1000, 500);
    repair_compare(&repair, 10, false, 1400, 500);
    repair_compare(&repair, 12, false, 1450, 500);
    assert_int_equal(repair_take_due(&repair, 1500, 500), BIT(10) | BIT(12));
    repair_end(&repair, 10);
    repair_end(&repair, 12);
    assert_int_equal(repair_take_due(&repair, 100000, 500), 0);
}

static void who_never_answers_is_left_alone_until_the_next_checksum(void **state)
{
    (void)state;
    struct repair repair;
    unsigned asked = 0;
    repair_begin(&repair, BIT(10), 1);
    for (uint64_t now = 1; now < 1000000; now += 100)
        asked += repair_take_due(&repair, now, 500) != 0;
    assert_int_equal(asked, 8);
    repair_compare(&repair, 10, false, 1000000, 500);
    assert_int_equal(repair_take_due(&repair, 1000500, 500), BIT(10));
}

static void while_answers_come_nobody_is_asked_again(void **state)
{
    (void)state;
    struct repair repair;
    repair_begin(&repair, BIT(10), 1000);
    repair_put_off(&repair, 5000); /* it was not asked for yet */
    assert_int_equal(repair_take_due(&repair, 1000, 500), BIT(10));
    for (uint64_t now = 1400; now < 10000; now += 400) {
        repair_put_off(&repair, now + 500);
        assert_int_equal(repair_take_due(&repair, now + 499, 500), 0);
    }
    assert_int_equal(repair_take_due(&repair, 10300, 500), BIT(10));
}

static void what_is_asked_for_again_says_so(void **state)
{
    (void)state;
    struct repair repair;
    repair_begin(&repair, BIT(10), 1000);
    assert_int_equal(repair_take_due(&repair, 1000, 500), BIT(10));
    assert_int_equal(repair.again, 0);
    repair_compare(&repair, 12, false, 1200, 500);
    assert_int_equal(repair_take_due(&repair, 1500, 500), BIT(10) | BIT(12));
    assert_int_equal(repair.again, BIT(10));
    repair_begin(&repair, BIT(10), 2000);
    assert_int_equal(repair_take_due(&repair, 2000, 500), BIT(10));
    assert_int_equal(repair.again, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newcomer_is_asked_for_everything_until_it_comes),
        cmocka_unit_test(a_checksum_that_agrees_in_time_spares_the_question),
        cmocka_unit_test(one_that_differs_for_the_whole_time_is_asked_for_once),
        cmocka_unit_test(who_never_answers_is_left_alone_until_the_next_checksum),
        cmocka_unit_test(while_answers_come_nobody_is_asked_again),
        cmocka_unit_test(what_is_asked_for_again_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
