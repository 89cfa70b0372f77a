/* What a client is answered when it has taken effect: packets whose messages are in the pipeline,
 * in the order in which they came.
 *
 * The pipeline serves the messages of a session strictly one after the other. So behind those of an
 * operation goes one that changes nothing and is acknowledged, the marker: when its acknowledgement
 * comes, all before it have had their effect, or have been refused. Only what a storage confirms
 * may come later. Every message names its operation in its correlation id; answers that have none
 * are those of the oldest operation that has not seen its marker. */

#include "session/mqtt/client.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"

#include <stdlib.h>

#define MOST_LEVELS 200

enum operation_kind {
    OPERATION_SUBSCRIBE,
    OPERATION_UNSUBSCRIBE,
    OPERATION_PUBLISH,
    OPERATION_RESUBSCRIBE, /* to what the client subscribed to in its last connection */
    OPERATION_REFRESH,     /* a record that was changed, or is gone */
};

struct wish {
    slice filter;
    uint8_t qos;
};

struct mqtt_operation {
    struct list_link link;
    enum operation_kind kind;
    uint32_t serial;
    uint16_t id; /* of the packet */
    uint8_t qos;
    bool is_effective; /* the marker has come back */
    bool awaits_store;
    bool is_refused;    /* a message of a PUBLISH was */
    bool is_over_limit; /* the subscription that is being made is one too many */
    uint32_t count;
    struct wish *wishes; /* of subscriptions; one block with their texts */
    uint8_t *codes;      /* of a SUBACK */
};

/* ---- correlation ids: the serial of the operation, the number of the wish ---- */

#define CORRELATION_BYTES 16

static slice correlation(char text[CORRELATION_BYTES + 1], const struct mqtt_operation *operation,
                         uint32_t index)
{
    snprintf(text, CORRELATION_BYTES + 1, "%08x%08x", (unsigned)operation->serial, (unsigned)index);
    return (slice){text, CORRELATION_BYTES};
}

static struct mqtt_operation *named(const struct mqtt_client *client, const struct message *message,
                                    uint32_t *index)
{
    char text[CORRELATION_BYTES + 1];
    if (message->correlation_id.length != CORRELATION_BYTES)
        return NULL;
    memcpy(text, message->correlation_id.at, CORRELATION_BYTES);
    text[CORRELATION_BYTES] = '\0';
    uint64_t number = strtoull(text, NULL, 16);
    *index = (uint32_t)number;
    for (struct list_link *at = client->operations.next; at != &client->operations; at = at->next) {
        struct mqtt_operation *operation = LIST_ITEM(at, struct mqtt_operation, link);
        if (operation->serial == number >> 32)
            return operation;
    }
    return NULL;
}

/* The one whose messages are having their effect. */
static struct mqtt_operation *current(const struct mqtt_client *client)
{
    for (struct list_link *at = client->operations.next; at != &client->operations; at = at->next) {
        struct mqtt_operation *operation = LIST_ITEM(at, struct mqtt_operation, link);
        if (!operation->is_effective)
            return operation;
    }
    return NULL;
}

/* ---- beginning and end ---- */

static uint32_t most_operations(const struct mqtt_client *client)
{
    return client->session->settings->max_waiting_messages;
}

static struct mqtt_operation *begin(struct mqtt_client *client, enum operation_kind kind)
{
    struct mqtt_operation *operation = calloc(1, sizeof *operation);
    CHECK(operation != NULL);
    operation->kind = kind;
    operation->serial = ++client->last_serial;
    list_append(&client->operations, &operation->link);
    if (++client->operation_count > most_operations(client))
        mqtt_client_pause(client, PAUSED_BY_OPERATIONS);
    return operation;
}

static void end(struct mqtt_client *client, struct mqtt_operation *operation)
{
    list_remove(&operation->link);
    free(operation->wishes);
    free(operation->codes);
    free(operation);
    if (--client->operation_count <= most_operations(client) / 2)
        mqtt_client_resume(client, PAUSED_BY_OPERATIONS);
}

void mqtt_operations_fini(struct mqtt_client *client)
{
    while (!list_is_empty(&client->operations))
        end(client, LIST_ITEM(client->operations.next, struct mqtt_operation, link));
}

