/* The doubles behind memory_session.h: an outlet that keeps what is sent, an authentication that
 * accepts whoever names himself, a permission plugin that asks the test, a logger that remembers.
 */

#include "support/memory_session.h"

#include "transport/http/http.h"

#include "base/buf.h"
#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WAIT_MS 5000

static void copy_cut(char *out, size_t capacity, slice text)
{
    size_t length = text.length < capacity ? text.length : capacity - 1;
    if (length > 0)
        memcpy(out, text.at, length);
    out[length] = '\0';
}

/* ---- permission ---- */

static void *double_user_new(void *self, slice id, bool is_authenticated, slice server_data)
{
    struct permission_double *permission = self;
    (void)id;
    if (slice_equal(server_data, SLICE("not json")))
        return NULL;
    bool *user = malloc(sizeof *user);
    CHECK(user != NULL);
    *user = is_authenticated;
    permission->user_count++;
    return user;
}

static void double_user_free(void *self, void *user)
{
    struct permission_double *permission = self;
    free(user);
    permission->user_count--;
}

static void remember_question(struct permission_double *permission,
                              const struct ds_permission_request *request)
{
    struct double_question *question = calloc(1, sizeof *question);
    CHECK(question != NULL);
    question->request = *request;
    copy_cut(question->name, sizeof question->name, request->name);
    copy_cut(question->data, sizeof question->data, request->data);
    question->request.name = slice_of(question->name);
    question->request.data = slice_of(question->data);
    question->request.record = NULL;
    VEC_PUSH(&permission->asked, question);
}

static void double_check(void *self, const struct ds_permission_request *request,
                         ds_verdict_done *done, void *context)
{
    static const enum ds_verdict verdicts[] = {DS_ALLOW, DS_DENY, DS_UNDECIDED};
    struct permission_double *permission = self;
    remember_question(permission, request);
    enum double_answer answer = ANSWER_ALLOW;
    if (permission->answer != NULL)
        answer = permission->answer(permission->context, request);
    if (answer == ANSWER_LATER)
        VEC_PUSH(&permission->waiting, ((struct double_wait){done, context}));
    else
        done(context, verdicts[answer]);
}

const struct ds_permission_operations permission_double_operations = {
    .user_new = double_user_new,
    .user_free = double_user_free,
    .check = double_check,
};

bool permission_double_decide(struct permission_double *permission, enum ds_verdict verdict)
{
    if (permission->waiting.count == 0)
        return false;
    struct double_wait oldest = permission->waiting.items[0];
    permission->waiting.count--;
    memmove(permission->waiting.items, permission->waiting.items + 1,
            permission->waiting.count * sizeof oldest);
    oldest.done(oldest.context, verdict);
    return true;
}

/* ---- authentication ---- */

/* Data is ["id"], or [] for a login without an id. */
static void accept_login(void *self, const struct ds_login *login, ds_login_done *done,
                         void *context)
{
    (void)self;
    slice data = login->auth_data;
    struct ds_login_result result = {.outcome = DS_LOGIN_ACCEPTED};
    if (data.length > 4) {
        result.has_id = true;
        result.id = slice_part(data, 2, data.length - 2);
    }
    done(context, &result);
}

static const struct ds_authentication_operations accept_everybody = {.login = accept_login};

/* ---- log ---- */

static void write_line(void *self, const struct ds_log_line *line)
{
    struct memory_world *world = self;
    struct memory_log_line kept = {.level = line->level};
    copy_cut(kept.event, sizeof kept.event, line->event);
    copy_cut(kept.text, sizeof kept.text, line->text);
    VEC_PUSH(&world->log_lines, kept);
}

static const struct ds_logger_operations memory_logger = {.write = write_line};

bool memory_logged(const struct memory_world *world, const char *event, const char *part)
{
    for (size_t i = 0; i < world->log_lines.count; i++) {
        const struct memory_log_line *line = &world->log_lines.items[i];
        if (strcmp(line->event, event) == 0 && strstr(line->text, part) != NULL)
            return true;
    }
    return false;
}

/* ---- outlet ---- */

static void keep_message(struct ds_outlet *outlet, slice payload)
{
    struct memory_client *client = (struct memory_client *)(void *)outlet;
    if (client->is_closing)
        return;
    if (codec_of(client->world->settings.protocol)->is_text) {
        assert_true(payload.length > 0);
        buf_append(&client->text, payload);
        return;
    }
    struct arena arena;
    arena_init(&arena, 0);
    struct message message;
    struct message_limits limits = {.max_names = 1000000};
    const char *error = binary_decode(payload, &limits, &arena, &message);
    if (error != NULL)
        fail_msg("the server sent a frame that cannot be read: %s", error);
    VEC_PUSH(&client->sent, message_copy(&message));
    arena_fini(&arena);
}

