/* One call, from its request to its answer or to whatever ends it. */

#include "handlers/rpc/call.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdlib.h>

/* ---- what hangs at a session ---- */

struct rpc_party *rpc_party_of(const struct session *session)
{
    return session->slots[SESSION_SLOT_RPC_CALLS];
}

static struct rpc_party *party_get(struct session *session)
{
    struct rpc_party *party = rpc_party_of(session);
    if (party != NULL)
        return party;
    party = calloc(1, sizeof *party);
    CHECK(party != NULL);
    list_init(&party->requested);
    list_init(&party->answering);
    session->slots[SESSION_SLOT_RPC_CALLS] = party;
    return party;
}

static void party_tidy(struct session *session)
{
    struct rpc_party *party = rpc_party_of(session);
    if (!list_is_empty(&party->requested) || !list_is_empty(&party->answering))
        return;
    free(party);
    session->slots[SESSION_SLOT_RPC_CALLS] = NULL;
}

bool call_is_within_limits(const struct rpc_handler *handler, const struct session *requestor,
                           size_t bytes)
{
    const struct rpc_party *party = rpc_party_of(requestor);
    const size_t average = 4096;
    return party == NULL ||
           (party->requested_count < handler->settings.max_calls &&
            party->requested_bytes + bytes <=
                average * handler->settings.max_calls + requestor->settings->max_message_bytes);
}

size_t call_bytes(const struct message *request)
{
    return request->name.length + request->correlation_id.length + request->data.length +
           request->requestor_data.length;
}

/* ---- finding ---- */

/* The requestor's address or server, then its id: no two requestors share a key. */
static struct buf origin_of(const struct session *requestor, slice server, slice correlation_id)
{
    struct buf origin = BUF_EMPTY;
    if (requestor != NULL) {
        buf_append_byte(&origin, 's');
        buf_append(&origin, (slice){(const char *)&requestor, sizeof requestor});
    } else {
        uint64_t length = server.length;
        buf_append_byte(&origin, 'n');
        buf_append(&origin, (slice){(const char *)&length, sizeof length});
        buf_append(&origin, server);
    }
    buf_append(&origin, correlation_id);
    return origin;
}

struct call *call_find_requested(const struct rpc_handler *handler, const struct session *requestor,
                                 slice server, slice correlation_id)
{
    struct buf origin = origin_of(requestor, server, correlation_id);
    struct call *call = hashmap_find(&handler->by_origin, buf_slice(&origin));
    buf_fini(&origin);
    return call;
}

struct call *call_find_asked(const struct rpc_handler *handler, slice asked_id)
{
    return hashmap_find(&handler->by_asked_id, asked_id);
}

/* The requestor's id where it is free, else one that nobody has. */
static slice choose_asked_id(struct rpc_handler *handler, slice correlation_id)
{
    if (call_find_asked(handler, correlation_id) == NULL)
        return slice_copy(correlation_id);
    struct buf made = BUF_EMPTY;
    do {
        buf_clear(&made);
        buf_printf(&made, "%llu-%llx", (unsigned long long)++handler->made_ids,
                   (unsigned long long)hash_random_seed());
    } while (call_find_asked(handler, buf_slice(&made)) != NULL);
    slice id = slice_copy(buf_slice(&made));
    buf_fini(&made);
    return id;
}

/* ---- beginning ---- */

static void join_requestor(struct call *call)
{
    struct rpc_party *party = party_get(call->requestor);
    list_append(&party->requested, &call->in_requestor);
    party->requested_count++;
    party->requested_bytes += call->bytes;
}

struct call *call_new(struct rpc_handler *handler, struct session *requestor, slice server,
                      const struct message *request)
{
    struct call *call = calloc(1, sizeof *call);
    CHECK(call != NULL);
    struct buf origin = origin_of(requestor, server, request->correlation_id);
    call->handler = handler;
    call->request = message_copy(request);
    call->origin = slice_copy(buf_slice(&origin));
    call->asked_id = choose_asked_id(handler, request->correlation_id);
    call->requestor = requestor;
    call->bytes = call_bytes(request);
    list_init(&call->in_requestor);
    list_init(&call->in_provider);
    buf_fini(&origin);
    hashmap_put(&handler->by_origin, call->origin, call);
    hashmap_put(&handler->by_asked_id, call->asked_id, call);
    CHECK(uv_timer_init(handler->services->loop, &call->timer) == 0);
    if (requestor != NULL)
        join_requestor(call);
    else
        call->requestor_server = slice_copy(server);
    return call;
}

void call_tell(struct call *call, uint16_t action, const struct message *answer)
{
    struct message message = MESSAGE(TOPIC_RPC, action);
    MESSAGE_SET(&message, name, call->request->name);
    MESSAGE_SET(&message, correlation_id, call->request->correlation_id);
    if (answer != NULL)
        MESSAGE_ECHO(&message, answer, data);
    const struct cluster *cluster = call->handler->services->cluster;
    if (call->requestor != NULL)
        session_send(call->requestor, &message);
    else
        cluster->bus->send_direct(cluster->bus_self, call->requestor_server, &message);
}

/* ---- providers ---- */

void call_clear_provider(struct call *call)
{
    slice_free(&call->provider_server);
    if (call->provider == NULL)
        return;
    list_remove(&call->in_provider);
    party_tidy(call->provider);
    call->provider = NULL;
}

void call_set_provider(struct call *call, struct session *provider)
{
    list_append(&party_get(provider)->answering, &call->in_provider);
    call->provider = provider;
    VEC_PUSH(&call->tried, provider);
}

void call_set_provider_server(struct call *call, slice server)
{
    call->provider_server = slice_copy(server);
    VEC_PUSH(&call->tried_servers, slice_copy(server));
}

/* ---- the end ---- */

static void on_timer_closed(uv_handle_t *timer)
{
    struct call *call = LIST_ITEM(timer, struct call, timer);
    for (size_t i = 0; i < call->tried_servers.count; i++)
        slice_free(&call->tried_servers.items[i]);
    VEC_FREE(&call->tried_servers);
    VEC_FREE(&call->tried);
    slice_free(&call->origin);
    slice_free(&call->asked_id);
    slice_free(&call->requestor_server);
    free(call->request);
    free(call);
}

static void leave_requestor(struct call *call)
{
    if (call->requestor == NULL)
        return;
    struct rpc_party *party = rpc_party_of(call->requestor);
    list_remove(&call->in_requestor);
    party->requested_count--;
    party->requested_bytes -= call->bytes;
    party_tidy(call->requestor);
}

static void call_close(struct call *call)
{
    call_clear_provider(call);
    leave_requestor(call);
    uv_close((uv_handle_t *)&call->timer, on_timer_closed);
}

void call_end(struct call *call)
{
    hashmap_remove(&call->handler->by_origin, call->origin);
    hashmap_remove(&call->handler->by_asked_id, call->asked_id);
    call_close(call);
}

void calls_free(struct rpc_handler *handler)
{
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&handler->by_origin, &position)) != NULL;)
        call_close(at->value);
    hashmap_fini(&handler->by_origin);
    hashmap_fini(&handler->by_asked_id);
}
