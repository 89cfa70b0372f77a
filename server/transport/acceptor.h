#pragma once
/* What every server over TCP has: a port that is listened at, connections up to a bound, and the
 * end of all of them, which comes in this order: no more are accepted, those that are open say
 * goodbye, what is left when the grace is over is cut off, then everything is closed.
 *
 * A server embeds one, and frees itself when it is told that all is closed. */

#include "transport/listener.h"
#include "transport/stream.h"

struct acceptor_events {
    const char *full; /* for the log: "connections are open" */

    /* All get the server that acceptor_init got. */
    void (*on_connection)(void *server, struct stream *stream);
    /* One too many, which is ended afterwards: queues what it is told. NULL: nothing. */
    void (*on_excess)(void *server, struct stream *stream);
    /* The last connection is gone: closes what else waits for peers, by acceptor_close_deadlines.
     * NULL: there is nothing. */
    void (*on_empty)(void *server);
    /* Everything is closed: frees the server. */
    void (*on_closed)(void *server);
};

struct acceptor {
    const struct acceptor_events *events;
    void *server;
    uint32_t max_connections; /* 0: no bound */
    struct stream_host streams;
    uv_tcp_t *listener; /* NULL: not listening; it is freed when it is closed */
    uv_timer_t grace;
    bool is_full;                /* a connection was turned away, and none was taken since */
    unsigned open_parts;         /* when closing: what is not closed yet */
    void (*done)(void *context); /* set: the server is closing */
    void *done_context;
};

/* events and log are borrowed. max_connections 0: no bound. */
void acceptor_init(struct acceptor *acceptor, const struct acceptor_events *events, void *server,
                   uv_loop_t *loop, uint32_t max_connections, struct log *log);

/* Once. Returns 0, or a negative UV_ error. */
int acceptor_listen(struct acceptor *acceptor, const struct listener_settings *settings);

void acceptor_stop_accepting(struct acceptor *acceptor);

/* Once. done is called behind on_closed. */
void acceptor_close(struct acceptor *acceptor, uint32_t grace_ms, void (*done)(void *context),
                    void *context);

/* Of on_empty. */
void acceptor_close_deadlines(struct acceptor *acceptor, struct deadlines *deadlines);
