/* Logins by a webhook (server.md 6.5): accepted, refused, tried again, and whatever a webhook may
 * come up with. */

#include "plugins/builtins.h"
#include "support/login_check.h"
#include "support/web_double.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define REST                                                                                       \
    "\"permittedStatusCodes\":[200,201],\"requestTimeout\":20000,\"retryStatusCodes\":[404,503],"  \
    "\"retryAttempts\":2,\"retryInterval\":20"
#define BO "{\"username\":\"bo\",\"password\":\"x\"}"

static const struct ds_plugin *const plugin = &ds_authentication_http;

static struct plugin_host host;
static struct web_double web;
static void *self;
static struct web_reply replies[8]; /* the last one for all that follow */
static size_t reply_count;
static char asked_head[16384], asked_body[1024];
static uint64_t asked_ms[8];

static struct web_reply answer(void *context, const struct web_asked *asked)
{
    (void)context;
    snprintf(asked_head, sizeof asked_head, SLICE_FORMAT, SLICE_ARGUMENTS(asked->head));
    snprintf(asked_body, sizeof asked_body, SLICE_FORMAT, SLICE_ARGUMENTS(asked->body));
    if (asked->number <= 8)
        asked_ms[asked->number - 1] = uv_now(&host.loop);
    return replies[asked->number < reply_count ? asked->number - 1 : reply_count - 1];
}

static int set_up(void **state)
{
    (void)state;
    plugin_host_init(&host);
    web_double_init(&web, &host.loop, answer, NULL);
    self = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (self != NULL)
        plugin_host_close(&host, plugin, self);
    web_double_fini(&web);
    plugin_host_fini(&host);
    return 0;
}

static void open_with(const char *rest)
{
    char options[1024];
    snprintf(options, sizeof options, "{\"endpointUrl\":\"http://127.0.0.1:%u/auth\",%s}", web.port,
             rest);
    self = plugin_host_must_open(&host, plugin, options);
}

static void open_replying(const char *rest, struct web_reply reply)
{
    open_with(rest);
    replies[0] = reply;
    reply_count = 1;
}

static struct login_outcome login(const char *data)
{
    return login_check(&host, plugin, self, data);
}

/* ---- the way of a login ---- */

static void the_webhook_is_sent_who_asks_with_what(void **state)
{
    (void)state;
    open_replying(REST, web_reply_of(200, "application/json", NULL,
                                     "{\"id\":\"bo\",\"clientData\":{\"a\":1},"
                                     "\"serverData\":{\"role\":\"x\"},\"token\":\"t\"}"));
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_ACCEPTED);
    assert_true(outcome.has_id);
    assert_string_equal(outcome.id, "bo");
    assert_string_equal(outcome.client_data, "{\"a\":1}");
    assert_string_equal(outcome.server_data, "{\"role\":\"x\"}");
    assert_string_equal(outcome.token, "t");
    assert_string_equal(asked_body,
                        "{\"connectionData\":{\"remoteAddress\":\"192.0.2.7\",\"headers\":{}},"
                        "\"authData\":" BO "}");
    assert_non_null(strstr(asked_head, "POST /auth HTTP/1.1"));
    assert_non_null(strstr(asked_head, "Accept: application/json"));
}

static void a_text_is_the_id_and_nothing_is_nobody(void **state)
{
    (void)state;
    open_replying(REST, web_reply_of(201, "text/plain", NULL, "bo"));
    assert_string_equal(login(BO).id, "bo");
    replies[0] = web_reply_of(200, NULL, NULL, "");
    struct login_outcome outcome = login("{}");
    assert_int_equal(outcome.outcome, DS_LOGIN_ACCEPTED);
    assert_false(outcome.has_id);
}

static void another_status_refuses_with_the_reason(void **state)
{
    (void)state;
    open_replying(REST, web_reply_of(403, "text/plain", NULL, "go away"));
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(outcome.client_data, "{\"error\":\"go away\"}");
    replies[0] = web_reply_of(401, "application/json", NULL, "{\"code\":7}");
    assert_string_equal(login(BO).client_data, "{\"code\":7}");
    assert_int_equal(web.asked_count, 2);
}

