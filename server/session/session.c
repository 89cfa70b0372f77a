#include "session/session.h"

#include "session/endpoint.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"

#include <stdlib.h>

struct session *session_retain(struct session *session)
{
    session->references++;
    return session;
}

static void free_session(struct session *session)
{
    const struct session_settings *settings = session->settings;
    if (session->user != NULL)
        settings->permission->user_free(settings->permission_self, session->user);
    free((void *)session->user_id.at); /* client_data stands behind it */
    free((void *)session->remote_address.at);
    free((void *)session->connection_data.at);
    receive_forget(session);
    free(session);
}

void session_release(struct session **session)
{
    CHECK((*session)->references > 0);
    if (--(*session)->references == 0)
        free_session(*session);
    *session = NULL;
}

/* The frame's payload, until the next one is encoded; empty: the protocol has no form for it. */
static slice encode(struct session_endpoint *endpoint, const struct message *message)
{
    struct buf *scratch = &endpoint->scratch;
    if (scratch->capacity > SCRATCH_KEPT_BYTES)
        buf_fini(scratch);
    buf_clear(scratch);
    endpoint->codec->encode(message, scratch);
    return buf_slice(scratch);
}

static bool is_taken(struct session *session, const struct message *message)
{
    const struct session_settings *settings = session->settings;
    return settings->take_sent != NULL && settings->take_sent(session, message);
}

void session_send(struct session *session, const struct message *message)
{
    if (session->state == SESSION_CLOSED || is_taken(session, message))
        return;
    slice payload = encode(session->endpoint, message);
    if (payload.length == 0)
        return;
    metrics_sent(session->settings->metrics, message, 1);
    session->outlet->operations->send(session->outlet, payload);
}

void session_close(struct session *session, enum ds_close_code code, const char *reason)
{
    if (session->state == SESSION_CLOSED)
        return;
    slice who = session->user_id.length > 0 ? session->user_id : session->remote_address;
    log_line(session->settings->log, DS_INFO, LOG_CONNECTION_ERROR,
             "closing the connection of " SLICE_FORMAT ": %s", SLICE_ARGUMENTS(who), reason);
    session->state = SESSION_CLOSED;
    if (session->closing == CLOSING_LOST)
        session->closing = CLOSING_SERVER;
    list_remove(&session->in_login_queue);
    expiry_forget(session);
    session->outlet->operations->close(session->outlet, code);
}

/* ---- broadcasts ---- */

void broadcast_begin(struct broadcast *broadcast, const struct message *message)
{
    *broadcast = (struct broadcast){.message = message};
}

/* NULL: the protocol has no form for the message. */
static struct ds_frame *frame_for(struct broadcast *broadcast, const struct session *session)
{
    struct ds_frame **frame = &broadcast->frames[session->settings->protocol];
    bool *is_formless = &broadcast->is_formless[session->settings->protocol];
    if (*frame != NULL || *is_formless)
        return *frame;
    slice payload = encode(session->endpoint, broadcast->message);
    broadcast->makers[session->settings->protocol] = session->outlet->operations;
    if (payload.length > 0)
        *frame = session->outlet->operations->make_frame(payload);
    else
        *is_formless = true;
    return *frame;
}

void broadcast_send(struct broadcast *broadcast, struct session *session)
{
    if (session->state == SESSION_CLOSED || is_taken(session, broadcast->message))
        return;
    const struct ds_outlet_operations *operations = session->outlet->operations;
    struct ds_frame *frame = frame_for(broadcast, session);
    if (frame == NULL)
        return;
    if (broadcast->makers[session->settings->protocol] == operations)
        operations->send_frame(session->outlet, frame);
    else /* another transport with the same protocol */
        operations->send(session->outlet, ds_frame_payload(frame));
    broadcast->metrics = session->settings->metrics;
    broadcast->sent++;
}

/* Counted as sent to each, and not as received (S12). */
void broadcast_end(struct broadcast *broadcast)
{
    metrics_sent(broadcast->metrics, broadcast->message, broadcast->sent);
    for (size_t i = 0; i < PROTOCOL_COUNT; i++) {
        if (broadcast->frames[i] != NULL)
            ds_frame_release(&broadcast->frames[i]);
    }
}
