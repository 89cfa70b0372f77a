/* The built-in monitoring plugins beside a host that keeps what they ask of it. */

#include "plugins/builtins.h"
#include "support/plugin_host.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct plugin_host host;
static struct ds_statistics statistics;
static char path[64];
static ds_http_handler *handler;
static void *handler_context;
static bool has_line;

static void log_in(void *self, const char *scope, enum ds_log_level level, const char *event,
                   ds_slice text)
{
    struct plugin_host *kept = self;
    (void)level;
    buf_printf(&kept->log, "%s | %s | " SLICE_FORMAT "\n", scope, event, SLICE_ARGUMENTS(text));
    has_line = true;
}

static const struct ds_statistics *take(void *self)
{
    (void)self;
    return &statistics;
}

static void add_http_get(void *self, ds_slice prefix, ds_http_handler *added, void *context)
{
    (void)self;
    assert_true(prefix.length < sizeof path);
    memcpy(path, prefix.at, prefix.length);
    path[prefix.length] = '\0';
    handler = added;
    handler_context = context;
}

/* What was answered, in memory that lives until the next answer. */
static struct ds_http_answer given;
static char given_body[65536 + 1];

static void http_answer(void *self, struct ds_http_exchange *exchange,
                        const struct ds_http_answer *answer)
{
    (void)self;
    assert_ptr_equal(exchange, &given);
    assert_true(answer->body.length < sizeof given_body);
    if (answer->body.length > 0)
        memcpy(given_body, answer->body.at, answer->body.length);
    given = *answer;
    given.status = answer->status == 0 ? 200 : answer->status;
    given.body = (slice){given_body, answer->body.length};
}

static int set_up(void **state)
{
    (void)state;
    plugin_host_init(&host);
    host.services.http_answer = http_answer;
    host.services.log_in = log_in;
    host.services.statistics = take;
    host.services.add_http_get = add_http_get;
    statistics = (struct ds_statistics){
        .now_ms = 1000, .cluster_size = 1, .version = "1", .server_name = SLICE("a\"b")};
    path[0] = '\0';
    handler = NULL;
    has_line = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    plugin_host_fini(&host);
    return 0;
}

static void *open_it(const struct ds_plugin *plugin, const char *options)
{
    return plugin_host_must_open(&host, plugin, options);
}

static void expect_refused(const struct ds_plugin *plugin, const char *options, const char *why)
{
    struct ds_error error;
    assert_null(plugin_host_open(&host, plugin, options, &error));
    if (strstr(error.text, why) == NULL)
        fail_msg("it said: %s", error.text);
}

/* GET with at most one header. */
static struct ds_http_answer get(const char *target, const char *key, const char *value)
{
    const struct ds_http_header header = {slice_of(key), slice_of(value)};
    const struct ds_http_request request = {.method = SLICE("GET"),
                                            .target = slice_of(target),
                                            .headers = &header,
                                            .header_count = key[0] == '\0' ? 0 : 1};
    given = (struct ds_http_answer){.status = 0};
    handler(handler_context, &request, (struct ds_http_exchange *)&given);
    assert_int_not_equal(given.status, 0);
    return given;
}

static bool has(slice text, const char *part)
{
    slice wanted = slice_of(part);
    for (size_t i = 0; i + wanted.length <= text.length; i++) {
        if (slice_equal(slice_part(text, i, i + wanted.length), wanted))
            return true;
    }
    return false;
}

/* ---- http ---- */

static void http_wants_a_path_and_a_header_unless_it_is_open(void **state)
{
    (void)state;
    expect_refused(&ds_monitoring_http, "", "Missing \"url\" for HTTP Monitoring");
    expect_refused(&ds_monitoring_http, "{\"url\": \"/m\"}",
                   "Missing \"headerKey\" and/or \"headerValue\"");
    expect_refused(&ds_monitoring_http, "{\"url\": \"/m\", \"headerKey\": \"a\"}",
                   "Missing \"headerKey\" and/or \"headerValue\"");
    assert_null(handler);
    void *open = open_it(&ds_monitoring_http, "{\"url\": \"/m\", \"allowOpenPermissions\": true}");
    assert_true(plugin_host_has_logged(
        &host, "HTTP_MONITORING | PLUGIN_INITIALIZATION_ERROR | \"allowOpenPermissions\" is set. "
               "Try not to deploy to production"));
    assert_int_equal(get("/m", "", "").status, 200);
    plugin_host_close(&host, &ds_monitoring_http, open);
}

