#pragma once
/* One connection to PostgreSQL on the node's loop: libpq without blocking, in pipeline mode, so
 * that requests are sent without waiting for the answers of those before. A request is done when
 * its commit is: libpq's PGRES_PIPELINE_SYNC, not the result of its last statement. */

#include "address.h"
#include "options.h"
#include "request.h"

#include <uv.h>

struct connection;

struct connection_owner {
    void *context;
    void (*on_ready)(void *context, struct connection *connection);
    /* It could not be made, or has ended. Requests that were sent have failed before. */
    void (*on_lost)(void *context, struct connection *connection, const char *reason);
    /* A request has ended: there is room for another. */
    void (*on_room)(void *context, struct connection *connection);
    /* After on_lost or connection_close: the connection is freed, and nothing of it is left. */
    void (*on_gone)(void *context);
};

/* options are borrowed until on_gone. Nothing happens before connection_start, which may call
 * on_lost before it returns. */
struct connection *connection_new(uv_loop_t *loop, const struct options *options,
                                  const struct connection_owner *owner);
void connection_start(struct connection *connection);

/* Only when it is ready. The request's on_end comes later, whatever happens. */
void connection_send(struct connection *connection, struct request *request);

bool connection_is_ready(const struct connection *connection);
size_t connection_load(const struct connection *connection); /* requests sent and not ended */
uint64_t connection_idle_since_ms(const struct connection *connection);

/* Gives it up when it takes too long: to be called now and then. */
void connection_check(struct connection *connection);

/* Ends it without on_lost; what was sent fails. */
void connection_close(struct connection *connection);
