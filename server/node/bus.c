#include "bus.h"

#include "envelope.h"

#include "logging/log.h"
#include "message/codec.h"

#include "base/check.h"

/* A text of another node, once it is read, may take this much beside itself. */
#define MAX_MEMORY ((size_t)64 << 20)
#define MAX_NAMES 1000000

/* Topics that are of the bus alone. */
enum { WIRE_CLUSTER = 9, WIRE_RECORD_LISTENING = 19, WIRE_EVENT_LISTENING = 20 };

static const struct {
    uint8_t topic, wire_topic;
    uint16_t action;
} REROUTED[] = {
    {TOPIC_RECORD, WIRE_RECORD_LISTENING, RECORD_LISTEN_UNSUCCESSFUL},
    {TOPIC_EVENT, WIRE_EVENT_LISTENING, EVENT_LISTEN_UNSUCCESSFUL},
};
#define REROUTED_COUNT (sizeof REROUTED / sizeof *REROUTED)

static uint8_t wire_topic_of(const struct message *message)
{
    for (size_t i = 0; i < REROUTED_COUNT; i++) {
        if (REROUTED[i].topic == message->topic && REROUTED[i].action == message->action)
            return REROUTED[i].wire_topic;
    }
    return message->topic;
}

static uint8_t topic_of_wire(uint8_t wire_topic)
{
    for (size_t i = 0; i < REROUTED_COUNT; i++) {
        if (REROUTED[i].wire_topic == wire_topic)
            return REROUTED[i].topic;
    }
    return wire_topic;
}

/* ---- what goes ---- */

static void end_envelope(struct bus *bus, slice server, uint8_t wire_topic)
{
    buf_append_byte(&bus->out, '}');
    if (server.at == NULL)
        bus->operations->send(bus->self, wire_topic, buf_slice(&bus->out));
    else
        bus->operations->send_direct(bus->self, server, wire_topic, buf_slice(&bus->out));
}

static bool begin_envelope(struct bus *bus, slice server)
{
    if (bus->operations == NULL || bus->has_left)
        return false;
    buf_clear(&bus->out);
    envelope_begin(&bus->out, bus->server_name, server);
    return true;
}

void bus_send_text(struct bus *bus, slice server, uint8_t topic, slice message)
{
    if (!begin_envelope(bus, server))
        return;
    buf_append(&bus->out, message);
    end_envelope(bus, server, topic);
}

void bus_send_message(struct bus *bus, slice server, const struct message *message)
{
    struct message sent = *message;
    if (!begin_envelope(bus, server))
        return;
    sent.topic = wire_topic_of(message);
    json_encode(&sent, &bus->out);
    if (MESSAGE_HAS(message, result)) /* the message itself has no place for it */
        envelope_result(&bus->out, message->result);
    end_envelope(bus, server, sent.topic);
}

/* ---- what comes ---- */

static void tell_listeners(const struct bus *bus, uint8_t topic, const struct envelope *envelope)
{
    for (size_t i = 0; i < bus->listeners.count; i++) {
        const struct ds_bus_listener *listener = bus->listeners.items[i];
        if (listener->topic == topic)
            listener->on_message(listener->context, envelope->from_server, envelope->message);
    }
}

static bool has_subscriber(const struct bus *bus, uint8_t topic)
{
    for (size_t i = 0; i < bus->subscribers.count; i++) {
        if (bus->subscribers.items[i].topic == topic)
            return true;
    }
    return false;
}

static void complain(const struct bus *bus, const char *what, slice text)
{
    const size_t shown = 200;
    log_line(bus->log, DS_ERROR, LOG_PLUGIN_ERROR, "the bus brought %s: " SLICE_FORMAT, what,
             (int)(text.length < shown ? text.length : shown), text.at);
}

