/* The allow-list: which way a message of a client goes, by its topic and action (H22), and whether
 * it has the names that its way needs. */

#include "pipeline/pipeline_private.h"

#include "logging/log.h"

static void refuse_unknown(struct session *session, uint16_t answer, const struct message *message)
{
    struct message reply = MESSAGE(TOPIC_PARSER, answer);
    MESSAGE_SET(&reply, original_topic, message->topic); /* F18 */
    MESSAGE_SET(&reply, original_action, message->action);
    session_send(session, &reply);
}

static void on_unknown_topic(struct pipeline *pipeline, struct session *session,
                             const struct message *message)
{
    slice name = topic_name(message->topic);
    log_line(pipeline->settings.log, DS_WARN, LOG_UNKNOWN_TOPIC,
             SLICE_FORMAT " (%u) of " SLICE_FORMAT, SLICE_ARGUMENTS(name), message->topic,
             SLICE_ARGUMENTS(session->user_id));
    refuse_unknown(session, PARSER_UNKNOWN_TOPIC, message);
}

static void on_unknown_action(struct pipeline *pipeline, struct session *session,
                              const struct message *message)
{
    slice topic = topic_name(message->topic), action = action_name(message->topic, message->action);
    log_line(pipeline->settings.log, DS_WARN, LOG_UNKNOWN_ACTION,
             SLICE_FORMAT "." SLICE_FORMAT " (%u) of " SLICE_FORMAT, SLICE_ARGUMENTS(topic),
             SLICE_ARGUMENTS(action), message->action, SLICE_ARGUMENTS(session->user_id));
    refuse_unknown(session, PARSER_UNKNOWN_ACTION, message);
}

void distribute_allowed(struct pipeline *pipeline, struct session *session,
                        const struct message *message)
{
    const struct handler *handler = pipeline->handlers[message->topic];
    if (!pipeline->is_over)
        handler->on_message(handler->self, session, message);
}

/* A notification about no records is the one list that may be empty: its handler says so (B13). */
static bool is_empty_notify(const struct message *message)
{
    return message->topic == TOPIC_RECORD && message->action == RECORD_NOTIFY &&
           message->name_count == 0;
}

/* Whether the message names what its way needs; the others ignore the field (H4). */
static bool has_names(enum action_way way, const struct message *message)
{
    switch (way) {
    case WAY_FREE_NAME:
    case WAY_ASK_NAME:
    case WAY_IN_HANDLER:
        return MESSAGE_HAS(message, name);
    case WAY_ASK_NAMES:
    case WAY_IN_HANDLER_NAMES:
        return message->name_count > 0;
    case WAY_REFUSE:
    case WAY_FREE:
    case WAY_FREE_NAMES: /* none is fine: nothing ends, and that is acknowledged */
    case WAY_FILTERS:
    case WAY_ASK_NOBODY:
        break;
    }
    return true;
}

static void send_on_way(struct pipeline *pipeline, struct session *session, enum action_way way,
                        const struct message *message)
{
    switch (way) {
    case WAY_REFUSE:
        on_unknown_action(pipeline, session, message);
        return;
    case WAY_FREE:
    case WAY_FREE_NAME:
    case WAY_FREE_NAMES:
    case WAY_IN_HANDLER:
    case WAY_IN_HANDLER_NAMES:
    case WAY_FILTERS:
        distribute_allowed(pipeline, session, message);
        return;
    case WAY_ASK_NOBODY:
        passage_start(pipeline, session, message, PASSAGE_NOBODY);
        return;
    case WAY_ASK_NAME:
        passage_start(pipeline, session, message, PASSAGE_NAME);
        return;
    case WAY_ASK_NAMES:
        passage_start(pipeline, session, message, PASSAGE_NAMES);
        return;
    }
}

static bool has_handler(const struct pipeline *pipeline, const struct message *message)
{
    return message->topic < TOPIC_COUNT && pipeline->handlers[message->topic] != NULL;
}

void distribute_malformed(struct pipeline *pipeline, struct session *session,
                          const struct message *message)
{
    if (has_handler(pipeline, message))
        pipeline_malformed(session, message);
    else
        on_unknown_topic(pipeline, session, message);
}

/* Other protocols have no form for filters; a client that makes up their numbers is refused. */
static enum action_way way_of(const struct session *session, const struct message *message)
{
    enum action_way way = action_way(message->topic, message->action);
    bool is_foreign = way == WAY_FILTERS && session->settings->protocol != PROTOCOL_MQTT;
    return is_foreign ? WAY_REFUSE : way;
}

void distribute(struct pipeline *pipeline, struct session *session, const struct message *message)
{
    if (!has_handler(pipeline, message)) {
        on_unknown_topic(pipeline, session, message);
        return;
    }
    enum action_way way = way_of(session, message);
    if (is_empty_notify(message))
        distribute_allowed(pipeline, session, message);
    else if (!has_names(way, message))
        pipeline_malformed(session, message);
    else
        send_on_way(pipeline, session, way, message);
}

void distribute_login(struct pipeline *pipeline, struct session *session)
{
    for (size_t i = 0; i < pipeline->handler_count; i++) {
        const struct handler *handler = pipeline->in_order[i];
        if (handler->on_login != NULL)
            handler->on_login(handler->self, session);
    }
}

void distribute_detach(struct pipeline *pipeline, struct session *session)
{
    for (size_t i = 0; i < pipeline->handler_count; i++) {
        const struct handler *handler = pipeline->in_order[i];
        if (handler->on_detach != NULL)
            handler->on_detach(handler->self, session);
    }
}

void distribute_close(struct pipeline *pipeline, struct session *session)
{
    for (size_t i = 0; i < pipeline->handler_count; i++) {
        const struct handler *handler = pipeline->in_order[i];
        if (handler->on_close != NULL)
            handler->on_close(handler->self, session);
    }
}
