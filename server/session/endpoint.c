/* The sessions of one endpoint, whatever carries them: their beginning, their end, and with one
 * timer each, however many there are, who is silent and who does not log in. */

#include "session/endpoint.h"

#include "session/manners.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"

#include <stdlib.h>

#define TEXT_KEPT_BYTES 64 /* for log lines; X-Forwarded-For may be as long as a head */

/* ---- the login queue ---- */

static struct session *oldest_login(const struct session_endpoint *endpoint)
{
    return list_is_empty(&endpoint->logins)
               ? NULL
               : LIST_ITEM(endpoint->logins.next, struct session, in_login_queue);
}

static void time_out(struct session *session)
{
    struct message message = MESSAGE(TOPIC_CONNECTION, CONNECTION_AUTHENTICATION_TIMEOUT);
    log_line(session->settings->log, DS_INFO, LOG_AUTHENTICATION_TIMEOUT,
             "connection has not authenticated successfully in the expected time");
    session_send(session, &message);
    session->closing = CLOSING_LOGIN_TIMEOUT;
    session_close(session, DS_CLOSE_NORMAL, "it did not log in in time");
}

static void on_login_timer(uv_timer_t *timer)
{
    struct session_endpoint *endpoint = timer->data;
    uint64_t timeout_ms = endpoint->settings->unauthenticated_timeout_ms;
    uint64_t now = uv_now(endpoint->settings->loop);
    struct session *oldest;
    while ((oldest = oldest_login(endpoint)) != NULL) {
        uint64_t due = oldest->opened_ms + timeout_ms;
        if (due > now) {
            uv_timer_start(timer, on_login_timer, due - now, 0);
            return;
        }
        time_out(oldest);
    }
}

static void queue_login(struct session *session)
{
    struct session_endpoint *endpoint = session->endpoint;
    uint64_t timeout_ms = endpoint->settings->unauthenticated_timeout_ms;
    if (timeout_ms == 0)
        return;
    list_append(&endpoint->logins, &session->in_login_queue);
    if (!uv_is_active((uv_handle_t *)&endpoint->login_timer))
        uv_timer_start(&endpoint->login_timer, on_login_timer, timeout_ms, 0);
}

/* ---- heartbeats ---- */

static void end_silent(struct session *session)
{
    session->closing = CLOSING_NO_HEARTBEAT;
    session_close(session, DS_CLOSE_NORMAL, "no heartbeat in two intervals");
}

static void ping_all(struct session_endpoint *endpoint)
{
    struct message ping = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    struct broadcast broadcast;
    broadcast_begin(&broadcast, &ping);
    for (struct list_link *at = endpoint->sessions.next; at != &endpoint->sessions; at = at->next)
        broadcast_send(&broadcast, LIST_ITEM(at, struct session, in_endpoint));
    broadcast_end(&broadcast);
}

static void on_heartbeat_timer(uv_timer_t *timer)
{
    struct session_endpoint *endpoint = timer->data;
    uint64_t now = uv_now(endpoint->settings->loop);
    uint64_t allowed_ms = 2 * (uint64_t)endpoint->settings->heartbeat_interval_ms;
    for (struct list_link *at = endpoint->sessions.next; at != &endpoint->sessions; at = at->next) {
        struct session *session = LIST_ITEM(at, struct session, in_endpoint);
        if (session->state != SESSION_CLOSED && now - session->last_alive_ms > allowed_ms)
            end_silent(session);
    }
    if (manners_of(endpoint->settings->protocol)->server_pings)
        ping_all(endpoint);
}

static void start_heartbeats(struct session_endpoint *endpoint)
{
    uint64_t interval_ms = endpoint->settings->heartbeat_interval_ms;
    if (interval_ms > 0 && !uv_is_active((uv_handle_t *)&endpoint->heartbeat_timer))
        uv_timer_start(&endpoint->heartbeat_timer, on_heartbeat_timer, interval_ms, interval_ms);
}

