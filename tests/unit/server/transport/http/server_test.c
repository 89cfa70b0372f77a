/* A server and its clients in one process: the clients are plain sockets, and the loop is turned
 * until what is awaited has happened. */

#define _GNU_SOURCE /* memmem */

#include "logging/log.h"
#include "transport/http/http.h"
#include "transport/ws/frame.h"

#include "base/buf.h"
#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000
#define MAX_PEERS 8

struct fixture;

struct peer {
    struct fixture *fixture;
    struct ds_outlet *outlet;
    unsigned alive, messages, closes;
    char last[64];
    char remote_address[64];
    char reason[64];
    bool closes_at_message;
};

struct fixture {
    uv_loop_t loop;
    struct log log;
    struct http_settings settings;
    struct ds_endpoint endpoint;
    struct http_server *server;
    struct peer peers[MAX_PEERS];
    size_t peer_count;
    bool turns_away;
    bool is_done;
    struct buf logged;
};

/* ---- the owner of the WebSockets ---- */

static void *on_open(void *context, struct ds_outlet *outlet, const struct ds_http_request *request)
{
    struct fixture *fixture = context;
    if (fixture->turns_away)
        return NULL;
    CHECK(fixture->peer_count < MAX_PEERS);
    struct peer *peer = &fixture->peers[fixture->peer_count++];
    peer->fixture = fixture;
    peer->outlet = outlet;
    snprintf(peer->remote_address, sizeof peer->remote_address, SLICE_FORMAT,
             SLICE_ARGUMENTS(request->remote_address));
    return peer;
}

static void on_message(void *owner, enum ds_frame_kind kind, slice payload)
{
    struct peer *peer = owner;
    (void)kind;
    CHECK(peer->closes == 0);
    peer->messages++;
    snprintf(peer->last, sizeof peer->last, SLICE_FORMAT, SLICE_ARGUMENTS(payload));
    if (peer->closes_at_message) {
        peer->outlet->operations->close(peer->outlet, DS_CLOSE_UNSUPPORTED);
        peer->outlet->operations->close(peer->outlet, DS_CLOSE_ABORT);
        peer->outlet->operations->send(peer->outlet, SLICE("into the void"));
        assert_int_equal(peer->closes, 0);
    }
}

static void on_alive(void *owner)
{
    struct peer *peer = owner;
    CHECK(peer->closes == 0);
    peer->alive++;
}

static void on_close(void *owner, const char *reason)
{
    struct peer *peer = owner;
    peer->closes++;
    peer->outlet = NULL;
    snprintf(peer->reason, sizeof peer->reason, "%s", reason);
}

static void send_to(struct peer *peer, slice payload)
{
    peer->outlet->operations->send(peer->outlet, payload);
}

/* ---- the server ---- */

static void write_log(void *self, const struct ds_log_line *line)
{
    struct fixture *fixture = self;
    buf_append(&fixture->logged, line->event);
    buf_append_text(&fixture->logged, " | ");
    buf_append(&fixture->logged, line->text);
    buf_append_text(&fixture->logged, "\n");
}

static const struct ds_logger_operations logger = {.write = write_log};

static bool has_logged(struct fixture *fixture, const char *text)
{
    buf_append_byte(&fixture->logged, '\0');
    fixture->logged.length--;
    return strstr(fixture->logged.at, text) != NULL;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    uv_loop_init(&fixture->loop);
    fixture->log = (struct log){.level = DS_DEBUG, .operations = &logger, .logger = fixture};
    fixture->settings = (struct http_settings){
        .host = "127.0.0.1",
        .allow_all_origins = true,
        .trust_forwarded_for = true,
        .max_head_bytes = 4096,
        .head_timeout_ms = 10000,
    };
    fixture->endpoint = (struct ds_endpoint){
        .context = fixture,
        .kind = DS_FRAME_BINARY,
        .max_message_bytes = 1 << 20,
        .max_queue_bytes = 1 << 20,
        .on_open = on_open,
        .on_message = on_message,
        .on_alive = on_alive,
        .on_close = on_close,
    };
    *state = fixture;
    return 0;
}

