/* One attempt to log in: authentication is asked, then the session is open, or may try again, or
 * has tried too often. */

#include "session/endpoint.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"
#include "base/utf8.h"

#include <stdlib.h>

struct attempt {
    struct session *session; /* retained */
    slice auth_data;         /* behind this struct */
};

/* ---- the outcome ---- */

static enum login_way way_of(const struct session_settings *settings)
{
    return settings->endpoint_name != NULL ? LOGIN_PLUGIN : login_way_of(settings->protocol);
}

static void send_outcome(struct session *session, unsigned action, slice client_data)
{
    struct message message = MESSAGE(TOPIC_AUTH, (uint16_t)action);
    if (client_data.length > 0)
        MESSAGE_SET(&message, data, client_data);
    session_send(session, &message);
}

static void refuse(struct attempt *attempt, slice client_data)
{
    struct session *session = attempt->session;
    const struct session_settings *settings = session->settings;
    if (settings->log_invalid_auth_data)
        log_line(settings->log, DS_INFO, LOG_AUTH_UNSUCCESSFUL,
                 "invalid authentication data: " SLICE_FORMAT, SLICE_ARGUMENTS(attempt->auth_data));
    else
        log_line(settings->log, DS_INFO, LOG_AUTH_UNSUCCESSFUL, "invalid authentication data");
    session->state = SESSION_AWAITING_LOGIN;
    metrics_login(settings->metrics, way_of(settings), false, SLICE(""));
    send_outcome(session, AUTH_AUTH_UNSUCCESSFUL, client_data);
    if (++session->failed_logins < settings->max_auth_attempts)
        return;
    log_line(settings->log, DS_INFO, LOG_TOO_MANY_AUTH_ATTEMPTS,
             "too many authentication attempts");
    send_outcome(session, AUTH_TOO_MANY_AUTH_ATTEMPTS, SLICE(""));
    session->closing = CLOSING_LOGIN_ATTEMPTS;
    session_close(session, DS_CLOSE_NORMAL, "too many authentication attempts");
}

static char *append(char *at, slice text)
{
    if (text.length > 0)
        memcpy(at, text.at, text.length);
    return at + text.length;
}

/* Both in one block: thousands of idle sessions keep them. */
static void keep_texts(struct session *session, slice id, slice client_data)
{
    char *block = malloc(id.length + client_data.length + 1);
    CHECK(block != NULL);
    session->user_id = (slice){block, id.length};
    char *end = append(block, id);
    append(end, client_data);
    session->client_data = (slice){end, client_data.length};
}

static bool prepare_user(struct session *session, slice id, bool has_id, slice server_data)
{
    const struct session_settings *settings = session->settings;
    bool is_authenticated = has_id && !slice_equal(id, SLICE("open")); /* H21 */
    if (!utf8_valid(id, false)) /* a lone surrogate of some plugin: it could not be sent */
        return false;
    session->user = settings->permission->user_new(settings->permission_self, id, is_authenticated,
                                                   server_data);
    return session->user != NULL;
}

bool login_adopt(struct session *session, const struct ds_login_result *result)
{
    bool has_id = result->has_id && result->id.length > 0;
    slice id = has_id ? result->id : SLICE("OPEN");
    if (!prepare_user(session, id, has_id, result->server_data)) {
        log_line(session->settings->log, DS_ERROR, LOG_AUTH_ERROR,
                 "the id or server data of " SLICE_FORMAT " is not fit", SLICE_ARGUMENTS(id));
        return false;
    }
    keep_texts(session, id, result->client_data);
    session->state = SESSION_OPEN;
    session->was_open = true;
    return true;
}

static void open_session(struct attempt *attempt, const struct ds_login_result *result)
{
    struct session *session = attempt->session;
    const struct session_settings *settings = session->settings;
    if (!login_adopt(session, result)) {
        refuse(attempt, SLICE(""));
        return;
    }
    free((void *)session->connection_data.at);
    session->connection_data = (slice){0};
    list_remove(&session->in_login_queue);
    metrics_login(settings->metrics, way_of(settings), true, session->user_id);
    expiry_watch(session, result->expires_ms);
    send_outcome(session, AUTH_AUTH_SUCCESSFUL, session->client_data);
    log_line(settings->log, DS_INFO, LOG_AUTH_SUCCESSFUL, SLICE_FORMAT,
             SLICE_ARGUMENTS(session->user_id));
    settings->events->on_login(settings->events->context, session, result->server_data);
}

/* ---- asking ---- */

static bool is_wanted(void *context)
{
    const struct attempt *attempt = context;
    return attempt->session->state == SESSION_AUTHENTICATING;
}

static void on_answer(void *context, const struct ds_login_result *result)
{
    struct attempt *attempt = context;
    if (is_wanted(attempt)) { /* else it has ended meanwhile (F5) */
        if (result->outcome == DS_LOGIN_ACCEPTED)
            open_session(attempt, result);
        else
            refuse(attempt, result->client_data);
    }
    session_release(&attempt->session);
    free(attempt);
}

void login_start(struct session *session, slice auth_data)
{
    struct attempt *attempt = malloc(sizeof *attempt + auth_data.length);
    CHECK(attempt != NULL);
    char *copy = (char *)(attempt + 1);
    append(copy, auth_data);
    *attempt =
        (struct attempt){.session = session_retain(session), .auth_data = {copy, auth_data.length}};
    session->state = SESSION_AUTHENTICATING;
    authenticate(&(struct authentication){.settings = session->settings,
                                          .connection_data = session->connection_data,
                                          .auth_data = attempt->auth_data,
                                          .is_wanted = is_wanted,
                                          .done = on_answer,
                                          .context = attempt});
}

void login_ended(const struct session *session)
{
    const struct session_settings *settings = session->settings;
    for (size_t i = 0; i < settings->authentication_count; i++) {
        const struct session_authentication *entry = &settings->authentications[i];
        if (entry->operations->logged_out != NULL)
            entry->operations->logged_out(entry->self, session->user_id);
    }
}