/* ---- beginning and end of a session ---- */

static slice copy_start(slice text)
{
    size_t length = text.length < TEXT_KEPT_BYTES ? text.length : TEXT_KEPT_BYTES;
    return slice_copy((slice){text.at, length});
}

static void log_opened(const struct session *session, const struct ds_http_request *request)
{
    slice referer = ds_http_header_find(request, SLICE("referer"));
    if (referer.at == NULL)
        referer = SLICE("undefined");
    log_line(session->settings->log, DS_INFO, LOG_INCOMING_CONNECTION,
             "from " SLICE_FORMAT " (" SLICE_FORMAT ")", SLICE_ARGUMENTS(referer),
             SLICE_ARGUMENTS(session->remote_address));
}

/* Who speaks first in protocols where the server does (protocol.md 3.2). */
static void greet(struct session *session)
{
    struct message accept = MESSAGE(TOPIC_CONNECTION, CONNECTION_ACCEPT);
    struct message ping = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    session_send(session, &accept);
    session_send(session, &ping);
}

static struct session *session_new(struct session_endpoint *endpoint, struct ds_outlet *outlet,
                                   slice remote_address)
{
    uint64_t now = uv_now(endpoint->settings->loop);
    struct session *session = malloc(sizeof *session);
    CHECK(session != NULL);
    *session = (struct session){
        .settings = endpoint->settings,
        .outlet = outlet,
        .state = manners_of(endpoint->settings->protocol)->first_state,
        .references = 1,
        .remote_address = copy_start(remote_address),
        .endpoint = endpoint,
        .last_alive_ms = now,
        .opened_ms = now,
    };
    list_init(&session->waiting);
    list_init(&session->in_login_queue);
    list_append(&endpoint->sessions, &session->in_endpoint);
    endpoint->count++;
    return session;
}

struct session *session_open_trusted(struct session_endpoint *endpoint, struct ds_outlet *outlet)
{
    CHECK(endpoint->settings->is_trusted);
    struct session *session = session_new(endpoint, outlet, SLICE(""));
    session->user_id = copy_start(SLICE("OPEN"));
    session->state = SESSION_OPEN;
    session->was_open = true;
    session->is_passing = true;
    return session;
}

struct session *session_open(struct session_endpoint *endpoint, struct ds_outlet *outlet,
                             const struct ds_http_request *request)
{
    struct session *session = session_new(endpoint, outlet, request->remote_address);
    session->connection_data = connection_data_new(request);
    metrics_opened(endpoint->settings->metrics);
    queue_login(session);
    start_heartbeats(endpoint);
    log_opened(session, request);
    if (manners_of(endpoint->settings->protocol)->server_pings)
        greet(session);
    return session;
}

static void leave_endpoint(struct session *session)
{
    struct session_endpoint *endpoint = session->endpoint;
    session->state = SESSION_CLOSED;
    session->outlet = NULL;
    session->endpoint = NULL;
    list_remove(&session->in_login_queue);
    list_remove(&session->in_endpoint);
    if (--endpoint->count == 0)
        uv_timer_stop(&endpoint->heartbeat_timer);
}

struct session *session_open_passing(struct session_endpoint *endpoint, struct ds_outlet *outlet,
                                     slice remote_address, const struct ds_login_result *user)
{
    struct session *session = session_new(endpoint, outlet, remote_address);
    session->is_passing = true;
    if (login_adopt(session, user))
        return session;
    leave_endpoint(session);
    session_release(&session);
    return NULL;
}

/* What closed it from here counts more than how the peer took it. */
static enum closing closing_of(const struct session *session)
{
    static const enum closing CLOSINGS[] = {
        [DS_OUTLET_LOST] = CLOSING_LOST,
        [DS_OUTLET_LEFT] = CLOSING_CLIENT,
        [DS_OUTLET_PROTOCOL_ERROR] = CLOSING_PROTOCOL_ERROR,
        [DS_OUTLET_SLOW_RECEIVER] = CLOSING_SLOW_RECEIVER,
        [DS_OUTLET_SERVER_STOP] = CLOSING_SERVER_STOP,
        [DS_OUTLET_CLOSED] = CLOSING_SERVER,
    };
    return session->closing != CLOSING_LOST ? session->closing : CLOSINGS[session->outlet->end];
}

