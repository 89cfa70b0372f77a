/* Packets of the server: structs -> bytes. */

#include "message/mqtt.h"

#include "base/buf.h"

static void write_number(struct buf *out, uint16_t number)
{
    buf_append_byte(out, (char)(number >> 8));
    buf_append_byte(out, (char)(number & 0xFF));
}

static void write_head(struct buf *out, enum mqtt_type type, unsigned flags, size_t length)
{
    buf_append_byte(out, (char)(type << 4 | flags));
    do {
        buf_append_byte(out, (char)((length & 0x7F) | (length > 0x7F ? 0x80 : 0)));
        length >>= 7;
    } while (length > 0);
}

void mqtt_write_connack(struct buf *out, bool session_present, enum mqtt_connack code)
{
    write_head(out, MQTT_CONNACK, 0, 2);
    buf_append_byte(out, session_present ? 1 : 0);
    buf_append_byte(out, (char)code);
}

void mqtt_write_suback(struct buf *out, uint16_t id, const uint8_t *codes, size_t count)
{
    write_head(out, MQTT_SUBACK, 0, 2 + count);
    write_number(out, id);
    buf_append(out, (slice){(const char *)codes, count});
}

void mqtt_write_id(struct buf *out, enum mqtt_type type, uint16_t id)
{
    write_head(out, type, type == MQTT_PUBREL ? 2 : 0, 2);
    write_number(out, id);
}

void mqtt_write_pingresp(struct buf *out)
{
    write_head(out, MQTT_PINGRESP, 0, 0);
}

static size_t body_bytes(const struct mqtt_publish *publish)
{
    return 2 + publish->topic.length + (publish->qos > 0 ? 2 : 0) + publish->payload.length;
}

size_t mqtt_publish_bytes(const struct mqtt_publish *publish)
{
    if (publish->topic.length > MQTT_MAX_TEXT || publish->payload.length > MQTT_MAX_LENGTH)
        return 0;
    size_t body = body_bytes(publish);
    size_t length_bytes = body < 0x80 ? 1 : body < 0x4000 ? 2 : body < 0x200000 ? 3 : 4;
    return body > MQTT_MAX_LENGTH ? 0 : 1 + length_bytes + body;
}

void mqtt_write_publish_head(struct buf *out, const struct mqtt_publish *publish, uint16_t id)
{
    unsigned flags = (publish->is_duplicate ? 8u : 0u) | (unsigned)publish->qos << 1 |
                     (publish->retain ? 1u : 0u);
    write_head(out, MQTT_PUBLISH, flags, body_bytes(publish));
    write_number(out, (uint16_t)publish->topic.length);
    buf_append(out, publish->topic);
    if (publish->qos > 0)
        write_number(out, id);
}
