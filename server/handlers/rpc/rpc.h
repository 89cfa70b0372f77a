#pragma once
/* Remote procedure calls: provide, request, accept, answer, reject and reroute (behaviour.md 7).
 *
 * A call belongs to its requestor: it is known by the requestor and the correlation id that the
 * requestor chose. Its provider knows it by that id too, unless another open call has it there;
 * then by one made here, which is translated back. Only the provider that was asked last may answer
 * (B7).
 */

#include "handlers/handlers.h"

struct rpc_handler;

struct rpc_settings {
    uint32_t ack_timeout_ms;
    uint32_t response_timeout_ms;
    bool provide_requestor_name;
    bool provide_requestor_data;
    uint32_t max_calls; /* open calls of one requestor; 10,000. Another one, or too many bytes of
                         * them, is answered with NO_RPC_PROVIDER */
};

/* Settings are copied. After free, the loop has to turn once for the timers of open calls. */
struct rpc_handler *rpc_handler_new(const struct handler_services *services,
                                    const struct rpc_settings *settings);
void rpc_handler_free(struct rpc_handler **handler);
const struct handler *rpc_handler_table(const struct rpc_handler *handler);

/* Its own: the timeouts may be changed while it runs; calls that begin from then on obey. */
struct rpc_settings *rpc_handler_settings(struct rpc_handler *handler);

/* Calls of this node's clients, and of other nodes to them, that have not ended. */
size_t rpc_handler_open_calls(const struct rpc_handler *handler);
