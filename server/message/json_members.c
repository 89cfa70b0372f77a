/* The table of json_members.h, made from the list. */

#include "message/json_members.h"

_Static_assert(JSON_MEMBER_COUNT + 1 == FIELD_COUNT, "every field but `result` has a member");

const struct json_member json_members[JSON_MEMBER_COUNT] = {
#define MEMBER(member, field_, kind_)                                                              \
    {{#member, sizeof #member - 1},                                                                \
     MEMBER_##kind_,                                                                               \
     FIELD_##field_,                                                                               \
     offsetof(struct message, field_)},
#include "json_members.def"
#undef MEMBER
};
