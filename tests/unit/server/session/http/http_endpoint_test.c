/* Requests from their login to their answer, when rules and logins are late, and when clients, time
 * or the server do not wait for them. A real listener; clients are plain sockets. */

#define _GNU_SOURCE /* memmem */

#include "session/http/http_endpoint.h"
#include "session/http/service.h"

#include "handlers/event.h"
#include "support/handler_world.h"
#include "transport/http/http.h"

#include "base/buf.h"
#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

static const struct listen_settings LISTEN = {.response_timeout_ms = 500};
static struct handler_world world;
static struct event_handler *events;
static struct http_settings http;
static struct http_server *server;
static struct http_endpoint_settings settings;
static struct http_endpoint *endpoint;
static bool is_closed;

/* ---- a login that waits for the test ---- */

static struct {
    ds_login_done *done;
    void *context;
    char auth_data[256], connection_data[1024];
    bool is_late;
} login;

static void copy(char *out, size_t capacity, slice text)
{
    assert_true(text.length < capacity);
    memcpy(out, text.at, text.length);
    out[text.length] = '\0';
}

static void accept_login(void)
{
    ds_login_done *done = login.done;
    struct ds_login_result result = {.outcome = DS_LOGIN_ACCEPTED,
                                     .has_id = true,
                                     .id = SLICE("bo"),
                                     .client_data = SLICE("{\"a\":1}"),
                                     .token = SLICE("t\"1")};
    login.done = NULL;
    done(login.context, &result);
}

static void on_login(void *self, const struct ds_login *asked, ds_login_done *done, void *context)
{
    (void)self;
    copy(login.auth_data, sizeof login.auth_data, asked->auth_data);
    copy(login.connection_data, sizeof login.connection_data, asked->connection_data);
    login.done = done;
    login.context = context;
    if (!login.is_late)
        accept_login();
}

static const struct ds_authentication_operations operations = {.login = on_login};
static const struct session_authentication authentication = {.operations = &operations};

/* ---- the server ---- */

static void add_get(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    http_server_add_get(self, prefix, handler, context);
}

static void add_post(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    http_server_add_post(self, prefix, handler, context);
}

static void answer(void *self, struct ds_http_exchange *exchange,
                   const struct ds_http_answer *given)
{
    (void)self;
    http_answer(exchange, given);
}

static void watch(void *self, struct ds_http_exchange *exchange, void (*on_gone)(void *context),
                  void *context)
{
    (void)self;
    http_exchange_watch(exchange, on_gone, context);
}

/* What an endpoint uses of a service. */
static const struct ds_http_service_operations service_operations = {
    .add_get = add_get, .add_post = add_post, .answer = answer, .watch = watch};
static struct http_service service = {.operations = &service_operations};

static enum double_answer late(void *context, const struct ds_permission_request *request)
{
    (void)context;
    (void)request;
    return ANSWER_LATER;
}

static void start(uint32_t timeout_ms)
{
    settings = (struct http_endpoint_settings){
        .sessions = world.memory.settings,
        .auth_path = SLICE("/api/auth"),
        .post_path = SLICE("/api"),
        .get_path = SLICE("/api"),
        .allows_auth_data = true,
        .request_timeout_ms = timeout_ms,
        .max_items = 3,
    };
    settings.sessions.protocol = PROTOCOL_HTTP;
    settings.sessions.authentications = &authentication;
    server = http_server_new(&world.memory.loop, &http, &world.memory.log);
    service.self = server;
    endpoint = http_endpoint_new(&settings, &service);
    assert_int_equal(http_server_listen(server), 0);
}

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    handler_world_init(&world);
    events = event_handler_new(&world.services, &LISTEN);
    pipeline_add_handler(world.memory.pipeline, TOPIC_EVENT, event_handler_table(events));
    memset(&login, 0, sizeof login);
    http = (struct http_settings){.host = "127.0.0.1",
                                  .allow_all_origins = true,
                                  .max_head_bytes = 4096,
                                  .head_timeout_ms = 10000,
                                  .body_timeout_ms = 10000,
                                  .max_message_bytes = 1 << 20};
    return 0;
}

