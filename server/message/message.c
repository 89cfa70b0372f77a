/* Names and ways of actions from the lists; copies of messages. */

#include "message/message.h"

#include "base/check.h"

#include <stdlib.h>

#define ACTION(topic, name, number, way)                                                           \
    _Static_assert((number) < ACTION_NUMBERS, "ACTION_NUMBERS leaves room for " #name);
#include "actions.def"
#undef ACTION

_Static_assert(WAY_REFUSE == 0, "numbers that are in no list are refused");

enum action_way action_way(unsigned topic, unsigned action)
{
    static const uint8_t ways[TOPIC_COUNT][ACTION_NUMBERS] = {
#define ACTION(topic, name, number, way) [TOPIC_##topic][number] = WAY_##way,
#include "actions.def"
#undef ACTION
    };
    if (topic >= TOPIC_COUNT || action >= ACTION_NUMBERS)
        return WAY_REFUSE;
    return (enum action_way)ways[topic][action];
}

slice action_name(unsigned topic, unsigned action)
{
    if (topic < TOPIC_COUNT && action < ACTION_NUMBERS)
        switch (topic * ACTION_NUMBERS + action) {
#define ACTION(topic, name, number, way)                                                           \
    case TOPIC_##topic *ACTION_NUMBERS + (number):                                                 \
        return SLICE(#name);
#include "actions.def"
#undef ACTION
        default:
            break;
        }
    return SLICE("UNKNOWN");
}

slice topic_name(unsigned topic)
{
    switch (topic) {
#define TOPIC(name, number)                                                                        \
    case number:                                                                                   \
        return SLICE(#name);
#include "topics.def"
#undef TOPIC
    default:
        return SLICE("UNKNOWN");
    }
}

static size_t bytes_of_copy(const struct message *message)
{
    size_t bytes = sizeof *message + message->name_count * sizeof *message->names +
                   message->version_count * sizeof *message->versions;
#define TEXT_FIELD(name) bytes += message->name.length;
#include "fields.def"
    for (size_t i = 0; i < message->name_count; i++)
        bytes += message->names[i].length;
    for (size_t i = 0; i < message->version_count; i++)
        bytes += message->versions[i].name.length;
    return bytes;
}

/* Moves a text to *end, which then stands behind it. */
static void move_text(slice *text, char **end)
{
    if (text->length > 0)
        memcpy(*end, text->at, text->length);
    text->at = *end;
    *end += text->length;
}

struct message *message_copy(const struct message *message)
{
    struct message *copy = malloc(bytes_of_copy(message));
    CHECK(copy != NULL);
    *copy = *message;

    slice *names = (slice *)(copy + 1);
    struct message_version *versions = (struct message_version *)(names + message->name_count);
    char *end = (char *)(versions + message->version_count);
    copy->names = message->name_count > 0 ? names : NULL;
    copy->versions = message->version_count > 0 ? versions : NULL;

#define TEXT_FIELD(name) move_text(&copy->name, &end);
#include "fields.def"
    for (size_t i = 0; i < message->name_count; i++) {
        names[i] = message->names[i];
        move_text(&names[i], &end);
    }
    for (size_t i = 0; i < message->version_count; i++) {
        versions[i] = message->versions[i];
        move_text(&versions[i].name, &end);
    }
    return copy;
}
