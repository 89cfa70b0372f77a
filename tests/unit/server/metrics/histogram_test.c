/* Spans of time: their bounds, what belongs to which, sums. */

#include "metrics/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void bounds_grow_from_a_quarter_of_a_microsecond_to_ten_seconds(void **state)
{
    (void)state;
    assert_true(histogram_bounds[0] == 2.5e-7);
    assert_true(histogram_bounds[HISTOGRAM_BOUNDS - 1] == 10);
    for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
        assert_true(histogram_bounds[i] > histogram_bounds[i - 1]);
}

static void a_bound_belongs_to_its_span(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 250);
    histogram_add(&histogram, 251);
    histogram_add(&histogram, 0);
    histogram_add(&histogram, UINT64_C(10000000000));
    histogram_add(&histogram, UINT64_C(10000000001));
    assert_int_equal(histogram.counts[0], 2);
    assert_int_equal(histogram.counts[1], 1);
    assert_int_equal(histogram.counts[HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(histogram.counts[HISTOGRAM_BOUNDS], 1);
    assert_int_equal(histogram.count, 5);
    assert_int_equal(histogram.sum_ns, UINT64_C(20000000502));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_grow_from_a_quarter_of_a_microsecond_to_ten_seconds),
        cmocka_unit_test(a_bound_belongs_to_its_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