/* Without a header, so that this needs nothing of the transport. */
static struct ds_frame *make_frame(slice payload)
{
    struct ds_frame *frame = ds_frame_new(payload.length);
    memcpy(frame->bytes, payload.at, payload.length);
    return frame;
}

static void keep_frame(struct ds_outlet *outlet, struct ds_frame *frame)
{
    keep_message(outlet, ds_frame_payload(frame));
}

static void note_close(struct ds_outlet *outlet, enum ds_close_code code)
{
    struct memory_client *client = (struct memory_client *)(void *)outlet;
    if (!client->is_closing)
        client->close_code = code;
    client->is_closing = true;
}

static void pause_reading(struct ds_outlet *outlet)
{
    ((struct memory_client *)(void *)outlet)->is_paused = true;
}

static void resume_reading(struct ds_outlet *outlet)
{
    ((struct memory_client *)(void *)outlet)->is_paused = false;
}

static void do_nothing(struct ds_outlet *outlet)
{
    (void)outlet;
}

static size_t nothing_queued(const struct ds_outlet *outlet)
{
    (void)outlet;
    return 0;
}

static const struct ds_outlet_operations memory_outlet = {
    .send = keep_message,
    .make_frame = make_frame,
    .send_frame = keep_frame,
    .flush = do_nothing,
    .close = note_close,
    .pause_reading = pause_reading,
    .resume_reading = resume_reading,
    .queued_bytes = nothing_queued,
};

/* ---- world ---- */

void memory_world_prepare(struct memory_world *world)
{
    *world = (struct memory_world){
        .log = {.level = DS_DEBUG, .operations = &memory_logger, .logger = world},
        .authentication = {.operations = &accept_everybody, .self = world},
    };
    CHECK(uv_loop_init(&world->loop) == 0);
    list_init(&world->clients);
    struct pipeline_settings pipeline = {.log = &world->log,
                                         .metrics = &world->metrics,
                                         .permission = &permission_double_operations,
                                         .permission_self = &world->permission};
    world->pipeline = pipeline_new(&pipeline);
    world->settings = (struct session_settings){
        .loop = &world->loop,
        .log = &world->log,
        .metrics = &world->metrics,
        .authentications = &world->authentication,
        .authentication_count = 1,
        .permission = &permission_double_operations,
        .permission_self = &world->permission,
        .events = pipeline_session_events(world->pipeline),
        .protocol = PROTOCOL_BINARY,
        .heartbeat_interval_ms = 30000,
        .unauthenticated_timeout_ms = 180000,
        .max_auth_attempts = 3,
        .max_message_bytes = 1048576,
        .max_queue_bytes = 1048576,
        .max_buffer_bytes = 100000,
        .max_names = 10000,
        .max_subscriptions = 100000,
        .max_waiting_messages = 1000,
    };
}

void memory_world_open(struct memory_world *world)
{
    world->endpoint = session_endpoint_new(&world->settings);
}

void memory_world_init(struct memory_world *world)
{
    memory_world_prepare(world);
    memory_world_open(world);
}

static void free_client(struct memory_client *client)
{
    list_remove(&client->in_world);
    for (size_t i = 0; i < client->sent.count; i++)
        free(client->sent.items[i]);
    VEC_FREE(&client->sent);
    buf_fini(&client->text);
    free(client);
}

void memory_world_fini(struct memory_world *world)
{
    memory_disconnect_all(world);
    while (permission_double_decide(&world->permission, DS_DENY))
        ;
    while (!list_is_empty(&world->clients))
        free_client(LIST_ITEM(world->clients.next, struct memory_client, in_world));
    session_endpoint_free(&world->endpoint);
    pipeline_free(&world->pipeline);
    CHECK(uv_run(&world->loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&world->loop) == 0);
    for (size_t i = 0; i < world->permission.asked.count; i++)
        free(world->permission.asked.items[i]);
    VEC_FREE(&world->permission.asked);
    VEC_FREE(&world->permission.waiting);
    VEC_FREE(&world->log_lines);
    assert_int_equal(world->permission.user_count, 0);
}

/* Ticks, so that a turn of the loop in which something happened before it waited ends too. */
#define TICK_MS 5

static void tick(uv_timer_t *timer)
{
    --*(int *)timer->data;
}

