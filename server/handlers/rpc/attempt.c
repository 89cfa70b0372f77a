/* Whom to ask: providers of this node first, each once, in no order that anybody could foretell;
 * then, for requestors of this node, other nodes that have providers, each once. Both waits, for
 * the acceptance and for the answer, start anew with each attempt, and so does the acceptance
 * (B10). */

#include "handlers/rpc/call.h"

#include "logging/log.h"

#include "base/buf.h"

/* ---- waiting ---- */

static bool waits_for_acceptance(const struct call *call)
{
    const struct rpc_settings *settings = &call->handler->settings;
    return !call->is_accepted && settings->ack_timeout_ms < settings->response_timeout_ms;
}

/* Another node has its own clock for the same call and needs no word of this. */
static void on_timeout(uv_timer_t *timer)
{
    struct call *call = LIST_ITEM(timer, struct call, timer);
    if (call->requestor != NULL)
        call_tell(call, waits_for_acceptance(call) ? RPC_ACCEPT_TIMEOUT : RPC_RESPONSE_TIMEOUT,
                  NULL);
    call_end(call);
}

static void wait_for(struct call *call, uint64_t milliseconds)
{
    uv_timer_start(&call->timer, on_timeout, milliseconds, 0);
}

static void start_waiting(struct call *call)
{
    const struct rpc_settings *settings = &call->handler->settings;
    call->is_accepted = false;
    call->asked_at_ms = uv_now(call->handler->services->loop);
    wait_for(call,
             waits_for_acceptance(call) ? settings->ack_timeout_ms : settings->response_timeout_ms);
}

void call_accept(struct call *call)
{
    uint64_t waited = uv_now(call->handler->services->loop) - call->asked_at_ms;
    uint64_t timeout = call->handler->settings.response_timeout_ms;
    call->is_accepted = true;
    wait_for(call, waited < timeout ? timeout - waited : 0);
    call_tell(call, RPC_ACCEPT, NULL);
}

/* ---- choosing ---- */

static bool was_tried(const struct call *call, const struct session *session)
{
    for (size_t i = 0; i < call->tried.count; i++)
        if (call->tried.items[i] == session)
            return true;
    return false;
}

static struct session *choose_provider(struct call *call)
{
    size_t count;
    void *const *providers =
        subscriptions_of(call->handler->providers, call->request->name, &count);
    if (count == 0)
        return NULL;
    size_t first = chance_below(&call->handler->chance, count);
    for (size_t i = 0; i < count; i++) {
        struct session *provider = providers[(first + i) % count];
        if (!was_tried(call, provider))
            return provider;
    }
    return NULL;
}

struct server_choice {
    struct call *call;
    size_t seen;
    struct buf server;
};

static void consider_server(void *context, slice server)
{
    struct server_choice *choice = context;
    const struct call *call = choice->call;
    for (size_t i = 0; i < call->tried_servers.count; i++)
        if (slice_equal(call->tried_servers.items[i], server))
            return;
    if (chance_below(&call->handler->chance, ++choice->seen) != 0)
        return;
    buf_clear(&choice->server);
    buf_append(&choice->server, server);
}

/* ---- asking ---- */

static struct message question_of(const struct call *call)
{
    struct message question = *call->request;
    MESSAGE_SET(&question, correlation_id, call->asked_id);
    return question;
}

static bool ask_here(struct call *call)
{
    struct session *provider = choose_provider(call);
    if (provider == NULL)
        return false;
    struct message question = question_of(call);
    call_set_provider(call, provider);
    session_send(provider, &question);
    return true;
}

static bool ask_a_server(struct call *call, slice server)
{
    const struct cluster *cluster = call->handler->services->cluster;
    struct message question = question_of(call);
    call_set_provider_server(call, server);
    if (cluster->bus->send_direct(cluster->bus_self, server, &question))
        return true;
    call_clear_provider(call);
    return false;
}

static bool ask_elsewhere(struct call *call)
{
    const struct cluster *cluster = call->handler->services->cluster;
    struct server_choice choice = {.call = call};
    bool is_asked = false;
    do {
        choice.seen = 0;
        cluster->states->each_server(cluster->states_self, STATE_RPC_PROVIDERS, call->request->name,
                                     consider_server, &choice);
    } while (choice.seen > 0 && !(is_asked = ask_a_server(call, buf_slice(&choice.server))));
    buf_fini(&choice.server);
    return is_asked;
}

void call_attempt(struct call *call)
{
    call_clear_provider(call);
    if (ask_here(call) || (call->requestor != NULL && ask_elsewhere(call))) {
        start_waiting(call);
        return;
    }
    log_line(call->handler->services->log, DS_WARN, LOG_NO_RPC_PROVIDER, SLICE_FORMAT,
             SLICE_ARGUMENTS(call->request->name));
    call_tell(call, RPC_NO_RPC_PROVIDER, NULL);
    call_end(call);
}
