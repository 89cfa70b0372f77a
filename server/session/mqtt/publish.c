/* What a PUBLISH means (protocol.md 7): an event with the payload as text; a retained one writes
 * the record of that name before, or deletes it when it is empty. Of QoS 2 it takes effect once,
 * however often it comes. */

#include "session/mqtt/operations.h"

#include "json.h"

static void write_record(struct session *session, const struct mqtt_publish *publish,
                         slice correlation_id, mqtt_receive *receive)
{
    bool is_removal = publish->payload.length == 0;
    struct message write =
        MESSAGE(TOPIC_RECORD, is_removal ? RECORD_DELETE : RECORD_CREATEANDUPDATE);
    MESSAGE_SET(&write, name, publish->topic);
    if (correlation_id.length > 0)
        MESSAGE_SET(&write, correlation_id, correlation_id);
    if (!is_removal) {
        MESSAGE_SET(&write, version, -1);
        MESSAGE_SET(&write, data, publish->payload);
        if (correlation_id.length > 0 && publish->qos > 0)
            MESSAGE_SET(&write, is_write_ack, true);
    }
    receive(session, &write);
}

static void emit(struct session *session, const struct mqtt_publish *publish, slice correlation_id,
                 mqtt_receive *receive)
{
    struct buf text = BUF_EMPTY;
    struct message event = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    json_write_text(&text, publish->payload);
    MESSAGE_SET(&event, name, publish->topic);
    MESSAGE_SET(&event, data, buf_slice(&text));
    if (correlation_id.length > 0)
        MESSAGE_SET(&event, correlation_id, correlation_id);
    receive(session, &event);
    buf_fini(&text);
}

void mqtt_publish(struct session *session, const struct mqtt_publish *publish, slice correlation_id,
                  mqtt_receive *receive)
{
    if (publish->retain)
        write_record(session, publish, correlation_id, receive);
    emit(session, publish, correlation_id, receive);
}

/* ---- the operation ---- */

static bool is_under_way(const struct mqtt_client *client, const struct mqtt_packet *packet)
{
    for (struct list_link *at = client->operations.next; at != &client->operations; at = at->next) {
        const struct mqtt_operation *operation = LIST_ITEM(at, struct mqtt_operation, link);
        if (operation->kind == MQTT_OPERATION_PUBLISH && operation->qos == 2 &&
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
    struct mqtt_operation *operation = mqtt_operation_begin(client, MQTT_OPERATION_PUBLISH);
    operation->id = packet->id;
    operation->qos = publish->qos;
    if (publish->qos < 2 || !was_received(client, packet->id)) {
        char text[MQTT_CORRELATION_BYTES + 1];
        operation->awaits_store = publish->retain && publish->qos > 0;
        mqtt_publish(client->session, publish, mqtt_correlation(text, operation, 0),
                     session_receive_message);
    }
    mqtt_operation_mark(client, operation);
}