static void on_health(void *context, const struct ds_http_request *request,
                      struct ds_http_exchange *exchange)
{
    (void)context;
    (void)request;
    http_answer(exchange, &(struct ds_http_answer){.status = 200});
}

static void start(struct fixture *fixture)
{
    fixture->server = http_server_new(&fixture->loop, &fixture->settings, &fixture->log);
    http_server_add_get(fixture->server, SLICE("/health-check"), on_health, NULL);
    http_server_add_websocket(fixture->server, SLICE("/ws"), &fixture->endpoint);
    assert_int_equal(http_server_listen(fixture->server), 0);
    assert_true(http_server_port(fixture->server) > 0);
}

static void on_done(void *context)
{
    ((struct fixture *)context)->is_done = true;
}

static void stop(struct fixture *fixture, uint32_t grace_ms)
{
    http_server_close(fixture->server, grace_ms, on_done, fixture);
    fixture->server = NULL;
}

/* A server that a test left is closed; then nothing may be left in the loop. */
static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->server != NULL)
        stop(fixture, 0);
    while (uv_run(&fixture->loop, UV_RUN_DEFAULT) != 0)
        ;
    int status = uv_loop_close(&fixture->loop);
    buf_fini(&fixture->logged);
    free(fixture);
    return status;
}

/* ---- clients ---- */

struct client {
    struct fixture *fixture;
    int socket;
    struct buf in;
    bool has_ended;
};

static void client_fini(struct client *client)
{
    close(client->socket);
    buf_fini(&client->in);
}

static void receive(struct client *client)
{
    char bytes[16384];
    for (;;) {
        ssize_t length = read(client->socket, bytes, sizeof bytes);
        if (length <= 0) {
            client->has_ended = client->has_ended || length == 0 || errno != EAGAIN;
            return;
        }
        buf_append(&client->in, (slice){bytes, (size_t)length});
    }
}

