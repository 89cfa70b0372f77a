#pragma once
/* MQTT control packets (OASIS MQTT 3.1.1, and the CONNECT of 3.1): bytes <-> structs. Pure.
 *
 * What is read is checked as the standard demands, so that whoever gets a packet need not ask
 * again: reserved bits, lengths, UTF-8 without U+0000, topic names and filters. Texts of a packet
 * are slices of its bytes. */

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* Of a packet, in its first byte (2.2.1). */
enum mqtt_type {
    MQTT_CONNECT = 1,
    MQTT_CONNACK,
    MQTT_PUBLISH,
    MQTT_PUBACK,
    MQTT_PUBREC,
    MQTT_PUBREL,
    MQTT_PUBCOMP,
    MQTT_SUBSCRIBE,
    MQTT_SUBACK,
    MQTT_UNSUBSCRIBE,
    MQTT_UNSUBACK,
    MQTT_PINGREQ,
    MQTT_PINGRESP,
    MQTT_DISCONNECT,
};

/* The answers to a CONNECT (3.2.2.3). */
enum mqtt_connack {
    MQTT_ACCEPTED,
    MQTT_BAD_LEVEL,
    MQTT_BAD_CLIENT_ID,
    MQTT_UNAVAILABLE,
    MQTT_BAD_CREDENTIALS, /* they cannot be read */
    MQTT_NOT_AUTHORIZED,
};

#define MQTT_REFUSED 0x80 /* of a filter, in a SUBACK */

#define MQTT_HEAD_BYTES 5               /* the most that a fixed header takes */
#define MQTT_MAX_LENGTH 268435455u      /* of what follows it */
#define MQTT_MAX_TEXT ((size_t)0xFFFFu) /* of a topic, a client id, ... */

struct mqtt_publish {
    bool is_duplicate;
    bool retain;
    uint8_t qos;
    slice topic;
    slice payload;
};

struct mqtt_connect {
    uint8_t level; /* 4: 3.1.1; 3: 3.1; of any other only this is read */
    bool clean_session;
    bool has_will, has_username, has_password;
    uint16_t keep_alive_s; /* 0: none */
    slice client_id;
    struct mqtt_publish will;
    slice username;
    slice password; /* any bytes */
};

struct mqtt_packet {
    enum mqtt_type type;
    uint16_t id; /* of those that have one; not 0 */
    struct mqtt_connect connect;
    struct mqtt_publish publish;
    slice filters; /* of SUBSCRIBE and UNSUBSCRIBE: for mqtt_filter_next */
};

struct mqtt_filter {
    slice text;
    uint8_t qos; /* of SUBSCRIBE */
};

/* ---- reading ---- */

/* The fixed header of a packet. */
struct mqtt_head {
    uint8_t first;
    uint8_t bytes;   /* of the header */
    uint32_t length; /* of the body behind it */
};

enum mqtt_reading { MQTT_INCOMPLETE, MQTT_COMPLETE, MQTT_MALFORMED };

/* Reads the header at the beginning of bytes. */
enum mqtt_reading mqtt_read_head(slice bytes, struct mqtt_head *head);

/* Reads the packet whose body is all there. Packets that only servers send are refused. Returns
 * NULL, or what is wrong (static text). */
const char *mqtt_read(const struct mqtt_head *head, slice body, struct mqtt_packet *packet);

/* Takes the next filter of a packet that has been read; false behind the last one. */
bool mqtt_filter_next(const struct mqtt_packet *packet, slice *rest, struct mqtt_filter *filter);

/* ---- writing ---- */

void mqtt_write_connack(struct buf *out, bool session_present, enum mqtt_connack code);
void mqtt_write_suback(struct buf *out, uint16_t id, const uint8_t *codes, size_t count);

/* PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK. */
void mqtt_write_id(struct buf *out, enum mqtt_type type, uint16_t id);
void mqtt_write_pingresp(struct buf *out);

/* What a PUBLISH takes; 0: its topic or all of it is too long for one. */
size_t mqtt_publish_bytes(const struct mqtt_publish *publish);

/* The part of a PUBLISH before its payload; id counts when qos is not 0. */
void mqtt_write_publish_head(struct buf *out, const struct mqtt_publish *publish, uint16_t id);

/* ---- topics: mqtt_topic.c ---- */

/* 1 to 65,535 bytes of UTF-8 without U+0000 and without wildcards: what may be published to. */
bool mqtt_is_topic(slice text);

/* The same with wildcards where 4.7.1 has them: what may be subscribed to. */
bool mqtt_is_filter(slice text);

bool mqtt_has_wildcard(slice filter);

/* The level that starts at *position, which moves behind the slash after it: past the length of
 * text behind the last level. Begin at 0; text is not empty. */
slice mqtt_level_next(slice text, size_t *position);

/* Whether a topic is among those of a filter (4.7); of `#`, `+/a`, ... never one that begins with
 * $. */
bool mqtt_matches(slice filter, slice topic);
