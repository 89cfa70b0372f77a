#include "cache_contract.h"
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NAME(fixture, literal) store_fixture_name(fixture, SLICE(literal))

static const struct ds_cache_operations *cache_of(const struct store_fixture *fixture)
{
    return fixture->operations;
}

static void get(struct store_fixture *fixture, slice name, struct store_answer *answer)
{
    cache_of(fixture)->get(fixture->self, name, answer_record, store_answer_begin(answer));
    store_fixture_wait(fixture, answer);
    assert_null(answer->error);
}

static void set(struct store_fixture *fixture, slice name, int32_t version, slice data,
                int32_t expected, struct store_answer *answer)
{
    struct ds_record record = store_record(version, data);
    cache_of(fixture)->set(fixture->self, name, &record, expected, answer_set,
                           store_answer_begin(answer));
    store_fixture_wait(fixture, answer);
    assert_null(answer->error);
}

static void must_set(struct store_fixture *fixture, slice name, int32_t version, slice data)
{
    struct store_answer answer;
    set(fixture, name, version, data, DS_ANY_VERSION, &answer);
    assert_false(answer.is_conflict);
    store_answer_end(&answer);
}

static void assert_holds(struct store_fixture *fixture, slice name, int32_t version, slice data)
{
    struct store_answer answer;
    get(fixture, name, &answer);
    assert_int_equal(answer.version, version);
    assert_true(store_fixture_same_data(fixture, &answer.data, data));
    store_answer_end(&answer);
}

static void assert_conflict(struct store_fixture *fixture, slice name, int32_t expected,
                            int32_t version, slice data)
{
    struct store_answer answer;
    set(fixture, name, 77, SLICE("{\"new\":1}"), expected, &answer);
    assert_true(answer.is_conflict);
    assert_int_equal(answer.version, version);
    assert_true(store_fixture_same_data(fixture, &answer.data, data));
    store_answer_end(&answer);
}

static void remove_names(struct store_fixture *fixture, const slice *names, size_t count)
{
    struct store_answer answer;
    cache_of(fixture)->remove(fixture->self, names, count, answer_done,
                              store_answer_begin(&answer));
    store_fixture_wait(fixture, &answer);
    assert_null(answer.error);
    store_answer_end(&answer);
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
    must_set(it, NAME(it, "a"), 1, SLICE("{\"longer\":\"than before\"}"));
    assert_holds(it, NAME(it, "a"), 1, SLICE("{\"longer\":\"than before\"}"));
    must_set(it, NAME(it, "a"), INT32_MAX, SLICE("{}"));
    assert_holds(it, NAME(it, "a"), INT32_MAX, SLICE("{}"));
}

static void a_set_that_expects_a_version_writes_on_that_one_only(void **state)
{
    struct store_fixture *it = *state;
    slice name = NAME(it, "a");
    struct store_answer answer;
    assert_conflict(it, name, 3, DS_MISSING, SLICE(""));
    assert_holds(it, name, DS_MISSING, SLICE(""));

    set(it, name, 1, SLICE("{\"v\":1}"), DS_MISSING, &answer);
    assert_false(answer.is_conflict);
    store_answer_end(&answer);
    assert_conflict(it, name, DS_MISSING, 1, SLICE("{\"v\":1}"));
    assert_conflict(it, name, 0, 1, SLICE("{\"v\":1}"));
    assert_conflict(it, name, 2, 1, SLICE("{\"v\":1}"));

    set(it, name, 2, SLICE("{\"v\":2}"), 1, &answer);
    assert_false(answer.is_conflict);
    store_answer_end(&answer);
    assert_holds(it, name, 2, SLICE("{\"v\":2}"));
}

static void of_sets_that_expect_the_same_version_one_wins(void **state)
{
    enum { WRITERS = 20 };
    struct store_fixture *it = *state;
    slice name = NAME(it, "contested");
    must_set(it, name, 1, SLICE("{}"));
    struct store_answer answers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        struct ds_record record = store_record(2, SLICE("{\"winner\":true}"));
        cache_of(it)->set(it->self, name, &record, 1, answer_set, store_answer_begin(&answers[i]));
    }
    int winners = 0;
    for (int i = 0; i < WRITERS; i++) {
        store_fixture_wait(it, &answers[i]);
        assert_null(answers[i].error);
        winners += !answers[i].is_conflict;
        assert_int_equal(answers[i].is_conflict ? answers[i].version : 2, 2);
        store_answer_end(&answers[i]);
    }
    assert_int_equal(winners, 1);
}

