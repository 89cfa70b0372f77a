/* The connector while PostgreSQL is killed, silent, starting or not there at all: what was
 * acknowledged is there afterwards, everything is answered, nothing has to be started again. */

#include "postgres_fixture.h"
#include "support/test_values.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct postgres_fixture database;

static const struct ds_storage_operations *storage_of(const struct store_fixture *it)
{
    return it->operations;
}

static void begin_set(struct store_fixture *it, const char *name, int32_t version,
                      struct store_answer *answer)
{
    struct ds_record record = store_record(version, SLICE("{}"));
    storage_of(it)->set(it->self, slice_of(name), &record, answer_done, store_answer_begin(answer));
}

static void begin_get(struct store_fixture *it, const char *name, struct store_answer *answer)
{
    storage_of(it)->get(it->self, slice_of(name), answer_record, store_answer_begin(answer));
}

/* Whether it succeeded. */
static bool end(struct store_fixture *it, struct store_answer *answer)
{
    store_fixture_wait(it, answer);
    bool succeeded = answer->error == NULL;
    store_answer_end(answer);
    return succeeded;
}

static bool set(struct store_fixture *it, const char *name, int32_t version)
{
    struct store_answer answer;
    begin_set(it, name, version, &answer);
    return end(it, &answer);
}

static int32_t version_of(struct store_fixture *it, const char *name)
{
    struct store_answer answer;
    begin_get(it, name, &answer);
    store_fixture_wait(it, &answer);
    assert_null(answer.error);
    int32_t version = answer.version;
    store_answer_end(&answer);
    return version;
}

/* Until the connector is connected again; operations fail at once meanwhile, or wait. */
static void await_success(struct store_fixture *it, const char *name)
{
    while (!set(it, name, 1))
        continue;
}

/* ---- loss ---- */

static void what_was_acknowledged_survives_a_kill_under_load(void **state)
{
    enum { WRITES = 2000, KILL_AT = 700 };
    struct store_fixture *it = *state;
    struct store_answer *answers = calloc(WRITES, sizeof *answers);
    bool *was_stored = calloc(WRITES, sizeof *was_stored);
    char name[32];
    assert_true(answers != NULL && was_stored != NULL);
    assert_true(set(it, "kill/first", 1));
    for (int i = 0; i < WRITES; i++) {
        snprintf(name, sizeof name, "kill/%d", i);
        begin_set(it, name, i, &answers[i]);
        if (i == KILL_AT) {
            store_fixture_wait(it, &answers[i / 2]);
            postgres_fixture_kill(&database);
        }
    }
    int stored = 0;
    for (int i = 0; i < WRITES; i++)
        stored += was_stored[i] = end(it, &answers[i]);
    assert_true(stored > 0 && stored < WRITES);
    postgres_fixture_restart(&database);
    await_success(it, "kill/last");
    for (int i = 0; i < WRITES; i++) {
        snprintf(name, sizeof name, "kill/%d", i);
        if (was_stored[i])
            assert_int_equal(version_of(it, name), i);
    }
    free(answers);
    free(was_stored);
}

static void a_loss_is_told_once_and_so_is_its_end(void **state)
{
    struct store_fixture *it = *state;
    assert_true(set(it, "told/a", 1));
    postgres_fixture_kill(&database);
    for (int i = 0; i < 5; i++)
        assert_false(set(it, "told/b", 1));
    postgres_fixture_restart(&database);
    await_success(it, "told/c");
    buf_append_byte(&it->host.log, '\0');
    const char *lost = strstr(it->host.log.at, "BACKEND_LOST postgres at localhost:");
    const char *back = strstr(it->host.log.at, "BACKEND_REGAINED postgres at localhost:");
    assert_true(lost != NULL && back != NULL && back > lost);
    assert_null(strstr(lost + 1, "BACKEND_LOST"));
    it->host.log.length--;
}

static void everything_is_answered_within_the_timeout_while_there_is_no_server(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer write, read, removed;
    slice name = SLICE("away/a");
    postgres_fixture_kill(&database);
    int64_t before = child_process_now_ms();
    begin_set(it, "away/a", 1, &write);
    begin_get(it, "away/b", &read);
    storage_of(it)->remove(it->self, &name, 1, answer_done, store_answer_begin(&removed));
    store_fixture_wait(it, &write);
    assert_non_null(strstr(write.error, "postgres at localhost:"));
    store_answer_end(&write);
    assert_false(end(it, &read));
    assert_false(end(it, &removed));
    assert_true(child_process_now_ms() - before < 20000); /* 2 s, were the machine idle */
    postgres_fixture_restart(&database);
    await_success(it, "away/c");
}

