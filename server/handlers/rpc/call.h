#pragma once
/* What the files of RPC share. Private to this folder.
 *
 *   rpc.c       messages of clients and of other nodes, ends of sessions
 *   call.c      one call: by what it is found, what its requestor is told, its end
 *   attempt.c   who is asked next, and for how long */

#include "handlers/chance.h"
#include "handlers/rpc/rpc.h"
#include "handlers/subscriptions.h"

#include "base/hashmap.h"
#include "base/vec.h"

struct rpc_handler {
    struct handler table;
    const struct handler_services *services;
    struct rpc_settings settings;
    struct subscriptions *providers;
    struct hashmap by_origin;   /* requestor and its correlation id -> struct call */
    struct hashmap by_asked_id; /* the id that providers see -> struct call */
    struct chance chance;
    uint64_t made_ids;
};

/* What hangs at a session that requests or answers. */
struct rpc_party {
    struct list_link requested, answering; /* calls */
    uint32_t requested_count;
    size_t requested_bytes;
};

struct call {
    struct rpc_handler *handler;
    struct message *request; /* as for providers, but with the id that the requestor chose */
    slice origin;
    slice asked_id;
    struct session *requestor; /* NULL: another node, requestor_server */
    slice requestor_server;
    struct list_link in_requestor;
    struct session *provider; /* who is asked; NULL: nobody, or provider_server */
    slice provider_server;    /* at is NULL when none is asked */
    struct list_link in_provider;
    VEC(const struct session *) tried; /* only to compare */
    VEC(slice) tried_servers;
    bool is_accepted;
    uint64_t asked_at_ms;
    size_t bytes;
    uv_timer_t timer;
};

/* ---- call.c ---- */

/* Of the requestor session, or of another node when that is NULL. */
struct call *call_find_requested(const struct rpc_handler *handler, const struct session *requestor,
                                 slice server, slice correlation_id);
struct call *call_find_asked(const struct rpc_handler *handler, slice asked_id);

/* request is copied. */
struct call *call_new(struct rpc_handler *handler, struct session *requestor, slice server,
                      const struct message *request);

/* Whether the requestor may have another one of so many bytes. */
bool call_is_within_limits(const struct rpc_handler *handler, const struct session *requestor,
                           size_t bytes);
size_t call_bytes(const struct message *request);

/* Tells the requestor; data of `answer`, if that is not NULL and has some. */
void call_tell(struct call *call, uint16_t action, const struct message *answer);

void call_set_provider(struct call *call, struct session *provider);
void call_set_provider_server(struct call *call, slice server);
void call_clear_provider(struct call *call);

/* The call is forgotten; it is freed when its timer is. */
void call_end(struct call *call);
void calls_free(struct rpc_handler *handler);

struct rpc_party *rpc_party_of(const struct session *session); /* or NULL */

/* ---- attempt.c ---- */

/* Asks somebody who was not asked yet; when there is nobody, tells the requestor and ends. */
void call_attempt(struct call *call);

/* The provider works on it: from now on only its answer is waited for. */
void call_accept(struct call *call);