static void as_one_of_several_it_refuses_nothing(void **state)
{
    (void)state;
    open_replying(REST ",\"reportInvalidParameters\":false",
                  web_reply_of(403, "text/plain", NULL, "go away"));
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_NOT_MINE);
    assert_string_equal(outcome.client_data, "");
    replies[0] = web_reply_of(503, NULL, NULL, "");
    assert_int_equal(login(BO).outcome, DS_LOGIN_NOT_MINE);
}

static void a_failing_webhook_is_logged(void **state)
{
    (void)state;
    open_replying(REST, web_reply_of(500, "text/plain", NULL, "stack trace"));
    assert_string_equal(login(BO).client_data, "{\"error\":\"stack trace\"}");
    assert_true(plugin_host_has_logged(&host, "AUTH_ERROR http auth server error: stack trace"));
}

/* ---- again ---- */

static void it_is_asked_again_after_a_pause(void **state)
{
    (void)state;
    open_replying(REST, web_reply_of(503, NULL, NULL, ""));
    replies[1] = web_reply_of(404, NULL, NULL, "");
    replies[2] = web_reply_of(200, "text/plain", NULL, "bo");
    reply_count = 3;
    assert_string_equal(login(BO).id, "bo");
    assert_int_equal(web.asked_count, 3);
    assert_true(asked_ms[1] - asked_ms[0] >= 20);
    assert_true(asked_ms[2] - asked_ms[1] >= 20);
    assert_non_null(strstr(asked_body, "\"username\":\"bo\""));
}

static void in_the_end_it_is_given_up(void **state)
{
    (void)state;
    open_replying(REST, web_reply_of(503, "text/plain", NULL, "later"));
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(outcome.client_data, "{\"error\":\"AUTH_RETRY_ATTEMPTS_EXCEEDED\"}");
    assert_int_equal(web.asked_count, 3);
    assert_true(plugin_host_has_logged(&host, "AUTH_RETRY_ATTEMPTS_EXCEEDED"));
}

static void a_webhook_that_is_down_is_tried_again_too(void **state)
{
    (void)state;
    open_replying(REST, (struct web_reply){.hang_up = true});
    assert_string_equal(login(BO).client_data, "{\"error\":\"AUTH_RETRY_ATTEMPTS_EXCEEDED\"}");
    assert_int_equal(web.asked_count, 3);
    web_double_vanish(&web);
    assert_string_equal(login(BO).client_data, "{\"error\":\"AUTH_RETRY_ATTEMPTS_EXCEEDED\"}");
    assert_true(plugin_host_has_logged(&host, "AUTH_ERROR http auth error: "));
}

static void a_slow_webhook_is_given_up_in_time(void **state)
{
    (void)state;
    open_replying("\"permittedStatusCodes\":[200],\"requestTimeout\":30,\"retryStatusCodes\":[],"
                  "\"retryAttempts\":1,\"retryInterval\":1",
                  (struct web_reply){.text = NULL});
    assert_string_equal(login(BO).client_data, "{\"error\":\"AUTH_RETRY_ATTEMPTS_EXCEEDED\"}");
    assert_int_equal(web.asked_count, 2);
}

static void without_retries_one_failure_is_enough(void **state)
{
    (void)state;
    open_replying("\"permittedStatusCodes\":[200],\"requestTimeout\":20000,"
                  "\"retryStatusCodes\":[503],\"retryAttempts\":0,\"retryInterval\":1",
                  web_reply_of(503, NULL, NULL, ""));
    assert_string_equal(login(BO).client_data, "{\"error\":\"AUTH_RETRY_ATTEMPTS_EXCEEDED\"}");
    assert_int_equal(web.asked_count, 1);
}

/* ---- redirects ---- */

static void two_redirects_are_followed_three_are_refused(void **state)
{
    (void)state;
    open_replying(REST, web_reply_of(307, NULL, "Location: /b", ""));
    replies[1] = web_reply_of(308, NULL, "Location: /c", "");
    replies[2] = web_reply_of(200, "text/plain", NULL, "bo");
    reply_count = 3;
    assert_string_equal(login(BO).id, "bo");
    assert_non_null(strstr(asked_head, "POST /c HTTP/1.1"));
    assert_non_null(strstr(asked_body, "\"username\":\"bo\"")); /* 307 and 308 keep the body */
    web.asked_count = 0;
    reply_count = 1;
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(outcome.client_data, "");
    assert_int_equal(web.asked_count, 3);
}

