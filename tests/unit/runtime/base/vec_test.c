#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct point {
    int x, y;
};

static void items_keep_their_values_while_it_grows(void **unused)
{
    (void)unused;
    VEC(struct point) points = {0};
    for (int i = 0; i < 1000; i++)
        VEC_PUSH(&points, ((struct point){i, -i}));
    assert_int_equal(points.count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_true(points.items[i].x == i && points.items[i].y == -i);
    VEC_FREE(&points);
}

static void free_leaves_an_empty_vector(void **unused)
{
    (void)unused;
    VEC(int) numbers = {0};
    VEC_FREE(&numbers);
    VEC_PUSH(&numbers, 1);
    VEC_FREE(&numbers);
    assert_null(numbers.items);
    assert_int_equal(numbers.count, 0);
    VEC_PUSH(&numbers, 2);
    assert_int_equal(numbers.items[0], 2);
    VEC_FREE(&numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_keep_their_values_while_it_grows),
        cmocka_unit_test(free_leaves_an_empty_vector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
