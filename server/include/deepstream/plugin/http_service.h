#pragma once
/* HTTP services: the port that clients connect to, for requests and for WebSockets. The
 * configuration names one as `httpServer`; the built-in is `default`.
 *
 * Order of calls: the add_ functions come first, from the creation of the service on; then listen,
 * once everybody behind the paths is ready, so that nobody is let in before. Then stop_accepting,
 * while what was accepted is finished, and close_connections, whose done is waited for; then the
 * plugin's close. A start that fails leaves out what it did not reach. Adding and answering happen
 * in between at any time, adding nothing after close_connections. */

#include <stdint.h>
#include "deepstream/plugin/common.h"
#include "deepstream/plugin/connections.h"

/* All run on the thread of the loop, and none blocks. */
struct ds_http_service_operations {
    /* Requests whose target starts with prefix go to handler, on the thread of the loop; the
     * longest prefix wins, and of equal ones the first. prefix is copied, context borrowed until
     * close_connections has called its done. What no prefix fits is answered with 404, what is too
     * large, too slow or broken by the service itself: it bounds what it reads.
     * GET takes HEAD, too, whose answers are sent without their body. */
    void (*add_get)(void *self, ds_slice prefix, ds_http_handler *handler, void *context);
    /* The body of a POST comes whole and not compressed, whatever its type. */
    void (*add_post)(void *self, ds_slice prefix, ds_http_handler *handler, void *context);

    /* Peers that ask for a WebSocket (RFC 6455) at exactly this path, a query apart, are told of to
     * endpoint, which is borrowed as context above. Framing, fragments, pings, text that has to be
     * UTF-8, and compression if it is offered, are the service's; what endpoint bounds, it bounds.
     * A service that knows no WebSockets answers such requests with 501. */
    void (*add_websocket)(void *self, ds_slice path, const struct ds_endpoint *endpoint);

    /* Answers a request that a handler got, at once or later. Everything is copied, and the
     * exchange is gone. Until then it stays valid, whether its client is there or not, also after
     * close_connections; who has it answers before the plugin's close is called. A connection gets
     * its answers in the order of its requests. It is written at the end of the loop's turn, as
     * messages are. */
    void (*answer)(void *self, struct ds_http_exchange *exchange,
                   const struct ds_http_answer *answer);

    /* Calls on_gone once, on the thread of the loop, when the client goes before it has its answer:
     * to stop what is done for it. The exchange has to be answered all the same, perhaps right
     * then. At most once for an exchange. */
    void (*watch)(void *self, struct ds_http_exchange *exchange, void (*on_gone)(void *context),
                  void *context);

    /* Starts to listen. Returns false and fills error when that is not possible. Who can connect is
     * the service's to log. */
    bool (*listen)(void *self, struct ds_error *error);

    /* Where it listens: a number, also when its options say 0 for any. 0: it does not. */
    uint16_t (*port)(const void *self);

    /* Takes no new connections from now on; those that exist go on. */
    void (*stop_accepting)(void *self);

    /* Ends every connection: WebSockets behind what is queued, with 1001 and DS_OUTLET_SERVER_STOP,
     * those that wait for an answer behind it, and by force what is not gone after grace_ms. done:
     * all are gone, each endpoint has had its on_close, and nothing of who added it is called any
     * more. An error is logged. self may be gone when done returns. */
    void (*close_connections)(void *self, uint32_t grace_ms, ds_done *done, void *context);

    /* ---- those below may be left out: NULL ---- */

    /* Takes the certificates that options name now, for connections to come; options are those of
     * the file that was read again, and live until it returns. Returns false and fills error, with
     * those of before in use, when they are of no use. */
    bool (*reload)(void *self, const struct ds_value *options, struct ds_error *error);

    /* What it has counted; lives as long as self. */
    const struct ds_transport_counters *(*counters)(const void *self);

    /* Bytes that wait for clients to read them, of all connections. */
    size_t (*queued_bytes)(const void *self);
};
