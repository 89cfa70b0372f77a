#pragma once
/* The HTTP server inside: what its files share. Others see http.h. */

#include "transport/http/head.h"
#include "transport/acceptor.h"
#include "transport/ws/peer.h"

#include "base/vec.h"

struct http_route {
    slice prefix;
    ds_http_handler *handler;
    void *context;
};

struct http_routes {
    VEC(struct http_route) all;
};

struct http_server {
    const struct http_settings *settings;
    struct log *log;
    struct acceptor acceptor;
    struct ws_host websockets;
    struct deadlines heads;  /* connections whose next head is awaited */
    struct deadlines bodies; /* connections that are sending a body */
    struct deadlines drains; /* connections that have to read before they are asked more */
    VEC(struct ws_route *) websocket_routes;
    struct http_routes get_routes, post_routes;
};

/* server.c */
struct ws_route *http_websocket_route(const struct http_server *server, slice target);
const struct http_route *http_route_find(const struct http_routes *routes, slice target);

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

/* Appends the whole answer. */
void http_response_write(struct buf *out, const struct http_response *response);

/* ---- cors.c: who may ask, and what browsers want to know before ---- */

/* Why the origin of the request may not ask, as the text of a 403; or false. *origin gets what
 * the answer allows. */
bool http_origin_refused(const struct http_settings *settings,
                         const struct ds_http_request *request, slice *origin, struct buf *why);

/* The answer to OPTIONS: its status; body gets a text, or the headers of a 204. */
unsigned http_preflight(const struct ds_http_request *request, struct buf *body);