void memory_run_until(struct memory_world *world, bool (*condition)(void *context), void *context)
{
    uv_timer_t timer;
    int ticks_left = WAIT_MS / TICK_MS;
    uv_timer_init(&world->loop, &timer);
    timer.data = &ticks_left;
    uv_timer_start(&timer, tick, TICK_MS, TICK_MS);
    while (!condition(context) && ticks_left > 0)
        uv_run(&world->loop, UV_RUN_ONCE);
    bool has_come = condition(context);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&world->loop, UV_RUN_NOWAIT);
    if (!has_come)
        fail_msg("what the test waits for has not come within %d ms", WAIT_MS);
}

/* ---- clients ---- */

struct memory_client *memory_connect(struct memory_world *world)
{
    static const struct ds_http_header headers[] = {
        {{"host", 4}, {"node.example", 12}},
        {{"referer", 7}, {"http://page.example/", 20}},
    };
    struct ds_http_request request = {.method = SLICE("GET"),
                                      .target = SLICE("/deepstream"),
                                      .headers = headers,
                                      .header_count = 2,
                                      .remote_address = SLICE("192.0.2.7")};
    struct memory_client *client = calloc(1, sizeof *client);
    CHECK(client != NULL);
    client->outlet.operations = &memory_outlet;
    client->world = world;
    list_append(&world->clients, &client->in_world);
    const struct ds_endpoint *endpoint = session_endpoint_for_transport(world->endpoint);
    client->session = endpoint->on_open(endpoint->context, &client->outlet, &request);
    client->is_connected = client->session != NULL;
    return client;
}

struct memory_client *memory_login(struct memory_world *world, const char *user_id)
{
    struct memory_client *client = memory_connect(world);
    struct message challenge = MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_send(client, &challenge);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_ACCEPT);

    struct message login = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    struct buf data = BUF_EMPTY;
    buf_printf(&data, *user_id == '\0' ? "[]" : "[\"%s\"]", user_id);
    MESSAGE_SET(&login, data, buf_slice(&data));
    memory_send(client, &login);
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    buf_fini(&data);
    return client;
}

void memory_send_bytes(struct memory_client *client, enum ds_frame_kind kind, slice bytes)
{
    const struct ds_endpoint *endpoint = session_endpoint_for_transport(client->world->endpoint);
    CHECK(client->is_connected);
    endpoint->on_alive(client->session);
    endpoint->on_message(client->session, kind, bytes);
}

void memory_send(struct memory_client *client, const struct message *message)
{
    struct buf frame = BUF_EMPTY;
    binary_encode(message, &frame);
    memory_send_bytes(client, DS_FRAME_BINARY, buf_slice(&frame));
    buf_fini(&frame);
}

const struct message *memory_take(struct memory_client *client)
{
    return client->taken < client->sent.count ? client->sent.items[client->taken++] : NULL;
}

const struct message *memory_expect(struct memory_client *client, unsigned topic, unsigned action)
{
    const struct message *message = memory_take(client);
    if (message == NULL) {
        fail_msg(SLICE_FORMAT "." SLICE_FORMAT " was not sent", SLICE_ARGUMENTS(topic_name(topic)),
                 SLICE_ARGUMENTS(action_name(topic, action)));
    } else if (message->topic != topic || message->action != action) {
        fail_msg("expected " SLICE_FORMAT "." SLICE_FORMAT ", was sent " SLICE_FORMAT
                 "." SLICE_FORMAT,
                 SLICE_ARGUMENTS(topic_name(topic)), SLICE_ARGUMENTS(action_name(topic, action)),
                 SLICE_ARGUMENTS(topic_name(message->topic)),
                 SLICE_ARGUMENTS(action_name(message->topic, message->action)));
    }
    return message;
}

void memory_expect_nothing(struct memory_client *client)
{
    const struct message *message = memory_take(client);
    if (message != NULL)
        fail_msg("nothing should have been sent, but " SLICE_FORMAT "." SLICE_FORMAT " was",
                 SLICE_ARGUMENTS(topic_name(message->topic)),
                 SLICE_ARGUMENTS(action_name(message->topic, message->action)));
}

void memory_disconnect(struct memory_client *client)
{
    if (!client->is_connected)
        return;
    const struct ds_endpoint *endpoint = session_endpoint_for_transport(client->world->endpoint);
    client->is_connected = false;
    endpoint->on_close(client->session, "the test ended it");
}

void memory_disconnect_all(struct memory_world *world)
{
    for (struct list_link *at = world->clients.next; at != &world->clients; at = at->next)
        memory_disconnect(LIST_ITEM(at, struct memory_client, in_world));
}
