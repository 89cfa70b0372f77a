#include "session/mqtt/operations.h"

#include "metrics/metrics.h"

#include "base/check.h"

#include <stdlib.h>

/* ---- which one a message belongs to ---- */

slice mqtt_correlation(char text[MQTT_CORRELATION_BYTES + 1],
                       const struct mqtt_operation *operation, uint32_t index)
{
    snprintf(text, MQTT_CORRELATION_BYTES + 1, "%08x%08x", (unsigned)operation->serial,
             (unsigned)index);
    return (slice){text, MQTT_CORRELATION_BYTES};
}

struct mqtt_operation *mqtt_operation_named(const struct mqtt_client *client,
                                            const struct message *message, uint32_t *index)
{
    char text[MQTT_CORRELATION_BYTES + 1];
    if (message->correlation_id.length != MQTT_CORRELATION_BYTES)
        return NULL;
    memcpy(text, message->correlation_id.at, MQTT_CORRELATION_BYTES);
    text[MQTT_CORRELATION_BYTES] = '\0';
    uint64_t number = strtoull(text, NULL, 16);
    *index = (uint32_t)number;
    for (struct list_link *at = client->operations.next; at != &client->operations; at = at->next) {
        struct mqtt_operation *operation = LIST_ITEM(at, struct mqtt_operation, link);
        if (operation->serial == number >> 32)
            return operation;
    }
    return NULL;
}

struct mqtt_operation *mqtt_operation_current(const struct mqtt_client *client)
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

struct mqtt_operation *mqtt_operation_begin(struct mqtt_client *client,
                                            enum mqtt_operation_kind kind)
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
    case MQTT_OPERATION_SUBSCRIBE:
        mqtt_write_suback(packet, operation->id, operation->codes, operation->count);
        mqtt_send_packet(client, packet);
        return;
    case MQTT_OPERATION_UNSUBSCRIBE:
        mqtt_write_id(packet, MQTT_UNSUBACK, operation->id);
        mqtt_send_packet(client, packet);
        return;
    case MQTT_OPERATION_PUBLISH:
        answer_publish(client, operation);
        return;
    case MQTT_OPERATION_RESUBSCRIBE:
        client->has_resubscribed = true;
        return;
    case MQTT_OPERATION_REFRESH:
        return;
    }
}

void mqtt_operations_answer_settled(struct mqtt_client *client)
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

/* ---- the marker ---- */

void mqtt_receive_own(struct session *session, const struct message *message)
{
    const struct session_events *events = session->settings->events;
    if (session->state == SESSION_OPEN)
        events->on_message(events->context, session, message);
}

/* To the end of nothing: acknowledged, and without any effect. */
void mqtt_operation_mark(struct mqtt_client *client, const struct mqtt_operation *operation)
{
    char text[MQTT_CORRELATION_BYTES + 1];
    struct message marker = MESSAGE(TOPIC_EVENT, EVENT_UNSUBSCRIBE);
    message_set_names(&marker, NULL, 0);
    MESSAGE_SET(&marker, correlation_id, mqtt_correlation(text, operation, 0));
    mqtt_receive_own(client->session, &marker);
}
