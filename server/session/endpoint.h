#pragma once
/* The inside of an endpoint, for the files of this folder alone. */

#include "session/session.h"

#include "transport/ws/ws.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

#define SCRATCH_KEPT_BYTES ((size_t)64 * 1024) /* what a large message needed is given back */

struct session_endpoint {
    const struct session_settings *settings;
    const struct codec *codec;
    struct ds_endpoint for_transport; /* of transport.c; zeroed unless that carries the sessions */
    struct list_link sessions;
    size_t count;
    struct list_link logins; /* not logged in yet, oldest first */
    uv_timer_t heartbeat_timer;
    uv_timer_t login_timer;
    uv_timer_t expiry_timer;
    VEC(struct session *) expiring; /* a heap: the first one is the next to end */
    unsigned open_timers;
    struct arena arena; /* lists of the message being read */
    struct buf scratch; /* the message being written */
};

/* ---- handshake.c ---- */

/* A message of a session that is not open; NULL: it could not be decoded. */
void handshake_on_message(struct session *session, const struct message *message);

/* ---- receive.c ---- */

/* Whatever of a frame has not been read never is. */
void receive_forget(struct session *session);

/* ---- login.c ---- */

/* Asks authentication; auth_data is JSON, borrowed for the call. Goes on to open the session, or
 * back to waiting for another attempt, or closes it. */
void login_start(struct session *session, slice auth_data);

/* Makes the session that of the user whom authentication named, and opens it. Returns false, with a
 * log line, when the id or the data for rules are not fit. */
bool login_adopt(struct session *session, const struct ds_login_result *result);

/* Tells authentication that a user's connection has ended. */
void login_ended(const struct session *session);

/* ---- authenticate.c ---- */

struct authentication {
    const struct session_settings *settings;
    slice connection_data, auth_data; /* borrowed until done */
    bool (*is_wanted)(void *context); /* false: no further entry is asked */
    ds_login_done *done;              /* exactly once; settings may be gone then if not wanted */
    void *context;
};

/* Who is it? When no entry of `auth` knows, the answer is as its last one gave it. */
void authenticate(const struct authentication *authentication);

/* ---- expiry.c ---- */

/* Closes the session, which has just logged in, at that time (milliseconds since 1970; 0: never).
 */
void expiry_watch(struct session *session, double expires_ms);

/* The session is closed or has ended. */
void expiry_forget(struct session *session);

/* ---- connection_data.c ---- */

/* What authentication is told of a connection: {"remoteAddress", "headers", "referer",
 * "clientCertificate"}, the last two when there are such, on the heap. Ended by free. */
slice connection_data_new(const struct ds_http_request *request);

/* The same of a request that is not the beginning of a connection; it has "url" as well. */
slice connection_data_of_request(const struct ds_http_request *request);
