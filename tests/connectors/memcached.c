/* The connector as the server loads it, against a real memcached: the contract of caches, what
 * stands there, what does not fit, and what happens when memcached is killed, silent or back. */

#include "node/plugin_library.h"
#include "support/backend_process.h"
#include "support/cache_contract.h"
#include "support/store_fixture.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const memcached[] = {"memcached", "-u",     "nobody", "-l", "127.0.0.1",
                                        "-p",        "{port}", "-U",     "0",  "-m",
                                        "512",       "-I",     "16m",    NULL};
static struct backend_process backend;
static const struct ds_plugin *plugin;
static char options[512];

static void set_options(const char *library_options, const char *more)
{
    snprintf(options, sizeof options,
             "{\"serverLocation\":\"127.0.0.1:%u\",\"memcachedOptions\":{%s}%s}", backend.port,
             library_options, more);
}

/* ---- asking memcached ---- */

/* Sends a line and returns what comes until `end` does. */
static void ask(const char *request, const char *end, char *answer, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(backend.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(client >= 0 && connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(write(client, request, strlen(request)) == (ssize_t)strlen(request));
    size_t length = 0;
    answer[0] = '\0';
    while (strstr(answer, end) == NULL) {
        ssize_t got = read(client, answer + length, size - 1 - length);
        CHECK(got > 0);
        length += (size_t)got;
        answer[length] = '\0';
    }
    close(client);
}

/* ---- operations ---- */

static const struct ds_cache_operations *cache_of(const struct store_fixture *it)
{
    return it->operations;
}

/* Returns the answer's error, which lives until the test's end, or NULL. */
static const char *set(struct store_fixture *it, slice name, int32_t version, slice data,
                       int32_t expected)
{
    struct store_answer answer;
    struct ds_record record = store_record(version, data);
    cache_of(it)->set(it->self, name, &record, expected, answer_set, store_answer_begin(&answer));
    store_fixture_wait(it, &answer);
    const char *error = answer.error == NULL ? answer.is_conflict ? "conflict" : NULL
                                             : arena_copy(&it->arena, slice_of(answer.error)).at;
    store_answer_end(&answer);
    return error;
}

static const char *get(struct store_fixture *it, slice name, int32_t *version)
{
    struct store_answer answer;
    cache_of(it)->get(it->self, name, answer_record, store_answer_begin(&answer));
    store_fixture_wait(it, &answer);
    *version = answer.version;
    const char *error =
        answer.error == NULL ? NULL : arena_copy(&it->arena, slice_of(answer.error)).at;
    store_answer_end(&answer);
    return error;
}

/* ---- what is stored ---- */

static void items_are_those_of_the_node_js_connector(void **state)
{
    struct store_fixture *it = *state;
    char request[128], answer[512];
    slice name = store_fixture_name(it, SLICE("plain"));
    assert_null(set(it, name, 3, SLICE("{\"a\":[1,2]}"), DS_MISSING));
    snprintf(request, sizeof request, "get " SLICE_FORMAT "\r\n", SLICE_ARGUMENTS(name));
    ask(request, "END\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 2 32\r\n{\"version\":3,\"data\":{\"a\":[1,2]}}\r\n"));

    int32_t version;
    snprintf(request, sizeof request, "set " SLICE_FORMAT " 2 0 42\r\n%s\r\n",
             SLICE_ARGUMENTS(name), "{\"version\":12,\"data\":{\"by\":\"another one\"}}");
    ask(request, "STORED\r\n", answer, sizeof answer);
    assert_null(get(it, name, &version));
    assert_int_equal(version, 12);
}

static void what_is_no_record_is_an_error_until_it_is_overwritten(void **state)
{
    struct store_fixture *it = *state;
    char request[128], answer[64];
    int32_t version;
    slice name = store_fixture_name(it, SLICE("foreign"));
    snprintf(request, sizeof request, "set " SLICE_FORMAT " 0 0 5\r\nhello\r\n",
             SLICE_ARGUMENTS(name));
    ask(request, "STORED\r\n", answer, sizeof answer);
    assert_non_null(strstr(get(it, name, &version), "is not a record"));
    assert_non_null(strstr(set(it, name, 1, SLICE("{}"), DS_MISSING), "is not a record"));
    struct store_answer heads;
    store_answer_begin(&heads);
    heads.head_count = 1;
    cache_of(it)->heads(it->self, &name, 1, answer_heads, &heads);
    store_fixture_wait(it, &heads);
    assert_non_null(strstr(heads.error, "is not a record"));
    store_answer_end(&heads);
    assert_null(set(it, name, 1, SLICE("{}"), DS_ANY_VERSION));
    assert_null(get(it, name, &version));
    assert_int_equal(version, 1);
}

static void a_record_that_does_not_fit_is_refused_and_leaves_the_old_one(void **state)
{
    struct store_fixture *it = *state;
    int32_t version;
    slice name = store_fixture_name(it, SLICE("large"));
    slice data = store_fixture_large_data(it, 17 << 20, 'x');
    assert_null(set(it, name, 1, SLICE("{}"), DS_MISSING));
    const char *error = set(it, name, 2, data, 1);
    assert_non_null(strstr(error, "more than an item may have"));
    assert_null(get(it, name, &version));
    assert_int_equal(version, 1);
    free((char *)data.at);
}

/* ---- when memcached is away ---- */

static void wait_until_logged(struct store_fixture *it, const char *text)
{
    while (!plugin_host_has_logged(&it->host, text))
        uv_run(&it->host.loop, UV_RUN_ONCE);
}

static void a_killed_memcached_is_told_once_and_used_again_when_it_is_back(void **state)
{
    struct store_fixture *it = *state;
    int32_t version;
    slice name = store_fixture_name(it, SLICE("a"));
    assert_null(set(it, name, 1, SLICE("{}"), DS_MISSING));
    backend_process_kill(&backend);
    for (int i = 0; i < 50; i++)
        assert_non_null(get(it, name, &version));
    assert_true(plugin_host_has_logged(&it->host, "BACKEND_LOST memcached at 127.0.0.1"));
    assert_false(plugin_host_has_logged(&it->host, "BACKEND_REGAINED"));
    backend_process_start(&backend);
    wait_until_logged(it, "BACKEND_REGAINED");
    assert_null(get(it, name, &version)); /* at once, on every thread */
    assert_int_equal(version, DS_MISSING);
    for (int i = 0; i < 20; i++) {
        char text[24];
        snprintf(text, sizeof text, "again/%d", i);
        assert_null(set(it, store_fixture_name(it, slice_of(text)), 1, SLICE("{}"), DS_MISSING));
    }
}

static void a_silent_memcached_costs_the_timeout_and_no_answer_is_mixed_up(void **state)
{
    struct store_fixture *it = *state;
    slice names[8];
    int32_t version;
    for (int i = 0; i < 8; i++) {
        char text[24];
        snprintf(text, sizeof text, "silent/%d", i);
        names[i] = store_fixture_name(it, slice_of(text));
        assert_null(set(it, names[i], i, SLICE("{}"), DS_MISSING));
    }
    backend_process_pause(&backend);
    for (int i = 0; i < 8; i++)
        assert_non_null(get(it, names[i], &version));
    backend_process_resume(&backend);
    wait_until_logged(it, "BACKEND_REGAINED");
    for (int i = 0; i < 8; i++) {
        assert_null(get(it, names[7 - i], &version));
        assert_int_equal(version, 7 - i);
    }
}

static void closing_answers_although_memcached_is_away(void **state)
{
    enum { GETS = 100 };
    struct store_fixture *it = *state;
    struct store_answer answers[GETS];
    backend_process_kill(&backend);
    for (int i = 0; i < GETS; i++)
        cache_of(it)->get(it->self, SLICE("x"), answer_record, store_answer_begin(&answers[i]));
    plugin_host_close(&it->host, plugin, it->self);
    it->self = NULL;
    for (int i = 0; i < GETS; i++) {
        assert_true(answers[i].is_done);
        assert_non_null(answers[i].error);
        store_answer_end(&answers[i]);
    }
    backend_process_start(&backend);
}

static void note_done(void *context, const char *error)
{
    const char **kept = context;
    *kept = error == NULL ? "none" : "an error";
}

static void start_waits_for_a_memcached_that_comes_later(void **state)
{
    struct store_fixture *it = *state;
    const char *outcome = NULL;
    plugin_host_close(&it->host, plugin, it->self);
    backend_process_kill(&backend);
    struct ds_plugin created = *plugin;
    created.start = NULL;
    struct ds_error error;
    it->self = plugin_host_open(&it->host, &created, options, &error);
    plugin->start(it->self, note_done, &outcome);
    wait_until_logged(it, "BACKEND_LOST");
    assert_null(outcome);
    backend_process_start(&backend);
    while (outcome == NULL)
        uv_run(&it->host.loop, UV_RUN_ONCE);
    assert_string_equal(outcome, "none");
}

/* ---- options ---- */

static void assert_refused(const char *json, const char *text)
{
    struct plugin_host host;
    struct ds_error error;
    plugin_host_init(&host);
    assert_null(plugin_host_open(&host, plugin, json, &error));
    assert_non_null(strstr(error.text, text));
    plugin_host_fini(&host);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    assert_refused("{}", "serverLocation is missing");
    assert_refused("{\"serverLocation\":[]}", "serverLocation is missing");
    assert_refused("{\"serverLocation\":\"a:0\"}", "from 1 to 65535");
    assert_refused("{\"serverLocation\":\"a:65536\"}", "from 1 to 65535");
    assert_refused("{\"serverLocation\":\"a b:1\"}", "serverLocation must be");
    assert_refused("{\"serverLocation\":{\"a:1\":0}}", "serverLocation must be");
    assert_refused("{\"serverLocation\":\"a\",\"lifetime\":-1}", "lifetime must be");
    assert_refused("{\"serverLocation\":\"a\",\"atomic\":1}", "atomic must be");
    assert_refused("{\"serverLocation\":\"a\",\"memcachedOptions\":{\"poolSize\":65}}", "poolSize");
    assert_refused("{\"serverLocation\":\"a\",\"memcachedOptions\":{\"namespace\":\"a b\"}}",
                   "namespace");
}

static void a_server_that_takes_less_than_maxValue_is_refused(void **state)
{
    (void)state;
    set_options("\"maxValue\":16777217", "");
    assert_refused(options, "memcached takes items of at most 16777216 bytes");
}

static void a_server_without_compare_and_set_is_refused(void **state)
{
    (void)state;
    set_options("", "");
    assert_refused(options, "knows no compare-and-set");
}

/* -C: without compare-and-set, as Hazelcast is. */
static int run_without_cas(void)
{
    static const char *const without_cas[] = {"memcached", "-u",     "nobody", "-l",  "127.0.0.1",
                                              "-p",        "{port}", "-U",     "0",   "-C",
                                              "-m",        "512",    "-I",     "16m", NULL};
    const struct CMUnitTest refusal[] = {
        cmocka_unit_test(a_server_without_compare_and_set_is_refused),
    };
    const struct store_subject subject = {.plugin = plugin, .options_json = options};
    backend_process_make(&backend, "memcached", without_cas, "nobody");
    backend_process_start(&backend);
    int failures = cmocka_run_group_tests(refusal, NULL, NULL);
    set_options("\"maxValue\":16777216", ",\"atomic\":false");
    failures += cache_contract_run(&subject);
    backend_process_remove(&backend);
    return failures;
}

/* ---- all of them ---- */

static int run(const char *library_options, const char *more, const struct CMUnitTest *tests,
               size_t count)
{
    struct store_subject subject = {.plugin = plugin, .options_json = options};
    struct CMUnitTest copies[16];
    CHECK(count <= 16);
    set_options(library_options, more);
    for (size_t i = 0; i < count; i++) {
        copies[i] = tests[i];
        copies[i].initial_state = &subject;
    }
    return _cmocka_run_group_tests("memcached", copies, count, NULL, NULL);
}

/* ---- several servers ---- */

static struct backend_process other_backend;

/* How many of these names are answered with the record; the others with an error, or as missing. */
static int count_answered(struct store_fixture *it, int names, int *errors)
{
    int answered = 0;
    *errors = 0;
    for (int i = 0; i < names; i++) {
        char text[24];
        int32_t version;
        snprintf(text, sizeof text, "spread/%d", i);
        bool is_error = get(it, store_fixture_name(it, slice_of(text)), &version) != NULL;
        *errors += is_error;
        answered += !is_error && version == 1;
    }
    return answered;
}

static void when_one_of_two_is_lost_the_names_of_the_other_go_on(void **state)
{
    enum { NAMES = 60 };
    struct store_fixture *it = *state;
    int errors;
    for (int i = 0; i < NAMES; i++) {
        char text[24];
        snprintf(text, sizeof text, "spread/%d", i);
        assert_null(set(it, store_fixture_name(it, slice_of(text)), 1, SLICE("{}"), DS_MISSING));
    }
    backend_process_kill(&other_backend);
    int kept = count_answered(it, NAMES, &errors);
    assert_in_range(kept, 1, NAMES - 1);
    assert_int_equal(kept + errors, NAMES);
    assert_true(plugin_host_has_logged(&it->host, "BACKEND_LOST memcached at 127.0.0.1"));
    backend_process_start(&other_backend);
    wait_until_logged(it, "BACKEND_REGAINED");
    while (count_answered(it, NAMES, &errors) < kept || errors > 0)
        continue; /* what was given up is left alone for a second */
    assert_int_equal(count_answered(it, NAMES, &errors), kept);
}

static int run_with_two(void)
{
    struct store_subject subject = {.plugin = plugin, .options_json = options, .library = LIBRARY};
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate_setup_teardown(
        when_one_of_two_is_lost_the_names_of_the_other_go_on, store_fixture_setup,
        store_fixture_teardown, &subject)};
    backend_process_make(&other_backend, "memcached", memcached, "nobody");
    backend_process_start(&other_backend);
    snprintf(options, sizeof options,
             "{\"serverLocation\":[\"127.0.0.1:%u\",\"127.0.0.1:%u\"],"
             "\"memcachedOptions\":{\"maxValue\":16777216}}",
             backend.port, other_backend.port);
    int failures = cache_contract_run(&subject);
    failures += cmocka_run_group_tests_name("two servers", tests, NULL, NULL);
    backend_process_remove(&other_backend);
    return failures;
}

