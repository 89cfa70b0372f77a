/* What a few peers send in any state of their sessions, while logins and verdicts come when they
 * like. A ping is always answered, who has not logged in reaches no handler, each session that was
 * open is told to the handlers exactly once as ended, and nothing of it is left. */

#include "support/memory_session.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define CLIENTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct login_wait {
    ds_login_done *done;
    void *context;
};

struct scene {
    struct memory_world world;
    struct memory_client *clients[CLIENTS];
    VEC(struct login_wait) logins;
    const uint8_t *at, *end;
    unsigned opened, ended;
    struct handler handlers[TOPIC_COUNT];
};

static uint8_t take_byte(struct scene *scene)
{
    return scene->at < scene->end ? *scene->at++ : 0;
}

static slice take_bytes(struct scene *scene)
{
    size_t length = take_byte(scene), left = (size_t)(scene->end - scene->at);
    slice bytes = {(const char *)scene->at, length < left ? length : left};
    scene->at += bytes.length;
    return bytes;
}

/* ---- who logs in, and what is allowed ---- */

static void answer_login(struct login_wait wait, uint8_t choice)
{
    static const enum ds_login_outcome outcomes[] = {DS_LOGIN_ACCEPTED, DS_LOGIN_REFUSED,
                                                     DS_LOGIN_NOT_MINE, DS_LOGIN_ACCEPTED};
    struct ds_login_result result = {.outcome = outcomes[choice % 4],
                                     .has_id = choice % 8 < 4,
                                     .id = SLICE("bo"),
                                     .client_data = choice % 16 < 8 ? SLICE("{}") : SLICE("")};
    wait.done(wait.context, &result);
}

static void login(void *self, const struct ds_login *request, ds_login_done *done, void *context)
{
    struct scene *scene = self;
    struct login_wait wait = {done, context};
    CHECK(request->auth_data.length > 0 && request->connection_data.length > 0);
    uint8_t choice = take_byte(scene);
    if (choice < 128)
        answer_login(wait, choice);
    else
        VEC_PUSH(&scene->logins, wait);
}

static void answer_waiting_login(struct scene *scene)
{
    if (scene->logins.count > 0)
        answer_login(scene->logins.items[--scene->logins.count], take_byte(scene));
}

static enum double_answer decide(void *context, const struct ds_permission_request *request)
{
    (void)request;
    return (enum double_answer)(take_byte(context) % 4);
}

/* ---- handlers ---- */

static void on_login(void *self, struct session *session)
{
    CHECK(session_is_open(session));
    ((struct scene *)self)->opened++;
}

static void on_message(void *self, struct session *session, const struct message *message)
{
    (void)self;
    CHECK(session->was_open && session->user != NULL);
    CHECK(action_way(message->topic, message->action) != WAY_REFUSE);
}

static void on_end(void *self, struct session *session)
{
    CHECK(!session_is_open(session) && session->holds == 0);
    ((struct scene *)self)->ended++;
}

/* ---- peers ---- */

static void expect_pong(struct memory_client *client)
{
    struct message ping = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    bool is_listening = !client->is_closing;
    size_t before = client->sent.count;
    memory_send(client, &ping);
    CHECK(client->sent.count == before + (is_listening ? 1 : 0));
    CHECK(!is_listening || client->sent.items[before]->action == CONNECTION_PONG);
}

static void send_login(struct memory_client *client, slice data)
{
    struct message challenge = MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    struct message request = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    MESSAGE_SET(&request, data, data);
    memory_send(client, &challenge);
    memory_send(client, &request);
}

static void act(struct scene *scene)
{
    uint8_t choice = take_byte(scene);
    struct memory_client **client = &scene->clients[choice / 16 % CLIENTS];
    if (*client == NULL || !(*client)->is_connected)
        *client = memory_connect(&scene->world);
    switch (choice % 8) {
    case 0:
        memory_disconnect(*client);
        break;
    case 1:
        expect_pong(*client);
        break;
    case 2:
        send_login(*client, SLICE("{}"));
        break;
    case 3:
        send_login(*client, take_bytes(scene));
        break;
    case 4:
        answer_waiting_login(scene);
        break;
    case 5:
        permission_double_decide(&scene->world.permission, (enum ds_verdict)(take_byte(scene) % 3));
        break;
    case 6:
        memory_send_bytes(*client, choice >= 240 ? DS_FRAME_TEXT : DS_FRAME_BINARY,
                          take_bytes(scene));
        break;
    default:
        memory_send_bytes(*client, DS_FRAME_BINARY, take_bytes(scene));
    }
}

static void set_scene(struct scene *scene, const uint8_t *data, size_t size)
{
    static const struct ds_authentication_operations authentication = {.login = login};
    static const enum topic topics[] = {TOPIC_EVENT, TOPIC_RECORD, TOPIC_RPC, TOPIC_PRESENCE};
    *scene = (struct scene){.at = data, .end = data + size};
    memory_world_prepare(&scene->world);
    scene->world.settings.max_names = 20;
    scene->world.settings.max_waiting_messages = 4;
    scene->world.authentication =
        (struct session_authentication){.operations = &authentication, .self = scene};
    scene->world.permission.answer = decide;
    scene->world.permission.context = scene;
    for (size_t i = 0; i < 4; i++) {
        scene->handlers[i] = (struct handler){.self = scene, .on_message = on_message};
        pipeline_add_handler(scene->world.pipeline, topics[i], &scene->handlers[i]);
    }
    scene->handlers[0].on_login = on_login;
    scene->handlers[0].on_close = on_end;
    memory_world_open(&scene->world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene scene;
    set_scene(&scene, data, size);
    while (scene.at < scene.end)
        act(&scene);
    memory_disconnect_all(&scene.world);
    while (scene.logins.count > 0)
        answer_waiting_login(&scene);
    while (permission_double_decide(&scene.world.permission, DS_ALLOW))
        ;
    CHECK(scene.opened == scene.ended);
    memory_world_fini(&scene.world);
    VEC_FREE(&scene.logins);
    return 0;
}
