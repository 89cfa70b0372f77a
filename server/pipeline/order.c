/* The order of one session's messages (B9): while one of them is pending, later ones wait. Its end
 * is the last of them: what was sent before the connection ended still takes effect, and only then
 * the handlers forget the session. */

#include "pipeline/pipeline_private.h"

#include "base/check.h"

#include <stdlib.h>

enum taken { TAKEN_MESSAGE, TAKEN_MALFORMED, TAKEN_UNKNOWN };

struct waiting {
    struct list_link link;
    size_t bytes;
    enum taken kind;
    struct message *message;
};

/* About what a message takes while it waits. */
static size_t weight_of(const struct message *message)
{
    size_t bytes = sizeof(struct waiting) + sizeof *message + message->data.length +
                   message->name.length + message->path.length;
    for (uint32_t i = 0; i < message->name_count; i++)
        bytes += sizeof *message->names + message->names[i].length;
    return bytes + message->version_count * sizeof *message->versions;
}

/* ---- reading goes no faster than messages are served ---- */

static bool exceeds(const struct session *session, uint32_t part)
{
    return session->waiting_count > session->settings->max_waiting_messages / part ||
           session->waiting_bytes > session->settings->max_message_bytes / part;
}

static void pause_if_many(struct session *session)
{
    if (session->is_paused || !exceeds(session, 1))
        return;
    session->is_paused = true;
    if (session->outlet != NULL)
        session->outlet->operations->pause_reading(session->outlet);
}

static void resume_if_few(struct session *session)
{
    if (!session->is_paused || exceeds(session, 2))
        return;
    session_resume(session);
}

/* ---- the queue ---- */

static void push(struct pipeline *pipeline, struct session *session, enum taken kind,
                 const struct message *message)
{
    struct waiting *waiting = malloc(sizeof *waiting);
    CHECK(waiting != NULL);
    waiting->bytes = weight_of(message);
    waiting->kind = kind;
    waiting->message = message_copy(message);
    list_append(&session->waiting, &waiting->link);
    session->waiting_count++;
    session->waiting_bytes += waiting->bytes;
    pipeline_enter(pipeline);
    pause_if_many(session);
}

static struct waiting pop(struct session *session)
{
    struct waiting *first = LIST_ITEM(session->waiting.next, struct waiting, link);
    struct waiting popped = *first;
    list_remove(&first->link);
    session->waiting_count--;
    session->waiting_bytes -= first->bytes;
    free(first);
    return popped;
}

static void serve(struct pipeline *pipeline, struct session *session, enum taken kind,
                  const struct message *message)
{
    switch (kind) {
    case TAKEN_MESSAGE:
        distribute(pipeline, session, message);
        return;
    case TAKEN_MALFORMED:
        distribute_malformed(pipeline, session, message);
        return;
    case TAKEN_UNKNOWN: /* as a message of a topic that nobody handles (protocol.md 2.2) */
        session_send(session, message);
        return;
    }
}

/* ---- the end ---- */

static void end(struct pipeline *pipeline, struct session *session)
{
    session->is_ending = false;
    list_remove(&session->in_ending);
    distribute_close(pipeline, session);
    session_release(&session);
}

static void end_if_idle(struct pipeline *pipeline, struct session *session)
{
    if (session->is_ending && session->holds == 0 && !session->is_draining)
        end(pipeline, session);
}

/* Never nested: a message whose hold ends before it returns leaves the rest to this loop. */
static void drain(struct pipeline *pipeline, struct session *session)
{
    if (session->is_draining)
        return;
    session->is_draining = true;
    while (session->holds == 0 && !list_is_empty(&session->waiting)) {
        struct waiting next = pop(session);
        if (!pipeline->is_over)
            serve(pipeline, session, next.kind, next.message);
        free(next.message);
        resume_if_few(session);
        pipeline_leave(pipeline);
    }
    session->is_draining = false;
    end_if_idle(pipeline, session);
}

void pipeline_hold(struct session *session)
{
    session->holds++;
    session_retain(session);
}

void pipeline_release(struct pipeline *pipeline, struct session *session)
{
    CHECK(session->holds > 0);
    if (--session->holds == 0)
        drain(pipeline, session);
    session_release(&session);
}

static void take(struct pipeline *pipeline, struct session *session, enum taken kind,
                 const struct message *message)
{
    if (pipeline->is_stopped)
        return;
    if (session->holds > 0 || session->is_draining)
        push(pipeline, session, kind, message);
    else
        serve(pipeline, session, kind, message);
}

static bool is_ping(const struct message *message)
{
    return message->topic == TOPIC_CONNECTION && message->action == CONNECTION_PING;
}

void order_take(struct pipeline *pipeline, struct session *session, const struct message *message)
{
    if (is_ping(message)) {
        struct message pong = MESSAGE(TOPIC_CONNECTION, CONNECTION_PONG);
        session_send(session, &pong);
    } else {
        take(pipeline, session, TAKEN_MESSAGE, message);
    }
}

/* Only what its answer needs is kept, for the rest of it may be anything. */
void order_take_malformed(struct pipeline *pipeline, struct session *session,
                          const struct message *message)
{
    struct message kept = MESSAGE(TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
    if (message != NULL) {
        kept = MESSAGE(message->topic, message->action);
        MESSAGE_ECHO(&kept, message, name);
        MESSAGE_ECHO(&kept, message, correlation_id);
        MESSAGE_ECHO(&kept, message, is_write_ack);
    }
    take(pipeline, session, message == NULL ? TAKEN_UNKNOWN : TAKEN_MALFORMED, &kept);
}

void order_end(struct pipeline *pipeline, struct session *session)
{
    session->is_ending = true;
    session_retain(session);
    list_append(&pipeline->ending, &session->in_ending);
    end_if_idle(pipeline, session);
}

void order_end_all(struct pipeline *pipeline)
{
    while (!list_is_empty(&pipeline->ending))
        end(pipeline, LIST_ITEM(pipeline->ending.next, struct session, in_ending));
}
