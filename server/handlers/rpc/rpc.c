/* Messages about calls: of clients, and of other nodes that ask for their clients or answer ours.
 */

#include "handlers/rpc/call.h"

#include "logging/log.h"

#include "base/check.h"

#include <stdlib.h>

static const struct subscriptions_settings PROVIDERS = {
    .topic = TOPIC_RPC,
    .subscribe_action = RPC_PROVIDE,
    .multiple_action = RPC_MULTIPLE_PROVIDERS,
    .slot = SESSION_SLOT_RPC_PROVIDERS,
    .state_set = STATE_RPC_PROVIDERS,
};

/* ---- requests ---- */

static void reply(struct session *session, const struct message *message, uint16_t action)
{
    struct message answer = MESSAGE(TOPIC_RPC, action);
    MESSAGE_SET(&answer, name, message->name);
    MESSAGE_SET(&answer, correlation_id, message->correlation_id);
    session_send(session, &answer);
}

static void refuse_id(struct rpc_handler *handler, struct session *session,
                      const struct message *message)
{
    log_line(handler->services->log, DS_WARN, LOG_INVALID_RPC_CORRELATION_ID,
             "%s of " SLICE_FORMAT " for " SLICE_FORMAT,
             message->action == RPC_REQUEST ? "a repeated id" : "no such call",
             SLICE_ARGUMENTS(session->user_id), SLICE_ARGUMENTS(message->name));
    struct message answer = MESSAGE(TOPIC_RPC, RPC_INVALID_RPC_CORRELATION_ID);
    MESSAGE_SET(&answer, name, message->name);
    MESSAGE_ECHO(&answer, message, correlation_id);
    MESSAGE_SET(&answer, original_action, message->action);
    MESSAGE_SET(&answer, is_error, true);
    session_send(session, &answer);
}

/* Data of a login that gave none, or null, is nothing to tell. */
static bool has_client_data(const struct session *session)
{
    return session->client_data.length > 0 && !slice_equal(session->client_data, SLICE("null"));
}

/* For providers: nothing that the requestor put on it but name, id and data (F17). */
static struct message request_of(const struct rpc_handler *handler, const struct session *session,
                                 const struct message *message)
{
    struct message request = MESSAGE(TOPIC_RPC, RPC_REQUEST);
    MESSAGE_SET(&request, name, message->name);
    MESSAGE_SET(&request, correlation_id, message->correlation_id);
    MESSAGE_ECHO(&request, message, data);
    if (handler->settings.provide_requestor_name)
        MESSAGE_SET(&request, requestor_name, session->user_id);
    if (handler->settings.provide_requestor_data && has_client_data(session))
        MESSAGE_SET(&request, requestor_data, session->client_data);
    return request;
}

static void on_request(struct rpc_handler *handler, struct session *session,
                       const struct message *message)
{
    if (!session_is_open(session))
        return;
    if (!MESSAGE_HAS(message, correlation_id)) {
        pipeline_malformed(session, message);
        return;
    }
    if (call_find_requested(handler, session, SLICE(""), message->correlation_id) != NULL) {
        refuse_id(handler, session, message);
        return;
    }
    struct message request = request_of(handler, session, message);
    if (!call_is_within_limits(handler, session, call_bytes(&request))) {
        log_line(handler->services->log, DS_WARN, LOG_LIMIT_EXCEEDED,
                 "too many open calls of " SLICE_FORMAT, SLICE_ARGUMENTS(session->user_id));
        reply(session, message, RPC_NO_RPC_PROVIDER);
        return;
    }
    call_attempt(call_new(handler, session, SLICE(""), &request));
}

/* ---- answers of providers ---- */

static void on_acceptance(struct call *call)
{
    if (!call->is_accepted)
        call_accept(call);
    else if (call->provider != NULL)
        reply(call->provider,
              &(struct message){.name = call->request->name, .correlation_id = call->asked_id},
              RPC_MULTIPLE_ACCEPT);
}

static void on_answer(struct call *call, const struct message *message)
{
    switch (message->action) {
    case RPC_ACCEPT:
        on_acceptance(call);
        return;
    case RPC_REJECT:
    case RPC_NO_RPC_PROVIDER: /* of another node */
        call_attempt(call);
        return;
    default:
        call_tell(call, message->action, message);
        call_end(call);
    }
}

static void on_provider_message(struct rpc_handler *handler, struct session *session,
                                const struct message *message)
{
    struct call *call = call_find_asked(handler, message->correlation_id);
    if (call == NULL || call->provider != session)
        refuse_id(handler, session, message);
    else
        on_answer(call, message);
}

