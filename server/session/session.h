#pragma once
/* One connection of a client, from its handshake to its end: who it is, what it may send, and the
 * way back to it (protocol.md 3).
 *
 * A session is counted: whoever keeps one across a callback retains it. Once it has ended, sending
 * does nothing and is_open is false. Everything runs on the node's loop. */

#include "message/codec.h"

#include "base/list.h"
#include "deepstream/plugin.h"

#include <uv.h>

struct log;
struct metrics;
struct session;
struct unread;

enum session_state {
    SESSION_CHALLENGING,
    SESSION_AWAITING_LOGIN,
    SESSION_AUTHENTICATING, /* an attempt is under way; another is refused (F5) */
    SESSION_OPEN,
    SESSION_CLOSED,
};

/* Who keeps something at a session. Each slot belongs to one file, which alone reads and writes it.
 */
enum session_slot {
    SESSION_SLOT_EVENT_SUBSCRIPTIONS,
    SESSION_SLOT_EVENT_FILTERS,
    SESSION_SLOT_RECORD_SUBSCRIPTIONS,
    SESSION_SLOT_RPC_PROVIDERS,
    SESSION_SLOT_PRESENCE_SUBSCRIPTIONS,
    SESSION_SLOT_EVENT_LISTEN,
    SESSION_SLOT_RECORD_LISTEN,
    SESSION_SLOT_RPC_CALLS,
    SESSION_SLOT_COUNT,
};

/* What sessions tell the layer above. */
struct session_events {
    void *context;
    /* server_data: JSON text that authentication gave, or empty; it is kept nowhere else. */
    void (*on_login)(void *context, struct session *session, slice server_data);
    /* A message of an open session; borrowed for the call. */
    void (*on_message)(void *context, struct session *session, const struct message *message);
    /* The same, of a message with a field that cannot be used; see DECODED_INVALID. NULL: of what
     * is no message of ours. */
    void (*on_malformed)(void *context, struct session *session, const struct message *message);
    /* The end of a session, in whatever state it was, exactly once, already SESSION_CLOSED.
     * was_open says whether it was ever open: on_login was called, unless it was passing. */
    void (*on_close)(void *context, struct session *session, bool was_open);
    /* Its client is gone; what it subscribes to stays, and on_close comes later (session_detach).
     */
    void (*on_detach)(void *context, struct session *session);
};

/* One entry of the list `auth`, asked in turn. */
struct session_authentication {
    const struct ds_authentication_operations *operations;
    void *self;
};

/* What the sessions of one endpoint share. Borrowed until the last session has ended. */
struct session_settings {
    uv_loop_t *loop;
    struct log *log;
    struct metrics *metrics; /* NULL: nobody counts */
    const struct session_authentication *authentications;
    size_t authentication_count;
    const struct ds_permission_operations *permission;
    void *permission_self;
    const struct session_events *events;

    enum protocol protocol;
    const char *endpoint_name;           /* of a plugin; NULL: one of the server's own */
    uint32_t heartbeat_interval_ms;      /* silent for more than twice this: cut off */
    uint32_t unauthenticated_timeout_ms; /* 0: none */
    uint32_t max_auth_attempts;
    uint32_t max_message_bytes;
    size_t max_queue_bytes;
    uint32_t outgoing_buffer_timeout_ms;
    size_t max_buffer_bytes;
    uint32_t max_names;            /* of one message; 100,000 */
    uint32_t max_subscriptions;    /* of one connection and registry; 100,000 */
    uint32_t max_waiting_messages; /* behind a pending decision, before reading pauses; 1,000; it
                                      pauses sooner when they are larger than max_message_bytes */
    bool log_invalid_auth_data;
    bool deflate;
    bool is_trusted;   /* permission is not asked: the sessions are the process's own */
    bool hears_itself; /* gets the events that it publishes, as MQTT demands (3.3.5) */

    /* Sees every message that a session is sent; true: it has dealt with it, and nothing is
     * encoded. NULL: nobody does. Not called for a session that is closed. */
    bool (*take_sent)(struct session *session, const struct message *message);
};

/* The sessions of one endpoint: makes them for peers, watches their heartbeats and logins. */
struct session_endpoint;
struct session_endpoint *session_endpoint_new(const struct session_settings *settings);

/* Ends every session that is left and frees. Call it when their outlets are closed. */
void session_endpoint_free(struct session_endpoint **endpoint);

size_t session_endpoint_count(const struct session_endpoint *endpoint);

/* Calls visit with every session that is open, until it says to stop. Sessions may be closed from
 * inside. Returns false when it was stopped. */
bool session_endpoint_each(const struct session_endpoint *endpoint,
                           bool (*visit)(void *context, struct session *session), void *context);

/* ---- for what carries sessions: whatever has an outlet ----
 * One that opens a session first, session_ended last; the others between them, from the loop. */

