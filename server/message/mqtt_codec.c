/* The messages that have a packet of their own (protocol.md 7): what subscribers get, as a PUBLISH
 * of QoS 0. The other packets answer packets, and are written where those are kept. */

#include "message/codec.h"
#include "message/mqtt.h"

#include "base/buf.h"

/* The text of the value as it is, and none of what was deleted. */
static bool has_packet(const struct message *message)
{
    bool is_event = message->topic == TOPIC_EVENT && message->action == EVENT_EMIT;
    bool is_record = message->topic == TOPIC_RECORD &&
                     (message->action == RECORD_UPDATE || message->action == RECORD_DELETED);
    return is_event || is_record;
}

static void encode(const struct message *message, struct buf *out)
{
    struct mqtt_publish publish = {.topic = message->name, .payload = message->data};
    if (!has_packet(message) || !mqtt_is_topic(message->name) || mqtt_publish_bytes(&publish) == 0)
        return;
    mqtt_write_publish_head(out, &publish, 0);
    buf_append(out, publish.payload);
}

const struct codec mqtt_codec = {.name = "mqtt", .encode = encode};
