#pragma once
/* The HTTP/1.1 listener of a node: requests with and without bodies, answers at once and later, and
 * connections that become WebSockets (RFC 9112, RFC 6455 4.2).
 *
 * Requests are read strictly: what RFC 9112 calls an error is answered with 400 and the end of the
 * connection, a head that is too large with 431, a head or a body that is too slow with 408.
 *
 * One connection is asked one thing at a time: requests that come while one is being answered wait,
 * and beyond a bound they are not read. So answers leave in the order of the requests. */

#include "deepstream/plugin/connections.h"
#include "transport/ws/ws.h"

#include <uv.h>

struct log;
struct http_server;
struct tls_context;

struct http_settings {
    const char *host;
    uint16_t port; /* 0: any free one; http_server_port says which */
    bool reuse_port;
    bool allow_all_origins; /* false: only those of `origins` may upgrade or ask (F19) */
    const slice *origins;
    size_t origin_count;
    slice host_url;
    bool trust_forwarded_for;   /* true, as the original */
    uint32_t max_head_bytes;    /* 16 KiB */
    uint32_t head_timeout_ms;   /* 10,000, also for an idle connection between requests */
    uint32_t body_timeout_ms;   /* 30,000: from the head of a request to the end of its body */
    uint32_t max_message_bytes; /* of a POST body, compressed and not */
    uint32_t max_connections;   /* 0: as many as the system allows */
};

/* Settings and log are borrowed until the server is closed. The process must ignore SIGPIPE. */
struct http_server *http_server_new(uv_loop_t *loop, const struct http_settings *settings,
                                    struct log *log);

/* Connections that come from now on speak TLS by this context, which is retained. Called again, it
 * changes the certificates of those that come then. */
void http_server_encrypt(struct http_server *server, struct tls_context *context);

/* Upgrades of requests whose target equals path exactly go to endpoint, which is borrowed. The
 * empty path takes those that no other does. */
void http_server_add_websocket(struct http_server *server, slice path,
                               const struct ds_endpoint *endpoint);

/* ---- requests ---- */

/* Everything is copied. The exchange is gone. */
void http_answer(struct ds_http_exchange *exchange, const struct ds_http_answer *answer);

/* Calls on_gone once when the client goes before it has its answer: to stop what is done for it.
 * The exchange has to be answered all the same, perhaps right then. */
void http_exchange_watch(struct ds_http_exchange *exchange, void (*on_gone)(void *context),
                         void *context);

/* Requests whose target starts with prefix go to handler; the longest prefix wins, and of equal
 * ones the first. Both are borrowed, prefix is copied. GET takes HEAD, too, whose answers are sent
 * without their body. The body of a POST comes whole, whatever its type. */
void http_server_add_get(struct http_server *server, slice prefix, ds_http_handler *handler,
                         void *context);
void http_server_add_post(struct http_server *server, slice prefix, ds_http_handler *handler,
                          void *context);

#define HTTP_TEXT SLICE("text/plain; charset=utf-8")
#define HTTP_JSON SLICE("application/json; charset=utf-8")

/* ---- life ---- */

/* Starts to listen. Returns 0 or a negative UV_ error. host may be an address or a name. */
int http_server_listen(struct http_server *server);
uint16_t http_server_port(const struct http_server *server);

/* Takes no new connections from now on; those that exist go on. */
void http_server_stop_accepting(struct http_server *server);

/* Closes every connection: WebSockets with 1001, those that wait for an answer behind it, and by
 * force what is not gone after grace_ms.
 * done is called when the last one has ended; server is freed then. */
void http_server_close(struct http_server *server, uint32_t grace_ms, void (*done)(void *context),
                       void *context);

/* What the server has seen so far. */
const struct ds_transport_counters *http_server_counters(const struct http_server *server);

/* Bytes that wait for clients to read them. */
size_t http_server_queued_bytes(const struct http_server *server);
