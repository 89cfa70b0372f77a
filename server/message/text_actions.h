#pragma once
/* The forms of the v3 protocol as a table, for both directions of the codec; private to it. */

#include "message/message.h"

#define DIVIDER "\x1F" /* between the fields of a message */
#define DIVIDER_BYTE '\x1F'
#define TERMINATOR_BYTE '\x1E' /* behind each message */

#define WRITE_ACK_MARKER "{\"writeSuccess\":true}"

/* What stands behind the letters. "Typed" values begin with a letter of their own. */
enum text_form {
    TEXT_NONE,
    TEXT_DROPPED, /* whatever it is */
    TEXT_NOTHING,
    TEXT_DATA,
    TEXT_SOME_TYPED, /* a typed value, if there is one */
    TEXT_NAME,
    TEXT_NAMES, /* read: one; written: all, none of them too */
    TEXT_NAME_TYPED,
    TEXT_NAME_TRUE,
    TEXT_NAME_FALSE,
    TEXT_NAME_SUBSCRIPTION,
    TEXT_NAME_ID,
    TEXT_NAME_ID_TYPED,
    TEXT_ERROR_NAME_ID,
    TEXT_NAME_VERSION_DATA,
    TEXT_NAME_VERSION_NULL,
    TEXT_NAME_VERSION_RESULT, /* the document that a PATCH_MULTI made */
    TEXT_ID_DATA,
    TEXT_UPDATE, /* name, version, data, maybe the marker */
    TEXT_PATCH,  /* name, version, path, typed, maybe the marker */
    TEXT_UPSERT, /* as either, always with the marker or {} */
    TEXT_WRITTEN,
    TEXT_USERS, /* maybe an id, then a list of users, or the letters again for all */
    TEXT_QUERY, /* id and list of users, or the letters again for all */
};

struct text_action {
    uint8_t topic;
    uint8_t reading, writing; /* enum text_form */
    uint16_t action;
    slice letters;
};

/* 0 when a topic has no letter, or a letter no topic. */
char text_letter_of_topic(unsigned topic);
unsigned text_topic_of_letter(slice letter);

/* The action that a client means by a message of the topic; after is what follows the topic. NULL:
 * there is none. */
const struct text_action *text_action_read(unsigned topic, slice after);

/* The form of an action, or NULL. */
const struct text_action *text_action_written(unsigned topic, unsigned action);
