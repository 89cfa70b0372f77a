/* Messages to a client -> items of the answer to an HTTP batch. */

#include "message/jif.h"

#include "base/buf.h"
#include "json.h"

/* ---- members ---- */

static void begin(struct buf *out, const char *first)
{
    buf_append_byte(out, '{');
    buf_append_text(out, first);
}

static void write_key(struct buf *out, const char *key)
{
    buf_printf(out, ",\"%s\":", key);
}

static void write_text(struct buf *out, const char *key, slice text)
{
    write_key(out, key);
    json_write_text(out, text);
}

/* The text between the parts is a name of a client's. */
static void write_error(struct buf *out, const char *before, slice name, const char *after)
{
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, before);
    buf_append(&text, name);
    buf_append_text(&text, after);
    write_text(out, "error", buf_slice(&text));
    buf_fini(&text);
}

static void write_data(struct buf *out, const char *key, const struct message *message)
{
    if (message->data.length == 0)
        return;
    write_key(out, key);
    buf_append(out, message->data);
}

static void write_number(struct buf *out, const char *key, int32_t number)
{
    write_key(out, key);
    buf_printf(out, "%d", (int)number);
}

/* ---- errors ---- */

static void write_denied(struct buf *out, const struct message *message)
{
    slice action = action_name(message->topic, (unsigned)message->original_action);
    write_number(out, "action", message->original_action);
    write_error(out, "Message denied. Action \"", action, "\" is not permitted.");
}

static void write_version_error(struct buf *out, const struct message *message, const char *what)
{
    struct buf before = BUF_EMPTY;
    buf_printf(&before, "Record update failed. Version %d %s for record \"", (int)message->version,
               what);
    buf_append_byte(&before, '\0');
    write_error(out, before.at, message->name, "\".");
    buf_fini(&before);
    write_number(out, "currentVersion", message->version);
    write_data(out, "currentData", message);
}

static void write_other(struct buf *out, const struct message *message)
{
    write_error(out, "An error occurred: ", action_name(message->topic, message->action), ".");
    if (MESSAGE_HAS(message, name))
        write_text(out, "errorParams", message->name);
}

static void write_record_error(struct buf *out, const struct message *message)
{
    switch (message->action) {
    case RECORD_MESSAGE_DENIED:
        write_denied(out, message);
        return;
    case RECORD_VERSION_EXISTS:
        write_version_error(out, message, "exists");
        return;
    case RECORD_INVALID_VERSION:
        write_version_error(out, message, "is not valid");
        return;
    case RECORD_RECORD_NOT_FOUND:
        write_error(out, "Record read failed. Record \"", message->name, "\" could not be found.");
        return;
    default:
        write_other(out, message);
    }
}

static void write_rpc_error(struct buf *out, const struct message *message)
{
    switch (message->action) {
    case RPC_MESSAGE_DENIED:
        write_denied(out, message);
        return;
    case RPC_NO_RPC_PROVIDER:
        write_error(out, "No provider was available to handle the RPC \"", message->name, "\".");
        return;
    case RPC_RESPONSE_TIMEOUT:
        write_error(out, "The RPC response timeout was exceeded by the provider.", SLICE(""), "");
        return;
    default:
        write_other(out, message);
    }
}

static void write_topic(struct buf *out, unsigned topic)
{
    slice name = topic_name(topic);
    buf_append_text(out, "\"errorTopic\":\"");
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        buf_append_byte(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
    buf_append_byte(out, '"');
}

/* Whether it is a rule that says no or one that fails, an event was not emitted. */
static bool is_refused_event(const struct message *message)
{
    return message->topic == TOPIC_EVENT && (message->action == EVENT_MESSAGE_DENIED ||
                                             message->action == EVENT_MESSAGE_PERMISSION_ERROR);
}

static void write_failure(struct buf *out, const struct message *message)
{
    if (is_refused_event(message)) {
        buf_append_text(out, "{\"success\":false,"
                             "\"error\":\"Message denied. Action 'emit' is not permitted.\","
                             "\"errorEvent\":\"MESSAGE_DENIED\",\"errorAction\":\"emit\","
                             "\"errorTopic\":\"event\"}");
        return;
    }
    buf_append_byte(out, '{');
    write_topic(out, message->topic);
    buf_printf(out, ",\"errorEvent\":%u,\"success\":false", (unsigned)message->action);
    if (message->topic == TOPIC_RECORD)
        write_record_error(out, message);
    else if (message->topic == TOPIC_RPC)
        write_rpc_error(out, message);
    else if (message->topic == TOPIC_PRESENCE && message->action == PRESENCE_MESSAGE_DENIED)
        write_denied(out, message);
    else
        write_other(out, message);
    buf_append_byte(out, '}');
}

/* ---- answers ---- */

static void write_record(struct buf *out, const struct message *message)
{
    switch (message->action) {
    case RECORD_READ_RESPONSE:
        begin(out, "\"success\":true");
        write_number(out, "version", message->version);
        write_data(out, "data", message);
        buf_append_byte(out, '}');
        return;
    case RECORD_HEAD_RESPONSE:
        begin(out, "\"success\":true");
        write_number(out, "version", message->version);
        buf_append_byte(out, '}');
        return;
    case RECORD_WRITE_ACKNOWLEDGEMENT:
    case RECORD_DELETE_SUCCESS:
    case RECORD_NOTIFY:
        begin(out, "\"success\":true}");
        return;
    default:
        return;
    }
}

static void write_rpc(struct buf *out, const struct message *message)
{
    if (message->action == RPC_RESPONSE) {
        begin(out, "\"success\":true");
        write_data(out, "data", message);
        buf_append_byte(out, '}');
    } else if (message->action == RPC_REQUEST_ERROR) {
        begin(out, "\"errorTopic\":\"rpc\",\"success\":false");
        write_data(out, "error", message);
        buf_append_byte(out, '}');
    }
}

static void write_users(struct buf *out, const struct message *message)
{
    begin(out, "\"success\":true,\"users\":[");
    for (uint32_t i = 0; i < message->name_count; i++) {
        if (i > 0)
            buf_append_byte(out, ',');
        json_write_text(out, message->names[i]);
    }
    buf_append_text(out, "]}");
}

static void write_presence(struct buf *out, const struct message *message)
{
    if (message->action == PRESENCE_QUERY_ALL_RESPONSE) {
        write_users(out, message);
    } else if (message->action == PRESENCE_QUERY_RESPONSE) {
        begin(out, "\"success\":true");
        write_data(out, "users", message);
        buf_append_byte(out, '}');
    }
}

static bool is_failure(const struct message *message)
{
    return message->is_error || message->action >= 100 || message->topic == TOPIC_PARSER;
}

void jif_encode(const struct message *message, struct buf *out)
{
    if (is_failure(message))
        write_failure(out, message);
    else if (message->topic == TOPIC_RECORD)
        write_record(out, message);
    else if (message->topic == TOPIC_RPC)
        write_rpc(out, message);
    else if (message->topic == TOPIC_PRESENCE)
        write_presence(out, message);
    else if (message->topic == TOPIC_EVENT && message->is_ack)
        begin(out, "\"success\":true}");
}

const struct codec jif_codec = {.name = "http", .is_text = true, .encode = jif_encode};
