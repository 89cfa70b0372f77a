/* Sending never calls back and changes no registry (handlers/README.md), so what the plugins are
 * sent waits in a queue until the loop comes around: they may then subscribe and publish at will.
 */

#include "plugin_client.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/hashmap.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "logging/log.h"

#include <stdlib.h>

#define ID_BYTES 24

struct plugin_event {
    struct list_link subscriptions;
    size_t length;
    char name[];
};

struct ds_event_subscription {
    struct list_link in_event;
    struct plugin_event *event;
    ds_event_handler *handler; /* NULL: it was ended while its event is handed out */
    void *context;
};

/* A write or deletion whose outcome is awaited. */
struct pending {
    struct list_link link;
    ds_done *done;
    void *context;
    bool is_deletion; /* known by its name, a write by an id */
    size_t length;
    char key[];
};

struct plugin_client {
    struct ds_outlet outlet;
    struct session_settings settings;
    struct session_endpoint *endpoint;
    struct session *session;
    uv_async_t wake;
    VEC(struct ds_frame *) queue;
    struct hashmap events; /* name -> struct plugin_event, which holds the key */
    struct list_link pending;
    struct arena arena;
    uint64_t last_id;
    const struct plugin_event *handing_out; /* NULL: none */
};

/* No message can hold anything else. */
static bool is_utf8(slice text)
{
    return utf8_valid(text, false);
}

static void blame(const struct plugin_client *client, const char *what)
{
    log_line(client->settings.log, DS_ERROR, LOG_PLUGIN_ERROR,
             "a plugin %s that is not UTF-8; this is ignored", what);
}

static slice name_of(const struct plugin_event *event)
{
    return (slice){event->name, event->length};
}

/* ---- events ---- */

static struct plugin_event *event_get(struct plugin_client *client, slice name)
{
    struct plugin_event *event = hashmap_find(&client->events, name);
    if (event != NULL)
        return event;
    event = malloc(sizeof *event + name.length);
    CHECK(event != NULL);
    event->length = name.length;
    if (name.length > 0)
        memcpy(event->name, name.at, name.length);
    list_init(&event->subscriptions);
    hashmap_put(&client->events, name_of(event), event);
    return event;
}

/* To the server, as any client would: about one event. */
static void say(struct plugin_client *client, uint16_t action, slice name)
{
    struct message message = MESSAGE(TOPIC_EVENT, action);
    message_set_names(&message, &name, 1);
    session_receive_message(client->session, &message);
}

struct ds_event_subscription *plugin_client_subscribe(struct plugin_client *client, slice event,
                                                      ds_event_handler *handler, void *context)
{
    if (!is_utf8(event)) {
        blame(client, "subscribed to a name");
        return NULL;
    }
    struct ds_event_subscription *subscription = calloc(1, sizeof *subscription);
    CHECK(subscription != NULL);
    struct plugin_event *subscribed = event_get(client, event);
    bool is_first = list_is_empty(&subscribed->subscriptions);
    *subscription =
        (struct ds_event_subscription){.event = subscribed, .handler = handler, .context = context};
    list_append(&subscribed->subscriptions, &subscription->in_event);
    if (is_first)
        say(client, EVENT_SUBSCRIBE, event);
    return subscription;
}

static void subscription_free(struct plugin_client *client,
                              struct ds_event_subscription *subscription)
{
    struct plugin_event *event = subscription->event;
    list_remove(&subscription->in_event);
    free(subscription);
    if (!list_is_empty(&event->subscriptions))
        return;
    say(client, EVENT_UNSUBSCRIBE, name_of(event));
    hashmap_remove(&client->events, name_of(event));
    free(event);
}

void plugin_client_unsubscribe(struct plugin_client *client,
                               struct ds_event_subscription *subscription)
{
    if (client->handing_out == subscription->event)
        subscription->handler = NULL;
    else
        subscription_free(client, subscription);
}

/* Those that are made meanwhile come behind the last one. */
static void call_handlers(struct plugin_client *client, struct plugin_event *event, slice data)
{
    const struct list_link *last = event->subscriptions.previous;
    client->handing_out = event;
    for (struct list_link *at = event->subscriptions.next;; at = at->next) {
        const struct ds_event_subscription *subscription =
            LIST_ITEM(at, struct ds_event_subscription, in_event);
        if (subscription->handler != NULL)
            subscription->handler(subscription->context, name_of(event), data);
        if (at == last)
            break;
    }
    client->handing_out = NULL;
}

static void free_ended(struct plugin_client *client, struct plugin_event *event)
{
    for (struct list_link *at = event->subscriptions.next, *next; at != &event->subscriptions;
         at = next) {
        struct ds_event_subscription *subscription =
            LIST_ITEM(at, struct ds_event_subscription, in_event);
        bool is_last = at->next == &event->subscriptions;
        next = at->next;
        if (subscription->handler == NULL)
            subscription_free(client, subscription); /* and the event behind its last one */
        if (is_last)
            return;
    }
}

