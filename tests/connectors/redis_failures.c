/* What becomes of requests when Redis is killed, paused, started again, resharded, forgets its
 * scripts or holds what is no record, and when it refuses us:
 *
 *     redis_failures CACHE_SO */

#include "redis_backends.h"
#include "support/plugin_host.h"
#include "support/store_answers.h"
#include "support/test_values.h"

#include "base/check.h"
#include "node/plugin_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct ds_plugin *plugin;

struct fixture {
    struct plugin_host host;
    struct redis_backend redis;
    void *self; /* NULL: none is open */
};

static const struct ds_cache_operations *cache_of(void)
{
    return plugin->operations;
}

/* The options of the backend and more members: "\"ttl\": 1". */
static void open_cache(struct fixture *it, const char *more)
{
    char options[sizeof it->redis.options + 200];
    struct ds_error error;
    snprintf(options, sizeof options, "%.*s%s%s}", (int)strlen(it->redis.options) - 1,
             it->redis.options, more[0] == '\0' ? "" : ", ", more);
    it->self = plugin_host_open(&it->host, plugin, options, &error);
    if (it->self == NULL)
        fail_msg("%s", error.text);
}

static void begin_get(struct fixture *it, const char *name, struct store_answer *answer)
{
    cache_of()->get(it->self, slice_of(name), answer_record, store_answer_begin(answer));
}

static void begin_set(struct fixture *it, const char *name, int32_t version, int32_t expected,
                      slice data, struct store_answer *answer)
{
    struct ds_record record = {.version = version, .data = data};
    cache_of()->set(it->self, slice_of(name), &record, expected, answer_set,
                    store_answer_begin(answer));
}

static void end_well(struct fixture *it, struct store_answer *answer)
{
    plugin_host_wait(&it->host, &answer->is_done);
    if (answer->error != NULL)
        fail_msg("%s", answer->error);
    store_answer_end(answer);
}

static void end_badly(struct fixture *it, struct store_answer *answer, const char *text)
{
    plugin_host_wait(&it->host, &answer->is_done);
    assert_non_null(answer->error);
    if (strstr(answer->error, text) == NULL)
        fail_msg("%s: %s", text, answer->error);
    store_answer_end(answer);
}

static void must_set(struct fixture *it, const char *name, int32_t version, int32_t expected)
{
    struct store_answer answer;
    begin_set(it, name, version, expected, SLICE("{}"), &answer);
    plugin_host_wait(&it->host, &answer.is_done);
    assert_false(answer.is_conflict);
    end_well(it, &answer);
}

static void assert_version(struct fixture *it, const char *name, int32_t version)
{
    struct store_answer answer;
    begin_get(it, name, &answer);
    plugin_host_wait(&it->host, &answer.is_done);
    assert_int_equal(answer.version, version);
    end_well(it, &answer);
}

static struct backend_process *process(struct fixture *it)
{
    return &it->redis.nodes[0];
}

