/* Nodes come up, live side by side in one process, and stop from every state. */

#include "node/node.h"

#include "logging/log.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define CONFIG(port)                                                                               \
    "logLevel: OFF\n"                                                                              \
    "httpServer: {options: {host: 127.0.0.1, port: " port "}}\n"                                   \
    "connectionEndpoints: [{type: ws-binary}]\n"                                                   \
    "storage: {type: none}\n"

static uv_loop_t loop;

struct running {
    struct config *config;
    struct ds_node *node;
    bool is_running;
    bool has_stopped;
    bool has_failed;
    bool stops_when_running;
};

static void on_running(void *context)
{
    struct running *running = context;
    running->is_running = true;
    if (running->stops_when_running)
        ds_node_stop(running->node);
}

static void on_stopped(void *context, bool failed)
{
    struct running *running = context;
    assert_false(running->has_stopped);
    running->has_stopped = true;
    running->has_failed = failed;
}

static void make(struct running *running, const char *text)
{
    struct config_request request = {.text_name = "test.yml", .text = slice_of(text)};
    struct ds_node_events events = {running, on_running, on_stopped};
    *running = (struct running){.config = config_load(&request)};
    running->node = ds_node_new(&loop, running->config, &events);
}

static void run_until(const bool *flag)
{
    while (!*flag)
        assert_true(uv_run(&loop, UV_RUN_ONCE) != 0 || *flag);
}

static void start(struct running *running)
{
    assert_true(config_is_valid(running->config));
    ds_node_start(running->node);
    run_until(&running->is_running);
}

static void finish(struct running *running)
{
    run_until(&running->has_stopped);
    ds_node_free(&running->node);
    assert_null(running->node);
    config_free(&running->config);
}

static int set_up(void **state)
{
    (void)state;
    return uv_loop_init(&loop);
}

/* No handle may be left. */
static int tear_down(void **state)
{
    (void)state;
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0)
        continue;
    return uv_loop_close(&loop);
}

/* ---- a client of the health check ---- */

struct visit {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    char answer[512];
    size_t length;
    bool is_over;
};

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    struct visit *visit = handle->data;
    (void)suggested;
    *room = uv_buf_init(visit->answer + visit->length,
                        (unsigned)(sizeof visit->answer - 1 - visit->length));
}

static void on_visit_closed(uv_handle_t *handle)
{
    struct visit *visit = handle->data;
    visit->is_over = true;
}

static void on_answer(uv_stream_t *stream, ssize_t count, const uv_buf_t *room)
{
    struct visit *visit = stream->data;
    (void)room;
    if (count > 0)
        visit->length += (size_t)count;
    if (count < 0 || strstr(visit->answer, "\r\n\r\n") != NULL)
        uv_close((uv_handle_t *)stream, on_visit_closed);
}

static void on_connected(uv_connect_t *connect, int status)
{
    static char request[] = "GET /health-check HTTP/1.1\r\nHost: a\r\n\r\n";
    struct visit *visit = connect->data;
    uv_buf_t bytes = uv_buf_init(request, sizeof request - 1);
    assert_int_equal(status, 0);
    uv_write(&visit->write, (uv_stream_t *)&visit->tcp, &bytes, 1, NULL);
    uv_read_start((uv_stream_t *)&visit->tcp, give_room, on_answer);
}

static void expect_healthy(uint16_t port)
{
    struct visit visit = {.length = 0};
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", port, &address);
    uv_tcp_init(&loop, &visit.tcp);
    visit.tcp.data = visit.connect.data = &visit;
    uv_tcp_connect(&visit.connect, &visit.tcp, (const struct sockaddr *)&address, on_connected);
    run_until(&visit.is_over);
    assert_ptr_equal(strstr(visit.answer, "HTTP/1.1 200 "), visit.answer);
}

/* ---- tests ---- */

static void two_nodes_live_in_one_process_and_stop_apart(void **state)
{
    (void)state;
    struct running one, other;
    make(&one, CONFIG("0"));
    make(&other, CONFIG("0"));
    start(&one);
    start(&other);
    assert_true(ds_node_port(one.node) != ds_node_port(other.node));
    expect_healthy(ds_node_port(one.node));
    expect_healthy(ds_node_port(other.node));
    ds_node_stop(one.node);
    finish(&one);
    assert_int_equal(ds_node_state(other.node), NODE_RUNNING);
    expect_healthy(ds_node_port(other.node));
    ds_node_stop(other.node);
    finish(&other);
    assert_false(one.has_failed || other.has_failed);
}

static void a_node_that_never_started_can_stop(void **state)
{
    (void)state;
    struct running running;
    make(&running, CONFIG("0"));
    ds_node_stop(running.node);
    finish(&running);
    assert_false(running.is_running || running.has_failed);
}

static void a_node_can_be_stopped_while_it_starts_and_twice(void **state)
{
    (void)state;
    struct running running;
    make(&running, CONFIG("0"));
    running.stops_when_running = true;
    ds_node_start(running.node);
    ds_node_stop(running.node);
    ds_node_stop(running.node);
    finish(&running);
    assert_false(running.has_failed);
}