static void on_event(struct plugin_client *client, const struct message *message)
{
    struct plugin_event *event = hashmap_find(&client->events, message->name);
    if (event == NULL)
        return;
    call_handlers(client, event, message->data);
    free_ended(client, event);
}

/* ---- outcomes ---- */

static struct pending *pending_add(struct plugin_client *client, bool is_deletion, slice key,
                                   ds_done *done, void *context)
{
    struct pending *pending = malloc(sizeof *pending + key.length);
    CHECK(pending != NULL);
    *pending = (struct pending){
        .done = done, .context = context, .is_deletion = is_deletion, .length = key.length};
    if (key.length > 0)
        memcpy(pending->key, key.at, key.length);
    list_append(&client->pending, &pending->link);
    return pending;
}

static struct pending *pending_find(struct plugin_client *client, bool is_deletion, slice key)
{
    for (struct list_link *at = client->pending.next; at != &client->pending; at = at->next) {
        struct pending *pending = LIST_ITEM(at, struct pending, link);
        if (pending->is_deletion == is_deletion &&
            slice_equal((slice){pending->key, pending->length}, key))
            return pending;
    }
    return NULL;
}

static void pending_end(struct pending *pending, const char *error)
{
    list_remove(&pending->link);
    pending->done(pending->context, error);
    free(pending);
}

static void on_record(struct plugin_client *client, const struct message *message)
{
    bool is_deletion =
        message->action == RECORD_DELETE_SUCCESS || message->action == RECORD_RECORD_DELETE_ERROR ||
        (message->original_action == RECORD_DELETE && MESSAGE_HAS(message, original_action));
    struct pending *pending =
        pending_find(client, is_deletion, is_deletion ? message->name : message->correlation_id);
    if (pending == NULL)
        return;
    if (message->action == RECORD_DELETE_SUCCESS ||
        message->action == RECORD_WRITE_ACKNOWLEDGEMENT) {
        pending_end(pending, NULL);
        return;
    }
    struct buf error = BUF_EMPTY;
    slice name = action_name(message->topic, message->action);
    buf_printf(&error, "the record was not %s: " SLICE_FORMAT, is_deletion ? "deleted" : "written",
               SLICE_ARGUMENTS(name));
    buf_append_byte(&error, '\0');
    pending_end(pending, error.at);
    buf_fini(&error);
}

/* ---- what the server sends ---- */

static void handle(struct plugin_client *client, slice payload)
{
    struct message_limits limits = {.max_names = UINT32_MAX};
    struct message message;
    CHECK(binary_decode(payload, &limits, &client->arena, &message) == NULL); /* our own */
    if (message.topic == TOPIC_EVENT && message.action == EVENT_EMIT)
        on_event(client, &message);
    else if (message.topic == TOPIC_RECORD)
        on_record(client, &message);
}

/* What comes while this runs waits for the next turn. */
static void on_wake(uv_async_t *wake)
{
    struct plugin_client *client = wake->data;
    size_t count = client->queue.count;
    struct arena_mark mark = arena_mark(&client->arena);
    for (size_t i = 0; i < count; i++) {
        handle(client, ds_frame_payload(client->queue.items[i]));
        ds_frame_release(&client->queue.items[i]);
        arena_reset(&client->arena, mark);
    }
    size_t rest = client->queue.count - count;
    memmove(client->queue.items, client->queue.items + count, rest * sizeof(struct ds_frame *));
    client->queue.count = rest;
    if (rest > 0)
        uv_async_send(wake);
}

static struct ds_frame *make_frame(slice payload)
{
    struct ds_frame *frame = ds_frame_new(payload.length);
    memcpy(frame->bytes, payload.at, payload.length);
    return frame;
}

static void push(struct plugin_client *client, struct ds_frame *frame)
{
    VEC_PUSH(&client->queue, frame);
    uv_async_send(&client->wake);
}

static void queue_frame(struct ds_outlet *outlet, struct ds_frame *frame)
{
    push(LIST_ITEM(outlet, struct plugin_client, outlet), ds_frame_retain(frame));
}

static void queue_copy(struct ds_outlet *outlet, slice payload)
{
    push(LIST_ITEM(outlet, struct plugin_client, outlet), make_frame(payload));
}

static void ignore(struct ds_outlet *outlet)
{
    (void)outlet;
}

static void ignore_close(struct ds_outlet *outlet, enum ds_close_code code)
{
    (void)outlet;
    (void)code;
}

