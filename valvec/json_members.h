#pragma once
/* The members of a JSON object as the texts they are written as. For text that json_read has
 * accepted: nothing is checked again. */

#include "json.h"

struct json_members {
    const char *at;
    const char *end;
};

/* object: JSON text of an object, perhaps with space around it. */
struct json_members json_members_of(slice object);

/* The next member: its key decoded (in arena or in the text), and the text of its value without
 * space around it. False at the end. */
bool json_members_next(struct json_members *members, struct arena *arena, slice *key, slice *value);

/* The value of a part that json_members_next gave. */
valve_value json_part_value(slice part, struct arena *arena);