/* The state of a node that waits is none of its own: it is stopped like one that starts. */
static void a_node_that_waits_for_others_lets_nobody_in_and_can_be_stopped(void **state)
{
    (void)state;
    struct running node;
    make(&node, CONFIG("0") "clusterNode: {type: vertical}\n"
                            "clusterStates: {options: {discoveryTimeout: 1000000, "
                            "joinTimeout: 1000000}}\n");
    ds_node_start(node.node);
    for (int turn = 0; turn < 100; turn++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_false(node.is_running);
    ds_node_stop(node.node);
    finish(&node);
    assert_false(node.is_running || node.has_failed);
}

static void a_node_whose_bus_has_nobody_else_runs_soon(void **state)
{
    (void)state;
    struct running node;
    make(&node, CONFIG("0") "clusterNode: {type: vertical}\n");
    start(&node);
    ds_node_stop(node.node);
    finish(&node);
}

static void a_port_that_is_taken_fails_the_start(void **state)
{
    (void)state;
    struct running one, other;
    char text[512];
    make(&one, CONFIG("0"));
    start(&one);
    snprintf(text, sizeof text, CONFIG("%u"), ds_node_port(one.node));
    make(&other, text);
    ds_node_start(other.node);
    finish(&other);
    assert_true(other.has_failed);
    assert_false(other.is_running);
    ds_node_stop(one.node);
    finish(&one);
}

static void without_features_a_node_still_runs(void **state)
{
    (void)state;
    struct running running;
    make(&running,
         CONFIG("0") "enabledFeatures: {record: false, event: false, rpc: false, presence: false}");
    start(&running);
    expect_healthy(ds_node_port(running.node));
    ds_node_stop(running.node);
    finish(&running);
}

static bool is_refused(const char *text, const char *part)
{
    struct running running;
    struct buf problems = BUF_EMPTY;
    make(&running, text);
    bool is_valid = config_is_valid(running.config);
    config_print_problems(running.config, &problems, false);
    buf_append_byte(&problems, '\0');
    bool says_so = strstr(problems.at, part) != NULL;
    if (!says_so)
        print_message("%s\n", problems.at);
    buf_fini(&problems);
    ds_node_stop(running.node);
    finish(&running);
    return !is_valid && says_so;
}

static void plugins_that_are_not_there_are_refused_by_name(void **state)
{
    (void)state;
    assert_true(is_refused("cache: {name: redis}\n", "cache plugin via name redis"));
    assert_true(is_refused("storage: {path: ./mine.so}\n", "storage plugin via path ./mine.so"));
    assert_true(
        is_refused("clusterNode: {name: nowhere}\n", "clusternode plugin via name nowhere"));
    assert_true(is_refused("plugins: {mine: {path: ./mine.so}}\n", "./mine.so"));
}

static size_t warnings_of(const char *listen)
{
    struct running running;
    struct buf text = BUF_EMPTY;
    buf_printf(&text, CONFIG("0") "listen: {%s}\n", listen);
    buf_append_byte(&text, '\0');
    make(&running, text.at);
    size_t count = config_problem_count(running.config);
    assert_true(config_is_valid(running.config));
    if (count > 0)
        assert_int_equal(config_problem(running.config, 0)->level, DS_WARN);
    ds_node_stop(running.node);
    finish(&running);
    buf_fini(&text);
    return count;
}

static void an_interval_that_turns_rematching_off_is_warned_of(void **state)
{
    (void)state;
    assert_int_equal(warnings_of("rematchInterval: 1000"), 1);
    assert_int_equal(warnings_of("rematchInterval: 1001"), 0);
    assert_int_equal(warnings_of(""), 0);
}

static void users_need_a_storage_that_keeps_them(void **state)
{
    (void)state;
    assert_true(is_refused("storage: {type: none}\n"
                           "auth: {type: storage, options: {table: Users, hash: md5, "
                           "iterations: 1, keyLength: 32}}\n",
                           "it needs a storage that keeps users, but there is none"));
}

static void encryption_that_cannot_be_had_is_refused(void **state)
{
    (void)state;
    assert_true(is_refused("httpServer: {options: {ssl: {cert: b}}}\n", "ssl: `key` is missing"));
    assert_true(is_refused("httpServer: {options: {ssl: {key: a, cert: b}}}\n",
                           "ssl: `key` cannot be read from a"));
    assert_true(
        is_refused("connectionEndpoints: [{type: mqtt, options: {ssl: {key: a, cert: b}}}]\n",
                   "ssl: `key` cannot be read from a"));
}

static void reload_takes_the_level_and_rules_that_are_fit(void **state)
{
    (void)state;
    struct running running;
    struct config_request request = {.text_name = "fresh.yml", .text = SLICE("logLevel: ERROR\n")};
    struct config *fresh = config_load(&request);
    make(&running, CONFIG("0"));
    start(&running);
    assert_true(ds_node_reload(running.node, fresh));
    assert_int_equal(ds_node_log(running.node)->level, DS_ERROR);
    assert_true(ds_node_reload(running.node, NULL));
    assert_int_equal(ds_node_log(running.node)->level, DS_ERROR);
    config_free(&fresh);
    ds_node_stop(running.node);
    finish(&running);
}

static void a_node_whose_rules_are_closed_reloads_nothing(void **state)
{
    (void)state;
    struct running running;
    make(&running, CONFIG("0") "permission: {type: config, options: {permissions: {"
                               "record: {'*': {}}, event: {'*': {}}, rpc: {'*': {}}, "
                               "presence: {'*': {}}}}}\n");
    start(&running);
    assert_true(ds_node_reload(running.node, NULL));
    ds_node_stop(running.node);
    run_until(&running.has_stopped);
    assert_false(ds_node_reload(running.node, NULL));
    finish(&running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_nodes_live_in_one_process_and_stop_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_node_that_never_started_can_stop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_node_can_be_stopped_while_it_starts_and_twice, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_node_that_waits_for_others_lets_nobody_in_and_can_be_stopped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_node_whose_bus_has_nobody_else_runs_soon, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_port_that_is_taken_fails_the_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_features_a_node_still_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plugins_that_are_not_there_are_refused_by_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_interval_that_turns_rematching_off_is_warned_of, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(users_need_a_storage_that_keeps_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(encryption_that_cannot_be_had_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(reload_takes_the_level_and_rules_that_are_fit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_node_whose_rules_are_closed_reloads_nothing, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
