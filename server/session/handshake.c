/* The messages of a session before it is open (protocol.md 3.1): a challenge, then a login. */

#include "session/endpoint.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "json.h"

#define MAX_LOGIN_DEPTH 128
#define MAX_LOGIN_MEMORY ((size_t)64 << 20) /* of the tree of the largest login data */

static void reply(struct session *session, unsigned topic, unsigned action)
{
    struct message message = MESSAGE((uint8_t)topic, (uint16_t)action);
    session_send(session, &message);
}

static bool is(const struct message *message, unsigned topic, unsigned action)
{
    return message->topic == topic && message->action == action;
}

/* ---- challenge ---- */

static void on_challenging(struct session *session, const struct message *message)
{
    struct log *log = session->settings->log;
    if (message == NULL || message->topic != TOPIC_CONNECTION) {
        log_line(log, DS_WARN, LOG_INVALID_MESSAGE, "message before the challenge");
        reply(session, TOPIC_CONNECTION, CONNECTION_INVALID_MESSAGE);
    } else if (message->action == CONNECTION_CHALLENGE) {
        session->state = SESSION_AWAITING_LOGIN;
        reply(session, TOPIC_CONNECTION, CONNECTION_ACCEPT);
    } else {
        slice name = action_name(message->topic, message->action);
        log_line(log, DS_WARN, LOG_UNKNOWN_ACTION, "CONNECTION." SLICE_FORMAT " (%u)",
                 SLICE_ARGUMENTS(name), message->action);
    }
}

/* ---- login ---- */

/* Authentication is asked about objects and lists alone (F1). */
static const char *problem_of(slice data)
{
    struct arena arena;
    valve_value value;
    struct json_error error = {0};
    arena_init(&arena, MAX_LOGIN_MEMORY);
    bool is_json = json_read(data, (struct json_limits){MAX_LOGIN_DEPTH}, &arena, &value, &error);
    const char *problem = NULL;
    if (!is_json)
        problem = error.message;
    else if (value.type != VALUE_OBJECT && value.type != VALUE_ARRAY)
        problem = "neither an object nor a list";
    arena_fini(&arena);
    return problem;
}

static void refuse_data(struct session *session, const char *problem, slice data)
{
    const struct session_settings *settings = session->settings;
    if (settings->log_invalid_auth_data)
        log_line(settings->log, DS_WARN, LOG_INVALID_MESSAGE_DATA,
                 "Error parsing auth message \"" SLICE_FORMAT "\": %s", SLICE_ARGUMENTS(data),
                 problem);
    else
        log_line(settings->log, DS_WARN, LOG_INVALID_MESSAGE_DATA, "Error parsing auth message: %s",
                 problem);
    reply(session, TOPIC_AUTH, AUTH_INVALID_MESSAGE_DATA);
    session->closing = CLOSING_BAD_LOGIN;
    session_close(session, DS_CLOSE_NORMAL, "its login could not be read");
}

static void on_login_message(struct session *session, const struct message *message)
{
    if (message == NULL || message->topic != TOPIC_AUTH) {
        log_line(session->settings->log, DS_WARN, LOG_INVALID_MESSAGE, "message before the login");
        reply(session, TOPIC_AUTH, AUTH_INVALID_MESSAGE);
        return;
    }
    if (message->action != AUTH_REQUEST) {
        refuse_data(session, "the action is not REQUEST", message->data);
        return;
    }
    if (session->state == SESSION_AUTHENTICATING) {
        log_line(session->settings->log, DS_WARN, LOG_INVALID_MESSAGE,
                 "another login while one is under way");
        reply(session, TOPIC_AUTH, AUTH_INVALID_MESSAGE);
        return;
    }
    const char *problem = problem_of(message->data);
    if (problem != NULL)
        refuse_data(session, problem, message->data);
    else
        login_start(session, message->data);
}

void handshake_on_message(struct session *session, const struct message *message)
{
    if (message != NULL && is(message, TOPIC_CONNECTION, CONNECTION_PING))
        reply(session, TOPIC_CONNECTION, CONNECTION_PONG); /* F14 */
    else if (session->state == SESSION_CHALLENGING)
        on_challenging(session, message);
    else
        on_login_message(session, message);
}