static void answer_publish(struct mqtt_client *client, const struct mqtt_operation *operation)
{
    if (operation->qos == 0)
        return;
    if (operation->is_refused) {
        mqtt_client_part(client, CLOSING_SERVER,
                         "a publish was refused that it wanted acknowledged");
        return;
    }
    if (operation->qos == 2) {
        if (client->received == NULL)
            client->received = calloc(1, (UINT16_MAX + 1) / 8);
        CHECK(client->received != NULL);
        client->received[operation->id / 8] |= (uint8_t)(1 << operation->id % 8);
    }
    struct buf *packet = mqtt_scratch(client->clients);
    mqtt_write_id(packet, operation->qos == 2 ? MQTT_PUBREC : MQTT_PUBACK, operation->id);
    mqtt_send_packet(client, packet);
}

static void answer(struct mqtt_client *client, const struct mqtt_operation *operation)
{
    struct buf *packet = mqtt_scratch(client->clients);
    switch (operation->kind) {
    case OPERATION_SUBSCRIBE:
        mqtt_write_suback(packet, operation->id, operation->codes, operation->count);
        mqtt_send_packet(client, packet);
        return;
    case OPERATION_UNSUBSCRIBE:
        mqtt_write_id(packet, MQTT_UNSUBACK, operation->id);
        mqtt_send_packet(client, packet);
        return;
    case OPERATION_PUBLISH:
        answer_publish(client, operation);
        return;
    case OPERATION_RESUBSCRIBE:
        client->has_resubscribed = true;
        return;
    case OPERATION_REFRESH:
        return;
    }
}

/* In the order in which the packets came (4.6). */
static void answer_settled(struct mqtt_client *client)
{
    while (!list_is_empty(&client->operations)) {
        struct mqtt_operation *first =
            LIST_ITEM(client->operations.next, struct mqtt_operation, link);
        if (!first->is_effective || first->awaits_store)
            break;
        answer(client, first);
        end(client, first);
    }
    if (client->has_resubscribed)
        mqtt_complete_take_over(client);
    else if (client->successor != NULL)
        mqtt_complete_take_over(client->successor);
}

/* ---- messages ---- */

/* What the client did not send by itself is not counted as received. */
static void receive_own(struct session *session, const struct message *message)
{
    const struct session_events *events = session->settings->events;
    if (session->state == SESSION_OPEN)
        events->on_message(events->context, session, message);
}

/* To the end of nothing: acknowledged, and without any effect. */
static void send_marker(struct mqtt_client *client, const struct mqtt_operation *operation)
{
    char text[CORRELATION_BYTES + 1];
    struct message marker = MESSAGE(TOPIC_EVENT, EVENT_UNSUBSCRIBE);
    message_set_names(&marker, NULL, 0);
    MESSAGE_SET(&marker, correlation_id, correlation(text, operation, 0));
    receive_own(client->session, &marker);
}

static void send_named(struct session *session, enum topic topic, uint16_t action, slice name,
                       slice correlation_id, mqtt_receive *receive)
{
    struct message message = MESSAGE((uint8_t)topic, action);
    if (action == RECORD_READ && topic == TOPIC_RECORD)
        MESSAGE_SET(&message, name, name);
    else
        message_set_names(&message, &name, 1);
    if (correlation_id.length > 0)
        MESSAGE_SET(&message, correlation_id, correlation_id);
    receive(session, &message);
}

/* ---- subscriptions ---- */

static struct wish *copy_wishes(const struct wish *wishes, uint32_t count)
{
    size_t bytes = count * sizeof *wishes;
    for (uint32_t i = 0; i < count; i++)
        bytes += wishes[i].filter.length;
    struct wish *copy = malloc(bytes);
    CHECK(copy != NULL);
    char *end_of_texts = (char *)(copy + count);
    for (uint32_t i = 0; i < count; i++) {
        slice filter = wishes[i].filter;
        memcpy(end_of_texts, filter.at, filter.length);
        copy[i] = (struct wish){{end_of_texts, filter.length}, wishes[i].qos};
        end_of_texts += filter.length;
    }
    return copy;
}

static struct mqtt_operation *begin_wishes(struct mqtt_client *client, enum operation_kind kind,
                                           const struct wish *wishes, uint32_t count)
{
    struct mqtt_operation *operation = begin(client, kind);
    operation->count = count;
    operation->wishes = copy_wishes(wishes, count);
    operation->codes = malloc(count);
    CHECK(operation->codes != NULL);
    memset(operation->codes, MQTT_REFUSED, count);
    return operation;
}

