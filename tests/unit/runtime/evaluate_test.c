/* The machine against the tree walk: sentences that were hard to get right, then random expressions
 * from a fixed seed. tests/fuzz/evaluate_fuzz.c goes on from here. */

#include "support/evaluate_check.h"
#include "support/expression_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define EXPRESSIONS 4000
#define MAX_CHOICES 160

static void expect_same(enum evaluate_check expected, const char *expression)
{
    assert_int_equal(evaluate_check(slice_of(expression)), expected);
}

static void chains_end_where_their_parentheses_end(void **state)
{
    (void)state;
    expect_same(EVALUATE_SAME_VALUE, "oldData.none?.a.b.c");
    expect_same(EVALUATE_SAME_ERROR, "(oldData.none?.a).b");
    expect_same(EVALUATE_SAME_VALUE, "data.none?.[mystery].trim(mystery)");
    expect_same(EVALUATE_SAME_VALUE, "data.none?.trim().a + data.text?.trim()");
    expect_same(EVALUATE_SAME_VALUE, "data.list.trim?.(mystery).b.c");
    expect_same(EVALUATE_SAME_ERROR, "data.none.trim?.()");
}

static void branches_not_taken_are_harmless(void **state)
{
    (void)state;
    expect_same(EVALUATE_SAME_VALUE, "true || mystery");
    expect_same(EVALUATE_SAME_VALUE, "false && mystery");
    expect_same(EVALUATE_SAME_VALUE, "0 ?? mystery");
    expect_same(EVALUATE_SAME_VALUE, "data.n < 0 ? 'yes' : mystery");
    expect_same(EVALUATE_SAME_ERROR, "data.n > 0 ? 'yes' : mystery");
    expect_same(EVALUATE_SAME_VALUE, "typeof mystery");
}

static void references_are_one_value_per_name(void **state)
{
    (void)state;
    expect_same(EVALUATE_SAME_VALUE, "_(name) === oldData && _($a + '/' + $b) === oldData");
    expect_same(EVALUATE_SAME_VALUE, "_(oldData.ref).list");
    expect_same(EVALUATE_SAME_VALUE, "_(`${oldData.ref}`).ref + _('gone')");
    expect_same(EVALUATE_SAME_VALUE, "_('x' + data.none)");
    expect_same(EVALUATE_SAME_VALUE, "_(`x${data.none}`)");
    expect_same(EVALUATE_SAME_VALUE, "_('x' + (data.none + 'y'))");
    expect_same(EVALUATE_SAME_ERROR, "_(1 + 2)");
    expect_same(EVALUATE_SAME_ERROR, "_(_(_('a').ref))");
    expect_same(EVALUATE_SAME_VALUE, "_()");
    expect_same(EVALUATE_SAME_ERROR, "_('t')");
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static slice make_choices(uint64_t *seed, char *choices)
{
    size_t count = next_random(seed) % MAX_CHOICES;
    for (size_t i = 0; i < count; i++)
        choices[i] = (char)(unsigned char)next_random(seed);
    return (slice){choices, count};
}

static void random_expressions_are_decided_alike(void **state)
{
    (void)state;
    unsigned counts[EVALUATE_NOT_JUDGED + 1] = {0};
    uint64_t seed = 20;
    for (int i = 0; i < EXPRESSIONS; i++) {
        char choices[MAX_CHOICES];
        struct buf expression = BUF_EMPTY;
        make_expression(make_choices(&seed, choices), &expression);
        counts[evaluate_check(buf_slice(&expression))]++;
        buf_fini(&expression);
    }
    print_message("values %u, errors %u, refused %u, not judged %u\n", counts[EVALUATE_SAME_VALUE],
                  counts[EVALUATE_SAME_ERROR], counts[EVALUATE_REFUSED],
                  counts[EVALUATE_NOT_JUDGED]);
    assert_true(counts[EVALUATE_SAME_VALUE] > EXPRESSIONS / 3);
    assert_true(counts[EVALUATE_SAME_ERROR] > EXPRESSIONS / 20);
    assert_true(counts[EVALUATE_REFUSED] < EXPRESSIONS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_end_where_their_parentheses_end),
        cmocka_unit_test(branches_not_taken_are_harmless),
        cmocka_unit_test(references_are_one_value_per_name),
        cmocka_unit_test(random_expressions_are_decided_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