/* Turns the loop until the condition holds. */
#define UNTIL(fixture, condition)                                                                  \
    for (uint64_t give_up = uv_hrtime() / 1000000 + PATIENCE_MS; !(condition);) {                  \
        uv_run(&(fixture)->loop, UV_RUN_NOWAIT);                                                   \
        if (uv_hrtime() / 1000000 > give_up)                                                       \
            fail_msg("waited in vain for: %s", #condition);                                        \
    }

static struct client connect_to(struct fixture *fixture)
{
    struct client client = {.fixture = fixture, .socket = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(fixture->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(client.socket, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(client.socket, F_SETFL, O_NONBLOCK), 0);
    return client;
}

static void put(struct client *client, slice bytes)
{
    assert_int_equal(write(client->socket, bytes.at, bytes.length), (ssize_t)bytes.length);
}

static bool has_received(struct client *client, const char *text)
{
    receive(client);
    return client->in.length >= strlen(text) &&
           memmem(client->in.at, client->in.length, text, strlen(text)) != NULL;
}

static bool has_ended(struct client *client)
{
    receive(client);
    return client->has_ended;
}

#define UPGRADE(more)                                                                              \
    SLICE("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"           \
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" more      \
          "\r\n")

static struct client open_websocket(struct fixture *fixture)
{
    struct client client = connect_to(fixture);
    put(&client, UPGRADE(""));
    UNTIL(fixture, has_received(&client, "\r\n\r\n"));
    assert_true(has_received(&client, "HTTP/1.1 101 "));
    buf_clear(&client.in);
    return client;
}

/* A binary message whose mask is zero. */
static void put_message(struct client *client, slice payload)
{
    char frame[256] = {(char)0x82, (char)(0x80 | payload.length)};
    CHECK(payload.length < 126);
    memcpy(frame + 6, payload.at, payload.length);
    put(client, (slice){frame, 6 + payload.length});
}

/* ---- the contract of outlets ---- */

static void messages_go_both_ways(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture);
    struct peer *peer = &fixture->peers[0];
    assert_string_equal(peer->remote_address, "127.0.0.1");
    put_message(&client, SLICE("up"));
    UNTIL(fixture, peer->messages == 1);
    assert_string_equal(peer->last, "up");
    assert_true(peer->alive >= 1);
    send_to(peer, SLICE("down"));
    struct ds_frame *frame = peer->outlet->operations->make_frame(SLICE("shared"));
    assert_true(slice_equal(ds_frame_payload(frame), SLICE("shared")));
    peer->outlet->operations->send_frame(peer->outlet, frame);
    ds_frame_release(&frame);
    UNTIL(fixture, has_received(&client, "\x82\x04"
                                         "down\x82\x06shared"));
    client_fini(&client);
    UNTIL(fixture, peer->closes == 1);
    assert_string_equal(peer->reason, "the peer hung up");
}

static void what_a_turn_sends_leaves_together_at_its_end(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture);
    struct peer *peer = &fixture->peers[0];
    send_to(peer, SLICE("a"));
    send_to(peer, SLICE("b"));
    assert_int_equal(peer->outlet->operations->queued_bytes(peer->outlet), 6);
    receive(&client);
    assert_int_equal(client.in.length, 0);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_int_equal(peer->outlet->operations->queued_bytes(peer->outlet), 0);
    send_to(peer, SLICE("c"));
    peer->outlet->operations->flush(peer->outlet);
    assert_int_equal(peer->outlet->operations->queued_bytes(peer->outlet), 0);
    UNTIL(fixture, has_received(&client, "\x82\x01"
                                         "a\x82\x01"
                                         "b\x82\x01"
                                         "c"));
    client_fini(&client);
}

static void an_outlet_closed_within_a_message_gets_no_more_of_them(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture);
    struct peer *peer = &fixture->peers[0];
    peer->closes_at_message = true;
    put(&client, SLICE("\x82\x81\0\0\0\0x\x82\x81\0\0\0\0y\x82\x81\0\0\0\0z"));
    UNTIL(fixture, peer->closes == 1);
    assert_int_equal(peer->messages, 1);
    assert_string_equal(peer->last, "x");
    assert_string_equal(peer->reason, "closed for an unsupported kind of message");
    UNTIL(fixture, has_received(&client, "\x88\x02\x03\xEB"));
    assert_int_equal(client.in.length, 4);
    put(&client, SLICE("\x88\x82\0\0\0\0\x03\xEB"));
    UNTIL(fixture, has_ended(&client));
    assert_int_equal(peer->closes, 1);
    client_fini(&client);
}

static void cutting_off_calls_back_at_the_end_of_the_turn(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture);
    struct peer *peer = &fixture->peers[0];
    struct ds_outlet *outlet = peer->outlet;
    outlet->operations->close(outlet, DS_CLOSE_ABORT);
    assert_int_equal(peer->closes, 0);
    outlet->operations->send(outlet, SLICE("x"));
    outlet->operations->pause_reading(outlet);
    outlet->operations->resume_reading(outlet);
    outlet->operations->flush(outlet);
    assert_int_equal(outlet->operations->queued_bytes(outlet), 0);
    UNTIL(fixture, peer->closes == 1);
    UNTIL(fixture, has_ended(&client));
    assert_int_equal(client.in.length, 0);
    client_fini(&client);
}

static void a_peer_may_be_turned_away(void **state)
{
    struct fixture *fixture = *state;
    fixture->turns_away = true;
    start(fixture);
    struct client client = connect_to(fixture);
    put(&client, UPGRADE(""));
    UNTIL(fixture, has_received(&client, "\r\n\r\n\x88\x02\x03\xF0"));
    client_fini(&client);
}

