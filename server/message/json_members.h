#pragma once
/* The members of a message in JSON as a table, for both directions of the codec; private to it. */

#include "message/message.h"

enum member_kind { MEMBER_TEXT, MEMBER_NUMBER, MEMBER_FLAG, MEMBER_NAMES, MEMBER_VERSIONS };

struct json_member {
    slice name;
    uint8_t kind;
    uint8_t field;   /* bit of its presence */
    uint16_t offset; /* in struct message */
};

enum {
#define MEMBER(member, field, kind) JSON_MEMBER_##member,
#include "json_members.def"
#undef MEMBER
    JSON_MEMBER_COUNT,
};

extern const struct json_member json_members[JSON_MEMBER_COUNT];
