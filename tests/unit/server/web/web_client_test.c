/* Asking web servers: what is sent, followed, waited for and refused, and that nothing waits. */

#include "web/web_client.h"
#include "support/web_double.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uv_loop_t loop;
static struct web_double web;
static struct web_client *client;
static struct web_reply next_reply;
static char asked_head[8192], asked_body[512];
static struct web_reply (*script)(const struct web_asked *asked);

static struct web_reply answer(void *context, const struct web_asked *asked)
{
    (void)context;
    snprintf(asked_head, sizeof asked_head, SLICE_FORMAT, SLICE_ARGUMENTS(asked->head));
    snprintf(asked_body, sizeof asked_body, SLICE_FORMAT, SLICE_ARGUMENTS(asked->body));
    return script != NULL ? script(asked) : next_reply;
}

static int set_up(void **state)
{
    const char *problem;
    (void)state;
    CHECK(uv_loop_init(&loop) == 0);
    web_double_init(&web, &loop, answer, NULL);
    client = web_client_new(&loop, 4, &problem);
    CHECK(client != NULL);
    script = NULL;
    return 0;
}

static void note_closed(void *context)
{
    *(bool *)context = true;
}

static int tear_down(void **state)
{
    bool is_closed = client == NULL;
    (void)state;
    if (client != NULL)
        web_client_close(&client, note_closed, &is_closed);
    while (!is_closed)
        uv_run(&loop, UV_RUN_ONCE);
    web_double_fini(&web);
    CHECK(uv_loop_close(&loop) == 0);
    return 0;
}

struct outcome {
    unsigned count;
    char error[256];
    bool is_hostile;
    uint32_t status;
    char type[64], body[256];
    size_t length;
};

static void keep(char *out, size_t capacity, slice text)
{
    size_t length = text.length < capacity ? text.length : capacity - 1;
    if (length > 0)
        memcpy(out, text.at, length);
    out[length] = '\0';
}

static void note_answer(void *context, const struct web_answer *received)
{
    struct outcome *outcome = context;
    outcome->count++;
    outcome->is_hostile = received->is_hostile;
    outcome->status = received->status;
    outcome->length = received->body.length;
    keep(outcome->error, sizeof outcome->error,
         received->error == NULL ? (slice){0} : slice_of(received->error));
    keep(outcome->type, sizeof outcome->type, received->content_type);
    keep(outcome->body, sizeof outcome->body, received->body);
}

static char url[128];

static struct web_request request_of(const char *path)
{
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", web.port, path);
    return (struct web_request){.url = url, .timeout_ms = 20000};
}

