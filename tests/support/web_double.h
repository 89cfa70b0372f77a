#pragma once
/* A web server that answers as a test says, on the test's own loop, at a free port of 127.0.0.1. */

#include "base/buf.h"
#include "base/list.h"

#include <uv.h>

struct web_asked {
    size_t number; /* from 1, over all connections */
    slice method, path;
    slice head; /* with the first line, without the empty one */
    slice body;
};

struct web_reply {
    const char *text;  /* the whole reply with its head; NULL: none */
    size_t length;     /* 0: strlen(text) */
    const char *again; /* sent over and over behind it, until nobody reads any more; or NULL */
    bool hang_up;      /* behind it; else the connection stays open */
};

struct web_double {
    uv_tcp_t listener;
    uv_loop_t *loop;
    uint16_t port;
    struct web_reply (*answer)(void *context, const struct web_asked *asked);
    void *context;
    size_t asked_count;
    size_t open_now, open_most; /* connections with a request that is not answered, or ever were */
    struct list_link connections;
    size_t open_handles;
};

void web_double_init(struct web_double *web, uv_loop_t *loop,
                     struct web_reply (*answer)(void *context, const struct web_asked *asked),
                     void *context);
/* Closes every connection and runs the loop until nothing of it is left. */
void web_double_fini(struct web_double *web);

/* Stops listening and hangs up on everybody: nobody is there any more. */
void web_double_vanish(struct web_double *web);

/* "HTTP/1.1 <status>" with type (or NULL), an extra header line (or NULL) and body. Lives until the
 * next call but seven. */
struct web_reply web_reply_of(int status, const char *type, const char *extra, const char *body);