static void a_short_loss_is_waited_for(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer write, read;
    assert_true(set(it, "short/first", 1));
    postgres_fixture_kill(&database);
    while (!plugin_host_has_logged(&it->host, "BACKEND_LOST"))
        uv_run(&it->host.loop, UV_RUN_ONCE);
    begin_set(it, "short/a", 1, &write);
    begin_get(it, "short/first", &read);
    postgres_fixture_restart(&database);
    assert_true(end(it, &write));
    store_fixture_wait(it, &read);
    assert_null(read.error);
    assert_int_equal(read.version, 1);
    store_answer_end(&read);
}

static void a_silent_server_counts_as_lost(void **state)
{
    struct store_fixture *it = *state;
    assert_true(set(it, "silent/a", 1));
    /* the process that works for the connector, not the one that listens */
    pid_t worker =
        (pid_t)strtol(postgres_query(&database, "SELECT pid FROM pg_stat_activity"
                                                " WHERE application_name = 'deepstream'"),
                      NULL, 10);
    assert_true(worker > 0 && kill(worker, SIGSTOP) == 0);
    assert_false(set(it, "silent/b", 1));
    assert_true(plugin_host_has_logged(&it->host, "no answer within 2000 ms"));
    kill(worker, SIGCONT);
    await_success(it, "silent/c");
}

/* ---- beginning and end ---- */

static void it_waits_for_a_server_that_starts(void **state)
{
    (void)state;
    struct store_subject subject = {
        .plugin = database.plugin,
        .options_json = postgres_fixture_options(&database, "\"schema\": \"late\"")};
    void *own = &subject;
    postgres_fixture_kill(&database);
    backend_process_launch(&database.server);
    assert_int_equal(store_fixture_setup(&own), 0);
    postgres_fixture_await(&database);
    assert_true(set(own, "late/a", 1));
    assert_int_equal(store_fixture_teardown(&own), 0);
}

static void ignore_start(void *context, const char *error)
{
    *(bool *)context = error == NULL;
}

/* Signed by nobody whom the options name, or made for another host. */
static void a_certificate_that_does_not_fit_is_not_taken(void **state)
{
    static const char *const ways[] = {
        "\"host\": \"localhost\", \"ssl\": true, \"sslrootcert\": "
        "\"/etc/ssl/certs/ca-certificates.crt\"",
        "\"host\": \"127.0.0.1\", \"ssl\": true, \"sslrootcert\": \"%s/certificate.pem\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char way[200], options[400];
        struct plugin_host host;
        struct arena arena;
        struct ds_error error;
        bool is_started = false;
        snprintf(way, sizeof way, ways[i], database.server.child.folder);
        snprintf(options, sizeof options, "{%s, \"port\": %u, \"user\": \"postgres\"}", way,
                 database.server.port);
        plugin_host_init(&host);
        arena_init(&arena, 0);
        void *self = database.plugin->create(&host.services, test_value(&arena, options), &error);
        assert_non_null(self);
        arena_fini(&arena);
        database.plugin->start(self, ignore_start, &is_started);
        while (!plugin_host_has_logged(&host, "BACKEND_LOST"))
            uv_run(&host.loop, UV_RUN_ONCE);
        assert_true(plugin_host_has_logged(&host, "certificate"));
        assert_false(is_started);
        plugin_host_close(&host, database.plugin, self);
        plugin_host_fini(&host);
    }
}

static void closing_without_a_server_answers_everything(void **state)
{
    struct store_fixture *it = *state;
    enum { WRITES = 50 };
    struct store_answer answers[WRITES];
    postgres_fixture_kill(&database);
    for (int i = 0; i < WRITES; i++)
        begin_set(it, "closing/a", i, &answers[i]);
    plugin_host_close(&it->host, database.plugin, it->self);
    for (int i = 0; i < WRITES; i++) {
        assert_true(answers[i].is_done);
        assert_non_null(answers[i].error);
        store_answer_end(&answers[i]);
    }
    struct ds_error error;
    postgres_fixture_restart(&database);
    it->self = plugin_host_open(&it->host, database.plugin, it->subject->options_json, &error);
    assert_non_null(it->self);
}

static void note_error(void *context, const char *error)
{
    *(bool *)context = true;
    assert_non_null(error);
}

