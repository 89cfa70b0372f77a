/* Answers to messages that go no further: what is not allowed, and what is not fit. */

#include "pipeline/pipeline_private.h"

#include "logging/log.h"

#include "base/check.h"

struct refusals {
    uint16_t denied;
    uint16_t undecided;
    uint16_t malformed;
};

static const struct refusals *refusals_of(unsigned topic)
{
    static const struct refusals list[] = {
        [TOPIC_EVENT] = {EVENT_MESSAGE_DENIED, EVENT_MESSAGE_PERMISSION_ERROR,
                         EVENT_INVALID_MESSAGE_DATA},
        [TOPIC_RECORD] = {RECORD_MESSAGE_DENIED, RECORD_MESSAGE_PERMISSION_ERROR,
                          RECORD_INVALID_MESSAGE_DATA},
        [TOPIC_RPC] = {RPC_MESSAGE_DENIED, RPC_MESSAGE_PERMISSION_ERROR, RPC_INVALID_MESSAGE_DATA},
        [TOPIC_PRESENCE] = {PRESENCE_MESSAGE_DENIED, PRESENCE_MESSAGE_PERMISSION_ERROR,
                            PRESENCE_INVALID_PRESENCE_USERS},
    };
    CHECK(topic >= TOPIC_EVENT && topic <= TOPIC_PRESENCE);
    return &list[topic];
}

/* isError is set on every one, or a client would take the answer to a write for a success (F10). */
static struct message answer_to(const struct message *message, uint16_t action)
{
    struct message answer = MESSAGE(message->topic, action);
    MESSAGE_SET(&answer, original_action, message->action);
    MESSAGE_SET(&answer, is_error, true);
    MESSAGE_ECHO(&answer, message, correlation_id);
    if (message->is_write_ack)
        MESSAGE_SET(&answer, is_write_ack, true);
    return answer;
}

void pipeline_refuse(struct session *session, const struct message *message, slice name,
                     enum ds_verdict verdict)
{
    const struct refusals *refusals = refusals_of(message->topic);
    struct message answer =
        answer_to(message, verdict == DS_DENY ? refusals->denied : refusals->undecided);
    if (name.at != NULL)
        MESSAGE_SET(&answer, name, name);
    struct log *log = session->settings->log;
    if (verdict == DS_DENY && log_wants(log, DS_DEBUG)) {
        slice topic = topic_name(message->topic);
        slice action = action_name(message->topic, message->action);
        log_line(log, DS_DEBUG, LOG_MESSAGE_DENIED,
                 SLICE_FORMAT "." SLICE_FORMAT " \"" SLICE_FORMAT "\" of " SLICE_FORMAT,
                 SLICE_ARGUMENTS(topic), SLICE_ARGUMENTS(action), SLICE_ARGUMENTS(name),
                 SLICE_ARGUMENTS(session->user_id));
    }
    session_send(session, &answer);
}

void pipeline_malformed(struct session *session, const struct message *message)
{
    struct message answer = answer_to(message, refusals_of(message->topic)->malformed);
    MESSAGE_ECHO(&answer, message, name);
    slice topic = topic_name(message->topic);
    slice action = action_name(message->topic, message->action);
    log_line(session->settings->log, DS_WARN, LOG_INVALID_MESSAGE_DATA,
             SLICE_FORMAT "." SLICE_FORMAT " of " SLICE_FORMAT, SLICE_ARGUMENTS(topic),
             SLICE_ARGUMENTS(action), SLICE_ARGUMENTS(session->user_id));
    session_send(session, &answer);
}
