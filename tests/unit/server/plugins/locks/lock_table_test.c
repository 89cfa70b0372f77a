#include "plugins/locks/lock_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct lock_table table;

static int set_up(void **state)
{
    (void)state;
    lock_table_init(&table, 1000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lock_table_fini(&table);
    return 0;
}

static bool take(const char *name, const char *holder, double id, uint64_t now)
{
    return lock_table_take(&table, slice_of(name), slice_of(holder), id, now);
}

static void one_holder_at_a_time_has_a_lock(void **state)
{
    (void)state;
    assert_true(take("x", "a", 1, 0));
    assert_false(take("x", "b", 1, 0));
    assert_false(take("x", "a", 2, 0));
    assert_true(take("y", "b", 2, 0));
    lock_table_release(&table, SLICE("x"), SLICE("a"), 1);
    assert_true(take("x", "b", 3, 0));
}

/* S13: anybody could release, and a late release hit the next holder. */
static void only_the_request_that_got_it_releases_it(void **state)
{
    (void)state;
    take("x", "a", 7, 0);
    lock_table_release(&table, SLICE("x"), SLICE("b"), 7);
    lock_table_release(&table, SLICE("x"), SLICE("a"), 6);
    assert_false(take("x", "b", 8, 0));
    lock_table_release(&table, SLICE("x"), SLICE("a"), 0); /* of a node without ids */
    assert_true(take("x", "b", 8, 0));
}

static void locks_end_in_order_unless_they_are_held_on_to(void **state)
{
    (void)state;
    take("x", "a", 1, 0);
    take("y", "a", 2, 10);
    assert_int_equal(lock_table_first(&table)->ends_ms, 1000);
    lock_table_renew(&table, SLICE("x"), SLICE("a"), 1, 500);
    lock_table_renew(&table, SLICE("y"), SLICE("b"), 2, 900);
    assert_true(slice_equal(lock_table_first(&table)->name, SLICE("y")));
    lock_table_end_first(&table);
    assert_int_equal(lock_table_first(&table)->ends_ms, 1500);
    lock_table_end_first(&table);
    assert_null(lock_table_first(&table));
}

static void locks_of_who_is_gone_are_free(void **state)
{
    (void)state;
    take("x", "a", 1, 0);
    take("y", "b", 2, 0);
    lock_table_drop_holder(&table, SLICE("a"));
    assert_true(take("x", "b", 3, 0));
    assert_false(take("y", "a", 4, 0));
    lock_table_drop_all(&table);
    assert_true(take("y", "a", 5, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_holder_at_a_time_has_a_lock),
        TEST(only_the_request_that_got_it_releases_it),
        TEST(locks_end_in_order_unless_they_are_held_on_to),
        TEST(locks_of_who_is_gone_are_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
