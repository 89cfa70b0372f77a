#pragma once
/* The connections to the database: one at least, up to `max` while there is more to do than they
 * get done, tried again with growing pauses when they are lost. Requests wait here for a
 * connection, but not longer than connectionTimeoutMillis after the last one was lost: then they
 * fail. */

#include "connection.h"

#include "shared/backoff.h"
#include "shared/outage.h"

struct pool {
    const struct ds_services *services;
    const struct options *options;
    uv_timer_t tick; /* runs while something could take too long */
    struct connection **connections;
    size_t count;  /* in the list */
    size_t living; /* also those that are not quite gone */
    struct request_list waiting;
    struct backoff backoff;
    struct outage outage;
    uint64_t next_try_ms;
    uint64_t lost_ms; /* when the last connection was lost; counts while there is none */
    char reason[400]; /* why there is none */
    bool is_closing;
    void *context;
    void (*on_closed)(void *context);
};

/* Connects, and goes on trying. options and services are borrowed until on_closed. */
void pool_open(struct pool *pool, const struct ds_services *services,
               const struct options *options);

/* Its on_end comes later, whatever happens. Not after pool_close. */
void pool_submit(struct pool *pool, struct request *request);

bool pool_is_connected(const struct pool *pool);

/* What is under way fails, before it returns. Calls on_closed, later. */
void pool_close(struct pool *pool, void (*on_closed)(void *context), void *context);
