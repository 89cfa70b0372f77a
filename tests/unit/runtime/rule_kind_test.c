#include "valve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void kinds_are_found_by_section_and_type(void **state)
{
    (void)state;
    enum valve_rule_kind kind;
    assert_true(valve_rule_kind_find(SLICE("record"), SLICE("write"), &kind));
    assert_int_equal(kind, VALVE_RECORD_WRITE);
    assert_true(valve_rule_kind_find(SLICE("event"), SLICE("listen"), &kind));
    assert_int_equal(kind, VALVE_EVENT_LISTEN);
    assert_false(valve_rule_kind_find(SLICE("event"), SLICE("write"), &kind));
    assert_false(valve_rule_kind_find(SLICE("recor"), SLICE("write"), &kind));
}

static void only_some_kinds_have_data_and_old_data(void **state)
{
    (void)state;
    assert_true(valve_rule_kind_info(VALVE_RECORD_WRITE)->may_use_data);
    assert_true(valve_rule_kind_info(VALVE_RECORD_WRITE)->may_use_old_data);
    assert_false(valve_rule_kind_info(VALVE_RECORD_READ)->may_use_data);
    assert_true(valve_rule_kind_info(VALVE_RECORD_READ)->may_use_old_data);
    assert_true(valve_rule_kind_info(VALVE_RPC_REQUEST)->may_use_data);
    assert_false(valve_rule_kind_info(VALVE_RPC_PROVIDE)->may_use_data);
}

static void actions_ask_the_rule_of_their_section(void **state)
{
    (void)state;
    enum valve_rule_kind kind;
    uint32_t number;
    assert_true(valve_action_find(SLICE("record"), SLICE("PATCH"), &kind, &number));
    assert_int_equal(kind, VALVE_RECORD_WRITE);
    assert_int_equal(number, 19);
    assert_true(valve_action_find(SLICE("event"), SLICE("SUBSCRIBE"), &kind, &number));
    assert_int_equal(kind, VALVE_EVENT_SUBSCRIBE);
    assert_int_equal(number, 3);
    assert_false(valve_action_find(SLICE("event"), SLICE("PATCH"), &kind, &number));
}

static void actions_are_found_by_number_in_their_section(void **state)
{
    (void)state;
    enum valve_rule_kind kind;
    assert_true(valve_action_find_number(SLICE("record"), 2, &kind));
    assert_int_equal(kind, VALVE_RECORD_NOTIFY);
    assert_true(valve_action_find_number(SLICE("rpc"), 2, &kind));
    assert_int_equal(kind, VALVE_RPC_REQUEST);
    assert_false(valve_action_find_number(SLICE("record"), 16, &kind));
    assert_false(valve_action_find_number(SLICE("record"), 7, &kind));
}

static void every_kind_has_a_default_action_that_asks_it(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < VALVE_RULE_KIND_COUNT; i++) {
        enum valve_rule_kind kind = (enum valve_rule_kind)i, found;
        const struct valve_rule_kind_info *info = valve_rule_kind_info(kind);
        assert_true(valve_action_find_number(slice_of(info->section_name),
                                             valve_rule_kind_default_action(kind), &found));
        assert_int_equal(found, kind);
    }
    assert_int_equal(valve_rule_kind_default_action(VALVE_RECORD_WRITE), 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_found_by_section_and_type),
        cmocka_unit_test(only_some_kinds_have_data_and_old_data),
        cmocka_unit_test(actions_ask_the_rule_of_their_section),
        cmocka_unit_test(actions_are_found_by_number_in_their_section),
        cmocka_unit_test(every_kind_has_a_default_action_that_asks_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
