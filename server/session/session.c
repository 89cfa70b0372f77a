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

/* Apart from broadcast_send, which runs once for each receiver, this once for all. */
static __attribute__((noinline)) void
make_form(struct broadcast *broadcast, struct broadcast_form *form, const struct session *session)
{
    slice payload = encode(session->endpoint, broadcast->message);
    form->maker = session->outlet->operations;
    if (payload.length > 0)
        form->frame = form->maker->make_frame(payload);
    broadcast->metrics = session->settings->metrics;
}

void broadcast_send(struct broadcast *broadcast, struct session *session)
{
    if (session->state == SESSION_CLOSED || is_taken(session, broadcast->message))
        return;
    struct broadcast_form *form = &broadcast->forms[session->settings->protocol];
    const struct ds_outlet_operations *operations = session->outlet->operations;
    if (form->maker == NULL)
        make_form(broadcast, form, session);
    if (form->frame == NULL)
        return;
    if (form->maker == operations)
        operations->send_frame(session->outlet, form->frame);
    else /* another transport with the same protocol */
        operations->send(session->outlet, ds_frame_payload(form->frame));
    broadcast->sent++;
}

/* Counted as sent to each, and not as received (S12). */
void broadcast_end(struct broadcast *broadcast)
{
    metrics_sent(broadcast->metrics, broadcast->message, broadcast->sent);
    for (size_t i = 0; i < PROTOCOL_COUNT; i++) {
        if (broadcast->forms[i].frame != NULL)
            ds_frame_release(&broadcast->forms[i].frame);
    }
}