static void sets_of_a_name_take_effect_in_order(void **state)
{
    enum { SETS = 200 };
    struct store_fixture *it = *state;
    slice name = NAME(it, "ordered");
    struct store_answer *answers = calloc(SETS, sizeof *answers);
    assert_non_null(answers);
    for (int i = 0; i < SETS; i++) {
        struct ds_record record = store_record(i, SLICE("{}"));
        cache_of(it)->set(it->self, name, &record, i == 0 ? DS_MISSING : i - 1, answer_set,
                          store_answer_begin(&answers[i]));
    }
    for (int i = 0; i < SETS; i++) {
        store_fixture_wait(it, &answers[i]);
        assert_null(answers[i].error);
        assert_false(answers[i].is_conflict);
        store_answer_end(&answers[i]);
    }
    assert_holds(it, name, SETS - 1, SLICE("{}"));
    free(answers);
}

static void heads_tell_the_version_of_each_name(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, NAME(it, "a"), 0, SLICE("{}"));
    must_set(it, NAME(it, "c"), 12, SLICE("{}"));
    slice names[] = {NAME(it, "a"), NAME(it, "b"), NAME(it, "c"), NAME(it, "a")};
    struct store_answer answer;
    store_answer_begin(&answer);
    answer.head_count = 4;
    cache_of(it)->heads(it->self, names, 4, answer_heads, &answer);
    store_fixture_wait(it, &answer);
    assert_null(answer.error);
    assert_int_equal(answer.heads[0], 0);
    assert_int_equal(answer.heads[1], DS_MISSING);
    assert_int_equal(answer.heads[2], 12);
    assert_int_equal(answer.heads[3], 0);
    store_answer_end(&answer);

    store_answer_begin(&answer);
    cache_of(it)->heads(it->self, names, 0, answer_heads, &answer);
    store_fixture_wait(it, &answer);
    assert_null(answer.error);
    store_answer_end(&answer);
}

static void what_was_removed_is_missing_and_can_be_set_again(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, NAME(it, "a"), 4, SLICE("{}"));
    must_set(it, NAME(it, "b"), 5, SLICE("{}"));
    must_set(it, NAME(it, "c"), 6, SLICE("{}"));
    slice names[] = {NAME(it, "a"), NAME(it, "c"), NAME(it, "never there")};
    remove_names(it, names, 3);
    assert_holds(it, names[0], DS_MISSING, SLICE(""));
    assert_holds(it, NAME(it, "b"), 5, SLICE("{}"));
    assert_holds(it, names[1], DS_MISSING, SLICE(""));
    remove_names(it, names, 3);
    remove_names(it, names, 0);
    struct store_answer answer;
    set(it, names[0], 0, SLICE("[]"), DS_MISSING, &answer);
    assert_false(answer.is_conflict);
    store_answer_end(&answer);
    assert_holds(it, names[0], 0, SLICE("[]"));
}

/* Sets without waiting; what is refused must say so. */
static void set_or_be_refused(struct store_fixture *fixture, slice name, int32_t version,
                              slice data)
{
    struct ds_record record = store_record(version, data);
    struct store_answer answer;
    cache_of(fixture)->set(fixture->self, name, &record, DS_ANY_VERSION, answer_set,
                           store_answer_begin(&answer));
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
    remove_names(it, &name, 1);
    assert_holds(it, name, DS_MISSING, SLICE(""));
}

static void large_names_and_data_are_kept(void **state)
{
    struct store_fixture *it = *state;
    slice data = store_fixture_large_data(it, 4 << 20, 'x');
    slice other = store_fixture_large_data(it, 4 << 20, 'y');
    slice name = store_fixture_long_name(it);
    must_set(it, name, 1, data);
    must_set(it, NAME(it, "other"), 1, other);
    assert_holds(it, name, 1, data);
    assert_holds(it, NAME(it, "other"), 1, other);
    free((char *)data.at);
    free((char *)other.at);
}

struct replaced {
    struct store_fixture *fixture;
    slice name;
    bool is_done;
};

static void replace_while_reading(void *context, const char *error, const struct ds_record *record)
{
    struct replaced *replaced = context;
    struct store_fixture *it = replaced->fixture;
    assert_null(error);
    assert_int_equal(record->version, 1);
    struct ds_record other = store_record(2, SLICE("{\"other\":\"value\"}"));
    struct store_answer set_answer, remove_answer;
    cache_of(it)->set(it->self, replaced->name, &other, 1, answer_set,
                      store_answer_begin(&set_answer));
    cache_of(it)->remove(it->self, &replaced->name, 1, answer_done,
                         store_answer_begin(&remove_answer));
    store_fixture_wait(it, &set_answer);
    store_fixture_wait(it, &remove_answer);
    store_answer_end(&set_answer);
    store_answer_end(&remove_answer);
    /* What a callback got lives until it returns, and never changes (B15). */
    assert_int_equal(record->version, 1);
    assert_true(slice_equal(record->data, SLICE("{\"first\":true}")));
    replaced->is_done = true;
}

static void what_a_reader_got_does_not_change_under_it(void **state)
{
    struct store_fixture *it = *state;
    struct replaced replaced = {it, NAME(it, "read"), false};
    must_set(it, replaced.name, 1, SLICE("{\"first\":true}"));
    cache_of(it)->get(it->self, replaced.name, replace_while_reading, &replaced);
    plugin_host_wait(&it->host, &replaced.is_done);
    assert_holds(it, replaced.name, DS_MISSING, SLICE(""));
}

