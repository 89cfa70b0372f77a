/* What a PUBLISH means (protocol.md 7): an event with the payload as text; a retained one writes
 * the record of that name before, or deletes it when it is empty. */

#include "session/mqtt/client.h"

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
