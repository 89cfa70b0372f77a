/* The connector as the server loads it, against a double that is strict about the REST API: the
 * contract of storages, batches, a server that is too busy, too slow, gone and back. */

#include "node/plugin_library.h"
#include "support/backend_process.h"
#include "support/storage_contract.h"
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

static const char *const elasticsearch[] = {NODE, DOUBLE, "--port", "{port}", NULL};
static struct backend_process backend;
static const struct ds_plugin *plugin;
static char options[512];

static void set_options(const char *more)
{
    snprintf(options, sizeof options, "{\"host\":\"127.0.0.1:%u\"%s}", backend.port, more);
}

/* ---- asking the double ---- */

/* Returns the body of the answer, which lives until the next call. */
static const char *ask(const char *method, const char *path, const char *body)
{
    static char answer[4096];
    char request[2048];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(backend.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int length = snprintf(request, sizeof request,
                          "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          method, path, strlen(body), body);
    CHECK(length > 0 && (size_t)length < sizeof request);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(client >= 0 && connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(write(client, request, (size_t)length) == length);
    size_t got = 0;
    for (ssize_t part; (part = read(client, answer + got, sizeof answer - 1 - got)) > 0;)
        got += (size_t)part;
    answer[got] = '\0';
    close(client);
    const char *end_of_head = strstr(answer, "\r\n\r\n");
    CHECK(end_of_head != NULL);
    return end_of_head + 4;
}

static void set_faults(const char *list)
{
    ask("PUT", "/double/faults", list);
}

static long count_of(const char *what)
{
    char key[32];
    snprintf(key, sizeof key, "\"%s\":", what);
    const char *found = strstr(ask("GET", "/double/requests", ""), key);
    CHECK(found != NULL);
    return strtol(found + strlen(key), NULL, 10);
}

/* ---- operations ---- */

static const struct ds_storage_operations *storage_of(const struct store_fixture *it)
{
    return it->operations;
}

static slice numbered(struct store_fixture *it, int i)
{
    char text[16];
    snprintf(text, sizeof text, "n%d", i);
    return store_fixture_name(it, slice_of(text));
}

static void begin_set(struct store_fixture *it, slice name, int32_t version,
                      struct store_answer *answer)
{
    struct ds_record record = store_record(version, SLICE("{\"a\":1}"));
    storage_of(it)->set(it->self, name, &record, answer_done, store_answer_begin(answer));
}

static void end_well(struct store_fixture *it, struct store_answer *answer)
{
    store_fixture_wait(it, answer);
    assert_null(answer->error);
    store_answer_end(answer);
}

static void end_with(struct store_fixture *it, struct store_answer *answer, const char *error)
{
    store_fixture_wait(it, answer);
    assert_non_null(answer->error);
    if (strstr(answer->error, error) == NULL)
        fail_msg("%s", answer->error);
    store_answer_end(answer);
}

static void must_set(struct store_fixture *it, slice name, int32_t version)
{
    struct store_answer answer;
    begin_set(it, name, version, &answer);
    end_well(it, &answer);
}

static void begin_get(struct store_fixture *it, slice name, struct store_answer *answer)
{
    storage_of(it)->get(it->self, name, answer_record, store_answer_begin(answer));
}

static int32_t version_of(struct store_fixture *it, slice name)
{
    struct store_answer answer;
    begin_get(it, name, &answer);
    store_fixture_wait(it, &answer);
    assert_null(answer.error);
    int32_t version = answer.version;
    store_answer_end(&answer);
    return version;
}

/* ---- batches ---- */

static void what_is_asked_at_the_same_time_is_one_request(void **state)
{
    enum { RECORDS = 300 };
    struct store_fixture *it = *state;
    struct store_answer answers[RECORDS], removed;
    slice names[RECORDS];
    long bulks = count_of("_bulk"), gets = count_of("_mget");
    for (int i = 0; i < RECORDS; i++)
        begin_set(it, names[i] = numbered(it, i), 1, &answers[i]);
    for (int i = 0; i < RECORDS; i++)
        end_well(it, &answers[i]);
    assert_true(count_of("_bulk") - bulks <= 4);
    assert_true(count_of("largestBulk") >= RECORDS - 2);
    for (int i = 0; i < RECORDS; i++)
        begin_get(it, names[i], &answers[i]);
    for (int i = 0; i < RECORDS; i++)
        end_well(it, &answers[i]);
    assert_true(count_of("_mget") - gets <= 8);
    bulks = count_of("_bulk");
    storage_of(it)->remove(it->self, names, RECORDS, answer_done, store_answer_begin(&removed));
    end_well(it, &removed);
    assert_int_equal(count_of("_bulk") - bulks, 1);
    assert_int_equal(version_of(it, names[RECORDS - 1]), DS_MISSING);
}

static void writes_of_one_name_that_wait_become_one(void **state)
{
    enum { WRITES = 500 };
    struct store_fixture *it = *state;
    struct store_answer answers[WRITES];
    slice name = numbered(it, 0);
    long bulks = count_of("_bulk");
    for (int i = 0; i < WRITES; i++)
        begin_set(it, name, i, &answers[i]);
    for (int i = 0; i < WRITES; i++)
        end_well(it, &answers[i]);
    assert_int_equal(count_of("_bulk") - bulks, 2);
    assert_int_equal(version_of(it, name), WRITES - 1);
}

/* ---- a server in trouble ---- */

static void a_server_that_is_too_busy_is_asked_again(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer answer;
    set_faults("[{\"path\":\"_bulk\",\"status\":429},{\"path\":\"_bulk\",\"status\":503}]");
    must_set(it, numbered(it, 0), 1);
    set_faults("[{\"path\":\"_bulk\",\"itemStatus\":429},{\"path\":\"_bulk\",\"itemStatus\":409},"
               "{\"path\":\"_mget\",\"status\":502}]");
    must_set(it, numbered(it, 0), 2);
    assert_int_equal(version_of(it, numbered(it, 0)), 2);
    set_faults("[{\"path\":\"_mget\",\"status\":400}]");
    begin_get(it, numbered(it, 0), &answer);
    end_with(it, &answer, "circuit_breaking_exception: too busy, says the test");
    assert_false(plugin_host_has_logged(&it->host, "BACKEND_LOST"));
}

static void operations_on_a_name_keep_their_order_while_some_are_tried_again(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer first, removed, missing, last, found;
    slice name = numbered(it, 0);
    set_faults("[{\"path\":\"_bulk\",\"itemStatus\":429},{\"path\":\"_bulk\",\"itemStatus\":429}]");
    begin_set(it, name, 9, &first);
    storage_of(it)->remove(it->self, &name, 1, answer_done, store_answer_begin(&removed));
    begin_get(it, name, &missing);
    begin_set(it, name, 1, &last);
    begin_get(it, name, &found);
    end_well(it, &first);
    end_well(it, &removed);
    store_fixture_wait(it, &missing);
    assert_int_equal(missing.version, DS_MISSING);
    store_answer_end(&missing);
    end_well(it, &last);
    store_fixture_wait(it, &found);
    assert_int_equal(found.version, 1);
    store_answer_end(&found);
}

static void an_item_that_is_refused_fails_alone(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer answers[3];
    must_set(it, numbered(it, 9), 1);
    set_faults("[{\"path\":\"_bulk\",\"itemStatus\":400}]");
    for (int i = 0; i < 3; i++)
        begin_set(it, numbered(it, i), 1, &answers[i]);
    end_with(it, &answers[0], "es_rejected_execution_exception");
    end_well(it, &answers[1]);
    end_well(it, &answers[2]);
}

static void wait_until_logged(struct store_fixture *it, const char *text)
{
    while (!plugin_host_has_logged(&it->host, text))
        uv_run(&it->host.loop, UV_RUN_ONCE);
}

static void a_server_that_does_not_answer_is_told_once_and_used_again(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer answers[3];
    set_faults("[{\"path\":\"_bulk\",\"hang\":true}]");
    begin_set(it, numbered(it, 0), 1, &answers[0]);
    begin_set(it, numbered(it, 0), 2, &answers[1]);
    end_with(it, &answers[0], "elasticsearch: ");
    end_with(it, &answers[1], "elasticsearch: ");
    begin_set(it, numbered(it, 1), 1, &answers[2]);
    end_with(it, &answers[2], "elasticsearch: ");
    wait_until_logged(it, "BACKEND_REGAINED");
    must_set(it, numbered(it, 0), 3);
}

static void a_killed_server_is_used_again_when_it_is_back(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer answer;
    must_set(it, numbered(it, 0), 1);
    backend_process_kill(&backend);
    begin_get(it, numbered(it, 0), &answer);
    end_with(it, &answer, "elasticsearch: ");
    assert_true(plugin_host_has_logged(&it->host, "BACKEND_LOST elasticsearch at http://127.0"));
    backend_process_start(&backend);
    wait_until_logged(it, "BACKEND_REGAINED");
    assert_int_equal(version_of(it, numbered(it, 0)), DS_MISSING); /* the double forgets */
}

static void closing_answers_although_the_server_is_gone(void **state)
{
    enum { SETS = 50 };
    struct store_fixture *it = *state;
    struct store_answer answers[SETS];
    backend_process_kill(&backend);
    for (int i = 0; i < SETS; i++)
        begin_set(it, numbered(it, i % 3), i, &answers[i]);
    plugin_host_close(&it->host, plugin, it->self);
    it->self = NULL;
    for (int i = 0; i < SETS; i++) {
        assert_true(answers[i].is_done);
        assert_non_null(answers[i].error);
        store_answer_end(&answers[i]);
    }
    backend_process_start(&backend);
}

/* ---- tables and mappings ---- */

static void what_mappings_do_not_take_is_an_error_and_leaves_the_old_one(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer answer;
    slice name = numbered(it, 0);
    must_set(it, name, 1);
    struct ds_record text = store_record(2, SLICE("{\"a\":\"no number any more\"}"));
    storage_of(it)->set(it->self, name, &text, answer_done, store_answer_begin(&answer));
    end_with(it, &answer, "document_parsing_exception: failed to parse field [record.a]");
    struct ds_record list = store_record(2, SLICE("[\n\"a list\"\n]"));
    storage_of(it)->set(it->self, name, &list, answer_done, store_answer_begin(&answer));
    end_well(it, &answer);
    assert_int_equal(version_of(it, name), 2);
}

/* ---- options ---- */

static void assert_refused(const char *json, const char *text)
{
    struct plugin_host host;
    struct ds_error error;
    plugin_host_init(&host);
    assert_null(plugin_host_open(&host, plugin, json, &error));
    if (strstr(error.text, text) == NULL)
        fail_msg("%s", error.text);
    plugin_host_fini(&host);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    assert_refused("{}", "host is missing");
    assert_refused("{\"host\":\"http://u:p@a:1\"}", "belong to `auth`");
    assert_refused("{\"host\":\"a:1/path\"}", "without a path");
    assert_refused("{\"host\":\"a\",\"auth\":\"nobody\"}", "auth must be");
    assert_refused("{\"host\":\"a\",\"database\":\"Upper\"}", "database must be");
    assert_refused("{\"host\":\"a\",\"splitChar\":\"ab\"}", "splitChar must be one character");
    assert_refused("{\"host\":\"a\",\"mappings\":\"{\"}", "mappings must be");
    assert_refused("{\"host\":\"a\",\"settings\":[]}", "settings must be");
    assert_refused("{\"host\":\"a\",\"requestTimeout\":0}", "requestTimeout must be");
}

static void a_start_with_wrong_credentials_fails_with_the_reason(void **state)
{
    (void)state;
    set_options(",\"auth\":\"deepstream:wrong\"");
    assert_refused(options, "security_exception: missing authentication credentials");
}

static void a_server_that_is_too_old_is_refused(void **state)
{
    (void)state;
    set_options("");
    assert_refused(options, "neither Elasticsearch 7 or newer nor OpenSearch");
}

/* ---- all of them ---- */

static int run(const char *more, const struct CMUnitTest *tests, size_t count)
{
    struct store_subject subject = {.plugin = plugin, .options_json = options};
    struct CMUnitTest copies[16];
    CHECK(count <= 16);
    set_options(more);
    for (size_t i = 0; i < count; i++) {
        copies[i] = tests[i];
        copies[i].initial_state = &subject;
    }
    return _cmocka_run_group_tests("elasticsearch", copies, count, NULL, NULL);
}

static int run_contract(const char *more)
{
    const struct store_subject subject = {
        .plugin = plugin, .options_json = options, .library = LIBRARY};
    set_options(more);
    return storage_contract_run(&subject);
}

static int run_with(const char *const *arguments, int (*tests)(void))
{
    backend_process_make(&backend, "elasticsearch", arguments, NULL);
    backend_process_start(&backend);
    int failures = tests();
    backend_process_remove(&backend);
    return failures;
}

static int usual_tests(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)
        TEST(what_is_asked_at_the_same_time_is_one_request),
        TEST(writes_of_one_name_that_wait_become_one),
        TEST(a_server_that_is_too_busy_is_asked_again),
        TEST(operations_on_a_name_keep_their_order_while_some_are_tried_again),
        TEST(an_item_that_is_refused_fails_alone),
        TEST(a_server_that_does_not_answer_is_told_once_and_used_again),
        TEST(a_killed_server_is_used_again_when_it_is_back),
        TEST(closing_answers_although_the_server_is_gone),
    };
    static const struct CMUnitTest searched[] = {
        TEST(what_mappings_do_not_take_is_an_error_and_leaves_the_old_one),
#undef TEST
    };
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(options_that_make_no_sense_are_refused),
    };
    int failures = run_contract("");
    failures += run_contract(",\"splitChar\":\"/\",\"defaultTable\":\"Others\"");
    CHECK(count_of("refused") == 0);
    failures += run(",\"requestTimeout\":500", tests, sizeof tests / sizeof *tests);
    failures += run(",\"database\":\"searched\",\"mappings\":{}", searched,
                    sizeof searched / sizeof *searched);
    return failures + cmocka_run_group_tests(alone, NULL, NULL);
}

static int tests_with_users(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(a_start_with_wrong_credentials_fails_with_the_reason),
    };
    return cmocka_run_group_tests(alone, NULL, NULL);
}

static int tests_with_an_old_one(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(a_server_that_is_too_old_is_refused),
    };
    return cmocka_run_group_tests(alone, NULL, NULL);
}

int main(void)
{
    static const char *const with_users[] = {
        NODE, DOUBLE, "--port", "{port}", "--auth", "deepstream:right", NULL};
    static const char *const old[] = {NODE, DOUBLE, "--port", "{port}", "--version", "5.6.0", NULL};
    struct ds_error error;
    struct plugin_library *library = plugin_library_open_kind(LIBRARY, DS_PLUGIN_STORAGE, &error);
    CHECK(library != NULL);
    plugin = plugin_library_plugin(library);
    int failures = run_with(elasticsearch, usual_tests);
    failures += run_with(with_users, tests_with_users);
    failures += run_with(old, tests_with_an_old_one);
    plugin_library_close(&library);
    return failures;
}
