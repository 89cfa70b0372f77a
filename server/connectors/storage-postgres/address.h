#pragma once
/* Looks up the addresses of the database's hosts before libpq connects, since libpq would wait for
 * the answer on the loop. Each host of the list becomes one entry per address; `host` keeps the
 * names, by which certificates are checked. Paths of sockets and numbers stay as they are. */

#include "options.h"

#include <uv.h>

struct address_lookup {
    uv_getaddrinfo_t request;
    uv_loop_t *loop;
    const struct conninfo *given;
    void *context;
    /* hosts is a conninfo with `host`, `hostaddr` and `port`, as far as they are set; gone when it
     * returns. error is NULL, or why there is none. */
    void (*on_found)(void *context, const struct conninfo *hosts, const char *error);
    size_t next;  /* host of the list */
    size_t count; /* addresses until now */
    struct buf host, hostaddr, port;
    bool is_cancelled;
    char problem[300]; /* of the last host that is not known */
};

/* Calls on_found once; before it returns when there is nothing to look up. given is borrowed until
 * then. context and on_found are set before. */
void address_find(struct address_lookup *lookup, uv_loop_t *loop, const struct conninfo *given);
/* on_found still comes, soon. */
void address_cancel(struct address_lookup *lookup);
