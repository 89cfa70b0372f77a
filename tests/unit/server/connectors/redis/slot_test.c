#include "connectors/redis/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* What `redis-cli cluster keyslot` answers. */
static void slots_are_those_of_redis(void **state)
{
    (void)state;
    assert_int_equal(redis_slot(SLICE("123456789")), 0x31C3);
    assert_int_equal(redis_slot(SLICE("foo")), 12182);
    assert_int_equal(redis_slot(SLICE("bar")), 5061);
    assert_int_equal(redis_slot(SLICE("")), 0);
}

static void what_stands_in_the_first_braces_decides(void **state)
{
    (void)state;
    assert_int_equal(redis_slot(SLICE("x{foo}y")), redis_slot(SLICE("foo")));
    assert_int_equal(redis_slot(SLICE("{foo}{bar}")), redis_slot(SLICE("foo")));
    assert_int_equal(redis_slot(SLICE("{{foo}}")), redis_slot(SLICE("{foo")));
    assert_int_equal(redis_slot(SLICE("}{foo}")), redis_slot(SLICE("foo")));
}

static void braces_with_nothing_in_them_or_no_end_are_a_part_of_the_key(void **state)
{
    (void)state;
    assert_int_not_equal(redis_slot(SLICE("{}_v")), redis_slot(SLICE("{}_d")));
    assert_int_not_equal(redis_slot(SLICE("{foo_v")), redis_slot(SLICE("foo_v")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_those_of_redis),
        cmocka_unit_test(what_stands_in_the_first_braces_decides),
        cmocka_unit_test(braces_with_nothing_in_them_or_no_end_are_a_part_of_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
