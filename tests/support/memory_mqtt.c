/* The doubles behind memory_mqtt.h: outlets that keep bytes. */

#include "support/memory_mqtt.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- who comes in ---- */

/* {"username":"bo"...}: what is between the first colon's quotes. */
static void let_in(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    (void)self;
    struct ds_login_result result = {.outcome = DS_LOGIN_ACCEPTED};
    slice prefix = SLICE("{\"username\":\"");
    if (slice_starts_with(login->auth_data, prefix)) {
        slice rest = slice_part(login->auth_data, prefix.length, login->auth_data.length);
        const char *quote = memchr(rest.at, '"', rest.length);
        result.has_id = true;
        result.id = (slice){rest.at, (size_t)(quote - rest.at)};
    }
    done(context, &result);
}

static const struct ds_authentication_operations everybody = {.login = let_in};

/* ---- the outlet ---- */

static struct mqtt_double *peer_of(struct ds_outlet *outlet)
{
    return (struct mqtt_double *)(void *)outlet;
}

static void keep_bytes(struct ds_outlet *outlet, slice bytes)
{
    struct mqtt_double *peer = peer_of(outlet);
    if (!peer->is_closed)
        buf_append(&peer->sent, bytes);
}

static void keep_frame(struct ds_outlet *outlet, struct ds_frame *frame)
{
    keep_bytes(outlet, (slice){frame->bytes, frame->length});
}

static void note_close(struct ds_outlet *outlet, enum ds_close_code code)
{
    (void)code;
    outlet->end = DS_OUTLET_CLOSED;
    peer_of(outlet)->is_closed = true;
}

static void pause_reading(struct ds_outlet *outlet)
{
    peer_of(outlet)->is_paused = true;
}

static void resume_reading(struct ds_outlet *outlet)
{
    peer_of(outlet)->is_paused = false;
}

static void flush(struct ds_outlet *outlet)
{
    (void)outlet;
}

static size_t queued_bytes(const struct ds_outlet *outlet)
{
    (void)outlet;
    return 0;
}

static const struct ds_outlet_operations operations = {
    .send = keep_bytes,
    .send_frame = keep_frame,
    .flush = flush,
    .close = note_close,
    .pause_reading = pause_reading,
    .resume_reading = resume_reading,
    .queued_bytes = queued_bytes,
};

/* ---- peers ---- */

struct mqtt_double *mqtt_open(struct memory_mqtt *node)
{
    const struct mqtt_endpoint *endpoint = mqtt_clients_endpoint(node->clients);
    struct mqtt_double *peer = calloc(1, sizeof *peer);
    CHECK(peer != NULL);
    peer->outlet.operations = &operations;
    peer->node = node;
    list_append(&node->peers, &peer->in_node);
    peer->owner = endpoint->on_open(endpoint->context, &peer->outlet, SLICE("192.0.2.7"));
    return peer;
}

void mqtt_break(struct mqtt_double *peer)
{
    void *owner = peer->owner;
    peer->owner = NULL;
    peer->is_closed = true;
    if (owner != NULL)
        mqtt_clients_endpoint(peer->node->clients)->on_close(owner, "the test ended it");
    memory_mqtt_turn(peer->node);
}

/* Those that were closed from here learn of it at the end of the turn, as in a server. */
void memory_mqtt_turn(struct memory_mqtt *node)
{
    for (struct list_link *at = node->peers.next; at != &node->peers; at = at->next) {
        struct mqtt_double *peer = LIST_ITEM(at, struct mqtt_double, in_node);
        void *owner = peer->owner;
        if (!peer->is_closed || owner == NULL)
            continue;
        peer->owner = NULL;
        mqtt_clients_endpoint(node->clients)->on_close(owner, "closed");
    }
    uv_run(&node->world.memory.loop, UV_RUN_NOWAIT);
}

bool mqtt_give_bytes(struct mqtt_double *peer, slice bytes)
{
    const struct mqtt_endpoint *endpoint = mqtt_clients_endpoint(peer->node->clients);
    bool is_sound = true;
    if (peer->owner == NULL)
        return true;
    endpoint->on_alive(peer->owner);
    while (bytes.length > 0 && !peer->is_closed && !peer->is_paused && is_sound) {
        struct mqtt_head head;
        struct mqtt_packet packet;
        is_sound = mqtt_read_head(bytes, &head) == MQTT_COMPLETE &&
                   bytes.length - head.bytes >= head.length;
        size_t end = head.bytes + (size_t)head.length;
        is_sound =
            is_sound && mqtt_read(&head, slice_part(bytes, head.bytes, end), &packet) == NULL;
        if (!is_sound)
            break;
        endpoint->on_packet(peer->owner, &packet);
        bytes = slice_part(bytes, end, bytes.length);
    }
    if (!is_sound)
        peer->is_closed = true;
    memory_mqtt_turn(peer->node);
    return is_sound;
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void append_hex(struct buf *out, const char *hex)
{
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        buf_append_byte(out, (char)(digit(hex[0]) << 4 | digit(hex[1])));
        hex++;
    }
}

