/* Packets of clients: bytes -> struct mqtt_packet. Each type has one function, which takes its
 * fields from the front of the body; what is left over, or missing, makes the packet malformed. */

#include "message/mqtt.h"

#include "base/utf8.h"

#define LENGTH_BYTES 4

enum mqtt_reading mqtt_read_head(slice bytes, struct mqtt_head *head)
{
    *head = (struct mqtt_head){0};
    if (bytes.length == 0)
        return MQTT_INCOMPLETE;
    head->first = (uint8_t)bytes.at[0];
    for (unsigned i = 0; i < LENGTH_BYTES; i++) {
        if (bytes.length < i + 2)
            return MQTT_INCOMPLETE;
        uint8_t byte = (uint8_t)bytes.at[i + 1];
        head->length |= (uint32_t)(byte & 0x7F) << 7 * i;
        head->bytes = (uint8_t)(i + 2);
        if ((byte & 0x80) == 0)
            return MQTT_COMPLETE;
    }
    return MQTT_MALFORMED;
}

/* ---- fields: each is taken from the front of *rest; false: it is not all there ---- */

static bool take_byte(slice *rest, uint8_t *byte)
{
    if (rest->length < 1)
        return false;
    *byte = (uint8_t)rest->at[0];
    *rest = slice_part(*rest, 1, rest->length);
    return true;
}

static bool take_number(slice *rest, uint16_t *number)
{
    uint8_t high = 0, low = 0;
    bool is_there = take_byte(rest, &high) && take_byte(rest, &low);
    *number = (uint16_t)(high << 8 | low);
    return is_there;
}

static bool take_bytes(slice *rest, slice *bytes)
{
    uint16_t length;
    if (!take_number(rest, &length) || rest->length < length)
        return false;
    *bytes = slice_part(*rest, 0, length);
    *rest = slice_part(*rest, length, rest->length);
    return true;
}

/* UTF-8 without U+0000 (1.5.3). */
static bool take_text(slice *rest, slice *text)
{
    return take_bytes(rest, text) && utf8_valid(*text, false) &&
           (text->length == 0 || memchr(text->at, '\0', text->length) == NULL);
}

static bool take_id(slice *rest, uint16_t *id)
{
    return take_number(rest, id) && *id != 0;
}

/* ---- CONNECT ---- */

enum {
    CONNECT_RESERVED = 0x01,
    CONNECT_CLEAN_SESSION = 0x02,
    CONNECT_WILL = 0x04,
    CONNECT_WILL_RETAIN = 0x20,
    CONNECT_PASSWORD = 0x40,
    CONNECT_USERNAME = 0x80,
};

static const char *read_connect_flags(slice *rest, struct mqtt_connect *connect)
{
    uint8_t flags;
    if (!take_byte(rest, &flags))
        return "a CONNECT ends early";
    if ((flags & CONNECT_RESERVED) != 0)
        return "a CONNECT has its reserved flag set";
    connect->clean_session = (flags & CONNECT_CLEAN_SESSION) != 0;
    connect->has_will = (flags & CONNECT_WILL) != 0;
    connect->has_username = (flags & CONNECT_USERNAME) != 0;
    connect->has_password = (flags & CONNECT_PASSWORD) != 0;
    connect->will.retain = (flags & CONNECT_WILL_RETAIN) != 0;
    connect->will.qos = flags >> 3 & 3;
    if (connect->will.qos > 2)
        return "a will has QoS 3";
    if (!connect->has_will && (connect->will.retain || connect->will.qos > 0))
        return "a CONNECT without a will has flags of one";
    if (connect->has_password && !connect->has_username && connect->level == 4)
        return "a CONNECT has a password and no user name";
    return NULL;
}

static const char *read_connect_payload(slice *rest, struct mqtt_connect *connect)
{
    if (!take_text(rest, &connect->client_id))
        return "the client id of a CONNECT cannot be read";
    if (connect->has_will &&
        (!take_text(rest, &connect->will.topic) || !take_bytes(rest, &connect->will.payload)))
        return "the will of a CONNECT cannot be read";
    if (connect->has_will && !mqtt_is_topic(connect->will.topic))
        return "the topic of a will is none";
    if (connect->has_username && !take_text(rest, &connect->username))
        return "the user name of a CONNECT cannot be read";
    if (connect->has_password && !take_bytes(rest, &connect->password))
        return "the password of a CONNECT cannot be read";
    return NULL;
}