/* Asks until Redis answers again. */
static void await_return(struct fixture *it)
{
    for (bool is_back = false; !is_back;) {
        struct store_answer answer;
        begin_get(it, "anything", &answer);
        plugin_host_wait(&it->host, &answer.is_done);
        is_back = answer.error == NULL;
        store_answer_end(&answer);
        uv_run(&it->host.loop, is_back ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    }
}

static void what_was_sent_fails_when_redis_is_killed_and_is_not_sent_again(void **state)
{
    struct fixture *it = *state;
    struct store_answer set, get;
    open_cache(it, "");
    must_set(it, "a", 1, DS_MISSING);
    backend_process_pause(process(it));
    begin_set(it, "a", 2, 1, SLICE("{}"), &set);
    begin_get(it, "a", &get);
    uv_run(&it->host.loop, UV_RUN_NOWAIT);
    backend_process_kill(process(it));
    end_badly(it, &set, "was lost before it answered: ");
    end_badly(it, &get, "was lost before it answered: ");
    assert_true(plugin_host_has_logged(&it->host, "BACKEND_LOST redis at 127.0.0.1:"));
    backend_process_start(process(it));
    await_return(it);
    assert_true(plugin_host_has_logged(&it->host, "BACKEND_REGAINED redis at 127.0.0.1:"));
    assert_version(it, "a", DS_MISSING); /* this one keeps nothing */
}

static void what_is_asked_meanwhile_waits_for_a_quick_return(void **state)
{
    struct fixture *it = *state;
    struct store_answer set, get;
    open_cache(it, "\"requestTimeout\": 60000");
    must_set(it, "a", 1, DS_MISSING);
    backend_process_kill(process(it));
    while (!plugin_host_has_logged(&it->host, "BACKEND_LOST"))
        uv_run(&it->host.loop, UV_RUN_ONCE);
    begin_set(it, "b", 5, DS_MISSING, SLICE("{}"), &set);
    begin_get(it, "b", &get);
    uv_run(&it->host.loop, UV_RUN_NOWAIT);
    assert_false(set.is_done || get.is_done);
    backend_process_start(process(it));
    end_well(it, &set);
    plugin_host_wait(&it->host, &get.is_done);
    assert_int_equal(get.version, 5);
    end_well(it, &get);
}

static void after_a_long_outage_it_fails_at_once_until_redis_is_back(void **state)
{
    struct fixture *it = *state;
    struct store_answer answer;
    open_cache(it, "\"requestTimeout\": 200");
    backend_process_kill(process(it));
    while (!plugin_host_has_logged(&it->host, "BACKEND_LOST"))
        uv_run(&it->host.loop, UV_RUN_ONCE);
    begin_get(it, "a", &answer);
    end_badly(it, &answer, "cannot be reached: ");
    begin_get(it, "a", &answer);
    assert_true(answer.is_done);
    end_badly(it, &answer, "cannot be reached: connection refused");
    backend_process_start(process(it));
    await_return(it);
    must_set(it, "a", 1, DS_MISSING);
}

static void a_silent_redis_is_given_up_after_the_timeout(void **state)
{
    struct fixture *it = *state;
    struct store_answer answer;
    open_cache(it, "\"requestTimeout\": 300");
    backend_process_pause(process(it));
    begin_get(it, "a", &answer);
    end_badly(it, &answer, "no answer within 300 ms");
    backend_process_resume(process(it));
    await_return(it);
}

static void what_waits_is_bounded(void **state)
{
    struct fixture *it = *state;
    struct store_answer first, second;
    size_t length = 700000;
    char *data = malloc(length);
    assert_non_null(data);
    memset(data, 'x', length);
    open_cache(it, "\"requestTimeout\": 60000, \"maxWaitingMegabytes\": 1");
    backend_process_kill(process(it));
    while (!plugin_host_has_logged(&it->host, "BACKEND_LOST"))
        uv_run(&it->host.loop, UV_RUN_ONCE);
    begin_set(it, "a", 1, DS_MISSING, (slice){data, length}, &first);
    begin_set(it, "b", 1, DS_MISSING, (slice){data, length}, &second);
    end_badly(it, &second, "too much waits for redis at ");
    backend_process_start(process(it));
    end_well(it, &first);
    free(data);
}

static void a_redis_that_has_forgotten_the_script_is_told_it_again(void **state)
{
    struct fixture *it = *state;
    open_cache(it, "");
    must_set(it, "a", 1, DS_MISSING);
    redis_backend_command(&it->redis, (const char *[]){"SCRIPT", "FLUSH", NULL});
    must_set(it, "a", 2, 1);
    must_set(it, "a", 3, 2);
}

static void a_redis_that_became_a_replica_is_left_and_tried_again(void **state)
{
    struct fixture *it = *state;
    struct store_answer answer;
    open_cache(it, "");
    redis_backend_command(&it->redis, (const char *[]){"REPLICAOF", "127.0.0.1", "1", NULL});
    begin_set(it, "a", 1, DS_MISSING, SLICE("{}"), &answer);
    end_badly(it, &answer, "READONLY");
    assert_true(plugin_host_has_logged(&it->host, "BACKEND_LOST"));
    redis_backend_command(&it->redis, (const char *[]){"REPLICAOF", "NO", "ONE", NULL});
    await_return(it);
    must_set(it, "a", 1, DS_MISSING);
}

static void half_a_record_is_none_and_what_is_no_record_is_an_error(void **state)
{
    struct fixture *it = *state;
    struct store_answer answer;
    open_cache(it, "");
    must_set(it, "half", 7, DS_MISSING);
    redis_backend_command(&it->redis, (const char *[]){"DEL", "half_d", NULL});
    assert_version(it, "half", DS_MISSING);
    must_set(it, "half", 0, DS_MISSING);
    assert_version(it, "half", 0);
    redis_backend_command(&it->redis,
                          (const char *[]){"MSET", "odd_v", "many", "odd_d", "{}", NULL});
    begin_get(it, "odd", &answer);
    end_badly(it, &answer, "no record");
    begin_set(it, "odd", 1, 0, SLICE("{}"), &answer);
    end_badly(it, &answer, "no record");
    redis_backend_command(&it->redis, (const char *[]){"LPUSH", "list_v", "1", NULL});
    begin_set(it, "list", 1, 0, SLICE("{}"), &answer);
    end_badly(it, &answer, "WRONGTYPE");
}

static void with_a_ttl_records_go_by_themselves(void **state)
{
    struct fixture *it = *state;
    open_cache(it, "\"ttl\": 1");
    must_set(it, "a", 1, DS_MISSING);
    for (int32_t version = 1; version != DS_MISSING;) {
        struct store_answer answer;
        begin_get(it, "a", &answer);
        plugin_host_wait(&it->host, &answer.is_done);
        version = answer.version;
        end_well(it, &answer);
    }
    must_set(it, "a", 1, DS_MISSING);
}

static void closing_does_not_wait_for_a_redis_that_is_gone(void **state)
{
    struct fixture *it = *state;
    struct store_answer answer;
    open_cache(it, "\"requestTimeout\": 300");
    backend_process_kill(process(it));
    begin_get(it, "a", &answer);
    plugin_host_close(&it->host, plugin, it->self);
    it->self = NULL;
    assert_true(answer.is_done);
    store_answer_end(&answer);
}

static void a_start_that_comes_after_the_connection_succeeds(void **state)
{
    struct fixture *it = *state;
    struct arena options;
    struct ds_error error;
    struct store_answer read, started;
    arena_init(&options, 0);
    it->self = plugin->create(&it->host.services, test_value(&options, it->redis.options), &error);
    arena_fini(&options);
    assert_non_null(it->self);
    begin_get(it, "a", &read);
    end_well(it, &read);
    plugin->start(it->self, answer_done, store_answer_begin(&started));
    end_well(it, &started);
}

static void refuses(struct fixture *it, const char *options, const char *text)
{
    struct ds_error error;
    assert_null(plugin_host_open(&it->host, plugin, options, &error));
    if (strstr(error.text, text) == NULL)
        fail_msg("%s: %s", text, error.text);
}

static void a_start_that_redis_refuses_fails_at_once(void **state)
{
    struct fixture *it = *state;
    char options[200];
    unsigned port = process(it)->port;
    snprintf(options, sizeof options, "{\"url\": \"redis://:wrong@127.0.0.1:%u\"}", port);
    refuses(it, options, "WRONGPASS");
    snprintf(options, sizeof options, "{\"host\": \"127.0.0.1\", \"port\": %u}", port);
    refuses(it, options, "NOAUTH");
    snprintf(options, sizeof options, "{\"url\": \"redis://:s%%20e:cret%%2F1@127.0.0.1:%u/99\"}",
             port);
    refuses(it, options, "DB index is out of range");
    snprintf(options, sizeof options,
             "{\"nodes\": [\"redis://:s%%20e:cret%%2F1@127.0.0.1:%u\"], \"hashTags\": true}", port);
    refuses(it, options, "cluster support disabled");
    refuses(it, "{\"nodes\": [{\"port\": 7000}]}", "set hashTags: true");
    refuses(it, "{\"hashTags\": true, \"keyPrefix\": \"{a\"}", "keyPrefix must not contain {");
    refuses(it, "{\"ttl\": 0}", "ttl must be a whole number from 1 to");
}

static void a_certificate_that_nobody_vouches_for_is_refused(void **state)
{
    struct fixture *it = *state;
    refuses(it, it->redis.untrusting_options,
            "its certificate is refused: self-signed certificate");
    char options[sizeof it->redis.options];
    snprintf(options, sizeof options, "%s", it->redis.options);
    memcpy(strstr(options, "127.0.0.1"), "localhost", strlen("localhost"));
    refuses(it, options, "its certificate is refused: "); /* it names the address alone */
}

static void slots_that_move_take_nothing_with_them(void **state)
{
    enum { NAMES = 100 };
    struct fixture *it = *state;
    struct child_process move;
    char from[REDIS_CLUSTER_ID + 1], to[REDIS_CLUSTER_ID + 1], names[NAMES][16];
    int32_t versions[NAMES];
    open_cache(it, "");
    redis_backend_cluster_id(&it->redis, 0, from);
    redis_backend_cluster_id(&it->redis, 1, to);
    for (int i = 0; i < NAMES; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        versions[i] = 0;
        must_set(it, names[i], 0, DS_MISSING);
    }
    redis_backend_begin_reshard(&it->redis, &move, from, to, 1500);
    bool is_moved = false;
    int status = -1;
    for (int rounds = 0; !is_moved || rounds < 3; rounds++) {
        is_moved = is_moved || child_process_has_ended(&move, &status);
        for (int i = 0; i < NAMES; i++, versions[i - 1]++)
            must_set(it, names[i], versions[i] + 1, versions[i]);
    }
    if (status != 0)
        child_process_print_log(&move, "redis-cli --cluster reshard");
    assert_int_equal(status, 0);
    child_process_remove(&move);
    for (int i = 0; i < NAMES; i++)
        assert_version(it, names[i], versions[i]);
}

static int setup(void **state, void (*start)(struct redis_backend *redis))
{
    struct fixture *it = calloc(1, sizeof *it);
    CHECK(it != NULL);
    plugin_host_init(&it->host);
    start(&it->redis);
    *state = it;
    return 0;
}

static int setup_plain(void **state)
{
    return setup(state, redis_backend_start);
}

static int setup_guarded(void **state)
{
    return setup(state, redis_backend_start_guarded);
}

static int setup_tls(void **state)
{
    return setup(state, redis_backend_start_tls);
}

static int setup_cluster(void **state)
{
    return setup(state, redis_backend_start_cluster);
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    if (it->self != NULL)
        plugin_host_close(&it->host, plugin, it->self);
    redis_backend_remove(&it->redis);
    plugin_host_fini(&it->host);
    free(it);
    return 0;
}

int main(int argc, char **argv)
{
    struct ds_error error;
    CHECK(argc == 2);
    struct plugin_library *library = plugin_library_open_kind(argv[1], DS_PLUGIN_CACHE, &error);
    CHECK(library != NULL);
    plugin = plugin_library_plugin(library);
#define TEST(name, kind) cmocka_unit_test_setup_teardown(name, setup_##kind, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_sent_fails_when_redis_is_killed_and_is_not_sent_again, plain),
        TEST(what_is_asked_meanwhile_waits_for_a_quick_return, plain),
        TEST(after_a_long_outage_it_fails_at_once_until_redis_is_back, plain),
        TEST(a_silent_redis_is_given_up_after_the_timeout, plain),
        TEST(what_waits_is_bounded, plain),
        TEST(a_redis_that_has_forgotten_the_script_is_told_it_again, plain),
        TEST(a_redis_that_became_a_replica_is_left_and_tried_again, plain),
        TEST(half_a_record_is_none_and_what_is_no_record_is_an_error, plain),
        TEST(with_a_ttl_records_go_by_themselves, plain),
        TEST(closing_does_not_wait_for_a_redis_that_is_gone, plain),
        TEST(a_start_that_comes_after_the_connection_succeeds, plain),
        TEST(a_start_that_comes_after_the_connection_succeeds, cluster),
        TEST(a_start_that_redis_refuses_fails_at_once, guarded),
        TEST(a_certificate_that_nobody_vouches_for_is_refused, tls),
        TEST(slots_that_move_take_nothing_with_them, cluster),
    };
#undef TEST
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    plugin_library_close(&library);
    return failed;
}