static void a_paused_peer_is_not_read(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture), other = open_websocket(fixture);
    struct peer *peer = &fixture->peers[0];
    peer->outlet->operations->pause_reading(peer->outlet);
    put_message(&client, SLICE("patience"));
    put_message(&other, SLICE("now"));
    UNTIL(fixture, fixture->peers[1].messages == 1);
    for (int i = 0; i < 10; i++)
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_int_equal(peer->messages, 0);
    peer->outlet->operations->resume_reading(peer->outlet);
    UNTIL(fixture, peer->messages == 1);
    client_fini(&client);
    client_fini(&other);
}

static void a_flood_is_read_in_shares(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture), other = open_websocket(fixture);
    struct buf flood = BUF_EMPTY;
    for (int i = 0; i < 30000; i++)
        buf_append(&flood, SLICE("\x82\x81\0\0\0\0x"));
    ssize_t sent = write(client.socket, flood.at, flood.length);
    assert_true(sent > 128 * 1024);
    put_message(&other, SLICE("me too"));
    unsigned before = 0;
    UNTIL(fixture, fixture->peers[1].messages == 1);
    assert_true(fixture->peers[0].messages <= 2 * 64 * 1024 / 7 + 2);
    while (before != fixture->peers[0].messages) {
        before = fixture->peers[0].messages;
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        assert_true(fixture->peers[0].messages - before <= 64 * 1024 / 7 + 1);
    }
    assert_true((size_t)before >= (size_t)sent / 7 / 2);
    buf_fini(&flood);
    client_fini(&client);
    client_fini(&other);
}

static void a_receiver_that_does_not_read_is_cut_off(void **state)
{
    struct fixture *fixture = *state;
    fixture->endpoint.max_queue_bytes = 100000;
    start(fixture);
    struct client client = open_websocket(fixture);
    struct peer *peer = &fixture->peers[0];
    static const char payload[20000];
    size_t sent = 0;
    for (; peer->closes == 0 && sent < 2000; sent++) {
        send_to(peer, (slice){payload, sizeof payload});
        if (peer->outlet != NULL)
            assert_true(peer->outlet->operations->queued_bytes(peer->outlet) <=
                        100000 + 2 * sizeof payload);
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    }
    assert_true(sent < 2000);
    assert_string_equal(peer->reason, "the client does not read");
    assert_true(has_logged(fixture, "SLOW_RECEIVER | 127.0.0.1 does not read: cut off with "));
    assert_int_equal(http_server_counters(fixture->server)->slow_receivers, 1);
    client_fini(&client);
}

static void much_in_one_turn_is_no_sign_of_a_slow_receiver(void **state)
{
    struct fixture *fixture = *state;
    fixture->endpoint.max_queue_bytes = 1000;
    start(fixture);
    struct client client = open_websocket(fixture);
    for (int i = 0; i < 2000; i++)
        send_to(&fixture->peers[0], SLICE("a message of some length"));
    UNTIL(fixture, has_received(&client, "length") && client.in.length == 2000 * 26);
    assert_int_equal(fixture->peers[0].closes, 0);
    client_fini(&client);
}

static void a_message_larger_than_the_bound_is_sent_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    fixture->endpoint.max_queue_bytes = 1000;
    start(fixture);
    struct client client = open_websocket(fixture);
    size_t length = 20 * 1024 * 1024;
    char *payload = calloc(1, length);
    send_to(&fixture->peers[0], (slice){payload, length});
    UNTIL(fixture, (receive(&client), client.in.length == length + 10));
    assert_int_equal(fixture->peers[0].closes, 0);
    free(payload);
    client_fini(&client);
}

