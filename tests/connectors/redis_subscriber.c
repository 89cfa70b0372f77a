/* Listening to channels of Redis: what is published arrives, and again after Redis was killed, and
 * after it had fallen silent. */

#include "connectors/redis/client.h"
#include "connectors/redis/subscriber.h"
#include "redis_backends.h"
#include "support/plugin_host.h"
#include "support/test_values.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct plugin_host host;
    struct redis_backend redis;
    struct redis_settings settings;
    struct redis_subscriber *subscriber;
    struct redis_client *client;
    bool is_listening, is_gap, is_closed, is_started;
    struct buf heard; /* "channel=payload;" of each message */
};

static void on_message(void *context, slice channel, slice payload)
{
    struct fixture *it = context;
    buf_printf(&it->heard, SLICE_FORMAT "=" SLICE_FORMAT ";", SLICE_ARGUMENTS(channel),
               SLICE_ARGUMENTS(payload));
}

static void on_listening(void *context)
{
    struct fixture *it = context;
    it->is_listening = true;
    it->is_gap = false;
}

static void on_gap(void *context, const char *reason, bool is_final)
{
    struct fixture *it = context;
    assert_non_null(reason);
    assert_false(is_final);
    it->is_gap = true;
    it->is_listening = false;
}

static void on_closed(void *context)
{
    ((struct fixture *)context)->is_closed = true;
}

static void on_started(void *context, const char *error)
{
    assert_null(error);
    ((struct fixture *)context)->is_started = true;
}

static void on_published(void *context, const struct redis_answer *answer)
{
    assert_null(answer->error);
    *(long long *)context = answer->reply->integer;
}

/* Publishes until somebody hears it: returns when the message has arrived. */
static void say(struct fixture *it, const char *channel, const char *text)
{
    long long receivers = -1;
    size_t heard = it->heard.length;
    const slice words[] = {SLICE("PUBLISH"), slice_of(channel), slice_of(text)};
    redis_client_ask(it->client, slice_of(channel), words, 3, on_published, &receivers);
    while (receivers < 0 || it->heard.length == heard)
        uv_run(&it->host.loop, UV_RUN_ONCE);
    assert_int_equal(receivers, 1);
}

static void assert_heard(const struct fixture *it, const char *text)
{
    assert_true(slice_equal(buf_slice(&it->heard), slice_of(text)));
}

static int setup(void **state)
{
    static const struct redis_subscriber_events events = {
        .on_message = on_message, .on_listening = on_listening, .on_gap = on_gap};
    struct fixture *it = calloc(1, sizeof *it);
    struct arena options;
    struct ds_error error;
    char text[128];
    CHECK(it != NULL);
    plugin_host_init(&it->host);
    redis_backend_start(&it->redis);
    snprintf(text, sizeof text, "{\"host\": \"127.0.0.1\", \"port\": %u, \"requestTimeout\": 1000}",
             it->redis.nodes[0].port);
    arena_init(&options, 0);
    CHECK(redis_settings_init(&it->settings, test_value(&options, text), &error));
    arena_fini(&options);
    it->subscriber = redis_subscriber_new(&it->host.services, &it->settings, &events, it);
    redis_subscriber_listen(it->subscriber, SLICE("4"));
    redis_subscriber_listen(it->subscriber, SLICE("5"));
    it->client = redis_client_new(&it->host.services, &it->settings, SLICE(""), 0);
    redis_client_start(it->client, on_started, it);
    plugin_host_wait(&it->host, &it->is_started);
    plugin_host_wait(&it->host, &it->is_listening);
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    redis_subscriber_close(it->subscriber, on_closed, it);
    plugin_host_wait(&it->host, &it->is_closed);
    it->is_closed = false;
    redis_client_close(it->client, on_closed, it);
    plugin_host_wait(&it->host, &it->is_closed);
    redis_settings_fini(&it->settings);
    redis_backend_remove(&it->redis);
    plugin_host_fini(&it->host);
    buf_fini(&it->heard);
    free(it);
    return 0;
}

static void what_is_published_arrives_in_order_and_nothing_else(void **state)
{
    struct fixture *it = *state;
    say(it, "4", "one");
    say(it, "5", "two");
    redis_subscriber_listen(it->subscriber, SLICE("late"));
    it->is_listening = false;
    plugin_host_wait(&it->host, &it->is_listening);
    say(it, "late", "three");
    redis_backend_command(&it->redis, (const char *[]){"PUBLISH", "other", "no", NULL});
    say(it, "4", "four");
    assert_heard(it, "4=one;5=two;late=three;4=four;");
}

static void after_a_restart_it_listens_again(void **state)
{
    struct fixture *it = *state;
    backend_process_kill(&it->redis.nodes[0]);
    plugin_host_wait(&it->host, &it->is_gap);
    backend_process_start(&it->redis.nodes[0]);
    plugin_host_wait(&it->host, &it->is_listening);
    say(it, "5", "again");
    say(it, "4", "too");
    assert_heard(it, "5=again;4=too;");
}

static void a_connection_that_fell_silent_is_noticed(void **state)
{
    struct fixture *it = *state;
    backend_process_pause(&it->redis.nodes[0]);
    plugin_host_wait(&it->host, &it->is_gap);
    backend_process_resume(&it->redis.nodes[0]);
    plugin_host_wait(&it->host, &it->is_listening);
    say(it, "4", "awake");
    assert_heard(it, "4=awake;");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_published_arrives_in_order_and_nothing_else),
        TEST(after_a_restart_it_listens_again),
        TEST(a_connection_that_fell_silent_is_noticed),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
