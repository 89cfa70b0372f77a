/* Sessions over whatever carries whole messages, such as WebSockets: each is a frame of the kind
 * that the codec of the endpoint takes. */

#include "session/endpoint.h"

#include "metrics/metrics.h"

#include "base/utf8.h"

static void *on_open(void *context, struct ds_outlet *outlet, const struct ds_http_request *request)
{
    return session_open(context, outlet, request);
}

static enum ds_frame_kind kind_of(const struct session_endpoint *endpoint)
{
    return endpoint->codec->is_text ? DS_FRAME_TEXT : DS_FRAME_BINARY;
}

static void refuse_kind(struct session *session, enum ds_frame_kind kind)
{
    session->closing = CLOSING_PROTOCOL_ERROR;
    session_close(session, DS_CLOSE_UNSUPPORTED,
                  kind == DS_FRAME_TEXT ? "it sent text to a binary endpoint"
                                        : "it sent binary data to a text endpoint"); /* F8 */
}

/* The server's own WebSockets look at text while it comes; a plugin is not relied upon. */
static bool is_of_plugin(const struct session *session)
{
    return session->settings->endpoint_name != NULL;
}

static void refuse_text(struct session *session)
{
    session->closing = CLOSING_PROTOCOL_ERROR;
    session_close(session, DS_CLOSE_BAD_TEXT, "it sent text that is not UTF-8");
}

static void on_message(void *owner, enum ds_frame_kind kind, slice payload)
{
    struct session *session = owner;
    if (session->state == SESSION_CLOSED)
        return;
    if (kind != kind_of(session->endpoint))
        refuse_kind(session, kind);
    else if (kind == DS_FRAME_TEXT && is_of_plugin(session) && !utf8_valid(payload, false))
        refuse_text(session);
    else
        session_receive(session, payload);
}

static void on_alive(void *owner)
{
    session_alive(owner);
}

static void on_close(void *owner, const char *reason)
{
    (void)reason; /* the transport has logged what is worth a line */
    session_ended(owner);
}

const struct ds_endpoint *session_endpoint_for_transport(struct session_endpoint *endpoint)
{
    const struct session_settings *settings = endpoint->settings;
    endpoint->for_transport = (struct ds_endpoint){
        .context = endpoint,
        .kind = kind_of(endpoint),
        .max_message_bytes = settings->max_message_bytes,
        .max_queue_bytes = settings->max_queue_bytes,
        .flush_delay_ms = settings->outgoing_buffer_timeout_ms,
        .flush_bytes = settings->max_buffer_bytes,
        .deflate = settings->deflate,
        .on_open = on_open,
        .on_message = on_message,
        .on_alive = on_alive,
        .on_close = on_close,
    };
    return &endpoint->for_transport;
}