void mqtt_give(struct mqtt_double *peer, const char *hex)
{
    struct buf bytes = BUF_EMPTY;
    append_hex(&bytes, hex);
    assert_true(mqtt_give_bytes(peer, buf_slice(&bytes)));
    buf_fini(&bytes);
}

static void append_spelt(struct buf *out, slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        buf_printf(out, "%02x", (unsigned char)bytes.at[i]);
    buf_append_byte(out, '\0');
}

void mqtt_expect(struct mqtt_double *peer, const char *hex)
{
    struct buf expected = BUF_EMPTY, wanted = BUF_EMPTY, got = BUF_EMPTY;
    append_hex(&expected, hex);
    append_spelt(&wanted, buf_slice(&expected));
    append_spelt(&got, buf_slice(&peer->sent));
    assert_string_equal(got.at, wanted.at);
    buf_fini(&expected);
    buf_fini(&wanted);
    buf_fini(&got);
    buf_clear(&peer->sent);
}

static void append_text(struct buf *out, const char *text)
{
    buf_append_byte(out, 0);
    buf_append_byte(out, (char)strlen(text));
    buf_append_text(out, text);
}

struct mqtt_double *mqtt_connect(struct memory_mqtt *node, const char *user, const char *id,
                                 bool is_clean)
{
    struct mqtt_double *peer = mqtt_open(node);
    struct buf packet = BUF_EMPTY;
    buf_append_byte(&packet, 0x10);
    buf_append_byte(&packet, (char)(14 + strlen(user) + strlen(id)));
    append_text(&packet, "MQTT");
    buf_append_byte(&packet, 4);
    buf_append_byte(&packet, (char)(is_clean ? 0x82 : 0x80));
    append_text(&packet, ""); /* no keep-alive */
    append_text(&packet, id);
    append_text(&packet, user);
    assert_true(mqtt_give_bytes(peer, buf_slice(&packet)));
    buf_fini(&packet);
    memory_mqtt_turn(node);
    assert_true(peer->sent.length >= 4 && peer->sent.at[0] == 0x20 && peer->sent.at[3] == 0);
    buf_clear(&peer->sent);
    return peer;
}

/* ---- the node ---- */

static void add_handlers(struct memory_mqtt *node)
{
    static const struct listen_settings listen = {.response_timeout_ms = 500};
    struct record_settings record = {.cache_timeout_ms = 10000,
                                     .storage_timeout_ms = 10000,
                                     .max_queue_per_record = 100,
                                     .max_json_depth = 32,
                                     .cache = &store_double_cache,
                                     .cache_self = &node->cache,
                                     .storage = &store_double_storage,
                                     .storage_self = &node->storage};
    struct pipeline *pipeline = node->world.memory.pipeline;
    node->events = event_handler_new(&node->world.services, &listen);
    node->records = record_handler_new(&node->world.services, &record);
    node->presence = presence_handler_new(&node->world.services);
    pipeline_add_handler(pipeline, TOPIC_EVENT, event_handler_table(node->events));
    pipeline_add_handler(pipeline, TOPIC_RECORD, record_handler_table(node->records));
    pipeline_add_handler(pipeline, TOPIC_PRESENCE, presence_handler_table(node->presence));
}

void memory_mqtt_init(struct memory_mqtt *node)
{
    *node = (struct memory_mqtt){.authentication = {.operations = &everybody}};
    handler_world_init(&node->world);
    list_init(&node->peers);
    add_handlers(node);
    node->settings = (struct mqtt_clients_settings){
        .session = node->world.memory.settings,
        .idle_timeout_ms = 180000,
        .session_expiry_ms = 3600000,
        .max_absent_clients = 10,
        .max_session_bytes = 10000,
        .max_in_flight = 2,
    };
    node->settings.session.authentications = &node->authentication;
    mqtt_settings_complete(&node->settings);
    node->clients = mqtt_clients_new(&node->settings);
}

static void free_peers(struct memory_mqtt *node)
{
    while (!list_is_empty(&node->peers)) {
        struct mqtt_double *peer = LIST_ITEM(node->peers.next, struct mqtt_double, in_node);
        list_remove(&peer->in_node);
        buf_fini(&peer->sent);
        free(peer);
    }
}

static void break_all(struct memory_mqtt *node)
{
    for (struct list_link *at = node->peers.next; at != &node->peers; at = at->next)
        mqtt_break(LIST_ITEM(at, struct mqtt_double, in_node));
}

void memory_mqtt_fini(struct memory_mqtt *node)
{
    break_all(node);
    mqtt_clients_free(&node->clients);
    handler_world_leave(&node->world);
    record_handler_free(&node->records);
    event_handler_free(&node->events);
    presence_handler_free(&node->presence);
    store_double_fini(&node->cache);
    store_double_fini(&node->storage);
    handler_world_fini(&node->world);
    free_peers(node);
}
