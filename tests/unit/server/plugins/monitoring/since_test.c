/* What happened since the last look, in the members of the Node.js server. */

#include "plugins/monitoring/since.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct since since;

static int set_up(void **state)
{
    (void)state;
    since_init(&since, 1000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    since_fini(&since);
    return 0;
}

static void expect(const struct ds_statistics *statistics, const char *expected)
{
    struct buf out = BUF_EMPTY;
    since_write(&since, statistics, &out);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.at, expected);
    buf_fini(&out);
}

static void nothing_is_an_object_without_members(void **state)
{
    (void)state;
    const struct ds_statistics statistics = {.cluster_size = 1, .now_ms = 2000};
    expect(&statistics, "\"clusterSize\":1,\"stateMetrics\":{},\"errors\":{},\"received\":{},"
                        "\"send\":{},\"logins\":{}");
    assert_true(since.from_ms == 2000);
}

static void what_was_seen_is_not_shown_again(void **state)
{
    (void)state;
    struct ds_message_count messages[] = {
        {"EVENT", "EMIT", 3, 50}, {"EVENT", "SUBSCRIBE", 2, 2}, {"RECORD", "READ", 1, 0}};
    struct ds_login_count logins[] = {{"websocket", 2, 1}};
    struct ds_log_count log[] = {{"INFO", {0, 9, 0, 0, 0}}, {"AUTH_ERROR", {0, 0, 1, 2, 0}}};
    const struct ds_statistics statistics = {.cluster_size = 3,
                                             .messages = messages,
                                             .message_count = 3,
                                             .logins = logins,
                                             .login_count = 1,
                                             .log = log,
                                             .log_count = 2};
    expect(&statistics,
           "\"clusterSize\":3,\"stateMetrics\":{},\"errors\":{\"AUTH_ERROR\":3},"
           "\"received\":{\"EVENT\":{\"EMIT\":3,\"SUBSCRIBE\":2},\"RECORD\":{\"READ\":1}},"
           "\"send\":{\"EVENT\":{\"EMIT\":50,\"SUBSCRIBE\":2}},"
           "\"logins\":{\"websocket\":{\"allowed\":2,\"declined\":1}}");
    expect(&statistics, "\"clusterSize\":3,\"stateMetrics\":{},\"errors\":{},\"received\":{},"
                        "\"send\":{},\"logins\":{}");
    messages[1].received += 4;
    logins[0].declined++;
    log[1].counts[DS_FATAL]++;
    expect(&statistics, "\"clusterSize\":3,\"stateMetrics\":{},\"errors\":{\"AUTH_ERROR\":1},"
                        "\"received\":{\"EVENT\":{\"SUBSCRIBE\":4}},\"send\":{},"
                        "\"logins\":{\"websocket\":{\"allowed\":0,\"declined\":1}}");
}

static void a_look_that_comes_late_shows_nothing_again(void **state)
{
    (void)state;
    struct ds_login_count logins[] = {{"websocket", 5, 0}};
    struct ds_statistics statistics = {
        .cluster_size = 1, .now_ms = 3000, .logins = logins, .login_count = 1};
    const char *nothing = "\"clusterSize\":1,\"stateMetrics\":{},\"errors\":{},\"received\":{},"
                          "\"send\":{},\"logins\":{}";
    since.from_ms = 1000;
    expect(&statistics, "\"clusterSize\":1,\"stateMetrics\":{},\"errors\":{},\"received\":{},"
                        "\"send\":{},\"logins\":{\"websocket\":{\"allowed\":5,\"declined\":0}}");
    logins[0].allowed = 3;
    statistics.now_ms = 2000;
    expect(&statistics, nothing);
    assert_true(since.from_ms == 3000);
    logins[0].allowed = 5;
    expect(&statistics, nothing);
}

/* The original names the registries of event subscriptions and of online users after topics. */
static void s12_registries_have_the_names_that_dashboards_know_and_right_ones(void **state)
{
    (void)state;
    const struct ds_named_count registries[] = {
        {"ONLINE_USERS", 4}, {"EVENT_SUBSCRIPTIONS", 7}, {"RPC_SUBSCRIPTIONS", 0}};
    const struct ds_statistics statistics = {
        .cluster_size = 1, .registries = registries, .registry_count = 3};
    const char *expected = "\"clusterSize\":1,\"stateMetrics\":{\"ONLINE_USERS\":4,\"LOCK\":4,"
                           "\"EVENT_SUBSCRIPTIONS\":7,\"STATE_REGISTRY\":7,"
                           "\"RPC_SUBSCRIPTIONS\":0},\"errors\":{},\"received\":{},\"send\":{},"
                           "\"logins\":{}";
    expect(&statistics, expected);
    expect(&statistics, expected); /* they are not counts of what happened */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_an_object_without_members),
        TEST(what_was_seen_is_not_shown_again),
        TEST(a_look_that_comes_late_shows_nothing_again),
        TEST(s12_registries_have_the_names_that_dashboards_know_and_right_ones),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
