#include "storage_contract.h"
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NAME(fixture, literal) store_fixture_name(fixture, SLICE(literal))

static const struct ds_storage_operations *storage_of(const struct store_fixture *fixture)
{
    return fixture->operations;
}

static void begin_set(struct store_fixture *fixture, slice name, int32_t version, slice data,
                      struct store_answer *answer)
{
    struct ds_record record = store_record(version, data);
    storage_of(fixture)->set(fixture->self, name, &record, answer_done, store_answer_begin(answer));
}

static void begin_get(struct store_fixture *fixture, slice name, struct store_answer *answer)
{
    storage_of(fixture)->get(fixture->self, name, answer_record, store_answer_begin(answer));
}

static void end_well(struct store_fixture *fixture, struct store_answer *answer)
{
    store_fixture_wait(fixture, answer);
    assert_null(answer->error);
    store_answer_end(answer);
}

static void must_set(struct store_fixture *fixture, slice name, int32_t version, slice data)
{
    struct store_answer answer;
    begin_set(fixture, name, version, data, &answer);
    end_well(fixture, &answer);
}

static void must_remove(struct store_fixture *fixture, const slice *names, size_t count)
{
    struct store_answer answer;
    storage_of(fixture)->remove(fixture->self, names, count, answer_done,
                                store_answer_begin(&answer));
    end_well(fixture, &answer);
}

static void end_get(struct store_fixture *fixture, struct store_answer *answer, int32_t version,
                    slice data)
{
    store_fixture_wait(fixture, answer);
    assert_null(answer->error);
    assert_int_equal(answer->version, version);
    assert_true(store_fixture_same_data(fixture, &answer->data, data));
    store_answer_end(answer);
}

static void assert_holds(struct store_fixture *fixture, slice name, int32_t version, slice data)
{
    struct store_answer answer;
    begin_get(fixture, name, &answer);
    end_get(fixture, &answer, version, data);
}

static void what_was_never_set_is_missing(void **state)
{
    struct store_fixture *it = *state;
    assert_holds(it, NAME(it, "nothing"), DS_MISSING, SLICE(""));
}

static void what_was_set_is_got(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, NAME(it, "a"), 0, SLICE("{}"));
    must_set(it, NAME(it, "b"), 5, SLICE("[1,2]"));
    assert_holds(it, NAME(it, "a"), 0, SLICE("{}"));
    assert_holds(it, NAME(it, "b"), 5, SLICE("[1,2]"));
    must_set(it, NAME(it, "a"), INT32_MAX, SLICE("{\"longer\":true}"));
    assert_holds(it, NAME(it, "a"), INT32_MAX, SLICE("{\"longer\":true}"));
}

static void a_lower_version_changes_nothing_and_an_equal_one_overwrites(void **state)
{
    struct store_fixture *it = *state;
    slice name = NAME(it, "a");
    must_set(it, name, 7, SLICE("{\"v\":7}"));
    must_set(it, name, 6, SLICE("{\"v\":6}"));
    assert_holds(it, name, 7, SLICE("{\"v\":7}"));
    must_set(it, name, 7, SLICE("{\"again\":7}"));
    assert_holds(it, name, 7, SLICE("{\"again\":7}"));
    must_set(it, name, 10, SLICE("{\"v\":10}")); /* compared as numbers, not as texts */
    must_set(it, name, 9, SLICE("{\"v\":9}"));
    assert_holds(it, name, 10, SLICE("{\"v\":10}"));
    must_remove(it, &name, 1);
    must_set(it, name, 0, SLICE("{\"new\":true}"));
    assert_holds(it, name, 0, SLICE("{\"new\":true}"));
}

static void a_lower_version_without_waiting_changes_nothing(void **state)
{
    struct store_fixture *it = *state;
    slice name = NAME(it, "a");
    struct store_answer high, low, removed, again;
    begin_set(it, name, 5, SLICE("{\"v\":5}"), &high);
    begin_set(it, name, 4, SLICE("{\"v\":4}"), &low);
    end_well(it, &high);
    end_well(it, &low);
    assert_holds(it, name, 5, SLICE("{\"v\":5}"));
    begin_set(it, name, 6, SLICE("{\"v\":6}"), &high);
    storage_of(it)->remove(it->self, &name, 1, answer_done, store_answer_begin(&removed));
    begin_set(it, name, 1, SLICE("{\"v\":1}"), &again);
    end_well(it, &high);
    end_well(it, &removed);
    end_well(it, &again);
    assert_holds(it, name, 1, SLICE("{\"v\":1}"));
}