static void redirects_out_of_http_lead_nowhere(void **state)
{
    (void)state;
    open_replying(REST, web_reply_of(302, NULL, "Location: file:///etc/passwd", ""));
    assert_int_equal(login(BO).outcome, DS_LOGIN_REFUSED);
}

/* ---- headers ---- */

#define PROMOTING REST ",\"promoteToHeader\":[\"token\",\"X-Number\",\"missing\"]"

static void members_become_headers(void **state)
{
    (void)state;
    open_replying(PROMOTING, web_reply_of(200, NULL, NULL, "bo"));
    assert_int_equal(login("{\"token\":\"ab c\",\"X-Number\":7,\"other\":\"o\"}").outcome,
                     DS_LOGIN_ACCEPTED);
    assert_non_null(strstr(asked_head, "\r\ntoken: ab c\r\n"));
    assert_non_null(strstr(asked_head, "\r\nX-Number: 7\r\n"));
    assert_null(strstr(asked_head, "missing"));
    assert_null(strstr(asked_head, "other"));
}

static void what_counts_as_false_becomes_none(void **state)
{
    (void)state;
    open_replying(PROMOTING, web_reply_of(200, NULL, NULL, "bo"));
    assert_int_equal(login("{\"token\":\"\",\"X-Number\":0,\"missing\":null}").outcome,
                     DS_LOGIN_ACCEPTED);
    assert_null(strstr(asked_head, "token"));
    assert_null(strstr(asked_head, "X-Number"));
    assert_int_equal(login("[\"token\"]").outcome, DS_LOGIN_ACCEPTED);
}

static void nobody_smuggles_headers(void **state)
{
    (void)state;
    static const char *const values[] = {
        "a\\r\\nX-Admin: yes", "a\\nX-Admin: yes", "a\\rX-Admin: yes",
        "a\\r\\n\\r\\n{}",     "a\\u0000b",        "a\\u007fb",
    };
    open_replying(PROMOTING, web_reply_of(200, NULL, NULL, "bo"));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char data[256];
        snprintf(data, sizeof data, "{\"token\":\"%s\"}", values[i]);
        struct login_outcome outcome = login(data);
        assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
        assert_string_equal(outcome.client_data, "{\"error\":\"invalid value for a header\"}");
    }
    assert_int_equal(web.asked_count, 0);
}

/* A list or an object is written as JSON, whose escapes hold no control characters. */
static void values_that_are_no_texts_are_sent_as_json(void **state)
{
    (void)state;
    open_replying(PROMOTING, web_reply_of(200, NULL, NULL, "bo"));
    login("{\"token\":[\"a\\r\\nb\"]}");
    assert_non_null(strstr(asked_head, "\r\ntoken: [\"a\\r\\nb\"]\r\n"));
}

static void a_header_without_end_is_refused(void **state)
{
    (void)state;
    static char data[10000];
    open_replying(PROMOTING, web_reply_of(200, NULL, NULL, "bo"));
    snprintf(data, sizeof data, "{\"token\":\"%09000d\"}", 1);
    assert_int_equal(login(data).outcome, DS_LOGIN_REFUSED);
    assert_int_equal(web.asked_count, 0);
}

/* ---- hostile answers ---- */

static char thousand[1001];

static void answers_without_end_refuse_at_once(void **state)
{
    (void)state;
    memset(thousand, 'x', 1000);
    open_replying(REST, (struct web_reply){.text = "HTTP/1.1 200 OK\r\n\r\n", .again = thousand});
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
    assert_int_equal(web.asked_count, 1);
    assert_true(
        plugin_host_has_logged(&host, "AUTH_ERROR http auth error: the answer is too large"));
}

static void answers_that_are_no_answers_refuse(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"id\":", "[]", "true", "{\"id\":[]}", "12"};
    open_replying(REST, web_reply_of(200, NULL, NULL, ""));
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        replies[0] = web_reply_of(200, "application/json", NULL, bodies[i]);
        assert_int_equal(login(BO).outcome, DS_LOGIN_REFUSED);
    }
    assert_true(plugin_host_has_logged(&host, "AUTH_ERROR http auth error: the answer says that"));
}

/* ---- many, and the end ---- */

static void a_thousand_at_once_are_each_answered(void **state)
{
    (void)state;
    static struct login_outcome outcomes[1000];
    open_replying(REST, web_reply_of(200, "text/plain", NULL, "bo"));
    for (size_t i = 0; i < 1000; i++)
        login_begin(plugin, self, BO, &outcomes[i]);
    for (size_t i = 0; i < 1000; i++) {
        plugin_host_wait(&host, &outcomes[i].is_done);
        assert_string_equal(outcomes[i].id, "bo");
    }
    assert_true(web.open_most <= 100);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(outcomes[i].count, 1);
}