static void bytes_may_wait_for_a_delay_or_for_enough_of_them(void **state)
{
    struct fixture *fixture = *state;
    fixture->endpoint.flush_delay_ms = 50;
    fixture->endpoint.flush_bytes = 1000;
    start(fixture);
    struct client client = open_websocket(fixture);
    struct peer *peer = &fixture->peers[0];
    uint64_t before = uv_now(&fixture->loop);
    send_to(peer, SLICE("later"));
    UNTIL(fixture, has_received(&client, "later"));
    assert_true(uv_now(&fixture->loop) - before >= 50);
    static const char payload[1000];
    send_to(peer, SLICE("at once"));
    send_to(peer, (slice){payload, sizeof payload});
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_int_equal(peer->outlet->operations->queued_bytes(peer->outlet), 0);
    UNTIL(fixture, has_received(&client, "at once"));
    send_to(peer, SLICE("flushed"));
    peer->outlet->operations->flush(peer->outlet);
    UNTIL(fixture, has_received(&client, "flushed"));
    client_fini(&client);
}

/* ---- requests ---- */

static void handle_get(void *context, const struct ds_http_request *request,
                       struct ds_http_exchange *exchange)
{
    (void)request;
    http_answer(exchange, &(struct ds_http_answer){.status = 200,
                                                   .content_type = SLICE("text/plain"),
                                                   .body = slice_of(context)});
}