static void on_closed(void *context)
{
    (void)context;
    is_closed = true;
}

#define UNTIL(condition)                                                                           \
    for (uint64_t give_up = uv_hrtime() / 1000000 + PATIENCE_MS; !(condition);) {                  \
        uv_run(&world.memory.loop, UV_RUN_NOWAIT);                                                 \
        if (uv_hrtime() / 1000000 > give_up)                                                       \
            fail_msg("waited in vain for: %s", #condition);                                        \
    }

static void stop(void)
{
    if (endpoint == NULL)
        return;
    is_closed = false;
    http_endpoint_close(endpoint);
    http_server_close(server, 0, on_closed, NULL);
    UNTIL(is_closed);
    http_endpoint_free(&endpoint);
}

static int tear_down(void **state)
{
    (void)state;
    stop();
    if (login.done != NULL)
        accept_login();
    handler_world_leave(&world);
    pipeline_remove_handlers(world.memory.pipeline); /* some rules have not decided yet */
    event_handler_free(&events);
    handler_world_fini(&world);
    return 0;
}

/* ---- clients ---- */

struct client {
    int socket;
    struct buf in;
};

static struct client client_open(void)
{
    struct client client = {.socket = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(client.socket, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(client.socket, F_SETFL, O_NONBLOCK), 0);
    return client;
}

static void client_close(struct client *client)
{
    close(client->socket);
    buf_fini(&client->in);
}

static void put(struct client *client, slice bytes)
{
    assert_int_equal(write(client->socket, bytes.at, bytes.length), (ssize_t)bytes.length);
}

static bool has(struct client *client, const char *text)
{
    char bytes[4096];
    for (ssize_t length; (length = read(client->socket, bytes, sizeof bytes)) > 0;)
        buf_append(&client->in, (slice){bytes, (size_t)length});
    return client->in.length > 0 &&
           memmem(client->in.at, client->in.length, text, strlen(text)) != NULL;
}

static struct client post_to(const char *path, const char *body)
{
    struct client client = client_open();
    struct buf request = BUF_EMPTY;
    buf_printf(&request,
               "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\n\r\n%s",
               path, strlen(body), body);
    put(&client, buf_slice(&request));
    buf_fini(&request);
    return client;
}

#define EMIT "{\"topic\":\"event\",\"action\":\"emit\",\"eventName\":\"e\"}"
#define TIMED_OUT "\"errorEvent\":\"HTTP_REQUEST_TIMEOUT\""

/* ---- answers ---- */

static void an_event_succeeds_when_its_rule_has_allowed_it(void **state)
{
    (void)state;
    start(10000);
    world.memory.permission.answer = late;
    struct client client = post_to("/api", "{\"body\":[" EMIT "," EMIT "]}");
    UNTIL(world.memory.permission.waiting.count == 2);
    permission_double_decide(&world.memory.permission, DS_ALLOW);
    uv_run(&world.memory.loop, UV_RUN_NOWAIT);
    assert_false(has(&client, "HTTP/1.1"));
    permission_double_decide(&world.memory.permission, DS_UNDECIDED);
    UNTIL(has(&client, "]}\r\n\r\n"));
    assert_true(has(&client, "{\"result\":\"PARTIAL_SUCCESS\",\"body\":[{\"success\":true},"
                             "{\"success\":false,"));
    client_close(&client);
}

static void subscribers_get_what_comes_by_http(void **state)
{
    (void)state;
    start(10000);
    struct memory_client *al = memory_login(&world.memory, "al");
    say_names(al, TOPIC_EVENT, EVENT_SUBSCRIBE, "0", "e", NULL);
    expect_ack(al, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "0");
    struct client client = post_to("/api", "{\"body\":[" EMIT "]}");
    UNTIL(has(&client, "\"SUCCESS\""));
    expect_name(al, TOPIC_EVENT, EVENT_EMIT, "e");
    client_close(&client);
}

static void what_has_no_handler_is_an_error_of_its_item(void **state)
{
    (void)state;
    start(10000);
    struct client client = post_to(
        "/api", "{\"body\":[" EMIT ",{\"topic\":\"rpc\",\"action\":\"make\",\"rpcName\":\"r\"}]}");
    UNTIL(has(&client, "PARTIAL_SUCCESS"));
    assert_true(has(&client, "UNKNOWN_TOPIC"));
    client_close(&client);
}

static void batches_are_bounded(void **state)
{
    (void)state;
    start(10000);
    struct client fits = post_to("/api", "{\"body\":[" EMIT "," EMIT "," EMIT "]}");
    struct client large = post_to("/api", "{\"body\":[" EMIT "," EMIT "," EMIT "," EMIT "]}");
    UNTIL(has(&fits, "\"SUCCESS\""));
    UNTIL(has(&large, "has more than 3 items (maxItems)."));
    assert_true(has(&large, "HTTP/1.1 400 "));
    client_close(&fits);
    client_close(&large);
}

static void tokens_and_data_are_handed_out(void **state)
{
    (void)state;
    start(10000);
    struct client client = post_to("/api/auth", "{\"username\":\"bo\"}");
    UNTIL(has(&client, "{\"token\":\"t\\\"1\",\"clientData\":{\"a\":1}}\r\n\r\n"));
    assert_string_equal(login.auth_data, "{\"username\":\"bo\"}");
    assert_non_null(strstr(login.connection_data, "\"url\":\"/api/auth\""));
    assert_non_null(strstr(login.connection_data, "\"remoteAddress\":\"127.0.0.1\""));
    assert_int_equal(world.memory.metrics.logins_allowed[LOGIN_HTTP], 1);
    assert_int_equal(world.memory.metrics.connections_opened, 0);
    client_close(&client);
}

static void readers_bring_their_token_in_a_header_or_in_the_query(void **state)
{
    (void)state;
    start(10000);
    static const char *const ways[][3] = {
        {"/api/record/a%20b", "Authorization: bearer t\"0\r\n", "{\"token\":\"t\\\"0\"}"},
        {"/api/record/a/b?x=y&token=t%221", "", "{\"token\":\"t\\\"1\"}"},
        {"/api/head/a?token=no", "Authorization: Bearer yes\r\n", "{\"token\":\"yes\"}"},
        {"/api/record/a", "Authorization: Basic eA==\r\n", "{}"},
        {"/api/record/a?tokens=x", "", "{}"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct client client = client_open();
        struct buf request = BUF_EMPTY;
        buf_printf(&request, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", ways[i][0], ways[i][1]);
        put(&client, buf_slice(&request));
        buf_fini(&request);
        UNTIL(has(&client, "HTTP/1.1 404 ")); /* nobody handles records here */
        assert_string_equal(login.auth_data, ways[i][2]);
        client_close(&client);
    }
}

static void targets_that_name_no_record_are_not_asked_for(void **state)
{
    (void)state;
    start(10000);
    static const char *const targets[] = {
        "/api",           "/api/record",     "/api/record/",    "/api/record/%",
        "/api/record/%2", "/api/record/%zz", "/api/record/%ff", "/api/other/name",
        "/apirecord/x"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct client client = client_open();
        struct buf request = BUF_EMPTY;
        buf_printf(&request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", targets[i]);
        put(&client, buf_slice(&request));
        buf_fini(&request);
        UNTIL(has(&client, "Endpoint not found.\r\n\r\n"));
        client_close(&client);
    }
    assert_string_equal(login.auth_data, "");
}

/* ---- who does not wait ---- */

static void time_ends_what_no_rule_decides(void **state)
{
    (void)state;
    start(50);
    world.memory.permission.answer = late;
    struct client client = post_to("/api", "{\"body\":[" EMIT "]}");
    UNTIL(has(&client, TIMED_OUT));
    assert_true(has(&client, "HTTP/1.1 200 "));
    assert_true(has(&client, "\"FAILURE\""));
    assert_true(memory_logged(&world.memory, "HTTP_REQUEST_TIMEOUT", "HTTP Request timeout"));
    permission_double_decide(&world.memory.permission, DS_ALLOW);
    client_close(&client);
}

static void time_ends_a_login_that_nobody_answers(void **state)
{
    (void)state;
    start(50);
    login.is_late = true;
    struct client client = post_to("/api", "{\"body\":[" EMIT "]}");
    UNTIL(has(&client, "HTTP/1.1 504 "));
    accept_login();
    uv_run(&world.memory.loop, UV_RUN_NOWAIT);
    assert_int_equal(world.memory.permission.asked.count, 0);
    client_close(&client);
}

static void a_late_login_finds_its_batch_again(void **state)
{
    (void)state;
    start(10000);
    login.is_late = true;
    struct client client =
        post_to("/api", "{\"authData\":[\"bo\"],\"body\":[" EMIT ",{\"topic\":\"event\","
                        "\"action\":\"emit\",\"eventName\":\"f\",\"data\":[1]}]}");
    UNTIL(login.done != NULL);
    assert_string_equal(login.auth_data, "[\"bo\"]");
    accept_login();
    UNTIL(has(&client, "\"SUCCESS\""));
    assert_int_equal(world.memory.permission.asked.count, 2);
    assert_string_equal(world.memory.permission.asked.items[1]->data, "[1]");
    client_close(&client);
}

static void a_client_that_leaves_leaves_nothing_behind(void **state)
{
    (void)state;
    start(10000);
    world.memory.permission.answer = late;
    struct client deciding = post_to("/api", "{\"body\":[" EMIT "]}");
    UNTIL(world.memory.permission.waiting.count == 1);
    assert_int_equal(world.memory.permission.user_count, 1);
    client_close(&deciding);
    for (int i = 0; i < 100; i++)
        uv_run(&world.memory.loop, UV_RUN_NOWAIT);
    permission_double_decide(&world.memory.permission, DS_ALLOW);
    UNTIL(world.memory.permission.user_count == 0);
    login.is_late = true;
    struct client asking = post_to("/api", "{\"body\":[" EMIT "]}");
    UNTIL(login.done != NULL);
    client_close(&asking);
    for (int i = 0; i < 100; i++)
        uv_run(&world.memory.loop, UV_RUN_NOWAIT);
    accept_login();
    assert_int_equal(world.memory.permission.user_count, 0);
}

static void the_end_of_the_server_answers_what_is_open(void **state)
{
    (void)state;
    start(10000);
    world.memory.permission.answer = late;
    struct client deciding = post_to("/api", "{\"body\":[" EMIT "]}");
    UNTIL(world.memory.permission.waiting.count == 1);
    login.is_late = true;
    struct client asking = post_to("/api", "{\"body\":[" EMIT "]}");
    UNTIL(login.done != NULL);
    http_endpoint_stop(endpoint);
    struct client refused = post_to("/api", "{\"body\":[" EMIT "]}");
    UNTIL(has(&refused, "HTTP/1.1 503 "));
    http_endpoint_close(endpoint);
    http_server_close(server, 10000, on_closed, NULL);
    UNTIL(has(&deciding, TIMED_OUT) && has(&asking, "HTTP/1.1 504 "));
    client_close(&deciding);
    client_close(&asking);
    client_close(&refused);
    UNTIL(is_closed);
    http_endpoint_free(&endpoint); /* the login is answered when all of it is gone */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_event_succeeds_when_its_rule_has_allowed_it),
        TEST(subscribers_get_what_comes_by_http),
        TEST(what_has_no_handler_is_an_error_of_its_item),
        TEST(batches_are_bounded),
        TEST(tokens_and_data_are_handed_out),
        TEST(readers_bring_their_token_in_a_header_or_in_the_query),
        TEST(targets_that_name_no_record_are_not_asked_for),
        TEST(time_ends_what_no_rule_decides),
        TEST(time_ends_a_login_that_nobody_answers),
        TEST(a_late_login_finds_its_batch_again),
        TEST(a_client_that_leaves_leaves_nothing_behind),
        TEST(the_end_of_the_server_answers_what_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