static struct outcome ask(struct web_request request)
{
    struct outcome outcome = {0};
    web_client_ask(client, &request, note_answer, &outcome);
    assert_int_equal(outcome.count, 0);
    while (outcome.count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    return outcome;
}

static void a_body_is_posted_as_json_with_the_headers_given(void **state)
{
    (void)state;
    static const char *const headers[] = {"X-Token: abc", "X-Other: d e"};
    struct web_request request = request_of("/login?x=1");
    request.body = SLICE("{\"a\":1}");
    request.headers = headers;
    request.header_count = 2;
    next_reply = web_reply_of(201, "text/plain; charset=utf-8", NULL, "hello");
    struct outcome outcome = ask(request);
    assert_string_equal(outcome.error, "");
    assert_int_equal(outcome.status, 201);
    assert_string_equal(outcome.type, "text/plain; charset=utf-8");
    assert_string_equal(outcome.body, "hello");
    assert_string_equal(asked_body, "{\"a\":1}");
    assert_non_null(strstr(asked_head, "POST /login?x=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(asked_head, "Accept: application/json"));
    assert_non_null(strstr(asked_head, "Content-Type: application/json"));
    assert_non_null(strstr(asked_head, "X-Token: abc"));
    assert_non_null(strstr(asked_head, "X-Other: d e"));
    assert_null(strstr(asked_head, "Expect"));
}

static void method_type_and_credentials_are_sent_when_they_are_given(void **state)
{
    (void)state;
    struct web_request request = request_of("/index");
    request.body = SLICE("{}\n");
    request.method = "PUT";
    request.content_type = "application/x-ndjson";
    request.credentials = "user:pass";
    next_reply = web_reply_of(200, NULL, NULL, "ok");
    assert_int_equal(ask(request).status, 200);
    assert_string_equal(asked_body, "{}\n");
    assert_non_null(strstr(asked_head, "PUT /index HTTP/1.1\r\n"));
    assert_non_null(strstr(asked_head, "Content-Type: application/x-ndjson\r\n"));
    assert_non_null(strstr(asked_head, "Authorization: Basic dXNlcjpwYXNz"));
}

static void the_bound_of_an_answer_can_be_another_one(void **state)
{
    (void)state;
    struct web_request request = request_of("/");
    request.max_body_bytes = 4;
    next_reply = web_reply_of(200, NULL, NULL, "four");
    assert_string_equal(ask(request).body, "four");
    next_reply = web_reply_of(200, NULL, NULL, "fives");
    struct outcome outcome = ask(request);
    assert_string_equal(outcome.error, "the answer is too large");
    assert_true(outcome.is_hostile);
}

static void without_a_body_it_is_a_get(void **state)
{
    (void)state;
    next_reply = web_reply_of(204, NULL, NULL, "");
    struct outcome outcome = ask(request_of("/keys"));
    assert_int_equal(outcome.status, 204);
    assert_string_equal(outcome.type, "");
    assert_int_equal(outcome.length, 0);
    assert_non_null(strstr(asked_head, "GET /keys HTTP/1.1\r\n"));
}

/* /3 leads to /2, that to /1, that to /0. */
static struct web_reply redirecting(const struct web_asked *asked)
{
    char location[64];
    int left = asked->path.at[1] - '0';
    if (left == 0)
        return web_reply_of(200, "text/plain", NULL, "arrived");
    snprintf(location, sizeof location, "Location: /%d", left - 1);
    return web_reply_of(302, NULL, location, "moved");
}

static void two_redirects_are_followed_and_a_third_one_is_the_answer(void **state)
{
    (void)state;
    script = redirecting;
    assert_string_equal(ask(request_of("/1")).body, "arrived");
    assert_string_equal(ask(request_of("/2")).body, "arrived");
    struct outcome outcome = ask(request_of("/3"));
    assert_string_equal(outcome.error, "");
    assert_int_equal(outcome.status, 302);
}

static void redirects_lead_to_http_alone(void **state)
{
    (void)state;
    static const char *const targets[] = {"Location: file:///etc/passwd",
                                          "Location: ftp://127.0.0.1/x",
                                          "Location: gopher://127.0.0.1/x"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        next_reply = web_reply_of(302, NULL, targets[i], "");
        struct outcome outcome = ask(request_of("/"));
        assert_string_not_equal(outcome.error, "");
        assert_string_equal(outcome.body, "");
    }
}

static void who_does_not_answer_is_given_up_in_time(void **state)
{
    (void)state;
    struct web_request request = request_of("/");
    request.timeout_ms = 50;
    next_reply = (struct web_reply){.text = NULL};
    struct outcome outcome = ask(request);
    assert_string_not_equal(outcome.error, "");
    assert_false(outcome.is_hostile);
}

static void who_is_not_there_or_hangs_up_is_an_error(void **state)
{
    (void)state;
    next_reply = (struct web_reply){.hang_up = true};
    assert_string_not_equal(ask(request_of("/")).error, "");
    next_reply = (struct web_reply){.text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
                                    .hang_up = true};
    assert_string_not_equal(ask(request_of("/")).error, "");
    next_reply = (struct web_reply){.text = "I am no web server\r\n\r\n", .hang_up = true};
    assert_string_not_equal(ask(request_of("/")).error, "");
    web_double_vanish(&web);
    assert_string_not_equal(ask(request_of("/")).error, "");
}

static char thousand[1001];

static void expect_hostile(struct web_reply reply)
{
    memset(thousand, 'x', 1000);
    next_reply = reply;
    struct outcome outcome = ask(request_of("/"));
    assert_string_equal(outcome.error, "the answer is too large");
    assert_true(outcome.is_hostile);
    assert_int_equal(outcome.length, 0);
}

static void answers_without_end_are_cut_off(void **state)
{
    (void)state;
    expect_hostile((struct web_reply){.text = "HTTP/1.1 200 OK\r\n\r\n", .again = thousand});
    expect_hostile((struct web_reply){
        .text = "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", .again = thousand});
    expect_hostile((struct web_reply){.text = "HTTP/1.1 200 OK\r\n", .again = "A: b\r\nC: d\r\n"});
}

static void an_answer_of_the_greatest_size_comes_whole(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_printf(&text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", WEB_MAX_BODY_BYTES);
    memset(buf_extend(&text, WEB_MAX_BODY_BYTES), 'y', WEB_MAX_BODY_BYTES);
    next_reply = (struct web_reply){.text = text.at, .length = text.length};
    assert_int_equal(ask(request_of("/")).length, WEB_MAX_BODY_BYTES);
    buf_fini(&text);
}

static void many_requests_share_a_few_connections(void **state)
{
    (void)state;
    static struct outcome outcomes[50];
    memset(outcomes, 0, sizeof outcomes);
    struct web_request request = request_of("/");
    next_reply = web_reply_of(200, NULL, NULL, "ok");
    for (size_t i = 0; i < 50; i++)
        web_client_ask(client, &request, note_answer, &outcomes[i]);
    assert_int_equal(web_client_count(client), 50);
    while (web_client_count(client) > 0)
        uv_run(&loop, UV_RUN_ONCE);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(outcomes[i].count, 1);
        assert_string_equal(outcomes[i].body, "ok");
    }
    assert_true(web.open_most <= 4);
    assert_int_equal(web.asked_count, 50);
}

static void closing_answers_everybody_with_an_error_at_once(void **state)
{
    (void)state;
    static struct outcome outcomes[10];
    memset(outcomes, 0, sizeof outcomes);
    struct web_request request = request_of("/");
    next_reply = (struct web_reply){.text = NULL};
    for (size_t i = 0; i < 10; i++)
        web_client_ask(client, &request, note_answer, &outcomes[i]);
    while (web.asked_count < 4)
        uv_run(&loop, UV_RUN_ONCE);
    web_client_close(&client, NULL, NULL);
    assert_null(client);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(outcomes[i].count, 1);
        assert_string_equal(outcomes[i].error, "the server stops");
    }
}

static void close_from_inside(void *context, const struct web_answer *received)
{
    note_answer(context, received);
    if (client != NULL)
        web_client_close(&client, NULL, NULL);
}

static void it_may_be_closed_by_whom_it_answers(void **state)
{
    (void)state;
    struct outcome first = {0}, second = {0};
    struct web_request request = request_of("/");
    next_reply = web_reply_of(200, NULL, NULL, "ok");
    web_client_ask(client, &request, close_from_inside, &first);
    web_client_ask(client, &request, close_from_inside, &second);
    while (client != NULL)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(first.count, 1);
    assert_int_equal(second.count, 1);
}

static void urls_are_of_http_and_say_whether_they_are_safe(void **state)
{
    (void)state;
    bool is_safe;
    assert_true(web_url_is_valid("https://example.org/x", &is_safe));
    assert_true(is_safe);
    assert_true(web_url_is_valid("HTTP://localhost:80", &is_safe));
    assert_true(is_safe);
    assert_true(web_url_is_valid("http://127.0.0.1/x", &is_safe));
    assert_true(is_safe);
    assert_true(web_url_is_valid("http://127.0.0.1.example.org/x", &is_safe));
    assert_false(is_safe);
    assert_true(web_url_is_valid("http://localhost@example.org/", &is_safe));
    assert_false(is_safe);
    assert_true(web_url_is_valid("http://localhost:x@example.org/", &is_safe));
    assert_false(is_safe);
    assert_false(web_url_is_valid("file:///etc/passwd", &is_safe));
    assert_false(web_url_is_valid("ftp://example.org", &is_safe));
    assert_false(web_url_is_valid("http://", &is_safe));
    assert_false(web_url_is_valid("http:///x", &is_safe));
    assert_false(web_url_is_valid("http://example.org/ x", &is_safe));
    assert_false(web_url_is_valid("http://example.org/\r\nx", &is_safe));
    assert_false(web_url_is_valid("", &is_safe));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_body_is_posted_as_json_with_the_headers_given),
        TEST(method_type_and_credentials_are_sent_when_they_are_given),
        TEST(the_bound_of_an_answer_can_be_another_one),
        TEST(without_a_body_it_is_a_get),
        TEST(two_redirects_are_followed_and_a_third_one_is_the_answer),
        TEST(redirects_lead_to_http_alone),
        TEST(who_does_not_answer_is_given_up_in_time),
        TEST(who_is_not_there_or_hangs_up_is_an_error),
        TEST(answers_without_end_are_cut_off),
        TEST(an_answer_of_the_greatest_size_comes_whole),
        TEST(many_requests_share_a_few_connections),
        TEST(closing_answers_everybody_with_an_error_at_once),
        TEST(it_may_be_closed_by_whom_it_answers),
        TEST(urls_are_of_http_and_say_whether_they_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
