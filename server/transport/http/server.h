#pragma once
/* The HTTP server inside: what its files share. Others see http.h. */

#include "transport/http/head.h"
#include "transport/stream.h"
#include "transport/ws/peer.h"

#include "base/vec.h"

struct http_get_route {
    slice prefix;
    http_get_handler *handler;
    void *context;
};

struct http_server {
    const struct http_settings *settings;
    struct log *log;
    struct stream_host streams;
    struct ws_host websockets;
    struct deadlines heads; /* connections whose next head is awaited */
    VEC(struct ws_route *) websocket_routes;
    VEC(struct http_get_route) get_routes;
    uv_tcp_t *listener; /* NULL: not listening; it is freed when it is closed */
    uv_timer_t grace;
    bool is_full;                /* a connection was turned away, and none has ended since */
    unsigned open_parts;         /* when closing: what is not closed yet */
    void (*done)(void *context); /* set: the server is closing */
    void *done_context;
};

/* server.c */
struct ws_route *http_websocket_route(const struct http_server *server, slice target);
const struct http_get_route *http_get_route(const struct http_server *server, slice target);

/* ---- connection.c: requests of one connection, one after the other ---- */

void http_connection_open(struct http_server *server, struct stream *stream);

/* ---- answer.c ---- */

struct http_response {
    unsigned status;
    slice content_type; /* empty: none, and no body */
    slice body;
    const char *headers; /* more lines, each with its CRLF; or NULL */
    slice origin;        /* that may read the answer: "*", one, or empty for none */
    bool is_for_head;    /* the body is only measured */
    bool closes;
};

#define HTTP_TEXT SLICE("text/plain; charset=utf-8")
#define HTTP_JSON SLICE("application/json; charset=utf-8")

/* Appends the whole answer. */
void http_response_write(struct buf *out, const struct http_response *response);

/* ---- cors.c: who may ask, and what browsers want to know before ---- */

/* Why the origin of the request may not ask, as the text of a 403; or false. *origin gets what
 * the answer allows. */
bool http_origin_refused(const struct http_settings *settings, const struct http_request *request,
                         slice *origin, struct buf *why);

/* The answer to OPTIONS: its status; body gets a text, or the headers of a 204. */
unsigned http_preflight(const struct http_request *request, struct buf *body);
