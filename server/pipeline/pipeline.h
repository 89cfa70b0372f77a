#pragma once
/* The way of every message from a session to its handler: order, permission, distribution
 * (behaviour.md 1 and 2, valve.md 3).
 *
 * - Messages of one session take effect in the order they came: while one waits for a decision or
 *   its handler holds the session, later ones wait.
 * - The way of an action (message/actions.def) is an allow-list: what is not in it is refused with
 *   PARSER.UNKNOWN_ACTION, what lacks its name with INVALID_MESSAGE_DATA of the topic.
 * - Each check has one verdict; a refusal is answered here, the handler never sees it. Bulk
 * messages reach the handler with exactly the names that were allowed, in order (H3, B1). */

#include "session/session.h"

struct pipeline;

/* A topic's handler. */
struct handler {
    void *self;
    /* An allowed message; borrowed for the call. */
    void (*on_message)(void *self, struct session *session, const struct message *message);
    /* A session that was open has ended; NULL when the handler keeps nothing. */
    void (*on_close)(void *self, struct session *session);
    /* A session has logged in; may be NULL. */
    void (*on_login)(void *self, struct session *session);
    /* Its client is gone, its subscriptions stay until on_close; may be NULL. */
    void (*on_detach)(void *self, struct session *session);
};

struct pipeline_settings {
    struct log *log;
    struct metrics *metrics; /* NULL: nobody counts */
    const struct ds_permission_operations *permission;
    void *permission_self;
};

struct pipeline *pipeline_new(const struct pipeline_settings *settings);
void pipeline_free(struct pipeline **pipeline);

/* Handlers are borrowed. A topic without one answers PARSER.UNKNOWN_TOPIC. On the end of a session
 * they are told in the order in which they were added. */
void pipeline_add_handler(struct pipeline *pipeline, enum topic topic,
                          const struct handler *handler);

/* Takes no messages from now on: what comes is dropped, what was taken goes on. done is called once
 * nothing of it waits for a verdict or behind another message, perhaps before this returns. */
void pipeline_stop(struct pipeline *pipeline, void (*done)(void *context), void *context);

/* Messages that wait for a verdict or behind another one. */
size_t pipeline_waiting(const struct pipeline *pipeline);

/* Handlers are told of the sessions that have ended, also of those that are held, and then hear of
 * nothing any more, so they may be freed. What is still on its way ends here. */
void pipeline_remove_handlers(struct pipeline *pipeline);

/* What the sessions' events go to. */
const struct session_events *pipeline_session_events(struct pipeline *pipeline);

/* Keeps later messages of the session waiting until as many releases. A handler holds a session for
 * as long as a message's effect is pending (a load, a decision); not while only an acknowledgement
 * is. Holding an ended session is fine. The session is retained meanwhile. */
void pipeline_hold(struct session *session);
void pipeline_release(struct pipeline *pipeline, struct session *session);

/* ---- checks that handlers make themselves (valve.md 3.4, H20) ---- */

struct permission_question {
    struct session *session; /* who asks; retained until the verdict */
    uint8_t topic;
    uint16_t action;
    bool has_name;
    slice name;
    enum ds_payload payload;
    slice data;
    const struct ds_record *record; /* as it is now, or NULL */
};

/* One verdict, perhaps before it returns. Everything in question is borrowed for the call. */
void pipeline_ask(struct pipeline *pipeline, const struct permission_question *question,
                  ds_verdict_done *done, void *context);

/* Answers a message that was not allowed: MESSAGE_DENIED or MESSAGE_PERMISSION_ERROR of its topic,
 * with originalAction = the action the client sent, name, isError, correlationId and isWriteAck
 * (valve.md 7). */
void pipeline_refuse(struct session *session, const struct message *message, slice name,
                     enum ds_verdict verdict);

/* Answers a message whose content is not fit: INVALID_MESSAGE_DATA of its topic (RPC, EVENT,
 * RECORD; of PRESENCE its INVALID_PRESENCE_USERS), with originalAction, name, isError,
 * correlationId and isWriteAck as the message had them (F10). */
void pipeline_malformed(struct session *session, const struct message *message);