static void the_longest_prefix_answers(void **state)
{
    struct fixture *fixture = *state;
    char short_one[] = "short", long_one[] = "long";
    start(fixture);
    http_server_add_get(fixture->server, SLICE("/a"), handle_get, short_one);
    http_server_add_get(fixture->server, SLICE("/api"), handle_get, long_one);
    struct client client = connect_to(fixture);
    put(&client, SLICE("GET /apixyz HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(fixture, has_received(&client, "\r\n\r\nlong"));
    put(&client, SLICE("GET /ap HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(fixture, has_received(&client, "\r\n\r\nshort"));
    client_fini(&client);
}

static void forwarded_addresses_are_believed_as_the_settings_say(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client first = connect_to(fixture), second = connect_to(fixture);
    put(&first, UPGRADE("X-Forwarded-For: 10.1.2.3, 10.0.0.1\r\n"));
    UNTIL(fixture, fixture->peer_count == 1);
    assert_string_equal(fixture->peers[0].remote_address, "10.1.2.3, 10.0.0.1");
    fixture->settings.trust_forwarded_for = false;
    put(&second, UPGRADE("X-Forwarded-For: 10.1.2.3\r\n"));
    UNTIL(fixture, fixture->peer_count == 2);
    assert_string_equal(fixture->peers[1].remote_address, "127.0.0.1");
    client_fini(&first);
    client_fini(&second);
}

static void only_listed_origins_may_upgrade_or_ask(void **state)
{
    struct fixture *fixture = *state;
    const slice origins[] = {SLICE("https://good.example")};
    fixture->settings.allow_all_origins = false;
    fixture->settings.origins = origins;
    fixture->settings.origin_count = 1;
    start(fixture);
    struct client bad = connect_to(fixture), none = connect_to(fixture), good = connect_to(fixture),
                  asks = connect_to(fixture);
    put(&bad, UPGRADE("Origin: https://bad.example\r\n"));
    UNTIL(fixture, has_received(&bad, "Origin \"https://bad.example\" is forbidden.\r\n\r\n"));
    assert_true(has_received(&bad, "HTTP/1.1 403 Forbidden\r\n"));
    UNTIL(fixture, has_ended(&bad));
    put(&none, UPGRADE(""));
    UNTIL(fixture, has_received(&none, "All requests must set a valid \"Origin\" header."));
    put(&good, UPGRADE("Origin: https://good.example\r\n"));
    UNTIL(fixture, has_received(&good, "HTTP/1.1 101 "));
    put(&asks, SLICE("GET /health-check HTTP/1.1\r\nHost: x\r\nReferer: https://good.example\r\n"
                     "\r\n"));
    UNTIL(fixture, has_received(&asks, "Access-Control-Allow-Origin: https://good.example\r\n"
                                       "Access-Control-Allow-Credentials: true\r\n"
                                       "Vary: Origin\r\n"));
    fixture->settings.host_url = SLICE("real.example");
    put(&asks, SLICE("GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(fixture, has_received(&asks, "Forbidden Host.\r\n\r\n"));
    client_fini(&bad);
    client_fini(&none);
    client_fini(&good);
    client_fini(&asks);
}

static void upgrades_of_other_paths_are_told_so(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    static const char *const paths[] = {"/ws/", "/ws?x", "/WS", "/"};
    for (size_t i = 0; i < 4; i++) {
        struct client client = connect_to(fixture);
        struct buf bytes = BUF_EMPTY;
        buf_printf(&bytes, "GET %s", paths[i]);
        buf_append(&bytes, slice_part(UPGRADE(""), 7, UPGRADE("").length));
        put(&client, buf_slice(&bytes));
        UNTIL(fixture, has_ended(&client));
        assert_true(has_received(&client, "HTTP/1.1 404 Not Found\r\n"));
        buf_fini(&bytes);
        client_fini(&client);
    }
}

static void a_slow_head_is_refused_and_a_silent_connection_closed(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.head_timeout_ms = 50;
    start(fixture);
    struct client silent = connect_to(fixture), slow = connect_to(fixture),
                  waiting = connect_to(fixture), upgraded = open_websocket(fixture);
    put(&slow, SLICE("GET / HTTP/1.1\r\n"));
    put(&waiting, SLICE("GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(fixture, has_ended(&silent));
    assert_int_equal(silent.in.length, 0);
    UNTIL(fixture, has_ended(&slow));
    assert_true(has_received(&slow, "HTTP/1.1 408 Request Timeout\r\n"));
    assert_true(has_logged(fixture, "refused with 408: the head of the request is too slow"));
    UNTIL(fixture, has_ended(&waiting));
    assert_true(has_received(&waiting, "HTTP/1.1 200 OK\r\n"));
    assert_false(has_ended(&upgraded));
    client_fini(&silent);
    client_fini(&slow);
    client_fini(&waiting);
    client_fini(&upgraded);
}

/* Each line gives no new time. */
static void a_head_that_drips_is_refused_in_time(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.head_timeout_ms = 100;
    start(fixture);
    struct client client = connect_to(fixture);
    put(&client, SLICE("GET / HTTP/1.1\r\n"));
    uint64_t last = 0;
    size_t lines = 0;
    UNTIL(fixture, (receive(&client), client.in.length > 0) || ({
                       uint64_t now = uv_hrtime() / 1000000;
                       if (now >= last + 10) {
                           last = now;
                           lines++;
                           put(&client, SLICE("a: b\r\n"));
                       }
                       false;
                   }));
    assert_true(has_received(&client, "HTTP/1.1 408 "));
    assert_true(lines > 1);
    client_fini(&client);
}

static void too_many_connections_are_turned_away(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.max_connections = 2;
    start(fixture);
    struct client first = open_websocket(fixture), second = open_websocket(fixture),
                  third = connect_to(fixture);
    UNTIL(fixture, has_ended(&third));
    assert_true(has_received(&third, "HTTP/1.1 503 Service Unavailable\r\n"));
    assert_true(has_logged(fixture, "LIMIT_EXCEEDED | 2 connections are open"));
    client_fini(&third);
    client_fini(&second);
    UNTIL(fixture, fixture->peers[1].closes == 1);
    uint64_t turned_away = http_server_counters(fixture->server)->turned_away;
    assert_int_equal(turned_away, 1);
    for (int i = 0; i < 10; i++)
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
    struct client fourth = open_websocket(fixture);
    client_fini(&first);
    client_fini(&fourth);
}

/* ---- the life of the server ---- */

static void errors_of_listening_are_returned(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct http_settings same = fixture->settings, wrong = fixture->settings;
    same.port = http_server_port(fixture->server);
    wrong.host = "203.0.113.1"; /* of nobody, RFC 5737 */
    struct http_server *server = http_server_new(&fixture->loop, &same, &fixture->log);
    assert_int_equal(http_server_listen(server), UV_EADDRINUSE);
    http_server_close(server, 0, on_done, fixture);
    UNTIL(fixture, fixture->is_done);
    fixture->is_done = false;
    server = http_server_new(&fixture->loop, &wrong, &fixture->log);
    assert_int_equal(http_server_listen(server), UV_EADDRNOTAVAIL);
    http_server_close(server, 0, on_done, fixture);
    UNTIL(fixture, fixture->is_done);
}

static void servers_may_share_a_port(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.reuse_port = true;
    start(fixture);
    struct http_settings same = fixture->settings;
    same.port = http_server_port(fixture->server);
    struct http_server *second = http_server_new(&fixture->loop, &same, &fixture->log);
    assert_int_equal(http_server_listen(second), 0);
    http_server_close(second, 0, on_done, fixture);
    UNTIL(fixture, fixture->is_done);
}

static void names_of_hosts_are_resolved(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.host = "localhost";
    start(fixture);
}

static void a_server_that_stops_accepting_serves_whom_it_has(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture);
    http_server_stop_accepting(fixture->server);
    put_message(&client, SLICE("still there?"));
    UNTIL(fixture, fixture->peers[0].messages == 1);
    send_to(&fixture->peers[0], SLICE("yes"));
    UNTIL(fixture, has_received(&client, "yes"));
    client_fini(&client);
}

static void closing_says_goodbye_and_waits_for_answers(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture), idle = connect_to(fixture);
    UNTIL(fixture, http_server_counters(fixture->server)->connections == 2);
    stop(fixture, 60000);
    UNTIL(fixture, has_received(&client, "\x88\x02\x03\xE9"));
    assert_string_equal(fixture->peers[0].reason, "the server stops");
    assert_false(fixture->is_done);
    put(&client, SLICE("\x88\x82\0\0\0\0\x03\xE9"));
    UNTIL(fixture, has_ended(&client) && has_ended(&idle));
    client_fini(&client);
    client_fini(&idle);
    UNTIL(fixture, fixture->is_done);
}

static void closing_is_by_force_after_the_grace(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct client client = open_websocket(fixture);
    static const char payload[1 << 20];
    send_to(&fixture->peers[0], (slice){payload, sizeof payload});
    stop(fixture, 20);
    UNTIL(fixture, fixture->is_done);
    assert_int_equal(fixture->peers[0].closes, 1);
    client_fini(&client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(messages_go_both_ways),
        TEST(what_a_turn_sends_leaves_together_at_its_end),
        TEST(an_outlet_closed_within_a_message_gets_no_more_of_them),
        TEST(cutting_off_calls_back_at_the_end_of_the_turn),
        TEST(a_peer_may_be_turned_away),
        TEST(a_paused_peer_is_not_read),
        TEST(a_flood_is_read_in_shares),
        TEST(a_receiver_that_does_not_read_is_cut_off),
        TEST(much_in_one_turn_is_no_sign_of_a_slow_receiver),
        TEST(a_message_larger_than_the_bound_is_sent_all_the_same),
        TEST(bytes_may_wait_for_a_delay_or_for_enough_of_them),
        TEST(the_longest_prefix_answers),
        TEST(forwarded_addresses_are_believed_as_the_settings_say),
        TEST(only_listed_origins_may_upgrade_or_ask),
        TEST(upgrades_of_other_paths_are_told_so),
        TEST(a_slow_head_is_refused_and_a_silent_connection_closed),
        TEST(a_head_that_drips_is_refused_in_time),
        TEST(too_many_connections_are_turned_away),
        TEST(errors_of_listening_are_returned),
        TEST(servers_may_share_a_port),
        TEST(names_of_hosts_are_resolved),
        TEST(a_server_that_stops_accepting_serves_whom_it_has),
        TEST(closing_says_goodbye_and_waits_for_answers),
        TEST(closing_is_by_force_after_the_grace),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