static void assert_heads_count_up(struct store_fixture *fixture, const slice *names, size_t count)
{
    struct store_answer answer;
    store_answer_begin(&answer);
    answer.head_count = count;
    cache_of(fixture)->heads(fixture->self, names, count, answer_heads, &answer);
    store_fixture_wait(fixture, &answer);
    assert_null(answer.error);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(answer.heads[i], i);
    store_answer_end(&answer);
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
        struct ds_record record = store_record(i, store_odd_data(i));
        cache_of(it)->set(it->self, names[i], &record, DS_MISSING, answer_set,
                          store_answer_begin(&answers[i]));
    }
    for (int i = 0; i < RECORDS; i++) {
        store_fixture_wait(it, &answers[i]);
        assert_null(answers[i].error);
        assert_false(answers[i].is_conflict);
        store_answer_end(&answers[i]);
    }
    for (int i = 0; i < RECORDS; i += 7)
        assert_holds(it, names[i], i, store_odd_data(i));
    assert_heads_count_up(it, names, RECORDS);
    remove_names(it, names, RECORDS);
    for (int i = 0; i < RECORDS; i += 97)
        assert_holds(it, names[i], DS_MISSING, SLICE(""));
    free(names);
    free(answers);
}

static void closing_answers_what_is_in_flight(void **state)
{
    enum { SETS = 100 };
    struct store_fixture *it = *state;
    slice name = NAME(it, "in flight");
    struct store_answer answers[SETS], others[3];
    for (int i = 0; i < SETS; i++) {
        struct ds_record record = store_record(i, SLICE("{}"));
        cache_of(it)->set(it->self, name, &record, DS_ANY_VERSION, answer_set,
                          store_answer_begin(&answers[i]));
    }
    cache_of(it)->get(it->self, name, answer_record, store_answer_begin(&others[0]));
    store_answer_begin(&others[1]);
    others[1].head_count = 1;
    cache_of(it)->heads(it->self, &name, 1, answer_heads, &others[1]);
    cache_of(it)->remove(it->self, &name, 1, answer_done, store_answer_begin(&others[2]));
    store_fixture_reopen(it);
    for (int i = 0; i < SETS; i++) {
        assert_true(answers[i].is_done);
        store_answer_end(&answers[i]);
    }
    for (int i = 0; i < 3; i++) {
        assert_true(others[i].is_done);
        store_answer_end(&others[i]);
    }
}

static void of_two_processes_that_increment_no_update_is_lost(void **state)
{
    enum { ROUNDS = 300 };
    struct store_fixture *it = *state;
    if (it->subject->library == NULL)
        return;
    slice name = NAME(it, "counter");
    char data[32];
    store_fixture_write_from_two_processes(it, name, (struct store_versions[2]){{0}, {0}}, ROUNDS);
    snprintf(data, sizeof data, "{\"count\":%d}", 2 * ROUNDS);
    assert_holds(it, name, 2 * ROUNDS - 1, slice_of(data));
}

static void what_the_storage_holds_too_is_still_found(void **state)
{
    struct store_fixture *it = *state;
    if (cache_of(it)->stored == NULL)
        return;
    slice name = NAME(it, "stored");
    must_set(it, name, 1, SLICE("{}"));
    cache_of(it)->stored(it->self, name, 1);
    cache_of(it)->stored(it->self, name, 2);
    cache_of(it)->stored(it->self, NAME(it, "never there"), 1);
    assert_holds(it, name, 1, SLICE("{}"));
    must_set(it, name, 2, SLICE("[]"));
    assert_holds(it, name, 2, SLICE("[]"));
}

int cache_contract_run(const struct store_subject *subject)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, store_fixture_setup, store_fixture_teardown,    \
                                             (void *)(uintptr_t)subject)
    const struct CMUnitTest tests[] = {
        TEST(what_was_never_set_is_missing),
        TEST(what_was_set_is_got),
        TEST(a_set_that_expects_a_version_writes_on_that_one_only),
        TEST(of_sets_that_expect_the_same_version_one_wins),
        TEST(sets_of_a_name_take_effect_in_order),
        TEST(heads_tell_the_version_of_each_name),
        TEST(what_was_removed_is_missing_and_can_be_set_again),
        TEST(names_and_data_are_any_text),
        TEST(the_empty_name_is_a_name),
        TEST(large_names_and_data_are_kept),
        TEST(what_a_reader_got_does_not_change_under_it),
        TEST(thousands_of_records_are_all_found),
        TEST(closing_answers_what_is_in_flight),
        TEST(of_two_processes_that_increment_no_update_is_lost),
        TEST(what_the_storage_holds_too_is_still_found),
    };
#undef TEST
    return cmocka_run_group_tests_name(subject->plugin->description, tests, NULL, NULL);
}