static void closing_refuses_those_who_wait(void **state)
{
    (void)state;
    static struct login_outcome outcomes[150];
    open_replying("\"permittedStatusCodes\":[200],\"requestTimeout\":20000,"
                  "\"retryStatusCodes\":[503],\"retryAttempts\":3,\"retryInterval\":20000",
                  web_reply_of(503, NULL, NULL, ""));
    replies[1] = (struct web_reply){.text = NULL};
    reply_count = 2;
    for (size_t i = 0; i < 150; i++)
        login_begin(plugin, self, BO, &outcomes[i]);
    while (web.asked_count < 100)
        uv_run(&host.loop, UV_RUN_ONCE);
    plugin_host_close(&host, plugin, self); /* one rests, some are under way, some wait */
    self = NULL;
    for (size_t i = 0; i < 150; i++) {
        assert_int_equal(outcomes[i].count, 1);
        assert_int_equal(outcomes[i].outcome, DS_LOGIN_REFUSED);
    }
}

/* ---- settings ---- */

static void expect_error(const char *options, const char *text)
{
    plugin_host_must_refuse(&host, plugin, options, text);
}

#define URL "\"endpointUrl\":\"http://127.0.0.1/\""

static void what_is_missing_is_named(void **state)
{
    (void)state;
    expect_error("{}", "Missing key endpointUrl");
    expect_error("{" URL "}", "Missing key permittedStatusCodes");
    expect_error("{" URL ",\"permittedStatusCodes\":[200]}", "Missing key requestTimeout");
    expect_error("{" URL ",\"permittedStatusCodes\":[200],\"requestTimeout\":1}",
                 "Missing key retryStatusCodes");
    expect_error("{" URL ",\"permittedStatusCodes\":[200],\"requestTimeout\":1,"
                 "\"retryStatusCodes\":[]}",
                 "Missing key retryAttempts");
    expect_error("{" URL ",\"permittedStatusCodes\":[200],\"requestTimeout\":1,"
                 "\"retryStatusCodes\":[],\"retryAttempts\":1}",
                 "Missing key retryInterval");
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    expect_error("{\"endpointUrl\":\"ftp://x/\"," REST "}",
                 "endpointUrl is no URL of http or https");
    expect_error("{\"endpointUrl\":\"http://x/\\u0000y\"," REST "}",
                 "endpointUrl is no URL of http or https");
    expect_error("{" URL "," REST ",\"promoteToHeader\":[\"a b\"]}",
                 "promoteToHeader: `a b` cannot be a header of the webhook");
    expect_error("{" URL "," REST ",\"promoteToHeader\":[\"Content-Length\"]}",
                 "promoteToHeader: `Content-Length` cannot be a header of the webhook");
    expect_error("{" URL "," REST ",\"promoteToHeader\":[\"\"]}",
                 "promoteToHeader: `` cannot be a header of the webhook");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_webhook_is_sent_who_asks_with_what),
        TEST(a_text_is_the_id_and_nothing_is_nobody),
        TEST(another_status_refuses_with_the_reason),
        TEST(as_one_of_several_it_refuses_nothing),
        TEST(a_failing_webhook_is_logged),
        TEST(it_is_asked_again_after_a_pause),
        TEST(in_the_end_it_is_given_up),
        TEST(a_webhook_that_is_down_is_tried_again_too),
        TEST(a_slow_webhook_is_given_up_in_time),
        TEST(without_retries_one_failure_is_enough),
        TEST(two_redirects_are_followed_three_are_refused),
        TEST(redirects_out_of_http_lead_nowhere),
        TEST(members_become_headers),
        TEST(what_counts_as_false_becomes_none),
        TEST(nobody_smuggles_headers),
        TEST(values_that_are_no_texts_are_sent_as_json),
        TEST(a_header_without_end_is_refused),
        TEST(answers_without_end_refuse_at_once),
        TEST(answers_that_are_no_answers_refuse),
        TEST(a_thousand_at_once_are_each_answered),
        TEST(closing_refuses_those_who_wait),
        TEST(what_is_missing_is_named),
        TEST(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
