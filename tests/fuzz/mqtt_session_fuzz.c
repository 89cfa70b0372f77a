/* A few MQTT clients come, send packets, break off and come again under the same ids, while rules
 * and stores answer at once, later or never. What each is sent are whole packets; when all have
 * left and been forgotten, nothing of them is in any set of the cluster. */

#include "support/memory_mqtt.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLIENTS 4

struct scene {
    struct memory_mqtt node;
    struct mqtt_double *clients[CLIENTS];
    enum double_answer answer;
    const uint8_t *at, *end;
};

static uint8_t next_byte(struct scene *scene)
{
    return scene->at < scene->end ? *scene->at++ : 0;
}

static enum double_answer answer(void *context, const struct ds_permission_request *request)
{
    (void)request;
    return ((struct scene *)context)->answer;
}

/* ---- packets, most of them sound ---- */

static void append_text(struct buf *out, const char *text)
{
    buf_append_byte(out, 0);
    buf_append_byte(out, (char)strlen(text));
    buf_append_text(out, text);
}

static const char *next_topic(struct scene *scene)
{
    static const char *const TOPICS[] = {"a", "a/b", "$s", "/", "c"};
    return TOPICS[next_byte(scene) % 5];
}

static const char *next_filter(struct scene *scene)
{
    static const char *const FILTERS[] = {"a", "a/b", "#", "+", "a/#", "+/b", "$s"};
    return FILTERS[next_byte(scene) % 7];
}

static void append_connect(struct scene *scene, struct buf *body)
{
    uint8_t choice = next_byte(scene);
    bool has_will = (choice & 4) != 0;
    append_text(body, "MQTT");
    buf_append_byte(body, 4);
    buf_append_byte(body, (char)(0x80 | (choice & 2) | (has_will ? 4 | (choice & 0x28) : 0)));
    append_text(body, "");
    append_text(body, (choice & 1) != 0 ? "one" : "two");
    if (has_will) {
        append_text(body, next_topic(scene));
        append_text(body, "{}");
    }
    append_text(body, (choice & 0x40) != 0 ? "bo" : "al");
}

static void append_publish(struct scene *scene, struct buf *body, uint8_t first)
{
    static const char *const PAYLOADS[] = {"", "{}", "x", "[1]", "\xff"};
    append_text(body, next_topic(scene));
    if ((first & 6) != 0) {
        buf_append_byte(body, 0);
        buf_append_byte(body, (char)(1 + next_byte(scene) % 4));
    }
    buf_append_text(body, PAYLOADS[next_byte(scene) % 5]);
}

static void append_filters(struct scene *scene, struct buf *body, bool has_qos)
{
    buf_append_byte(body, 0);
    buf_append_byte(body, (char)(1 + next_byte(scene) % 4));
    for (uint8_t i = 0, count = 1 + next_byte(scene) % 3; i < count; i++) {
        append_text(body, next_filter(scene));
        if (has_qos)
            buf_append_byte(body, (char)(next_byte(scene) % 3));
    }
}

static uint8_t append_body(struct scene *scene, struct buf *body)
{
    static const uint8_t KINDS[] = {0x10, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x82,
                                    0x82, 0xa2, 0x40, 0x62, 0xc0, 0xe0, 0x3d, 0x50};
    uint8_t first = KINDS[next_byte(scene) % 16];
    switch (first >> 4) {
    case MQTT_CONNECT:
        append_connect(scene, body);
        return first;
    case MQTT_PUBLISH:
        append_publish(scene, body, first);
        return first;
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
        append_filters(scene, body, first == 0x82);
        return first;
    case MQTT_PUBACK:
    case MQTT_PUBREL:
    case MQTT_PUBREC:
        buf_append_byte(body, 0);
        buf_append_byte(body, (char)(1 + next_byte(scene) % 4));
        return first;
    default:
        return first;
    }
}

static void give_packet(struct scene *scene, struct mqtt_double *client)
{
    struct buf body = BUF_EMPTY, packet = BUF_EMPTY;
    uint8_t first = append_body(scene, &body);
    buf_append_byte(&packet, (char)first);
    buf_append_byte(&packet, (char)body.length);
    buf_append(&packet, buf_slice(&body));
    mqtt_give_bytes(client, buf_slice(&packet));
    buf_fini(&body);
    buf_fini(&packet);
}

/* ---- what clients are sent ---- */

static void check_sent(struct mqtt_double *client)
{
    slice bytes = buf_slice(&client->sent);
    while (bytes.length > 0) {
        struct mqtt_head head;
        CHECK(mqtt_read_head(bytes, &head) == MQTT_COMPLETE);
        CHECK(bytes.length - head.bytes >= head.length);
        bytes = slice_part(bytes, head.bytes + (size_t)head.length, bytes.length);
    }
    buf_clear(&client->sent);
}

static void step(struct scene *scene)
{
    uint8_t choice = next_byte(scene);
    struct mqtt_double **client = &scene->clients[(choice >> 4) % CLIENTS];
    switch (choice & 15) {
    case 0:
        scene->answer = (enum double_answer)(next_byte(scene) & 3);
        return;
    case 1:
        permission_double_decide(&scene->node.world.memory.permission,
                                 (enum ds_verdict)(next_byte(scene) % 3));
        return;
    case 2:
        scene->node.storage.is_late[STORE_SET] = (next_byte(scene) & 1) != 0;
        scene->node.cache.is_late[STORE_SET] = (next_byte(scene) & 1) != 0;
        scene->node.storage.errors[STORE_SET] = (next_byte(scene) & 7) == 7 ? "full" : NULL;
        return;
    case 3:
        store_answer((next_byte(scene) & 1) != 0 ? &scene->node.storage : &scene->node.cache);
        return;
    case 4:
        if (*client != NULL)
            mqtt_break(*client);
        return;
    case 5:
        memory_mqtt_turn(&scene->node);
        return;
    default:
        if (*client == NULL || (*client)->owner == NULL)
            *client = mqtt_open(&scene->node);
        give_packet(scene, *client);
        check_sent(*client);
    }
}

static void end(struct scene *scene)
{
    struct memory_mqtt *node = &scene->node;
    const struct cluster *cluster = node->world.services.cluster;
    for (size_t i = 0; i < CLIENTS; i++)
        if (scene->clients[i] != NULL)
            mqtt_break(scene->clients[i]);
    mqtt_clients_free(&node->clients);
    scene->answer = ANSWER_ALLOW;
    while (permission_double_decide(&node->world.memory.permission, DS_ALLOW) ||
           store_answer(&node->storage) || store_answer(&node->cache))
        ;
    for (int set = STATE_ONLINE_USERS; set < STATE_SET_END; set++)
        CHECK(cluster->states->count(cluster->states_self, (uint8_t)set) == 0);
    memory_mqtt_fini(node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene scene = {.at = data, .end = data + size};
    memory_mqtt_init(&scene.node);
    scene.node.world.memory.log.level = DS_OFF;
    scene.node.settings.session.max_subscriptions = 4;
    scene.node.settings.session.max_queue_bytes = 2000;
    scene.node.settings.max_session_bytes = 1000;
    scene.node.settings.max_absent_clients = 2;
    scene.node.world.memory.permission.answer = answer;
    scene.node.world.memory.permission.context = &scene;
    while (scene.at < scene.end)
        step(&scene);
    end(&scene);
    return 0;
}
