/* A few clients log in, say any messages in any order and leave, while the rules decide at once,
 * later or never, and timers fire when the input says so. When all have left nothing may be left of
 * them in any set of the cluster, and no lock held. */

#include "handlers/event.h"
#include "handlers/presence.h"
#include "handlers/rpc/rpc.h"
#include "support/handler_world.h"

#include "base/buf.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLIENTS 5
#define LENGTH_OF(array) (sizeof(array) / sizeof *(array))

struct input {
    const uint8_t *at, *end;
};

struct scene {
    struct handler_world world;
    struct event_handler *events;
    struct presence_handler *presence;
    struct rpc_handler *rpc;
    struct memory_client *clients[CLIENTS];
    enum double_answer answer;
    struct input input;
};

static const char *const USERS[] = {"a", "b", "open", "b", ""};
/* names, ids, patterns and users at once */
static const char *const TEXTS[] = {"a", "b", "f/1", "f/2", ".*", "f/.*", "(", "%_EVERYONE_%", ""};

static uint8_t next_byte(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static slice next_text(struct input *input)
{
    return slice_of(TEXTS[next_byte(input) % LENGTH_OF(TEXTS)]);
}

static enum double_answer answer(void *context, const struct ds_permission_request *request)
{
    (void)request;
    return ((struct scene *)context)->answer;
}

static void say_something(struct scene *scene, struct memory_client *client)
{
    static const uint8_t topics[] = {TOPIC_EVENT, TOPIC_RPC, TOPIC_PRESENCE};
    struct input *input = &scene->input;
    uint8_t fields = next_byte(input);
    struct message message =
        MESSAGE(topics[next_byte(input) % LENGTH_OF(topics)], (uint16_t)(next_byte(input) % 14));
    slice names[3];
    if ((fields & 1) != 0)
        MESSAGE_SET(&message, name, next_text(input));
    if ((fields & 2) != 0)
        MESSAGE_SET(&message, correlation_id, next_text(input));
    if ((fields & 4) != 0)
        MESSAGE_SET(&message, subscription, next_text(input));
    if ((fields & 8) != 0)
        MESSAGE_SET(&message, data, SLICE("1"));
    for (size_t i = 0; i < (fields >> 4 & 3); i++) {
        names[i] = next_text(input);
        message_set_names(&message, names, i + 1);
    }
    memory_send(client, &message);
}

static void step(struct scene *scene)
{
    uint8_t choice = next_byte(&scene->input);
    size_t index = (choice >> 4) % CLIENTS;
    struct memory_client **client = &scene->clients[index];
    bool is_there = *client != NULL && (*client)->is_connected && !(*client)->is_closing;
    switch (choice & 15) {
    case 0:
        scene->answer = (enum double_answer)(next_byte(&scene->input) & 3);
        return;
    case 1:
        permission_double_decide(&scene->world.memory.permission,
                                 (enum ds_verdict)(next_byte(&scene->input) % 3));
        return;
    case 2:
        uv_run(&scene->world.memory.loop, UV_RUN_NOWAIT);
        return;
    case 3:
        if (is_there)
            memory_disconnect(*client);
        return;
    default:
        if (is_there)
            say_something(scene, *client);
        else
            *client = memory_login(&scene->world.memory, USERS[index]);
    }
}

static void start(struct scene *scene)
{
    const struct listen_settings listen = {.rematch_interval_ms = 1000};
    const struct rpc_settings rpc = {
        .response_timeout_ms = 1000000, .provide_requestor_name = true, .max_calls = 3};
    struct memory_world *memory = &scene->world.memory;
    handler_world_init(&scene->world);
    memory->log.level = DS_OFF;
    memory->settings.max_subscriptions = 4;
    memory->permission.answer = answer;
    memory->permission.context = scene;
    scene->events = event_handler_new(&scene->world.services, &listen);
    scene->presence = presence_handler_new(&scene->world.services);
    scene->rpc = rpc_handler_new(&scene->world.services, &rpc);
    pipeline_add_handler(memory->pipeline, TOPIC_EVENT, event_handler_table(scene->events));
    pipeline_add_handler(memory->pipeline, TOPIC_RPC, rpc_handler_table(scene->rpc));
    pipeline_add_handler(memory->pipeline, TOPIC_PRESENCE, presence_handler_table(scene->presence));
}

static void got_lock(void *context, bool got)
{
    (void)context;
    CHECK(got);
}

static void check_that_nothing_is_left(const struct cluster *cluster)
{
    static const char *const names[] = {"f/1", "f/2", "a", "b", ".*", "(", ""};
    for (int set = STATE_ONLINE_USERS; set < STATE_SET_END; set++)
        CHECK(cluster->states->count(cluster->states_self, (uint8_t)set) == 0);
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        struct buf lock = BUF_EMPTY;
        buf_printf(&lock, "4_LISTEN_LOCK_%s", names[i]);
        cluster->locks->get(cluster->locks_self, buf_slice(&lock), got_lock, NULL);
        buf_fini(&lock);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene scene = {.input = {data, data + size}};
    start(&scene);
    while (scene.input.at < scene.input.end)
        step(&scene);
    handler_world_leave(&scene.world);
    while (permission_double_decide(&scene.world.memory.permission, DS_ALLOW))
        ;
    check_that_nothing_is_left(scene.world.services.cluster);
    event_handler_free(&scene.events);
    presence_handler_free(&scene.presence);
    rpc_handler_free(&scene.rpc);
    handler_world_fini(&scene.world);
    return 0;
}