static void operations_on_a_name_take_effect_in_order_without_waiting(void **state)
{
    enum { ROUNDS = 100 };
    struct store_fixture *it = *state;
    slice name = NAME(it, "ordered");
    struct store_answer *sets = calloc(ROUNDS, sizeof *sets);
    struct store_answer *gets = calloc(ROUNDS, sizeof *gets);
    struct store_answer removed, missing;
    assert_non_null(sets);
    assert_non_null(gets);
    for (int i = 0; i < ROUNDS; i++) {
        begin_set(it, name, i, SLICE("{}"), &sets[i]);
        begin_get(it, name, &gets[i]);
    }
    storage_of(it)->remove(it->self, &name, 1, answer_done, store_answer_begin(&removed));
    begin_get(it, name, &missing);
    for (int i = 0; i < ROUNDS; i++) {
        end_well(it, &sets[i]);
        end_get(it, &gets[i], i, SLICE("{}"));
    }
    end_well(it, &removed);
    end_get(it, &missing, DS_MISSING, SLICE(""));
    free(sets);
    free(gets);
}

static void what_was_removed_is_missing_and_can_be_set_again(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, NAME(it, "a"), 4, SLICE("{}"));
    must_set(it, NAME(it, "b"), 5, SLICE("{}"));
    must_set(it, NAME(it, "c"), 6, SLICE("{}"));
    slice names[] = {NAME(it, "a"), NAME(it, "c"), NAME(it, "never there")};
    must_remove(it, names, 3);
    assert_holds(it, names[0], DS_MISSING, SLICE(""));
    assert_holds(it, NAME(it, "b"), 5, SLICE("{}"));
    assert_holds(it, names[1], DS_MISSING, SLICE(""));
    must_remove(it, names, 3);
    must_remove(it, names, 0);
    must_set(it, names[0], 0, SLICE("[]"));
    assert_holds(it, names[0], 0, SLICE("[]"));
}

static void set_or_be_refused(struct store_fixture *fixture, slice name, int32_t version,
                              slice data)
{
    struct store_answer answer;
    begin_set(fixture, name, version, data, &answer);
    store_fixture_wait(fixture, &answer);
    assert_int_equal(answer.error != NULL, store_fixture_refuses(fixture, name));
    store_answer_end(&answer);
}

static void names_and_data_are_any_text(void **state)
{
    struct store_fixture *it = *state;
    slice names[STORE_ODD_NAMES];
    store_fixture_odd_names(it, names);
    for (int i = 0; i < STORE_ODD_NAMES; i++)
        set_or_be_refused(it, names[i], i, store_odd_data(i));
    for (int i = 0; i < STORE_ODD_NAMES; i++)
        if (!store_fixture_refuses(it, names[i]))
            assert_holds(it, names[i], i, store_odd_data(i));
}

static void the_empty_name_is_a_name(void **state)
{
    struct store_fixture *it = *state;
    slice name = SLICE("");
    set_or_be_refused(it, name, 4, SLICE("{\"nobody\":true}"));
    if (store_fixture_refuses(it, name))
        return;
    assert_holds(it, name, 4, SLICE("{\"nobody\":true}"));
    must_remove(it, &name, 1);
    assert_holds(it, name, DS_MISSING, SLICE(""));
}

static void large_names_and_data_are_kept(void **state)
{
    struct store_fixture *it = *state;
    slice data = store_fixture_large_data(it, 8 << 20, 'x');
    slice other = store_fixture_large_data(it, 8 << 20, 'y');
    slice given = store_fixture_large_data(it, 8 << 20, 'x');
    slice name = store_fixture_long_name(it);
    struct store_answer first;
    begin_set(it, name, 1, given, &first);
    memset((char *)given.at, 'z', given.length); /* what was given is a copy by now */
    must_set(it, NAME(it, "other"), 1, other);
    end_well(it, &first);
    assert_holds(it, NAME(it, "other"), 1, other);
    assert_holds(it, name, 1, data);
    free((char *)data.at);
    free((char *)other.at);
    free((char *)given.at);
}

