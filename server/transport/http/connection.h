#pragma once
/* One connection of HTTP inside: what the files that serve it share. */

#include "transport/http/body.h"
#include "transport/http/server.h"

#include "base/buf.h"

#define HTTP_DRAIN_MS 20 /* between two looks at whether a slow reader has read */

/* A request whose body has not come whole. */
struct http_incoming {
    struct buf bytes; /* of the head */
    struct http_head head;
    struct http_body body;
};

struct http_connection {
    struct http_server *server;
    struct stream *stream;
    struct buf partial;             /* a head that is not whole yet, or what waits for its turn */
    struct http_incoming *incoming; /* NULL: no body is awaited */
    struct ds_http_exchange *exchange; /* NULL: no request is being answered */
    struct ds_tls_peer *peer;          /* NULL: it has shown no certificate, or was not asked yet */
    struct deadline deadline;
    struct turn_task task;
    size_t unread_bytes;     /* of answers, when it was last looked at */
    uint64_t unread_ms;      /* the time since when they did not become fewer */
    bool has_begun;          /* a part of a head has come */
    bool is_serving;         /* its bytes are being read */
    bool is_waiting_to_send; /* no more is served before the client has read */
    bool is_stopping;        /* the answer that it waits for is its last */
    bool is_over;            /* the stream is let go */
};

/* ---- connection.c: bytes in, request after request, the end ---- */

void http_connection_open(struct http_server *server, struct stream *stream);

/* Lets the stream go: to whom it is given, or to nobody. */
void http_connection_let_go(struct http_connection *connection);

/* Writes an answer; the next request is served, or the connection ends. */
void http_connection_answer(struct http_connection *connection,
                            const struct http_response *response);
void http_connection_answer_text(struct http_connection *connection, struct http_response response,
                                 slice text);

/* What came is no request that could be trusted: neither is what follows. response has the status
 * and the origin. */
void http_connection_refuse(struct http_connection *connection, struct http_response response,
                            const char *reason);

/* ---- serve.c: what is done with a request ---- */

/* The head of a request is there; *rest is what has come behind it, from whose front its body is
 * taken. */
void http_serve(struct http_connection *connection, const struct http_head *head, slice *rest);

/* More of the body that is awaited. */
void http_serve_more(struct http_connection *connection, slice *rest);

void http_incoming_free(struct http_incoming **incoming);

/* ---- exchange.c: requests that are being answered ---- */

/* The exchange of the request that the connection serves now; response has what its answer does not
 * say. */
struct ds_http_exchange *http_exchange_new(struct http_connection *connection,
                                           const struct http_response *response);

/* The client is gone. */
void http_exchange_leave(struct ds_http_exchange *exchange);
