/* Options that plugins change while a node runs: each has an effect, within the bounds of the
 * configuration, and no other can be changed. */

#include "node/running_options.h"

#include "node/config/options.h"
#include "node/internal.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uv_loop_t loop;
static struct config *config;
static struct ds_node *node;
static bool is_running, has_stopped;

static void on_running(void *context)
{
    (void)context;
    is_running = true;
}

static void on_stopped(void *context, bool failed)
{
    (void)context;
    assert_false(failed);
    has_stopped = true;
}

static void run_until(const bool *flag)
{
    while (!*flag)
        assert_true(uv_run(&loop, UV_RUN_ONCE) != 0 || *flag);
}

static void start(const char *more)
{
    char text[512];
    snprintf(text, sizeof text,
             "logLevel: OFF\nhttpServer: {options: {host: 127.0.0.1, port: 0}}\n"
             "storage: {type: none}\n%s",
             more);
    struct config_request request = {.text_name = "test.yml", .text = slice_of(text)};
    struct ds_node_events events = {NULL, on_running, on_stopped};
    is_running = has_stopped = false;
    config = config_load(&request);
    assert_int_equal(uv_loop_init(&loop), 0);
    node = ds_node_new(&loop, config, &events);
    ds_node_start(node);
    run_until(&is_running);
}

static void stop(void)
{
    ds_node_stop(node);
    run_until(&has_stopped);
    ds_node_free(&node);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    config_free(&config);
}

static int set_up(void **state)
{
    (void)state;
    start("");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stop();
    return 0;
}

static void expect_set(const char *option, int64_t value)
{
    struct ds_error error = {.text = ""};
    assert_true(running_options_set(node, option, value, &error));
    assert_string_equal(error.text, "");
}

static void expect_refused(const char *option, int64_t value, const char *why)
{
    struct ds_error error = {.text = ""};
    assert_false(running_options_set(node, option, value, &error));
    assert_string_equal(error.text, why);
}

static void each_is_obeyed_where_it_counts(void **state)
{
    (void)state;
    const struct rpc_settings *rpc = rpc_handler_settings(node->features.rpc);
    const struct record_settings *record = record_handler_settings(node->features.record);
    const struct listen_settings *lists[] = {record_handler_listen_settings(node->features.record),
                                             event_handler_listen_settings(node->features.event)};
    expect_set("rpc.ackTimeout", 11);
    expect_set("rpc.responseTimeout", 12);
    expect_set("record.cacheRetrievalTimeout", 13);
    expect_set("record.storageRetrievalTimeout", 14);
    expect_set("listen.responseTimeout", 15);
    expect_set("listen.matchCooldown", 16);
    assert_int_equal(rpc->ack_timeout_ms, 11);
    assert_int_equal(rpc->response_timeout_ms, 12);
    assert_int_equal(record->cache_timeout_ms, 13);
    assert_int_equal(record->storage_timeout_ms, 14);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(lists[i]->response_timeout_ms, 15);
        assert_int_equal(lists[i]->match_cooldown_ms, 16);
    }
}

static void the_log_level_is_one_of_the_levels(void **state)
{
    (void)state;
    static const enum ds_log_level levels[] = {DS_DEBUG, DS_INFO,  DS_WARN,
                                               DS_ERROR, DS_FATAL, DS_OFF};
    for (size_t i = sizeof levels / sizeof *levels; i-- > 0;) {
        if (levels[i] == DS_DEBUG || levels[i] == DS_INFO)
            continue; /* the test's output stays readable */
        expect_set("logLevel", levels[i]);
        assert_int_equal(node->log.level, levels[i]);
    }
    expect_refused("logLevel", 5, "`logLevel` cannot be 5");
    expect_refused("logLevel", -1, "`logLevel` cannot be -1");
    expect_refused("logLevel", INT64_C(1) << 32, "`logLevel` cannot be 4294967296");
    expect_set("logLevel", DS_OFF);
}

static void every_one_of_the_list_stays_within_its_bounds(void **state)
{
    (void)state;
    static const enum config_option options[] = {
#define RUNNING_OPTION(name) CONFIG_##name,
#include "node/running_options.def"
#undef RUNNING_OPTION
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const struct option_info *info = option_info(options[i]);
        const char *section = section_info(info->section)->key;
        char name[64];
        struct ds_error error;
        if (info->kind == OPTION_LEVEL)
            continue;
        snprintf(name, sizeof name, "%s.%s", section, info->key);
        assert_true(running_options_set(node, name, (int64_t)info->least, &error));
        assert_true(running_options_set(node, name, (int64_t)info->most, &error));
        assert_false(running_options_set(node, name, (int64_t)info->least - 1, &error));
        assert_false(running_options_set(node, name, (int64_t)info->most + 1, &error));
        assert_false(running_options_set(node, name, INT64_MIN, &error));
        assert_false(running_options_set(node, name, INT64_MAX, &error));
    }
}

static void a_value_that_is_refused_changes_nothing(void **state)
{
    (void)state;
    expect_set("rpc.ackTimeout", 500);
    expect_refused("rpc.ackTimeout", 0, "`rpc.ackTimeout` cannot be 0");
    assert_int_equal(rpc_handler_settings(node->features.rpc)->ack_timeout_ms, 500);
}

static void no_other_option_can_be_changed(void **state)
{
    (void)state;
    static const char *const names[] = {"serverName",  "httpServer.port", "rpc.maxCalls",
                                        "ackTimeout",  "rpc.acktimeout",  "rpc.ackTimeout.",
                                        ".rpc",        "record",          "rpc.",
                                        "rpc.logLevel"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char why[128];
        snprintf(why, sizeof why, "`%s` cannot be changed while the server runs", names[i]);
        expect_refused(names[i], 1, why);
    }
    expect_refused("", 1, "`` cannot be changed while the server runs");
}

static void what_is_off_is_passed_over(void **state)
{
    (void)state;
    start("enabledFeatures: {record: false, event: false, rpc: false}\n");
    expect_set("rpc.ackTimeout", 11);
    expect_set("record.cacheRetrievalTimeout", 13);
    expect_set("listen.matchCooldown", 16);
    stop();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_is_obeyed_where_it_counts),
        TEST(the_log_level_is_one_of_the_levels),
        TEST(every_one_of_the_list_stays_within_its_bounds),
        TEST(a_value_that_is_refused_changes_nothing),
        TEST(no_other_option_can_be_changed),
        cmocka_unit_test(what_is_off_is_passed_over),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
