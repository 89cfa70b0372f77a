/* From frames of a peer to messages for the layer above, or for the handshake. */

#include "session/endpoint.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"

#include <stdlib.h>

#define FRAME_END '\x1E' /* of the v3 protocol, the one that has several messages in a frame */

void session_alive(struct session *session)
{
    session->last_alive_ms = uv_now(session->settings->loop);
}

void session_receive_message(struct session *session, const struct message *message)
{
    const struct session_settings *settings = session->settings;
    if (session->state == SESSION_CLOSED)
        return;
    metrics_received(settings->metrics, message->topic, message->action);
    if (session->state == SESSION_OPEN)
        settings->events->on_message(settings->events->context, session, message);
    else
        handshake_on_message(session, message);
}

void session_receive_last(struct session *session, const struct message *message)
{
    const struct session_settings *settings = session->settings;
    if (!session->was_open)
        return;
    metrics_received(settings->metrics, message->topic, message->action);
    settings->events->on_message(settings->events->context, session, message);
}

static void log_problem(const struct session *session, const char *problem)
{
    slice who = session->was_open ? session->user_id : session->remote_address;
    log_line(session->settings->log, DS_WARN, LOG_INVALID_MESSAGE, SLICE_FORMAT ": %s",
             SLICE_ARGUMENTS(who), problem);
}

static void on_invalid(struct session *session, const struct message *message)
{
    const struct session_events *events = session->settings->events;
    if (session->state == SESSION_OPEN)
        events->on_malformed(events->context, session, message);
    else
        handshake_on_message(session, NULL);
}

static void on_broken(struct session *session)
{
    session->closing = CLOSING_PROTOCOL_ERROR;
    session_close(session, DS_CLOSE_NORMAL, "it sent what is no message");
}

static void on_undecodable(struct session *session, enum decoded decoded,
                           const struct message *message, const char *problem)
{
    if (problem == NULL)
        return;
    log_problem(session, problem);
    metrics_unreadable(session->settings->metrics);
    if (decoded == DECODED_INVALID)
        on_invalid(session, message);
    else if (decoded == DECODED_UNKNOWN)
        on_invalid(session, NULL);
    else if (decoded == DECODED_BROKEN)
        on_broken(session);
}

/* Until a message pauses reading: the rest waits with those that are not read yet. */
static void receive_all(struct session *session, slice *rest)
{
    const struct codec *codec = session->endpoint->codec;
    struct message_limits limits = {.max_names = session->settings->max_names};
    struct arena *arena = &session->endpoint->arena;
    struct arena_mark mark = arena_mark(arena);
    do {
        struct message message;
        const char *problem = NULL;
        enum decoded decoded = codec->decode(rest, &limits, arena, &message, &problem);
        if (decoded == DECODED_MESSAGE)
            session_receive_message(session, &message);
        else
            on_undecodable(session, decoded, &message, problem);
        arena_reset(arena, mark);
    } while (rest->length > 0 && session->state != SESSION_CLOSED && !session->is_paused);
}

/* ---- the rest of a frame, of a session that is paused ---- */

struct unread {
    size_t next; /* before it all has been read */
    struct buf frames;
};

/* Only messages of one protocol share a frame; they end like this. */
static void keep(struct session *session, slice rest)
{
    if (session->unread == NULL) {
        session->unread = calloc(1, sizeof *session->unread);
        CHECK(session->unread != NULL);
    }
    buf_append(&session->unread->frames, rest);
    if (rest.at[rest.length - 1] != FRAME_END)
        buf_append_byte(&session->unread->frames, FRAME_END);
}

void receive_forget(struct session *session)
{
    if (session->unread == NULL)
        return;
    buf_fini(&session->unread->frames);
    free(session->unread);
    session->unread = NULL;
}

/* ---- entry points ---- */

void session_receive(struct session *session, slice frame)
{
    if (session->state == SESSION_CLOSED)
        return;
    slice rest = frame;
    if (session->unread == NULL)
        receive_all(session, &rest);
    if (rest.length > 0 && session->state != SESSION_CLOSED)
        keep(session, rest);
}

void session_resume(struct session *session)
{
    struct unread *unread = session->unread;
    session->is_paused = false;
    if (unread != NULL && session->state != SESSION_CLOSED) {
        slice frames = buf_slice(&unread->frames);
        slice rest = slice_part(frames, unread->next, frames.length);
        receive_all(session, &rest);
        unread->next = frames.length - rest.length;
        if (rest.length == 0)
            receive_forget(session);
    }
    if (session->outlet != NULL && !session->is_paused)
        session->outlet->operations->resume_reading(session->outlet);
}
