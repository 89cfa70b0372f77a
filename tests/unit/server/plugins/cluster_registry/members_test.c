#include "plugins/cluster_registry/members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <stdio.h>

#include <cmocka.h>

static struct members members;

static int set_up(void **state)
{
    (void)state;
    members_init(&members, SLICE("me"), 0.5);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    members_fini(&members);
    return 0;
}

static void expect_leader(const char *name)
{
    assert_true(slice_equal(member_name(members_leader(&members)), slice_of(name)));
}

static void a_node_alone_leads_and_stays(void **state)
{
    (void)state;
    expect_leader("me");
    assert_null(members_find_silent(&members, 1000000, 1));
    assert_false(members_remove(&members, SLICE("me")));
    assert_int_equal(members.by_name.count, 1);
}

static void the_highest_score_leads_and_of_two_the_greater_name(void **state)
{
    (void)state;
    assert_int_equal(members_see(&members, SLICE("low"), 0.1, 1), MEMBER_NEW);
    expect_leader("me");
    assert_int_equal(members_see(&members, SLICE("high"), 0.9, 1), MEMBER_NEW);
    expect_leader("high");
    assert_int_equal(members_see(&members, SLICE("higher"), 0.9, 1), MEMBER_NEW);
    expect_leader("higher");
    assert_true(members_remove(&members, SLICE("higher")));
    assert_false(members_remove(&members, SLICE("higher")));
    expect_leader("high");
}

static void who_is_silent_for_longer_than_the_timeout_is_found(void **state)
{
    (void)state;
    members_see(&members, SLICE("a"), 0.1, 1000);
    members_see(&members, SLICE("b"), 0.2, 1500);
    assert_null(members_find_silent(&members, 7000, 6000));
    const struct member *silent = members_find_silent(&members, 7001, 6000);
    assert_true(slice_equal(member_name(silent), SLICE("a")));
    assert_int_equal(members_see(&members, SLICE("a"), 0.1, 7001), MEMBER_KNOWN);
    assert_null(members_find_silent(&members, 7001, 6000));
    members_refresh(&members, 20000);
    assert_null(members_find_silent(&members, 26000, 6000));
}

static void a_node_that_was_started_again_is_told_from_two_of_one_name(void **state)
{
    (void)state;
    members_see(&members, SLICE("a"), 0.1, 1);
    assert_int_equal(members_see(&members, SLICE("a"), 0.2, 2), MEMBER_RESTARTED);
    assert_int_equal(members_see(&members, SLICE("a"), 0.2, 3), MEMBER_KNOWN);
    assert_int_equal(members_see(&members, SLICE("a"), 0.1, 4), MEMBER_TWICE);
    assert_int_equal(members_see(&members, SLICE("a"), 0.2, 5), MEMBER_TWICE);
    assert_int_equal(members_see(&members, SLICE("me"), 0.5, 6), MEMBER_KNOWN);
    assert_int_equal(members_see(&members, SLICE("me"), 0.6, 7), MEMBER_TWICE);
}

static void strangers_cannot_fill_the_memory_with_names(void **state)
{
    (void)state;
    char name[16];
    for (unsigned i = 1; i < MOST_MEMBERS; i++) {
        snprintf(name, sizeof name, "n%u", i);
        assert_int_equal(members_see(&members, slice_of(name), 0.1, 1), MEMBER_NEW);
    }
    assert_int_equal(members_see(&members, SLICE("another"), 0.1, 1), MEMBER_TOO_MANY);
    assert_int_equal(members_see(&members, SLICE("n1"), 0.1, 1), MEMBER_KNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_node_alone_leads_and_stays),
        TEST(the_highest_score_leads_and_of_two_the_greater_name),
        TEST(who_is_silent_for_longer_than_the_timeout_is_found),
        TEST(a_node_that_was_started_again_is_told_from_two_of_one_name),
        TEST(strangers_cannot_fill_the_memory_with_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
