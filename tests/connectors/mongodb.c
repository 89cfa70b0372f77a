/* The connector as the server loads it, against a double that is strict about what it is sent: the
 * contract of storages, errors of the server, a server that is gone, silent, or too old. */

#include "node/plugin_library.h"
#include "support/backend_process.h"
#include "support/storage_contract.h"
#include "support/store_fixture.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const mongodb[] = {NODE, DOUBLE, "--port", "{port}", NULL};
static struct backend_process backend;
static const struct ds_plugin *plugin;
static char options[512];

static void set_options(const char *query, const char *more)
{
    snprintf(options, sizeof options,
             "{\"connectionString\":\"mongodb://127.0.0.1:%u/?%s\",\"db\":\"records\"%s}",
             backend.port, query, more);
}

/* ---- operations ---- */

static const struct ds_storage_operations *storage_of(const struct store_fixture *it)
{
    return it->operations;
}

/* Returns the answer's error, which lives until the test's end, or NULL. */
static const char *finish(struct store_fixture *it, struct store_answer *answer)
{
    store_fixture_wait(it, answer);
    const char *error =
        answer->error == NULL ? NULL : arena_copy(&it->arena, slice_of(answer->error)).at;
    store_answer_end(answer);
    return error;
}

static const char *set(struct store_fixture *it, slice name, int32_t version, slice data)
{
    struct store_answer answer;
    struct ds_record record = store_record(version, data);
    storage_of(it)->set(it->self, name, &record, answer_done, store_answer_begin(&answer));
    return finish(it, &answer);
}

static const char *get(struct store_fixture *it, slice name, int32_t *version)
{
    struct store_answer answer;
    storage_of(it)->get(it->self, name, answer_record, store_answer_begin(&answer));
    store_fixture_wait(it, &answer);
    *version = answer.version;
    return finish(it, &answer);
}

static const char *remove_names(struct store_fixture *it, const slice *names, size_t count)
{
    struct store_answer answer;
    storage_of(it)->remove(it->self, names, count, answer_done, store_answer_begin(&answer));
    return finish(it, &answer);
}

static void assert_error(const char *error, const char *text)
{
    assert_non_null(error);
    if (strstr(error, text) == NULL)
        fail_msg("%s", error);
}

/* ---- errors ---- */

static void a_document_that_another_one_makes_at_the_same_time_is_written_after_it(void **state)
{
    struct store_fixture *it = *state;
    int32_t version;
    assert_null(set(it, SLICE("faults/duplicate"), 3, SLICE("{}")));
    assert_null(get(it, SLICE("faults/duplicate"), &version));
    assert_int_equal(version, 3);
}

static void what_the_server_refuses_is_an_error_with_its_reason(void **state)
{
    struct store_fixture *it = *state;
    assert_error(set(it, SLICE("faults/refused"), 1, SLICE("{}")), "Document failed validation");
    assert_false(plugin_host_has_logged(&it->host, "BACKEND_LOST"));
}

static void names_and_records_that_cannot_be_there_are_refused_here(void **state)
{
    struct store_fixture *it = *state;
    int32_t version;
    const slice names[] = {SLICE("a/b"), SLICE("/b")};
    assert_error(set(it, SLICE("/b"), 1, SLICE("{}")), "invalid key `/b`");
    assert_error(get(it, SLICE("/b"), &version), "invalid key `/b`");
    assert_error(remove_names(it, names, 2), "invalid key `/b`");
    assert_error(set(it, SLICE("a/b"), 1, SLICE("{\"ds_key\":1}")), "`ds_key`");
}

static void many_names_of_many_collections_are_removed(void **state)
{
    enum { NAMES = 200 };
    struct store_fixture *it = *state;
    slice names[NAMES];
    int32_t version;
    for (int i = 0; i < NAMES; i++) {
        slice name = arena_printf(&it->arena, "c%d/k%d", i % 7, i);
        names[i] = name;
        assert_null(set(it, name, i, SLICE("{}")));
    }
    assert_null(remove_names(it, names, NAMES - 1));
    for (int i = 0; i < NAMES - 1; i++) {
        assert_null(get(it, names[i], &version));
        assert_int_equal(version, DS_MISSING);
    }
    assert_null(get(it, names[NAMES - 1], &version));
    assert_int_equal(version, NAMES - 1);
}

/* ---- when the server is away ---- */

static void wait_until_logged(struct store_fixture *it, const char *text)
{
    while (!plugin_host_has_logged(&it->host, text))
        uv_run(&it->host.loop, UV_RUN_ONCE);
}

static void a_server_that_is_not_in_charge_is_lost_until_it_answers(void **state)
{
    struct store_fixture *it = *state;
    assert_error(set(it, SLICE("faults/stepdown"), 1, SLICE("{}")), "not primary");
    wait_until_logged(it, "BACKEND_LOST mongodb at 127.0.0.1");
    wait_until_logged(it, "BACKEND_REGAINED");
    assert_null(set(it, SLICE("faults/stepdown"), 1, SLICE("{}")));
}

