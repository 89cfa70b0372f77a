#include "plugins/state_registry/arrival.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BEGIN = 1000, DISCOVERY = 200, TIMEOUT = 10000 };
enum { DISCOVERED = BEGIN + DISCOVERY, STRAGGLERS = DISCOVERED + 1000, END = BEGIN + TIMEOUT };

static struct arrival arrival;

static int set_up(void **state)
{
    (void)state;
    arrival_init(&arrival, DISCOVERY, TIMEOUT);
    arrival_begin(&arrival, BEGIN);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arrival_fini(&arrival);
    return 0;
}

static void who_is_alone_waits_only_to_hear_that(void **state)
{
    (void)state;
    assert_int_equal(arrival_look(&arrival, BEGIN, 1, true), DISCOVERED);
    assert_int_equal(arrival_look(&arrival, DISCOVERED - 1, 1, true), DISCOVERED);
    assert_int_equal(arrival_look(&arrival, DISCOVERED, 1, true), 0);
}

static void what_a_node_has_is_waited_for_until_it_comes_or_time_is_up(void **state)
{
    (void)state;
    assert_int_equal(arrival_look(&arrival, DISCOVERED, 2, false), END);
    assert_int_equal(arrival_look(&arrival, DISCOVERED, 2, true), 0);
    assert_int_equal(arrival_look(&arrival, END - 1, 2, false), END);
    assert_int_equal(arrival_look(&arrival, END, 2, false), 0);
}

static void a_node_that_asks_is_waited_for_until_it_is_a_member_or_gone(void **state)
{
    (void)state;
    arrival_hear_of(&arrival, SLICE("b"));
    arrival_hear_of(&arrival, SLICE("b"));
    arrival_hear_of(&arrival, SLICE("c"));
    arrival_hear_of(&arrival, SLICE(""));
    assert_int_equal(arrival_look(&arrival, DISCOVERED, 1, true), END);
    arrival_forget(&arrival, SLICE("b"));
    assert_int_equal(arrival_look(&arrival, DISCOVERED, 2, true), END);
    arrival_forget(&arrival, SLICE("c"));
    arrival_forget(&arrival, SLICE("nobody"));
    assert_int_equal(arrival_look(&arrival, DISCOVERED, 3, true), 0);
}

static void nodes_that_others_count_have_a_second_more(void **state)
{
    (void)state;
    arrival_count(&arrival, 4);
    arrival_count(&arrival, 3);
    assert_int_equal(arrival_look(&arrival, DISCOVERED, 3, true), STRAGGLERS);
    assert_int_equal(arrival_look(&arrival, DISCOVERED, 4, true), 0);
    assert_int_equal(arrival_look(&arrival, STRAGGLERS, 3, true), 0);
}

static void nothing_is_waited_for_beyond_the_end(void **state)
{
    (void)state;
    arrival_fini(&arrival);
    arrival_init(&arrival, DISCOVERY, DISCOVERY / 2);
    arrival_begin(&arrival, BEGIN);
    arrival_count(&arrival, 9);
    arrival_hear_of(&arrival, SLICE("b"));
    assert_int_equal(arrival_look(&arrival, BEGIN, 2, false), BEGIN + DISCOVERY / 2);
    assert_int_equal(arrival_look(&arrival, BEGIN + DISCOVERY / 2, 2, false), 0);
}

static void later_nobody_is_noted(void **state)
{
    (void)state;
    arrival.is_under_way = false;
    arrival_hear_of(&arrival, SLICE("b"));
    assert_int_equal(arrival.unknown.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_alone_waits_only_to_hear_that),
        TEST(what_a_node_has_is_waited_for_until_it_comes_or_time_is_up),
        TEST(a_node_that_asks_is_waited_for_until_it_is_a_member_or_gone),
        TEST(nodes_that_others_count_have_a_second_more),
        TEST(nothing_is_waited_for_beyond_the_end),
        TEST(later_nobody_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
