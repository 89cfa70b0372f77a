/* The cache of one node's memory: the contract of all caches, and its bound. */

#include "plugins/builtins.h"
#include "support/cache_contract.h"
#include "support/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct ds_cache_operations *cache_of(const struct store_fixture *fixture)
{
    return fixture->operations;
}

/* Every answer of this cache comes before the call returns. */
static const char *set(struct store_fixture *it, const char *name, int32_t version, size_t bytes)
{
    static char error[64];
    char *data = malloc(bytes);
    assert_non_null(data);
    memset(data, '1', bytes);
    struct ds_record record = store_record(version, (slice){data, bytes});
    struct store_answer answer;
    cache_of(it)->set(it->self, slice_of(name), &record, DS_ANY_VERSION, answer_set,
                      store_answer_begin(&answer));
    assert_true(answer.is_done);
    assert_false(answer.is_conflict);
    snprintf(error, sizeof error, "%s", answer.error == NULL ? "" : answer.error);
    store_answer_end(&answer);
    free(data);
    return error;
}

static int32_t version_of(struct store_fixture *it, const char *name)
{
    struct store_answer answer;
    cache_of(it)->get(it->self, slice_of(name), answer_record, store_answer_begin(&answer));
    assert_true(answer.is_done);
    store_answer_end(&answer);
    return answer.version;
}

static void stored(struct store_fixture *it, const char *name, int32_t version)
{
    cache_of(it)->stored(it->self, slice_of(name), version);
}

/* maxBytes of these tests is 10,000: three records of 3,000 fit, four do not. */

static void records_without_another_copy_are_never_dropped(void **state)
{
    struct store_fixture *it = *state;
    assert_string_equal(set(it, "a", 1, 3000), "");
    assert_string_equal(set(it, "b", 1, 3000), "");
    assert_string_equal(set(it, "c", 1, 3000), "");
    assert_string_equal(set(it, "d", 1, 3000), "cache is full");
    assert_int_equal(version_of(it, "a"), 1);
    assert_int_equal(version_of(it, "b"), 1);
    assert_int_equal(version_of(it, "c"), 1);
    assert_int_equal(version_of(it, "d"), DS_MISSING);
    assert_string_equal(set(it, "d", 1, 300), "");
}

static void the_stored_record_unused_for_longest_makes_room(void **state)
{
    struct store_fixture *it = *state;
    set(it, "a", 1, 3000);
    set(it, "b", 1, 3000);
    set(it, "c", 1, 3000);
    stored(it, "a", 1);
    stored(it, "b", 1);
    assert_int_equal(version_of(it, "a"), 1); /* used: now b is the oldest */
    assert_string_equal(set(it, "d", 1, 3000), "");
    assert_int_equal(version_of(it, "b"), DS_MISSING);
    assert_string_equal(set(it, "e", 1, 3000), "");
    assert_int_equal(version_of(it, "a"), DS_MISSING);
    assert_string_equal(set(it, "f", 1, 3000), "cache is full");
    assert_int_equal(version_of(it, "c"), 1);
}

static void a_newer_version_than_the_stored_one_is_kept(void **state)
{
    struct store_fixture *it = *state;
    set(it, "a", 1, 3000);
    stored(it, "a", 1);
    set(it, "a", 2, 3000);
    stored(it, "a", 1); /* late */
    set(it, "b", 1, 3000);
    set(it, "c", 1, 3000);
    assert_string_equal(set(it, "d", 1, 3000), "cache is full");
    assert_int_equal(version_of(it, "a"), 2);
    stored(it, "a", 2);
    assert_string_equal(set(it, "d", 1, 3000), "");
    assert_int_equal(version_of(it, "a"), DS_MISSING);
}

static void a_set_that_cannot_fit_drops_nothing(void **state)
{
    struct store_fixture *it = *state;
    set(it, "a", 1, 3000);
    set(it, "b", 1, 3000);
    stored(it, "a", 1);
    assert_string_equal(set(it, "c", 1, 20000), "cache is full");
    assert_string_equal(set(it, "d", 1, 8000), "cache is full");
    assert_int_equal(version_of(it, "a"), 1);
    assert_int_equal(version_of(it, "b"), 1);
}