static void a_killed_server_is_told_once_and_used_again_when_it_is_back(void **state)
{
    struct store_fixture *it = *state;
    int32_t version;
    assert_null(set(it, SLICE("a/b"), 1, SLICE("{}")));
    backend_process_kill(&backend);
    for (int i = 0; i < 10; i++)
        assert_error(set(it, SLICE("a/b"), 2, SLICE("{}")), "mongodb: ");
    assert_true(plugin_host_has_logged(&it->host, "BACKEND_LOST mongodb at 127.0.0.1"));
    backend_process_start(&backend);
    wait_until_logged(it, "BACKEND_REGAINED");
    assert_null(get(it, SLICE("a/b"), &version)); /* the double forgets */
    assert_int_equal(version, DS_MISSING);
    assert_null(set(it, SLICE("a/b"), 2, SLICE("{}")));
}

static void a_server_that_is_silent_costs_the_timeout(void **state)
{
    struct store_fixture *it = *state;
    int32_t version;
    assert_error(get(it, SLICE("faults/hang"), &version), "mongodb: ");
    wait_until_logged(it, "BACKEND_REGAINED");
    assert_null(get(it, SLICE("a/b"), &version));
}

static void closing_answers_although_the_server_is_gone(void **state)
{
    enum { SETS = 20 };
    struct store_fixture *it = *state;
    struct store_answer answers[SETS];
    backend_process_kill(&backend);
    for (int i = 0; i < SETS; i++) {
        struct ds_record record = store_record(i, SLICE("{}"));
        storage_of(it)->set(it->self, SLICE("a/b"), &record, answer_done,
                            store_answer_begin(&answers[i]));
    }
    plugin_host_close(&it->host, plugin, it->self);
    it->self = NULL;
    for (int i = 0; i < SETS; i++) {
        assert_true(answers[i].is_done);
        assert_non_null(answers[i].error);
        store_answer_end(&answers[i]);
    }
    backend_process_start(&backend);
}

/* ---- options ---- */

static void assert_refused(const char *json, const char *text)
{
    struct plugin_host host;
    struct ds_error error;
    plugin_host_init(&host);
    assert_null(plugin_host_open(&host, plugin, json, &error));
    assert_error(error.text, text);
    plugin_host_fini(&host);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    assert_refused("{}", "connectionString is missing");
    assert_refused("{\"connectionString\":\"localhost\"}", "connectionString: ");
    assert_refused("{\"connectionString\":\"mongodb://a/?maxPoolSize=65\"}", "from 1 to 64");
    assert_refused("{\"connectionString\":\"mongodb://a\",\"splitChar\":\"ab\"}",
                   "splitChar must be one character");
    assert_refused("{\"connectionString\":\"mongodb://a\",\"defaultCollection\":\"a$\"}",
                   "defaultCollection must be");
    assert_refused("{\"connectionString\":\"mongodb://a\",\"db\":5}", "db must be");
}

static void a_server_that_is_too_old_is_refused(void **state)
{
    (void)state;
    set_options("", "");
    assert_refused(options, "older than MongoDB 4.2");
}

/* ---- all of them ---- */

static int run(const struct CMUnitTest *tests, size_t count)
{
    struct store_subject subject = {.plugin = plugin, .options_json = options};
    struct CMUnitTest copies[16];
    CHECK(count <= 16);
    set_options("serverSelectionTimeoutMS=300&socketTimeoutMS=1000&maxPoolSize=4", "");
    for (size_t i = 0; i < count; i++) {
        copies[i] = tests[i];
        copies[i].initial_state = &subject;
    }
    return _cmocka_run_group_tests("mongodb", copies, count, NULL, NULL);
}

static int usual_tests(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)
        TEST(a_document_that_another_one_makes_at_the_same_time_is_written_after_it),
        TEST(what_the_server_refuses_is_an_error_with_its_reason),
        TEST(names_and_records_that_cannot_be_there_are_refused_here),
        TEST(many_names_of_many_collections_are_removed),
        TEST(a_server_that_is_not_in_charge_is_lost_until_it_answers),
        TEST(a_killed_server_is_told_once_and_used_again_when_it_is_back),
        TEST(a_server_that_is_silent_costs_the_timeout),
        TEST(closing_answers_although_the_server_is_gone),
#undef TEST
    };
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(options_that_make_no_sense_are_refused),
    };
    const struct store_subject subject = {
        .plugin = plugin, .options_json = options, .library = LIBRARY};
    set_options("", "");
    int failures = storage_contract_run(&subject);
    set_options("maxPoolSize=1", ",\"splitChar\":\"|\",\"defaultCollection\":\"others\"");
    failures += storage_contract_run(&subject);
    failures += run(tests, sizeof tests / sizeof *tests);
    return failures + cmocka_run_group_tests(alone, NULL, NULL);
}

static int tests_with_an_old_one(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(a_server_that_is_too_old_is_refused),
    };
    return cmocka_run_group_tests(alone, NULL, NULL);
}

static int run_with(const char *const *arguments, int (*tests)(void))
{
    backend_process_make(&backend, "mongodb", arguments, NULL);
    backend_process_start(&backend);
    int failures = tests();
    backend_process_remove(&backend);
    return failures;
}

int main(void)
{
    static const char *const old[] = {NODE, DOUBLE, "--port", "{port}", "--wire", "7", NULL};
    struct ds_error error;
    struct plugin_library *library = plugin_library_open_kind(LIBRARY, DS_PLUGIN_STORAGE, &error);
    CHECK(library != NULL);
    plugin = plugin_library_plugin(library);
    int failures = run_with(mongodb, usual_tests);
    failures += run_with(old, tests_with_an_old_one);
    plugin_library_close(&library);
    return failures;
}
