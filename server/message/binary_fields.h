#pragma once
/* The fields of the binary wire as a table, for both directions of the codec; private to it. */

#include "message/message.h"

enum wire_kind {
    WIRE_UNKNOWN, /* no such field */
    WIRE_TEXT,
    WIRE_NUMBER,
    WIRE_FLAG,
    WIRE_NAMES,
    WIRE_VERSIONS,
};

/* How protobuf writes a field; the low bits of its tag. */
enum wire_type {
    TYPE_VARINT = 0,
    TYPE_FIXED64 = 1,
    TYPE_BYTES = 2,
    TYPE_GROUP_START = 3,
    TYPE_GROUP_END = 4,
    TYPE_FIXED32 = 5,
};

enum {
    FIELD_NUMBERS = 16, /* each tag is one byte */
    ENVELOPE_TOPIC = 2, /* Message.topic and Message.message */
    ENVELOPE_MESSAGE = 3,
    NUMBER_OF_ACTION = 1,
    ENTRY_NAME = 1, /* of an entry of a map */
    ENTRY_VERSION = 2,
};

#define TAG(number, type) ((unsigned char)((number) << 3 | (type)))

struct wire_field {
    uint8_t kind;
    uint8_t field;   /* bit of its presence */
    uint16_t offset; /* in struct message */
};

/* By topic and number. */
extern const struct wire_field binary_fields[TOPIC_COUNT][FIELD_NUMBERS];

/* Whether messages of a topic travel between client and server; all that do have a field 2. */
static inline bool binary_has_topic(uint64_t topic)
{
    return topic < TOPIC_COUNT && binary_fields[topic][2].kind != WIRE_UNKNOWN;
}
