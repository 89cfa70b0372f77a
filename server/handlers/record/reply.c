/* What authors and readers are answered (protocol.md 2.6). Every error says isError, or a client
 * would take the answer to its write for a success (F10). */

#include "handlers/record/record_internal.h"

static void echo_write_fields(struct message *reply, const struct message *message)
{
    MESSAGE_ECHO(reply, message, correlation_id);
    if (message->is_write_ack)
        MESSAGE_SET(reply, is_write_ack, true);
}

/* The answers that say by themselves what has failed. */
static bool names_its_question(uint16_t action)
{
    return action == RECORD_RECORD_UPDATE_ERROR || action == RECORD_RECORD_DELETE_ERROR;
}

static bool is_query(const struct message *message)
{
    return message->action == RECORD_READ || message->action == RECORD_HEAD;
}

void record_reply_error(struct session *session, const struct message *message, slice name,
                        uint16_t action)
{
    struct message reply = MESSAGE(TOPIC_RECORD, action);
    MESSAGE_SET(&reply, name, name);
    if (!names_its_question(action))
        MESSAGE_SET(&reply, original_action, message->action);
    MESSAGE_SET(&reply, is_error, true);
    if (!is_query(message)) /* a client finds its question by the name */
        echo_write_fields(&reply, message);
    session_send(session, &reply);
}

/* The request but for its data, as an error. */
static struct message echo(const struct message *message, uint16_t action)
{
    struct message reply = MESSAGE(TOPIC_RECORD, action);
    MESSAGE_ECHO(&reply, message, name);
    MESSAGE_ECHO(&reply, message, version);
    MESSAGE_ECHO(&reply, message, path);
    MESSAGE_SET(&reply, original_action, message->action);
    MESSAGE_SET(&reply, is_error, true);
    echo_write_fields(&reply, message);
    return reply;
}

/* Clients parse whatever `data` they get (protocol.md 2.2): what is no JSON does not go back. */
void record_reply_malformed(struct record_handler *handler, struct session *session,
                            const struct message *message)
{
    struct message reply = echo(message, RECORD_INVALID_MESSAGE_DATA);
    if (is_json(handler, message->data))
        MESSAGE_ECHO(&reply, message, data);
    log_line(session->settings->log, DS_WARN, LOG_INVALID_MESSAGE_DATA,
             "a write to " SLICE_FORMAT " by " SLICE_FORMAT, SLICE_ARGUMENTS(message->name),
             SLICE_ARGUMENTS(session->user_id));
    session_send(session, &reply);
}

void record_reply_version_exists(struct session *session, const struct message *message,
                                 int32_t version, slice data)
{
    struct message reply = MESSAGE(TOPIC_RECORD, RECORD_VERSION_EXISTS);
    MESSAGE_SET(&reply, name, message->name);
    MESSAGE_SET(&reply, original_action, message->action);
    MESSAGE_SET(&reply, version, version);
    MESSAGE_SET(&reply, data, data);
    MESSAGE_SET(&reply, is_error, true);
    echo_write_fields(&reply, message);
    session_send(session, &reply);
}

void record_reply_invalid_version(struct session *session, const struct message *message,
                                  int32_t version)
{
    struct message reply = echo(message, RECORD_INVALID_VERSION);
    MESSAGE_ECHO(&reply, message, data);
    MESSAGE_SET(&reply, version, version);
    session_send(session, &reply);
}

void record_reply_written(struct session *session, const struct message *message)
{
    struct message reply = MESSAGE(TOPIC_RECORD, RECORD_WRITE_ACKNOWLEDGEMENT);
    MESSAGE_SET(&reply, name, message->name);
    echo_write_fields(&reply, message);
    session_send(session, &reply);
}

void record_reply_read(struct session *session, slice name, int32_t version, slice data)
{
    struct message reply = MESSAGE(TOPIC_RECORD, RECORD_READ_RESPONSE);
    MESSAGE_SET(&reply, name, name);
    MESSAGE_SET(&reply, version, version);
    MESSAGE_SET(&reply, data, data);
    session_send(session, &reply);
}

void record_reply_head(struct session *session, slice name, int32_t version)
{
    struct message reply = MESSAGE(TOPIC_RECORD, RECORD_HEAD_RESPONSE);
    MESSAGE_SET(&reply, name, name);
    MESSAGE_SET(&reply, version, version);
    session_send(session, &reply);
}

void record_reply_ack(struct session *session, const struct message *message, bool with_names)
{
    struct message reply = MESSAGE(TOPIC_RECORD, message->action);
    if (with_names)
        message_set_names(&reply, message->names, message->name_count);
    MESSAGE_ECHO(&reply, message, correlation_id);
    MESSAGE_SET(&reply, is_ack, true);
    session_send(session, &reply);
}