static const char *read_connect(slice *rest, struct mqtt_packet *packet)
{
    struct mqtt_connect *connect = &packet->connect;
    slice name;
    if (!take_text(rest, &name) || !take_byte(rest, &connect->level))
        return "a CONNECT ends early";
    bool is_old = slice_equal(name, SLICE("MQIsdp"));
    if (!is_old && !slice_equal(name, SLICE("MQTT")))
        return "a CONNECT names another protocol";
    if (connect->level != (is_old ? 3 : 4)) {
        connect->level = 0;
        *rest = (slice){0};
        return NULL;
    }
    const char *problem = read_connect_flags(rest, connect);
    if (problem != NULL)
        return problem;
    if (!take_number(rest, &connect->keep_alive_s))
        return "a CONNECT ends early";
    return read_connect_payload(rest, connect);
}

/* ---- the others ---- */

static const char *read_publish(uint8_t first, slice *rest, struct mqtt_packet *packet)
{
    struct mqtt_publish *publish = &packet->publish;
    publish->is_duplicate = (first & 8) != 0;
    publish->qos = first >> 1 & 3;
    publish->retain = (first & 1) != 0;
    if (publish->qos > 2)
        return "a PUBLISH has QoS 3";
    if (publish->qos == 0 && publish->is_duplicate)
        return "a PUBLISH of QoS 0 is marked as a duplicate";
    if (!take_text(rest, &publish->topic) || !mqtt_is_topic(publish->topic))
        return "the topic of a PUBLISH is none";
    if (publish->qos > 0 && !take_id(rest, &packet->id))
        return "a PUBLISH has no packet id";
    publish->payload = *rest;
    *rest = (slice){0};
    return NULL;
}

static bool take_filter(enum mqtt_type type, slice *rest, struct mqtt_filter *filter)
{
    filter->qos = 0;
    return take_text(rest, &filter->text) && mqtt_is_filter(filter->text) &&
           (type == MQTT_UNSUBSCRIBE || (take_byte(rest, &filter->qos) && filter->qos <= 2));
}

static const char *read_filters(slice *rest, struct mqtt_packet *packet)
{
    struct mqtt_filter filter;
    if (!take_id(rest, &packet->id))
        return "a subscription has no packet id";
    packet->filters = *rest;
    if (rest->length == 0)
        return "a subscription names no filter";
    while (rest->length > 0) {
        if (!take_filter(packet->type, rest, &filter))
            return "a filter is none, or its QoS is none";
    }
    return NULL;
}

bool mqtt_filter_next(const struct mqtt_packet *packet, slice *rest, struct mqtt_filter *filter)
{
    return rest->length > 0 && take_filter(packet->type, rest, filter);
}

static const char *read_body(uint8_t first, slice *rest, struct mqtt_packet *packet)
{
    switch (packet->type) {
    case MQTT_CONNECT:
        return read_connect(rest, packet);
    case MQTT_PUBLISH:
        return read_publish(first, rest, packet);
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
        return read_filters(rest, packet);
    case MQTT_PUBACK:
    case MQTT_PUBREC:
    case MQTT_PUBREL:
    case MQTT_PUBCOMP:
        return take_id(rest, &packet->id) ? NULL : "an acknowledgement has no packet id";
    case MQTT_PINGREQ:
    case MQTT_DISCONNECT:
        return NULL;
    case MQTT_CONNACK:
    case MQTT_SUBACK:
    case MQTT_UNSUBACK:
    case MQTT_PINGRESP:
        break;
    }
    return "a packet has a type that no client sends";
}

/* The low half of the first byte (2.2.2), which is of use in a PUBLISH alone. */
static bool has_fit_flags(uint8_t first)
{
    enum mqtt_type type = (enum mqtt_type)(first >> 4);
    if (type == MQTT_PUBLISH)
        return true;
    bool has_bit = type == MQTT_PUBREL || type == MQTT_SUBSCRIBE || type == MQTT_UNSUBSCRIBE;
    return (first & 0x0F) == (has_bit ? 2 : 0);
}

/* MQTT 3.1 marks a PUBREL, SUBSCRIBE or UNSUBSCRIBE that is sent again as a duplicate; 3.1.1 has
 * that bit reserved, and so it is here. */
const char *mqtt_read(const struct mqtt_head *head, slice body, struct mqtt_packet *packet)
{
    *packet = (struct mqtt_packet){.type = (enum mqtt_type)(head->first >> 4)};
    if (!has_fit_flags(head->first))
        return "the reserved flags of a packet are set";
    const char *problem = read_body(head->first, &body, packet);
    if (problem == NULL && body.length > 0)
        return "a packet is longer than its contents";
    return problem;
}
