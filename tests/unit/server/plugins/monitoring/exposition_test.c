/* The text format of Prometheus: heads, samples, escapes, histograms. */

#include "plugins/monitoring/exposition.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(struct buf *out, const char *expected)
{
    buf_append_byte(out, '\0');
    assert_string_equal(out->at, expected);
    buf_fini(out);
}

static void a_family_begins_with_help_and_type(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    exposition_family(&out, "x_total", "counter", "What it is.");
    exposition_count(&out, "x_total", NULL, UINT64_MAX);
    exposition_number(&out, "y", NULL, 0.25);
    expect(&out, "# HELP x_total What it is.\n# TYPE x_total counter\n"
                 "x_total 18446744073709551615\ny 0.25\n");
}

static void labels_hold_any_text(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    const struct label labels[] = {
        {"a", SLICE("say \"hi\"\\\nbye")}, {"b", SLICE("gr\xc3\xbcn")}, {0}};
    exposition_count(&out, "x", labels, 1);
    expect(&out, "x{a=\"say \\\"hi\\\"\\\\\\nbye\",b=\"gr\xc3\xbcn\"} 1\n");
}

static void buckets_of_a_histogram_add_up(void **state)
{
    (void)state;
    const double bounds[] = {2.5e-7, 0.001, 10};
    const uint64_t counts[] = {1, 0, 2, 4};
    const struct ds_histogram histogram = {
        .bounds = bounds, .counts = counts, .bound_count = 3, .count = 7, .sum = 1.5};
    const struct label labels[] = {{"operation", SLICE("get")}, {0}};
    struct buf out = BUF_EMPTY;
    exposition_histogram(&out, "t", labels, &histogram);
    expect(&out, "t_bucket{operation=\"get\",le=\"2.5e-07\"} 1\n"
                 "t_bucket{operation=\"get\",le=\"0.001\"} 1\n"
                 "t_bucket{operation=\"get\",le=\"10\"} 3\n"
                 "t_bucket{operation=\"get\",le=\"+Inf\"} 7\n"
                 "t_sum{operation=\"get\"} 1.5\n"
                 "t_count{operation=\"get\"} 7\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_begins_with_help_and_type),
        cmocka_unit_test(labels_hold_any_text),
        cmocka_unit_test(buckets_of_a_histogram_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