/* QoS 2 is granted as 1 (3.8.4). */
static void grant(struct mqtt_client *client, struct mqtt_operation *operation, uint32_t index)
{
    if (operation->codes == NULL || index >= operation->count)
        return;
    const struct wish *wish = &operation->wishes[index];
    operation->codes[index] = wish->qos > 0 ? 1 : 0;
    if (operation->kind != OPERATION_REFRESH)
        mqtt_subscription_put(client, wish->filter, operation->codes[index]);
}

static bool has_few_levels(slice filter)
{
    unsigned slashes = 0;
    for (size_t i = 0; i < filter.length; i++)
        slashes += filter.at[i] == '/';
    return slashes < MOST_LEVELS;
}

/* Nothing before this one may still change what the client subscribes to. */
static bool is_subscribed(const struct mqtt_client *client, const struct mqtt_operation *operation,
                          slice filter)
{
    return current(client) == operation && mqtt_subscription_find(client, filter) != NULL;
}

static void subscribe(struct mqtt_client *client, struct mqtt_operation *operation, uint32_t index)
{
    char text[CORRELATION_BYTES + 1];
    slice id = correlation(text, operation, index), filter = operation->wishes[index].filter;
    struct session *session = client->session;
    bool is_known = is_subscribed(client, operation, filter);
    bool has_wildcard = mqtt_has_wildcard(filter);
    if (!has_few_levels(filter))
        return;
    if (is_known)
        grant(client, operation, index);
    else
        send_named(session, TOPIC_EVENT, has_wildcard ? EVENT_SUBSCRIBE_FILTER : EVENT_SUBSCRIBE,
                   filter, id, session_receive_message);
    if (has_wildcard)
        return;
    send_named(session, TOPIC_RECORD, is_known ? RECORD_READ : RECORD_SUBSCRIBEANDREAD, filter, id,
               session_receive_message);
}

static void unsubscribe(struct mqtt_client *client, slice filter)
{
    struct session *session = client->session;
    bool has_wildcard = mqtt_has_wildcard(filter);
    send_named(session, TOPIC_EVENT, has_wildcard ? EVENT_UNSUBSCRIBE_FILTER : EVENT_UNSUBSCRIBE,
               filter, SLICE(""), session_receive_message);
    if (!has_wildcard)
        send_named(session, TOPIC_RECORD, RECORD_UNSUBSCRIBE, filter, SLICE(""),
                   session_receive_message);
}

static uint32_t count_filters(const struct mqtt_packet *packet)
{
    uint32_t count = 0;
    slice rest = packet->filters;
    for (struct mqtt_filter filter; mqtt_filter_next(packet, &rest, &filter);)
        count++;
    return count;
}

static struct mqtt_operation *begin_filters(struct mqtt_client *client, enum operation_kind kind,
                                            const struct mqtt_packet *packet)
{
    uint32_t count = count_filters(packet), i = 0;
    struct wish *wishes = malloc(count * sizeof *wishes);
    CHECK(wishes != NULL);
    slice rest = packet->filters;
    for (struct mqtt_filter filter; i < count && mqtt_filter_next(packet, &rest, &filter); i++)
        wishes[i] = (struct wish){filter.text, filter.qos};
    struct mqtt_operation *operation = begin_wishes(client, kind, wishes, count);
    operation->id = packet->id;
    free(wishes);
    return operation;
}

void mqtt_operation_subscribe(struct mqtt_client *client, const struct mqtt_packet *packet)
{
    struct mqtt_operation *operation = begin_filters(client, OPERATION_SUBSCRIBE, packet);
    for (uint32_t i = 0; i < operation->count; i++)
        subscribe(client, operation, i);
    send_marker(client, operation);
}

void mqtt_operation_unsubscribe(struct mqtt_client *client, const struct mqtt_packet *packet)
{
    struct mqtt_operation *operation = begin_filters(client, OPERATION_UNSUBSCRIBE, packet);
    for (uint32_t i = 0; i < operation->count; i++)
        unsubscribe(client, operation->wishes[i].filter);
    send_marker(client, operation);
}