/* Log and plugins hear of connections, not of single messages. */
static void tell_end(const struct session *session)
{
    const struct session_settings *settings = session->settings;
    slice user = session->was_open ? session->user_id : SLICE("null");
    log_line(settings->log, DS_INFO, LOG_CLIENT_DISCONNECTED, SLICE_FORMAT, SLICE_ARGUMENTS(user));
    if (session->was_open)
        login_ended(session);
}

void session_detach(struct session *session)
{
    const struct session_events *events = session->settings->events;
    CHECK(session->state == SESSION_OPEN && !session->is_passing);
    metrics_closed(session->settings->metrics, closing_of(session));
    events->on_detach(events->context, session);
    tell_end(session);
    session->is_detached = session->is_passing = true;
}

void session_ended(struct session *session)
{
    const struct session_settings *settings = session->settings;
    expiry_forget(session);
    if (!session->is_passing)
        metrics_closed(settings->metrics, closing_of(session));
    leave_endpoint(session);
    settings->events->on_close(settings->events->context, session, session->was_open);
    if (!session->is_passing)
        tell_end(session);
    session_release(&session);
}

/* ---- the endpoint ---- */

static void add_timer(struct session_endpoint *endpoint, uv_timer_t *timer)
{
    CHECK(uv_timer_init(endpoint->settings->loop, timer) == 0);
    timer->data = endpoint;
    endpoint->open_timers++;
}

struct session_endpoint *session_endpoint_new(const struct session_settings *settings)
{
    struct session_endpoint *endpoint = malloc(sizeof *endpoint);
    CHECK(endpoint != NULL);
    *endpoint =
        (struct session_endpoint){.settings = settings, .codec = codec_of(settings->protocol)};
    list_init(&endpoint->sessions);
    list_init(&endpoint->logins);
    arena_init(&endpoint->arena, 0);
    add_timer(endpoint, &endpoint->heartbeat_timer);
    add_timer(endpoint, &endpoint->login_timer);
    add_timer(endpoint, &endpoint->expiry_timer);
    return endpoint;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct session_endpoint *endpoint = handle->data;
    if (--endpoint->open_timers > 0)
        return;
    arena_fini(&endpoint->arena);
    buf_fini(&endpoint->scratch);
    VEC_FREE(&endpoint->expiring);
    free(endpoint);
}

void session_endpoint_free(struct session_endpoint **endpoint)
{
    struct session_endpoint *ended = *endpoint;
    if (ended == NULL)
        return;
    while (!list_is_empty(&ended->sessions)) {
        struct session *session = LIST_ITEM(ended->sessions.next, struct session, in_endpoint);
        session->closing = CLOSING_SERVER_STOP;
        session_ended(session);
    }
    uv_close((uv_handle_t *)&ended->heartbeat_timer, on_timer_closed);
    uv_close((uv_handle_t *)&ended->login_timer, on_timer_closed);
    uv_close((uv_handle_t *)&ended->expiry_timer, on_timer_closed);
    *endpoint = NULL;
}

size_t session_endpoint_count(const struct session_endpoint *endpoint)
{
    return endpoint->count;
}

/* Closing a session takes it from no list: that is done at the end of its connection. */
bool session_endpoint_each(const struct session_endpoint *endpoint,
                           bool (*visit)(void *context, struct session *session), void *context)
{
    for (struct list_link *at = endpoint->sessions.next; at != &endpoint->sessions; at = at->next) {
        struct session *session = LIST_ITEM(at, struct session, in_endpoint);
        if (session_is_open(session) && !visit(context, session))
            return false;
    }
    return true;
}
