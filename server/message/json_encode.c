/* A message as one JSON object (protocol.md 4). A payload that the server has read, or made, is
 * written as the JSON that it is, `parsedData`; any other as the string that its sender wrote,
 * `data`, so that a payload which is no JSON cannot break the frame that carries it. */

#include "message/codec.h"
#include "message/decimal.h"
#include "message/json_members.h"

#include "json.h"

static bool is_checked_payload(const struct message *message)
{
    switch (message->topic) {
    case TOPIC_AUTH:
        return message->action == AUTH_AUTH_SUCCESSFUL || message->action == AUTH_AUTH_UNSUCCESSFUL;
    case TOPIC_PRESENCE:
        return message->action == PRESENCE_QUERY_RESPONSE;
    case TOPIC_RECORD:
        switch (message->action) {
        case RECORD_READ_RESPONSE:
        case RECORD_UPDATE:
        case RECORD_PATCH:
        case RECORD_PATCH_MULTI:
        case RECORD_VERSION_EXISTS:
        case RECORD_RECORD_NOTIFY_ERROR:
            return true;
        default:
            return false;
        }
    default:
        return false;
    }
}

/* The comma and the name; every object begins with members that are always there. */
static void begin_member(struct buf *out, slice name)
{
    buf_append(out, SLICE(",\""));
    buf_append(out, name);
    buf_append(out, SLICE("\":"));
}

static void write_payload(struct buf *out, const struct message *message)
{
    if (message->data.length == 0)
        return;
    if (is_checked_payload(message)) {
        begin_member(out, SLICE("parsedData"));
        buf_append(out, message->data);
    } else {
        begin_member(out, SLICE("data"));
        json_write_text(out, message->data);
    }
}

static void write_names(struct buf *out, const struct message *message)
{
    buf_append_byte(out, '[');
    for (uint32_t i = 0; i < message->name_count; i++) {
        if (i > 0)
            buf_append_byte(out, ',');
        json_write_text(out, message->names[i]);
    }
    buf_append_byte(out, ']');
}

static void write_versions(struct buf *out, const struct message *message)
{
    buf_append_byte(out, '{');
    for (uint32_t i = 0; i < message->version_count; i++) {
        if (i > 0)
            buf_append_byte(out, ',');
        json_write_text(out, message->versions[i].name);
        buf_append_byte(out, ':');
        decimal_append(out, message->versions[i].version);
    }
    buf_append_byte(out, '}');
}

static void write_value(struct buf *out, const struct message *message,
                        const struct json_member *member)
{
    const void *place = (const char *)message + member->offset;
    switch ((enum member_kind)member->kind) {
    case MEMBER_TEXT:
        json_write_text(out, *(const slice *)place);
        break;
    case MEMBER_NUMBER:
        decimal_append(out, *(const int32_t *)place);
        break;
    case MEMBER_FLAG:
        buf_append(out, *(const bool *)place ? SLICE("true") : SLICE("false"));
        break;
    case MEMBER_NAMES:
        write_names(out, message);
        break;
    case MEMBER_VERSIONS:
        write_versions(out, message);
        break;
    }
}

void json_encode(const struct message *message, struct buf *out)
{
    buf_append(out, SLICE("{\"topic\":"));
    decimal_append(out, message->topic);
    buf_append(out, SLICE(",\"action\":"));
    decimal_append(out, message->action);
    for (size_t i = 0; i < JSON_MEMBER_COUNT; i++) {
        const struct json_member *member = &json_members[i];
        if ((message->present >> member->field & 1) == 0)
            continue;
        if (member->field == FIELD_data) {
            write_payload(out, message);
            continue;
        }
        begin_member(out, member->name);
        write_value(out, message, member);
    }
    buf_append_byte(out, '}');
}