void mqtt_operation_resubscribe(struct mqtt_client *client, const struct mqtt_client *as)
{
    size_t position = 0;
    uint32_t count = 0;
    struct wish *wishes = malloc((as->subscriptions.count + 1) * sizeof *wishes);
    CHECK(wishes != NULL);
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&as->subscriptions, &position)) != NULL;)
        wishes[count++] =
            (struct wish){at->key, ((const struct mqtt_subscription *)at->value)->qos};
    struct mqtt_operation *operation = begin_wishes(client, OPERATION_RESUBSCRIBE, wishes, count);
    free(wishes);
    for (uint32_t i = 0; i < count; i++)
        subscribe(client, operation, i);
    send_marker(client, operation);
}

/* ---- records that are stale ---- */

static void refresh(struct mqtt_client *client, slice name, uint16_t action)
{
    char text[CORRELATION_BYTES + 1];
    const struct mqtt_subscription *subscription = mqtt_subscription_find(client, name);
    if (subscription == NULL)
        return;
    struct wish wish = {name, subscription->qos};
    struct mqtt_operation *operation = begin_wishes(client, OPERATION_REFRESH, &wish, 1);
    send_named(client->session, TOPIC_RECORD, action, operation->wishes[0].filter,
               correlation(text, operation, 0), receive_own);
    send_marker(client, operation);
}

void mqtt_operation_refresh(struct mqtt_client *client)
{
    size_t position = 0;
    struct hashmap stale = client->stale;
    hashmap_init(&client->stale);
    for (const struct hashmap_entry *at; (at = hashmap_next(&stale, &position)) != NULL;) {
        refresh(client, at->key, (uint16_t)(uintptr_t)at->value);
        free((char *)(uintptr_t)at->key.at);
    }
    hashmap_fini(&stale);
}

/* The map holds the action to ask with. */
static void note_stale(struct mqtt_client *client, slice name, uintptr_t action)
{
    if (client->is_superseded || mqtt_subscription_find(client, name) == NULL)
        return;
    uintptr_t known = (uintptr_t)hashmap_find(&client->stale, name);
    if (known == RECORD_SUBSCRIBEANDREAD)
        return;
    slice key = known == 0 ? mqtt_text_copy(name) : name;
    hashmap_put(&client->stale, key, (void *)action);
    turn_schedule(&client->clients->turn, &client->task);
}

/* ---- publishing ---- */

static bool is_under_way(const struct mqtt_client *client, const struct mqtt_packet *packet)
{
    for (struct list_link *at = client->operations.next; at != &client->operations; at = at->next) {
        const struct mqtt_operation *operation = LIST_ITEM(at, struct mqtt_operation, link);
        if (operation->kind == OPERATION_PUBLISH && operation->qos == 2 &&
            operation->id == packet->id)
            return true;
    }
    return false;
}

static bool was_received(const struct mqtt_client *client, uint16_t id)
{
    return client->received != NULL && (client->received[id / 8] >> id % 8 & 1) != 0;
}

void mqtt_operation_publish(struct mqtt_client *client, const struct mqtt_packet *packet)
{
    const struct mqtt_publish *publish = &packet->publish;
    if (publish->qos == 2 && is_under_way(client, packet))
        return;
    struct mqtt_operation *operation = begin(client, OPERATION_PUBLISH);
    operation->id = packet->id;
    operation->qos = publish->qos;
    if (publish->qos < 2 || !was_received(client, packet->id)) {
        char text[CORRELATION_BYTES + 1];
        operation->awaits_store = publish->retain && publish->qos > 0;
        mqtt_publish(client->session, publish, correlation(text, operation, 0),
                     session_receive_message);
    }
    send_marker(client, operation);
}

/* ---- answers of the handlers ---- */

static void on_marker(struct mqtt_client *client, struct mqtt_operation *operation)
{
    if (operation == NULL)
        return;
    operation->is_effective = true;
    if (operation->kind == OPERATION_UNSUBSCRIBE) {
        for (uint32_t i = 0; i < operation->count; i++)
            mqtt_subscription_remove(client, operation->wishes[i].filter);
    }
    answer_settled(client);
}

static void on_stored(struct mqtt_client *client, struct mqtt_operation *operation, bool is_stored)
{
    if (operation == NULL || operation->kind != OPERATION_PUBLISH)
        return;
    operation->awaits_store = false;
    operation->is_refused = operation->is_refused || !is_stored;
    answer_settled(client);
}