/* In whatever state some turns of the loop leave it. */
static void it_may_be_closed_while_it_connects(void **state)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "no-such-host.invalid"};
    (void)state;
    postgres_fixture_kill(&database);
    for (int turns = 0; turns < 12; turns++) {
        char options[200];
        struct plugin_host host;
        struct arena arena;
        bool has_answered = false;
        struct ds_error error;
        snprintf(options, sizeof options, "{\"host\": \"%s\", \"port\": %u}", hosts[turns % 3],
                 database.server.port);
        plugin_host_init(&host);
        arena_init(&arena, 0);
        void *self = database.plugin->create(&host.services, test_value(&arena, options), &error);
        assert_non_null(self);
        arena_fini(&arena);
        database.plugin->start(self, note_error, &has_answered);
        for (int i = 0; i < turns / 3; i++)
            uv_run(&host.loop, UV_RUN_ONCE);
        plugin_host_close(&host, database.plugin, self);
        assert_true(has_answered);
        plugin_host_fini(&host);
    }
    postgres_fixture_restart(&database);
}

static void the_queue_is_bounded(void **state)
{
    enum { WRITES = 100 };
    struct store_fixture *it = *state;
    struct store_answer answers[WRITES];
    char name[24];
    int refused = 0;
    for (int i = 0; i < WRITES; i++) {
        snprintf(name, sizeof name, "bound/%d", i);
        begin_set(it, name, 1, &answers[i]);
        refused += answers[i].is_done && strstr(answers[i].error, "queue is full") != NULL;
    }
    assert_in_range(refused, 1, WRITES - 1);
    for (int i = 0; i < WRITES; i++)
        (void)end(it, &answers[i]);
    assert_true(set(it, "bound/after", 1));
}

/* ---- the PostgreSQL of these tests ---- */

static void a_server_that_ends_after_it_accepted_a_connection_is_started_again(void **state)
{
    (void)state;
    postgres_fixture_kill(&database);
    backend_process_start(&database.server);
    kill(database.server.child.pid, SIGKILL);
    postgres_fixture_await(&database);
    assert_string_equal(postgres_query(&database, "SELECT 1"), "1 ");
}

static void a_killed_server_leaves_no_process_behind(void **state)
{
    (void)state;
    const char *sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
    pid_t checkpointer = (pid_t)strtol(postgres_query(&database, sql), NULL, 10);
    assert_true(checkpointer > 0);
    kill(checkpointer, SIGSTOP);
    postgres_fixture_kill(&database);
    assert_int_equal(kill(checkpointer, 0), -1);
    postgres_fixture_restart(&database);
}

int main(void)
{
    postgres_fixture_begin(&database);
#define SUBJECT(more)                                                                              \
    {                                                                                              \
        .plugin = database.plugin, .options_json = postgres_fixture_options(&database, more)       \
    }
    struct store_subject hasty = SUBJECT("\"writeInterval\": 5, \"connectionTimeoutMillis\": 2000");
    struct store_subject patient =
        SUBJECT("\"writeInterval\": 5, \"connectionTimeoutMillis\": 60000");
    struct store_subject alone =
        SUBJECT("\"writeInterval\": 5, \"max\": 1, \"query_timeout\": 2000");
    struct store_subject bounded = SUBJECT("\"maxQueueBytes\": 4096");
#undef SUBJECT
#define TEST(name, subject)                                                                        \
    cmocka_unit_test_prestate_setup_teardown(name, store_fixture_setup, store_fixture_teardown,    \
                                             subject)
    const struct CMUnitTest tests[] = {
        TEST(what_was_acknowledged_survives_a_kill_under_load, &hasty),
        TEST(a_loss_is_told_once_and_so_is_its_end, &hasty),
        TEST(everything_is_answered_within_the_timeout_while_there_is_no_server, &hasty),
        TEST(a_short_loss_is_waited_for, &patient),
        TEST(a_silent_server_counts_as_lost, &alone),
        cmocka_unit_test(it_waits_for_a_server_that_starts),
        cmocka_unit_test(a_certificate_that_does_not_fit_is_not_taken),
        TEST(closing_without_a_server_answers_everything, &hasty),
        cmocka_unit_test(it_may_be_closed_while_it_connects),
        TEST(the_queue_is_bounded, &bounded),
        cmocka_unit_test(a_server_that_ends_after_it_accepted_a_connection_is_started_again),
        cmocka_unit_test(a_killed_server_leaves_no_process_behind),
    };
#undef TEST
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    postgres_fixture_end(&database);
    return failed;
}