static size_t queued_bytes(const struct ds_outlet *outlet)
{
    (void)outlet;
    return 0;
}

static const struct ds_outlet_operations OPERATIONS = {
    .send = queue_copy,
    .make_frame = make_frame,
    .send_frame = queue_frame,
    .flush = ignore,
    .close = ignore_close,
    .pause_reading = ignore,
    .resume_reading = ignore,
    .queued_bytes = queued_bytes,
};

/* ---- what plugins say ---- */

void plugin_client_publish(struct plugin_client *client, slice event, slice data)
{
    if (!is_utf8(event) || !is_utf8(data)) {
        blame(client, "published an event with a name or data");
        return;
    }
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, event);
    if (data.length > 0)
        MESSAGE_SET(&message, data, data);
    session_receive_message(client->session, &message);
    if (hashmap_find(&client->events, event) != NULL) /* who publishes gets no copy otherwise */
        session_send(client->session, &message);
}

void plugin_client_write(struct plugin_client *client, slice name, slice path, slice data,
                         ds_done *done, void *context)
{
    if (!is_utf8(name) || !is_utf8(path) || !is_utf8(data)) {
        done(context, "the name, path or data is not UTF-8");
        return;
    }
    char id[ID_BYTES];
    int length = snprintf(id, sizeof id, "%llu", (unsigned long long)++client->last_id);
    uint16_t action = path.length == 0  ? RECORD_CREATEANDUPDATE
                      : data.length > 0 ? RECORD_CREATEANDPATCH
                                        : RECORD_ERASE;
    struct message message = MESSAGE(TOPIC_RECORD, action);
    MESSAGE_SET(&message, name, name);
    MESSAGE_SET(&message, version, -1);
    if (path.length > 0)
        MESSAGE_SET(&message, path, path);
    if (data.length > 0)
        MESSAGE_SET(&message, data, data);
    MESSAGE_SET(&message, correlation_id, ((slice){id, (size_t)length}));
    MESSAGE_SET(&message, is_write_ack, true);
    pending_add(client, false, message.correlation_id, done, context);
    session_receive_message(client->session, &message);
}

void plugin_client_delete(struct plugin_client *client, slice name, ds_done *done, void *context)
{
    if (!is_utf8(name)) {
        done(context, "the name is not UTF-8");
        return;
    }
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_DELETE);
    MESSAGE_SET(&message, name, name);
    pending_add(client, true, name, done, context);
    session_receive_message(client->session, &message);
}

/* ---- its life ---- */

struct plugin_client *plugin_client_new(const struct session_settings *settings)
{
    struct plugin_client *client = calloc(1, sizeof *client);
    CHECK(client != NULL);
    client->settings = (struct session_settings){
        .loop = settings->loop,
        .log = settings->log,
        .permission = settings->permission,
        .permission_self = settings->permission_self,
        .events = settings->events,
        .protocol = PROTOCOL_BINARY,
        .max_message_bytes = UINT32_MAX,
        .max_names = UINT32_MAX,
        .max_subscriptions = UINT32_MAX,
        .max_waiting_messages = UINT32_MAX,
        .is_trusted = true,
    };
    client->outlet.operations = &OPERATIONS;
    hashmap_init(&client->events);
    list_init(&client->pending);
    arena_init(&client->arena, 0);
    CHECK(uv_async_init(settings->loop, &client->wake, on_wake) == 0);
    client->wake.data = client;
    client->endpoint = session_endpoint_new(&client->settings);
    client->session = session_open_trusted(client->endpoint, &client->outlet);
    return client;
}

static void free_events(struct plugin_client *client)
{
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&client->events, &position)) != NULL;) {
        struct plugin_event *event = at->value;
        while (!list_is_empty(&event->subscriptions)) {
            struct list_link *first = event->subscriptions.next;
            list_remove(first);
            free(LIST_ITEM(first, struct ds_event_subscription, in_event));
        }
        free(event);
    }
    hashmap_fini(&client->events);
}

/* The session ends first: nobody sends to it any more. */
void plugin_client_close(struct plugin_client *client)
{
    if (client == NULL)
        return;
    session_endpoint_free(&client->endpoint);
    while (!list_is_empty(&client->pending))
        pending_end(LIST_ITEM(client->pending.next, struct pending, link), "the server stops");
    for (size_t i = 0; i < client->queue.count; i++)
        ds_frame_release(&client->queue.items[i]);
    client->queue.count = 0;
    free_events(client);
    uv_close((uv_handle_t *)&client->wake, NULL);
}

void plugin_client_free(struct plugin_client **client)
{
    struct plugin_client *freed = *client;
    *client = NULL;
    if (freed == NULL)
        return;
    VEC_FREE(&freed->queue);
    arena_fini(&freed->arena);
    free(freed);
}
