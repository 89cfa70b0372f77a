/* Finds where members begin and end, by brackets and strings alone. */

#include "json_members.h"

#include "base/check.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_separators(struct json_members *members)
{
    while (members->at < members->end &&
           (is_space(*members->at) || *members->at == ',' || *members->at == ':'))
        members->at++;
}

static void skip_string(struct json_members *members)
{
    members->at++;
    while (*members->at != '"')
        members->at += *members->at == '\\' ? 2 : 1;
    members->at++;
}

/* Texts hold brackets that mean nothing, so they are skipped as a whole. */
static void skip_nested(struct json_members *members)
{
    size_t depth = 0;
    do {
        char c = *members->at;
        if (c == '"') {
            skip_string(members);
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        members->at++;
    } while (depth > 0);
}

static void skip_word(struct json_members *members)
{
    while (members->at < members->end && !is_space(*members->at) && *members->at != ',' &&
           *members->at != '}' && *members->at != ']')
        members->at++;
}

static slice take_value(struct json_members *members)
{
    const char *start = members->at;
    if (*start == '"')
        skip_string(members);
    else if (*start == '{' || *start == '[')
        skip_nested(members);
    else
        skip_word(members);
    return (slice){start, (size_t)(members->at - start)};
}

struct json_members json_members_of(slice object)
{
    struct json_members members = {object.at, object.at + object.length};
    while (*members.at != '{')
        members.at++;
    members.at++;
    return members;
}

bool json_members_next(struct json_members *members, struct arena *arena, slice *key, slice *value)
{
    skip_separators(members);
    if (*members->at == '}')
        return false;
    *key = value_slice(json_part_value(take_value(members), arena));
    skip_separators(members);
    *value = take_value(members);
    return true;
}

valve_value json_part_value(slice part, struct arena *arena)
{
    valve_value value;
    bool read = json_read(part, (struct json_limits){.max_depth = UINT32_MAX}, arena, &value, NULL);
    CHECK(read);
    return value;
}