/* A peer has come, with a request as HTTP has one (others fill in what they know), borrowed for the
 * call. outlet is borrowed until session_ended. */
struct session *session_open(struct session_endpoint *endpoint, struct ds_outlet *outlet,
                             const struct ds_http_request *request);

/* A session of the process itself, for an endpoint whose settings say is_trusted: open at once, as
 * nobody in particular, and told to nobody. */
struct session *session_open_trusted(struct session_endpoint *endpoint, struct ds_outlet *outlet);

/* A session for messages of a user whom authentication has named, over what keeps no connection, as
 * HTTP: open at once, and passing: nobody hears of a login or of an end but those who keep
 * something at it. NULL when the id or the data for rules are not fit. */
struct session *session_open_passing(struct session_endpoint *endpoint, struct ds_outlet *outlet,
                                     slice remote_address, const struct ds_login_result *user);

/* Bytes came, of whatever kind: the peer lives. */
void session_alive(struct session *session);

/* A frame of the endpoint's protocol, borrowed for the call. Nothing happens once it is closed. */
void session_receive(struct session *session, slice frame);

/* The same for a message that what carries the session has decoded. */
void session_receive_message(struct session *session, const struct message *message);

/* The same for the last message of a session that was open, also when it is closed already: its
 * last will. Just before session_ended or session_detach. */
void session_receive_last(struct session *session, const struct message *message);

/* The connection of an open session has ended, the session goes on: it is logged out and counted as
 * closed, and gets what it subscribes to through its outlet, until session_ended. */
void session_detach(struct session *session);

/* The outlet is gone when this returns; why is in outlet->end. Session may be freed. */
void session_ended(struct session *session);

/* The side of an endpoint that whoever accepts connections is given: for WebSockets, and for
 * whatever else carries whole messages. Lives as long as it. */
const struct ds_endpoint *session_endpoint_for_transport(struct session_endpoint *endpoint);

struct session {
    const struct session_settings *settings;
    struct ds_outlet *outlet; /* NULL once it has ended */
    enum session_state state;
    uint32_t references;
    slice user_id;     /* "open", "OPEN" or what authentication said; empty before login */
    slice client_data; /* JSON text for the client, or empty */
    slice remote_address;
    void *user; /* the permission plugin's, which keeps the data for rules; lives as long as this */
    void *slots[SESSION_SLOT_COUNT];

    /* of the pipeline: order while something is pending */
    uint32_t holds; /* messages wait while it is not 0 */
    uint32_t waiting_count;
    size_t waiting_bytes;
    bool is_draining;
    bool is_paused;   /* reading, because too many wait */
    bool is_ending;   /* the connection has ended; handlers are told when nothing waits any more */
    bool is_passing;  /* its user neither comes nor goes with it */
    bool is_detached; /* its client is gone, but what it subscribes to stays; and it is passing */
    bool was_open;    /* this one and the next are of session/; there is room for them here */
    uint8_t closing;  /* enum closing: why it was closed from here; LOST: it was not */
    struct list_link waiting;   /* queued messages */
    struct list_link in_ending; /* among the sessions that are ending */

    /* of session/ */
    struct session_endpoint *endpoint; /* NULL once it has ended */
    struct list_link in_endpoint;
    struct list_link in_login_queue;
    uint64_t last_alive_ms; /* of the loop's clock */
    uint64_t opened_ms;
    uint32_t failed_logins;
    uint32_t expiry_place; /* in the endpoint's heap of logins that expire; 0: not there */
    double expires_ms;     /* since 1970 */
    slice connection_data; /* JSON for authentication; freed at login */
    struct unread *unread; /* the rest of a frame, while reading is paused; usually NULL */
};

static inline bool session_is_open(const struct session *session)
{
    return session->state == SESSION_OPEN;
}

struct session *session_retain(struct session *session);
void session_release(struct session **session); /* and sets *session to NULL */

/* Encodes and queues one message. Nothing happens to a session that has ended. */
void session_send(struct session *session, const struct message *message);

/* Ends a pause of reading: what of a frame was left is read, and then what comes. */
void session_resume(struct session *session);

/* Ends it behind what is queued. reason goes to the log. */
void session_close(struct session *session, enum ds_close_code code, const char *reason);

/* ---- one message to many: encoded once per protocol ---- */

/* The message in one protocol. */
struct broadcast_form {
    const struct ds_outlet_operations *maker; /* of the frame; NULL: nobody needed it yet */
    struct ds_frame *frame;                   /* NULL: the protocol has no such message */
};

struct broadcast {
    const struct message *message;
    struct broadcast_form forms[PROTOCOL_COUNT];
    struct metrics *metrics; /* of who was sent to */
    size_t sent;
};

/* message is borrowed until broadcast_end. */
void broadcast_begin(struct broadcast *broadcast, const struct message *message);
void broadcast_send(struct broadcast *broadcast, struct session *session);
void broadcast_end(struct broadcast *broadcast);