static void on_subscribed(struct mqtt_client *client, struct mqtt_operation *operation,
                          uint32_t index)
{
    if (operation == NULL)
        return;
    if (!operation->is_over_limit)
        grant(client, operation, index);
    operation->is_over_limit = false;
}

static void on_event_answer(struct mqtt_client *client, const struct message *message)
{
    uint32_t index = 0;
    struct mqtt_operation *operation = named(client, message, &index);
    struct mqtt_operation *now = current(client);
    if (message->action == EVENT_MULTIPLE_SUBSCRIPTIONS && now != NULL)
        now->is_over_limit = mqtt_subscription_find(client, message->name) == NULL;
    else if (message->is_ack && message->action == EVENT_UNSUBSCRIBE)
        on_marker(client, operation);
    else if (message->is_ack && message->action != EVENT_UNSUBSCRIBE_FILTER)
        on_subscribed(client, operation, index);
    else if (message->is_error && operation != NULL)
        operation->is_refused = true;
}

static struct wish *wish_of(const struct mqtt_operation *operation, slice name, uint32_t *index)
{
    for (*index = 0; *index < operation->count; ++*index) {
        if (slice_equal(operation->wishes[*index].filter, name))
            return &operation->wishes[*index];
    }
    return NULL;
}

/* A record as it is: what is retained, for a new subscriber; or what has become of it. */
static void on_record(struct mqtt_client *client, const struct message *message)
{
    uint32_t index;
    struct mqtt_operation *operation = current(client);
    const struct wish *wish = operation == NULL ? NULL : wish_of(operation, message->name, &index);
    if (wish == NULL)
        return;
    grant(client, operation, index);
    if (message->version == DS_MISSING || operation->kind == OPERATION_RESUBSCRIBE)
        return;
    metrics_sent(client->session->settings->metrics, message, 1);
    mqtt_deliver_record(client, message->name, message->data, wish->qos,
                        operation->kind == OPERATION_SUBSCRIBE);
}

/* A record that was deleted has no subscribers any more; here a topic stays one. */
static void on_deleted(struct mqtt_client *client, const struct message *message)
{
    note_stale(client, message->name, RECORD_SUBSCRIBEANDREAD);
    if (message->action == RECORD_DELETE_SUCCESS)
        on_stored(client, current(client), true);
}

/* Returns whether the message is dealt with. */
static bool on_record_answer(struct mqtt_client *client, const struct message *message)
{
    uint32_t index;
    switch (message->action) {
    case RECORD_UPDATE:
        return false;
    case RECORD_DELETED:
        on_deleted(client, message);
        return false;
    case RECORD_DELETE_SUCCESS:
        on_deleted(client, message);
        return true;
    case RECORD_PATCH:
    case RECORD_PATCH_MULTI:
        note_stale(client, message->name, RECORD_READ);
        return true;
    case RECORD_READ_RESPONSE:
        on_record(client, message);
        return true;
    default:
        if (message->is_error || message->action == RECORD_WRITE_ACKNOWLEDGEMENT)
            on_stored(client, named(client, message, &index), !message->is_error);
        return true;
    }
}

/* A feature that is switched off. */
static void on_unknown(struct mqtt_client *client, const struct message *message)
{
    struct mqtt_operation *operation = current(client);
    bool is_marker =
        message->original_topic == TOPIC_EVENT && message->original_action == EVENT_UNSUBSCRIBE;
    if (operation == NULL)
        return;
    if (is_marker)
        on_marker(client, operation);
    else if (message->original_topic == TOPIC_RECORD)
        on_stored(client, operation, false);
    else
        operation->is_refused = true;
}

bool mqtt_take_sent(struct session *session, const struct message *message)
{
    struct mqtt_client *client = mqtt_client_of(session);
    switch (message->topic) {
    case TOPIC_EVENT:
        if (message->action == EVENT_EMIT)
            return false;
        on_event_answer(client, message);
        return true;
    case TOPIC_RECORD:
        return on_record_answer(client, message);
    case TOPIC_PARSER:
        on_unknown(client, message);
        return true;
    case TOPIC_AUTH:
        if (message->action == AUTH_AUTH_SUCCESSFUL)
            mqtt_on_login(client);
        else if (message->action == AUTH_AUTH_UNSUCCESSFUL)
            mqtt_on_login_refused(client);
        return true;
    default:
        return true;
    }
}
