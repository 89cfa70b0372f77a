#pragma once
/* One message of the protocol, whichever codec read it: numbers, flags and borrowed texts.
 *
 * A message is a plain value. Its texts are slices of the bytes it was decoded from, or of whatever
 * its maker chose; it owns nothing. What must outlive the call that brought it is copied with
 * message_copy. Presence is significant (protocol.md 2.2): a field that is not set is absent on
 * the wire, which differs from empty, 0 or false. */

#include "base/arena.h"
#include "base/slice.h"

enum topic {
#define TOPIC(name, number) TOPIC_##name = number,
#include "topics.def"
#undef TOPIC
    TOPIC_COUNT,
};

/* Numbers of actions, by topic: EVENT_EMIT, RECORD_READ_RESPONSE, ... */
enum {
#define ACTION(topic, name, number, way) topic##_##name = number,
#include "actions.def"
#undef ACTION
};

/* Numbers of actions are below this, in every topic: the size of tables. */
enum { ACTION_NUMBERS = 128 };

/* What a server does with a message of a client; see actions.def. */
enum action_way {
    WAY_REFUSE,
    WAY_FREE,
    WAY_FREE_NAME,
    WAY_FREE_NAMES,
    WAY_ASK_NOBODY,
    WAY_ASK_NAME,
    WAY_ASK_NAMES,
    WAY_IN_HANDLER,
    WAY_IN_HANDLER_NAMES,
    WAY_FILTERS,
};

/* The way of an action; WAY_REFUSE for numbers that are in no list. */
enum action_way action_way(unsigned topic, unsigned action);

/* "EMIT", "RECORD"; "UNKNOWN" for numbers that are in no list. Static. */
slice action_name(unsigned topic, unsigned action);
slice topic_name(unsigned topic);

enum message_field {
#define TEXT_FIELD(name) FIELD_##name,
#define NUMBER_FIELD(name) FIELD_##name,
#define FLAG_FIELD(name) FIELD_##name,
#include "fields.def"
    FIELD_names,
    FIELD_versions,
    FIELD_COUNT,
};
_Static_assert(FIELD_COUNT <= 32, "presence is kept in 32 bits");

struct message_version {
    slice name;
    int32_t version;
};

struct message {
    uint8_t topic;
    uint16_t action;
    uint32_t present; /* bit 1 << FIELD_x: the field was on the wire; a list also when empty */
#define TEXT_FIELD(name) slice name;
#define NUMBER_FIELD(name) int32_t name;
#define FLAG_FIELD(name) bool name;
#include "fields.def"
    const slice *names;
    uint32_t name_count;
    const struct message_version *versions;
    uint32_t version_count;
};

#define MESSAGE_HAS(message, field) (((message)->present >> FIELD_##field & 1) != 0)

/* Sets a field and its presence:  MESSAGE_SET(&reply, version, 3); */
#define MESSAGE_SET(message, field, value)                                                         \
    ((message)->field = (value), (message)->present |= UINT32_C(1) << FIELD_##field)

/* Copies a field from another message if it is present there. */
#define MESSAGE_ECHO(message, request, field)                                                      \
    (MESSAGE_HAS(request, field) ? (void)MESSAGE_SET(message, field, (request)->field) : (void)0)

static inline void message_set_names(struct message *message, const slice *names, size_t count)
{
    message->names = names;
    message->name_count = (uint32_t)count;
    message->present |= UINT32_C(1) << FIELD_names;
}

static inline void message_set_versions(struct message *message,
                                        const struct message_version *versions, size_t count)
{
    message->versions = versions;
    message->version_count = (uint32_t)count;
    message->present |= UINT32_C(1) << FIELD_versions;
}

/* A message without fields. */
#define MESSAGE(topic_, action_) ((struct message){.topic = (topic_), .action = (action_)})

/* A copy on the heap, in one block with all its texts; ended by free(). */
struct message *message_copy(const struct message *message);