static void http_shows_nothing_without_the_right_header(void **state)
{
    (void)state;
    void *self = open_it(&ds_monitoring_http,
                         "{\"url\": \"/m\", \"headerKey\": \"X-Key\", \"headerValue\": \"abc\"}");
    assert_string_equal(path, "/m");
    static const char *const wrong[][2] = {
        {"", ""}, {"x-key", "abd"}, {"x-key", "abcd"}, {"x-key", ""}, {"x-other", "abc"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ds_http_answer answer = get("/m", wrong[i][0], wrong[i][1]);
        assert_int_equal(answer.status, 404);
        assert_true(slice_equal(answer.body, SLICE("Endpoint not found.\r\n\r\n")));
        assert_true(has(answer.content_type, "text/plain"));
    }
    assert_true(plugin_host_has_logged(
        &host, "HTTP_MONITORING | AUTH_ERROR | Invalid monitoring data due to missing or invalid "
               "header values"));
    assert_int_equal(get("/m", "x-key", "abc").status, 200);
    plugin_host_close(&host, &ds_monitoring_http, self);
}

static void http_says_from_when_to_when(void **state)
{
    (void)state;
    void *self = open_it(&ds_monitoring_http, "{\"url\": \"/m\", \"allowOpenPermissions\": true}");
    statistics.now_ms = 1795388736381;
    assert_true(has(get("/m", "", "").body,
                    "{\"from\":1000,\"to\":1795388736381,\"clusterSize\":1,\"stateMetrics\":{}"));
    statistics.now_ms = 1795388736999;
    assert_true(has(get("/m", "", "").body, "{\"from\":1795388736381,\"to\":1795388736999,"));
    plugin_host_close(&host, &ds_monitoring_http, self);
}

/* ---- log ---- */

static void log_writes_a_line_in_each_interval(void **state)
{
    (void)state;
    void *self =
        open_it(&ds_monitoring_log, "{\"logInterval\": 1, \"monitoringKey\": \"MY \\\"KEY\"}");
    statistics.now_ms = 2000;
    has_line = false; /* on a busy machine one has come already */
    plugin_host_wait(&host, &has_line);
    assert_true(plugin_host_has_logged(
        &host, "MY \"KEY | Monitoring stats for 1000 to 2000 | {\"MY \\\"KEY\":{\"clusterSize\":1,"
               "\"stateMetrics\":{},\"errors\":{},\"received\":{},\"send\":{},\"logins\":{}},"
               "\"from\":1000,\"to\":2000}\n"));
    has_line = false;
    plugin_host_wait(&host, &has_line);
    assert_true(plugin_host_has_logged(&host, "Monitoring stats for 2000 to 2000"));
    plugin_host_close(&host, &ds_monitoring_log, self);
}

/* ---- prometheus ---- */

static void prometheus_answers_at_its_path_and_nowhere_below(void **state)
{
    (void)state;
    void *self = open_it(&ds_monitoring_prometheus, "");
    assert_string_equal(path, "/metrics");
    assert_int_equal(get("/metrics", "", "").status, 200);
    assert_int_equal(get("/metrics?x=1", "", "").status, 200);
    assert_int_equal(get("/metrics/x", "", "").status, 404);
    assert_int_equal(get("/metricsx", "", "").status, 404);
    plugin_host_close(&host, &ds_monitoring_prometheus, self);
}

static void prometheus_may_want_a_header(void **state)
{
    (void)state;
    expect_refused(&ds_monitoring_prometheus, "{\"headerValue\": \"a\"}", "Missing \"headerKey\"");
    void *self =
        open_it(&ds_monitoring_prometheus, "{\"url\": \"/x\", \"headerKey\": \"Authorization\", "
                                           "\"headerValue\": \"Bearer abc\"}");
    assert_string_equal(path, "/x");
    assert_int_equal(get("/x", "", "").status, 404);
    assert_int_equal(get("/x", "authorization", "Bearer abc").status, 200);
    plugin_host_close(&host, &ds_monitoring_prometheus, self);
}

static void prometheus_shows_what_is_counted(void **state)
{
    (void)state;
    const struct ds_message_count messages[] = {{"EVENT", "EMIT", 3, 50}, {"RPC", "REQUEST", 1, 0}};
    const struct ds_decision_count decisions[] = {{"record", "write", 5, 2, 1}};
    statistics.messages = messages;
    statistics.message_count = 2;
    statistics.decisions = decisions;
    statistics.decision_count = 1;
    void *self = open_it(&ds_monitoring_prometheus, "");
    struct ds_http_answer answer = get("/metrics", "", "");
    assert_true(
        slice_equal(answer.content_type, SLICE("text/plain; version=0.0.4; charset=utf-8")));
    static const char *const lines[] = {
        "deepstream_info{version=\"1\",server_name=\"a\\\"b\"} 1\n",
        "deepstream_messages_received_total{topic=\"EVENT\",action=\"EMIT\"} 3\n",
        "deepstream_messages_sent_total{topic=\"EVENT\",action=\"EMIT\"} 50\n",
        "deepstream_rule_decisions_total{section=\"record\",rule=\"write\",result=\"allow\"} 5\n",
        "deepstream_rule_decisions_total{section=\"record\",rule=\"write\",result=\"deny\"} 2\n",
        "deepstream_rule_decisions_total{section=\"record\",rule=\"write\",result=\"error\"} 1\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!has(answer.body, lines[i]))
            fail_msg("it lacks %s", lines[i]);
    }
    assert_false(has(answer.body, "deepstream_messages_sent_total{topic=\"RPC\""));
    assert_false(has(answer.body, "deepstream_cache_records"));
    assert_false(has(answer.body, "deepstream_storage_operations"));
    plugin_host_close(&host, &ds_monitoring_prometheus, self);
}

/* ---- several nodes in one process ---- */

static struct ds_statistics other;

static void take_both(void *self, ds_statistics_done *done, void *context)
{
    const struct ds_statistics *both[] = {&statistics, &other};
    (void)self;
    done(context, both, 2);
}

static void have_another_node(void)
{
    other = statistics;
    other.server_name = SLICE("b");
    statistics.process_nodes = other.process_nodes = 2;
    host.services.process_statistics = take_both;
}

static void expect_in_order(slice text, const char *const *lines, size_t count)
{
    const char *at = text.at;
    for (size_t i = 0; i < count; i++) {
        at = strstr(at, lines[i]);
        if (at == NULL)
            fail_msg("it lacks %s", lines[i]);
    }
}

static void prometheus_names_the_node_of_each_sample_where_there_are_several(void **state)
{
    (void)state;
    const struct ds_message_count messages[] = {{"EVENT", "EMIT", 3, 0}};
    have_another_node();
    other.messages = messages;
    other.message_count = 1;
    other.bytes_in = 7;
    void *self = open_it(&ds_monitoring_prometheus, "");
    struct ds_http_answer answer = get("/metrics", "", "");
    static const char *const lines[] = {
        "deepstream_info{node=\"a\\\"b\",version=\"1\",server_name=\"a\\\"b\"} 1\n",
        "deepstream_info{node=\"b\",version=\"1\",server_name=\"b\"} 1\n",
        "process_cpu_seconds_total 0\n",
        "# TYPE deepstream_received_bytes_total counter\n"
        "deepstream_received_bytes_total{node=\"a\\\"b\"} 0\n"
        "deepstream_received_bytes_total{node=\"b\"} 7\n",
        "deepstream_messages_received_total{node=\"b\",topic=\"EVENT\",action=\"EMIT\"} 3\n",
        "deepstream_rule_evaluation_seconds_count{node=\"b\"} 0\n",
    };
    given_body[answer.body.length] = '\0';
    expect_in_order(answer.body, lines, sizeof lines / sizeof *lines);
    plugin_host_close(&host, &ds_monitoring_prometheus, self);
}

static void http_adds_up_what_several_nodes_have_counted(void **state)
{
    (void)state;
    const struct ds_message_count of_one[] = {{"EVENT", "EMIT", 3, 0}, {"RPC", "REQUEST", 1, 0}};
    const struct ds_message_count of_other[] = {{"EVENT", "SUBSCRIBE", 1, 1},
                                                {"RPC", "REQUEST", 4, 0}};
    const struct ds_login_count logins[] = {{"websocket", 2, 1}};
    const struct ds_log_count log[] = {{"AUTH_ERROR", {0, 0, 1, 0, 0}}};
    const struct ds_named_count registries[] = {{"ONLINE_USERS", 4}};
    statistics.logins = logins;
    statistics.login_count = 1;
    statistics.log = log;
    statistics.log_count = 1;
    statistics.registries = registries;
    statistics.registry_count = 1;
    have_another_node();
    statistics.messages = of_one;
    other.messages = of_other;
    statistics.message_count = other.message_count = 2;
    void *self = open_it(&ds_monitoring_http, "{\"url\": \"/m\", \"allowOpenPermissions\": true}");
    struct ds_http_answer answer = get("/m", "", "");
    assert_true(has(answer.body, "\"errors\":{\"AUTH_ERROR\":2},"));
    assert_true(has(answer.body, "\"received\":{\"EVENT\":{\"EMIT\":3,\"SUBSCRIBE\":1},"
                                 "\"RPC\":{\"REQUEST\":5}},"));
    assert_true(has(answer.body, "\"logins\":{\"websocket\":{\"allowed\":4,\"declined\":2}}"));
    assert_true(has(answer.body, "\"ONLINE_USERS\":4,"));
    assert_true(has(get("/m", "", "").body, "\"logins\":{}"));
    plugin_host_close(&host, &ds_monitoring_http, self);
}

/* ---- none ---- */

static void none_asks_for_nothing(void **state)
{
    (void)state;
    void *self = open_it(&ds_monitoring_none, "");
    assert_null(handler);
    assert_null(ds_monitoring_none.operations);
    plugin_host_close(&host, &ds_monitoring_none, self);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(http_wants_a_path_and_a_header_unless_it_is_open),
        TEST(http_shows_nothing_without_the_right_header),
        TEST(http_says_from_when_to_when),
        TEST(log_writes_a_line_in_each_interval),
        TEST(prometheus_answers_at_its_path_and_nowhere_below),
        TEST(prometheus_may_want_a_header),
        TEST(prometheus_shows_what_is_counted),
        TEST(prometheus_names_the_node_of_each_sample_where_there_are_several),
        TEST(http_adds_up_what_several_nodes_have_counted),
        TEST(none_asks_for_nothing),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
