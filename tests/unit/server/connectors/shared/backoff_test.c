#include "connectors/shared/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

static void it_doubles_up_to_the_most_and_never_passes_it(void **state)
{
    (void)state;
    static const uint32_t steps[] = {100, 200, 400, 800, 1000, 1000, 1000};
    struct backoff backoff = {.first_ms = 100, .most_ms = 1000};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        assert_in_range(backoff_next(&backoff), steps[i] / 2, steps[i]);
}

static void after_a_reset_the_first_wait_is_short_again(void **state)
{
    (void)state;
    struct backoff backoff = {.first_ms = 10, .most_ms = UINT32_MAX};
    for (int i = 0; i < 50; i++)
        backoff_next(&backoff);
    assert_true(backoff_next(&backoff) >= UINT32_MAX / 2);
    backoff_reset(&backoff);
    assert_in_range(backoff_next(&backoff), 5, 10);
}

static void two_that_wait_do_not_wait_equally_long(void **state)
{
    (void)state;
    struct backoff backoff = {.first_ms = 1 << 30, .most_ms = 1 << 30};
    uint32_t first = backoff_next(&backoff);
    bool differs = false;
    for (int i = 0; i < 5; i++)
        differs |= backoff_next(&backoff) != first;
    assert_true(differs);
}

static void the_smallest_wait_is_possible(void **state)
{
    (void)state;
    struct backoff backoff = {.first_ms = 1, .most_ms = 1};
    for (int i = 0; i < 20; i++)
        assert_in_range(backoff_next(&backoff), 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_doubles_up_to_the_most_and_never_passes_it),
        cmocka_unit_test(after_a_reset_the_first_wait_is_short_again),
        cmocka_unit_test(two_that_wait_do_not_wait_equally_long),
        cmocka_unit_test(the_smallest_wait_is_possible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