int main(void)
{
    static const struct CMUnitTest with_store[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)
        TEST(items_are_those_of_the_node_js_connector),
        TEST(what_is_no_record_is_an_error_until_it_is_overwritten),
        TEST(a_record_that_does_not_fit_is_refused_and_leaves_the_old_one),
        TEST(a_killed_memcached_is_told_once_and_used_again_when_it_is_back),
        TEST(a_silent_memcached_costs_the_timeout_and_no_answer_is_mixed_up),
        TEST(closing_answers_although_memcached_is_away),
        TEST(start_waits_for_a_memcached_that_comes_later),
#undef TEST
    };
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(a_server_that_takes_less_than_maxValue_is_refused),
    };
    struct ds_error error;
    struct plugin_library *library = plugin_library_open_kind(LIBRARY, DS_PLUGIN_CACHE, &error);
    CHECK(library != NULL);
    plugin = plugin_library_plugin(library);
    backend_process_make(&backend, "memcached", memcached, "nobody");
    backend_process_start(&backend);

    const struct store_subject subject = {
        .plugin = plugin, .options_json = options, .library = LIBRARY};
    set_options("\"maxValue\":16777216", "");
    int failures = cache_contract_run(&subject);
    set_options("\"maxValue\":16777216,\"poolSize\":1,\"namespace\":\"other:\"",
                ",\"lifetime\":5000000");
    failures += cache_contract_run(&subject);
    failures += run("\"maxValue\":16777216,\"timeout\":300", "", with_store,
                    sizeof with_store / sizeof *with_store);
    failures += cmocka_run_group_tests(alone, NULL, NULL);
    failures += run_with_two();

    backend_process_remove(&backend);
    failures += run_without_cas();
    plugin_library_close(&library);
    return failures;
}
