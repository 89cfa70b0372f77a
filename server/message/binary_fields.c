/* The table of binary_fields.h, made from the list. */

#include "message/binary_fields.h"

#define FIELD(topic, number, name, kind)                                                           \
    _Static_assert((number) > NUMBER_OF_ACTION && (number) < FIELD_NUMBERS,                        \
                   "a tag of " #topic " " #name " is one byte");
#include "binary_fields.def"
#undef FIELD

const struct wire_field binary_fields[TOPIC_COUNT][FIELD_NUMBERS] = {
#define FIELD(topic, number, name, kind)                                                           \
    [TOPIC_##topic][number] = {WIRE_##kind, FIELD_##name, offsetof(struct message, name)},
#include "binary_fields.def"
#undef FIELD
};