static void thousands_of_records_are_all_found(void **state)
{
    enum { RECORDS = 5000 };
    struct store_fixture *it = *state;
    slice *names = calloc(RECORDS, sizeof *names);
    struct store_answer *answers = calloc(RECORDS, sizeof *answers);
    assert_non_null(names);
    assert_non_null(answers);
    for (int i = 0; i < RECORDS; i++) {
        char number[24];
        snprintf(number, sizeof number, "many/%d", i);
        names[i] = store_fixture_name(it, slice_of(number));
        begin_set(it, names[i], i, store_odd_data(i), &answers[i]);
    }
    for (int i = 0; i < RECORDS; i++)
        end_well(it, &answers[i]);
    store_fixture_reopen(it);
    for (int i = 0; i < RECORDS; i++)
        begin_get(it, names[i], &answers[i]);
    for (int i = 0; i < RECORDS; i++)
        end_get(it, &answers[i], i, store_odd_data(i));
    must_remove(it, names, RECORDS);
    for (int i = 0; i < RECORDS; i += 97)
        assert_holds(it, names[i], DS_MISSING, SLICE(""));
    free(names);
    free(answers);
}

static void records_survive_a_restart_and_removed_ones_stay_away(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, NAME(it, "kept"), 3, SLICE("{\"a\":1}"));
    must_set(it, NAME(it, "gone"), 4, SLICE("{}"));
    slice gone = NAME(it, "gone");
    must_remove(it, &gone, 1);
    store_fixture_reopen(it);
    assert_holds(it, NAME(it, "kept"), 3, SLICE("{\"a\":1}"));
    assert_holds(it, gone, DS_MISSING, SLICE(""));
}

static void closing_finishes_and_answers_what_is_in_flight(void **state)
{
    enum { SETS = 300 };
    struct store_fixture *it = *state;
    slice name = NAME(it, "in flight");
    struct store_answer answers[SETS], read;
    for (int i = 0; i < SETS; i++)
        begin_set(it, name, i, SLICE("{}"), &answers[i]);
    begin_get(it, name, &read);
    store_fixture_reopen(it);
    for (int i = 0; i < SETS; i++) {
        assert_true(answers[i].is_done);
        assert_null(answers[i].error);
        store_answer_end(&answers[i]);
    }
    assert_true(read.is_done);
    store_answer_end(&read);
    assert_holds(it, name, SETS - 1, SLICE("{}"));
}

static void of_two_processes_that_write_the_highest_version_stays(void **state)
{
    enum { ROUNDS = 200 };
    struct store_fixture *it = *state;
    if (it->subject->library == NULL)
        return;
    slice name = NAME(it, "contested");
    char data[32];
    const struct store_versions rising_and_falling[2] = {{0, 2}, {2 * ROUNDS - 1, -2}};
    store_fixture_write_from_two_processes(it, name, rising_and_falling, ROUNDS);
    snprintf(data, sizeof data, "{\"count\":%d}", 2 * ROUNDS - 1);
    assert_holds(it, name, 2 * ROUNDS - 1, slice_of(data));
}

int storage_contract_run(const struct store_subject *subject)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, store_fixture_setup, store_fixture_teardown,    \
                                             (void *)(uintptr_t)subject)
    const struct CMUnitTest tests[] = {
        TEST(what_was_never_set_is_missing),
        TEST(what_was_set_is_got),
        TEST(a_lower_version_changes_nothing_and_an_equal_one_overwrites),
        TEST(a_lower_version_without_waiting_changes_nothing),
        TEST(operations_on_a_name_take_effect_in_order_without_waiting),
        TEST(what_was_removed_is_missing_and_can_be_set_again),
        TEST(names_and_data_are_any_text),
        TEST(the_empty_name_is_a_name),
        TEST(large_names_and_data_are_kept),
        TEST(thousands_of_records_are_all_found),
        TEST(records_survive_a_restart_and_removed_ones_stay_away),
        TEST(closing_finishes_and_answers_what_is_in_flight),
        TEST(of_two_processes_that_write_the_highest_version_stays),
    };
#undef TEST
    return cmocka_run_group_tests_name(subject->plugin->description, tests, NULL, NULL);
}
