#pragma once
/* One request inside, from its head to its answer: what the files of this folder share.
 *
 *     request_new       from the handler of a path
 *     request_log_in    asks authentication; on_user of its kind goes on
 *     request_run       sends the messages, each in a session of its own
 *     answer of its kind, once every message has its result, or time is up
 *
 * The client may leave and time may run out at any point between. */

#include "session/endpoint.h"
#include "session/http/http_endpoint.h"
#include "session/http/service.h"

#include "transport/deadline.h"
#include "transport/turn.h"

#include "base/arena.h"
#include "base/buf.h"
#include "value.h"

struct http_endpoint {
    const struct http_endpoint_settings *settings;
    const struct http_service *service;
    struct session_endpoint *sessions;
    struct turn turn;
    struct deadlines timeouts;
    unsigned open_parts; /* when it is freed: what is not closed yet */
    struct list_link requests;
    char id_prefix[24]; /* of calls: no other node makes the same */
    uint64_t made_ids;
    bool is_stopping;
};

struct request;

struct request_kind {
    /* Authentication has let somebody in. */
    void (*on_user)(struct request *request, const struct ds_login_result *user);
    const char *refusal; /* what is said when it has not */
    /* Every item has its result. */
    void (*answer)(struct request *request);
};

/* One message and what came of it. */
struct item {
    struct ds_outlet outlet;
    struct request *request;
    struct session *session; /* NULL: not open */
    struct message message;
    struct buf result; /* as jif_encode wrote it; empty: not known yet */
    char id[48];
};

struct request {
    struct http_endpoint *endpoint; /* NULL: it is gone, and login is still asked */
    const struct request_kind *kind;
    struct ds_http_exchange *exchange; /* NULL: answered */
    struct list_link in_endpoint;
    struct turn_task task;
    struct deadline timeout;
    struct arena arena;
    slice connection_data, auth_data; /* on the heap */
    slice remote_address, body;       /* of the arena */
    struct arena_mark tree;           /* what is made of the body begins here */
    valve_value batch;                /* the array of a POST; undefined: not read, or dropped */
    struct item *items;
    size_t item_count, unanswered;
    bool is_asking; /* authentication has it */
};

/* ---- endpoint.c ---- */

/* Answers with a text for people and the line ends of the original (protocol.md 6.1). */
void http_endpoint_answer_text(const struct http_endpoint *endpoint,
                               struct ds_http_exchange *exchange, unsigned status, slice text);

/* ---- request.c ---- */

/* Takes the exchange; NULL: it was answered, because the server stops. */
struct request *request_new(struct http_endpoint *endpoint, const struct request_kind *kind,
                            const struct ds_http_request *request,
                            struct ds_http_exchange *exchange);

/* auth_data is JSON, and is taken. While it is asked, the tree of the body may be dropped. */
void request_log_in(struct request *request, struct buf *auth_data);

/* Room for items, whose messages the caller fills, and then request_run. */
void request_set_items(struct request *request, size_t count);
void request_run(struct request *request, const struct ds_login_result *user);

/* Answers, if nobody has before; what is left of the request ends by itself. */
void request_answer(struct request *request, const struct ds_http_answer *answer);
void request_answer_text(struct request *request, unsigned status, slice text);

/* Time is up: what has no result gets one that says so. */
void request_give_up(struct request *request);

/* ---- batch.c, login.c, read.c: handlers of paths; context is the endpoint ---- */

ds_http_handler batch_on_post, login_on_post, read_on_get;

/* ---- login.c ---- */

/* Appends {"token":...} or, without one, {}. */
void login_write_token(struct buf *auth_data, slice token);

/* ---- answer.c ---- */

/* The body of a POST as JSON: an object or a list. Otherwise it is answered, and false returned. */
bool answer_read_body(struct request *request, valve_value *body);
/* Whether its type is one that can be read; the same. */
bool answer_check_type(struct request *request, const struct ds_http_request *asked);

/* A text as JavaScript's JSON.parse gives it, of the arena; empty when it is none. */
slice answer_text_of_json(struct request *request, slice json);
bool answer_is_success(const struct item *item);