static void a_record_that_grows_makes_room_for_itself(void **state)
{
    struct store_fixture *it = *state;
    set(it, "a", 1, 6000);
    assert_string_equal(set(it, "a", 2, 9000), "");
    assert_string_equal(set(it, "a", 3, 9950), "cache is full");
    assert_int_equal(version_of(it, "a"), 2);
    stored(it, "a", 2);
    assert_string_equal(set(it, "a", 3, 9000), "");
    stored(it, "a", 3);
    assert_string_equal(set(it, "b", 1, 3000), "");
    assert_int_equal(version_of(it, "a"), DS_MISSING);
}

static void removing_gives_the_room_back(void **state)
{
    struct store_fixture *it = *state;
    slice name = SLICE("a");
    struct store_answer answer;
    for (int i = 0; i < 100; i++) {
        assert_string_equal(set(it, "a", 1, 9000), "");
        if (i % 2 == 0)
            stored(it, "a", 1);
        cache_of(it)->remove(it->self, &name, 1, answer_done, store_answer_begin(&answer));
        store_answer_end(&answer);
    }
    assert_string_equal(set(it, "b", 1, 9000), "");
}

static void the_bound_holds_whatever_is_done(void **state)
{
    struct store_fixture *it = *state;
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        char name[8];
        snprintf(name, sizeof name, "%u", random >> 8 & 31);
        slice slices[] = {slice_of(name)};
        struct store_answer answer;
        if ((random >> 16 & 3) == 0) {
            cache_of(it)->remove(it->self, slices, 1, answer_done, store_answer_begin(&answer));
            store_answer_end(&answer);
        } else {
            set(it, name, i, random >> 20);
        }
        if ((random >> 18 & 1) == 0)
            stored(it, name, i);
    }
    /* Room for one of nearly all must be there once everything is stored. */
    for (unsigned i = 0; i < 32; i++) {
        char name[8];
        snprintf(name, sizeof name, "%u", i);
        stored(it, name, version_of(it, name));
    }
    assert_string_equal(set(it, "last", 1, 9900), "");
}

static void an_option_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const options[] = {"{\"maxBytes\": \"many\"}", "{\"maxBytes\": -1}",
                                          "{\"maxBytes\": 1e30}"};
    struct plugin_host host;
    plugin_host_init(&host);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct ds_error error;
        assert_null(plugin_host_open(&host, &ds_cache_default, options[i], &error));
        assert_non_null(strstr(error.text, "maxBytes must be a number of bytes"));
    }
    plugin_host_fini(&host);
}

int main(void)
{
    struct store_subject subject = {.plugin = &ds_cache_default,
                                    .options_json = "{\"maxBytes\": 10000}"};
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, store_fixture_setup, store_fixture_teardown,    \
                                             &subject)
    const struct CMUnitTest tests[] = {
        TEST(records_without_another_copy_are_never_dropped),
        TEST(the_stored_record_unused_for_longest_makes_room),
        TEST(a_newer_version_than_the_stored_one_is_kept),
        TEST(a_set_that_cannot_fit_drops_nothing),
        TEST(a_record_that_grows_makes_room_for_itself),
        TEST(removing_gives_the_room_back),
        TEST(the_bound_holds_whatever_is_done),
        cmocka_unit_test(an_option_that_makes_no_sense_is_refused),
    };
#undef TEST
    int failed = cache_contract_run(
        &(struct store_subject){.plugin = &ds_cache_default, .options_json = ""});
    failed += cache_contract_run(
        &(struct store_subject){.plugin = &ds_cache_default, .options_json = "{\"maxBytes\": 0}"});
    return failed + cmocka_run_group_tests_name("the bound of the cache", tests, NULL, NULL);
}