static void on_message(void *self, struct session *session, const struct message *message)
{
    struct rpc_handler *handler = self;
    switch (message->action) {
    case RPC_PROVIDE:
        subscriptions_add_all(handler->providers, session, message);
        return;
    case RPC_UNPROVIDE:
        subscriptions_remove_all(handler->providers, session, message);
        return;
    case RPC_REQUEST:
        on_request(handler, session, message);
        return;
    case RPC_ACCEPT:
    case RPC_RESPONSE:
    case RPC_REJECT:
    case RPC_REQUEST_ERROR:
        on_provider_message(handler, session, message);
        return;
    default:
        return;
    }
}

/* ---- other nodes ---- */

static void on_remote_request(struct rpc_handler *handler, const struct message *message,
                              slice server)
{
    if (!MESSAGE_HAS(message, correlation_id) ||
        call_find_requested(handler, NULL, server, message->correlation_id) != NULL)
        return;
    struct message request = *message;
    request.present &= UINT32_C(1) << FIELD_name | UINT32_C(1) << FIELD_correlation_id |
                       UINT32_C(1) << FIELD_data | UINT32_C(1) << FIELD_requestor_name |
                       UINT32_C(1) << FIELD_requestor_data;
    call_attempt(call_new(handler, NULL, server, &request));
}

static void on_bus_message(void *context, const struct message *message, slice from_server)
{
    struct rpc_handler *handler = context;
    struct call *call;
    switch (message->action) {
    case RPC_REQUEST:
        on_remote_request(handler, message, from_server);
        return;
    case RPC_ACCEPT:
    case RPC_RESPONSE:
    case RPC_REQUEST_ERROR:
    case RPC_NO_RPC_PROVIDER:
        call = call_find_asked(handler, message->correlation_id);
        if (call != NULL && call->provider_server.at != NULL &&
            slice_equal(call->provider_server, from_server))
            on_answer(call, message);
        return;
    default:
        return;
    }
}

/* Calls to it and calls of it. One that is moved on may end, but no other with it. */
static void on_server_removed(void *context, slice server)
{
    const struct rpc_handler *handler = context;
    VEC(struct call *) calls = {0};
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&handler->by_origin, &position)) != NULL;) {
        struct call *call = at->value;
        bool was_asked =
            call->provider_server.at != NULL && slice_equal(call->provider_server, server);
        bool has_asked = call->requestor == NULL && slice_equal(call->requestor_server, server);
        if (was_asked || has_asked)
            VEC_PUSH(&calls, call);
    }
    for (size_t i = 0; i < calls.count; i++) {
        if (calls.items[i]->requestor == NULL)
            call_end(calls.items[i]);
        else
            call_attempt(calls.items[i]);
    }
    VEC_FREE(&calls);
}

/* ---- ends of sessions ---- */

/* What it requested nobody waits for; what it was asked somebody else is (B10). */
static void on_close(void *self, struct session *session)
{
    struct rpc_handler *handler = self;
    subscriptions_drop_session(handler->providers, session);
    const struct rpc_party *party;
    while ((party = rpc_party_of(session)) != NULL && !list_is_empty(&party->requested))
        call_end(LIST_ITEM(party->requested.next, struct call, in_requestor));
    while ((party = rpc_party_of(session)) != NULL)
        call_attempt(LIST_ITEM(party->answering.next, struct call, in_provider));
}

/* ---- the handler ---- */

struct rpc_handler *rpc_handler_new(const struct handler_services *services,
                                    const struct rpc_settings *settings)
{
    struct rpc_handler *handler = calloc(1, sizeof *handler);
    CHECK(handler != NULL && settings->max_calls > 0);
    handler->table =
        (struct handler){.self = handler, .on_message = on_message, .on_close = on_close};
    handler->services = services;
    handler->settings = *settings;
    handler->providers = subscriptions_new(services, &PROVIDERS);
    hashmap_init(&handler->by_origin);
    hashmap_init(&handler->by_asked_id);
    chance_init(&handler->chance);
    services->cluster->bus->subscribe(services->cluster->bus_self, TOPIC_RPC, on_bus_message,
                                      handler);
    services->cluster->bus->watch(services->cluster->bus_self, on_server_removed, handler);
    return handler;
}

void rpc_handler_free(struct rpc_handler **handler)
{
    if (*handler == NULL)
        return;
    calls_free(*handler);
    subscriptions_free(&(*handler)->providers);
    free(*handler);
    *handler = NULL;
}

size_t rpc_handler_open_calls(const struct rpc_handler *handler)
{
    return handler->by_origin.count;
}

const struct handler *rpc_handler_table(const struct rpc_handler *handler)
{
    return &handler->table;
}

struct rpc_settings *rpc_handler_settings(struct rpc_handler *handler)
{
    return &handler->settings;
}