static void tell_subscribers(struct bus *bus, uint8_t topic, const struct envelope *envelope)
{
    const struct message_limits limits = {.max_names = MAX_NAMES};
    struct message message;
    const char *problem;
    slice rest = envelope->message;
    if (!has_subscriber(bus, topic))
        return;
    if (json_decode(&rest, &limits, &bus->arena, &message, &problem) != DECODED_MESSAGE) {
        complain(bus, "a message that cannot be used", envelope->message);
        return;
    }
    message.topic = topic;
    if (envelope->result.length > 0)
        MESSAGE_SET(&message, result, envelope->result);
    for (size_t i = 0; i < bus->subscribers.count; i++) {
        const struct bus_subscriber *subscriber = &bus->subscribers.items[i];
        if (subscriber->topic == topic)
            subscriber->on_message(subscriber->context, &message, envelope->from_server);
    }
}

/* Its own comes back on some buses. Of nodes, it may be another one of the same name. */
static bool is_for_this_node(const struct bus *bus, uint8_t wire_topic,
                             const struct envelope *envelope)
{
    if (envelope->to_server.at != NULL && !slice_equal(envelope->to_server, bus->server_name))
        return false;
    return wire_topic == WIRE_CLUSTER || !slice_equal(envelope->from_server, bus->server_name);
}

static void on_text(void *context, uint8_t wire_topic, slice text)
{
    struct bus *bus = context;
    struct envelope envelope;
    if (bus->has_left)
        return;
    arena_reset(&bus->arena, (struct arena_mark){0});
    if (!envelope_read(text, &bus->arena, &envelope)) {
        complain(bus, "what is no message", text);
        return;
    }
    if (!is_for_this_node(bus, wire_topic, &envelope))
        return;
    tell_listeners(bus, wire_topic, &envelope);
    tell_subscribers(bus, topic_of_wire(wire_topic), &envelope);
}

static void on_state(void *context, bool is_connected)
{
    struct bus *bus = context;
    if (bus->has_left)
        return;
    log_line(bus->log, DS_WARN, LOG_CLUSTER_BUS, "%s",
             is_connected ? "the bus is there again; what nodes know of each other is compared"
                          : "the bus is lost: this node works alone until it is back");
    for (size_t i = 0; is_connected && i < bus->listeners.count; i++) {
        const struct ds_bus_listener *listener = bus->listeners.items[i];
        if (listener->on_connected != NULL)
            listener->on_connected(listener->context);
    }
}

/* ---- who listens ---- */

static void want(struct bus *bus, uint8_t wire_topic)
{
    if (bus->operations == NULL || bus->is_wanted[wire_topic])
        return;
    bus->is_wanted[wire_topic] = true;
    bus->operations->subscribe(bus->self, wire_topic);
}

void bus_listen(struct bus *bus, const struct ds_bus_listener *listener)
{
    VEC_PUSH(&bus->listeners, listener);
    want(bus, listener->topic);
}

void bus_subscribe(struct bus *bus, enum topic topic, bus_message *on_message, void *context)
{
    VEC_PUSH(&bus->subscribers, ((struct bus_subscriber){topic, on_message, context}));
    want(bus, (uint8_t)topic);
    for (size_t i = 0; i < REROUTED_COUNT; i++) {
        if (REROUTED[i].topic == topic)
            want(bus, REROUTED[i].wire_topic);
    }
}

/* ---- life ---- */

void bus_init(struct bus *bus, struct log *log, slice server_name)
{
    *bus = (struct bus){.log = log, .server_name = server_name};
    bus->listener = (struct ds_cluster_node_listener){bus, on_text, on_state};
    arena_init(&bus->arena, MAX_MEMORY);
}

void bus_fini(struct bus *bus)
{
    VEC_FREE(&bus->listeners);
    VEC_FREE(&bus->subscribers);
    arena_fini(&bus->arena);
    buf_fini(&bus->out);
}

void bus_attach(struct bus *bus, const struct ds_cluster_node_operations *operations, void *self)
{
    bus->operations = operations;
    bus->self = self;
    operations->listen(self, &bus->listener);
}

void bus_leave(struct bus *bus)
{
    bus->has_left = true;
}
