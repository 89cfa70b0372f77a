#pragma once
/* Gets a database ready: the schema and three functions in it. What is there already is left as it
 * is, so a user who may not make any of it can still work in a schema that somebody else made.
 *
 *     deepstream_broadcast()         trigger of each table: NOTIFY <schema>, 'INSERT:<table>:<id>'
 *     deepstream_drop_if_empty(...)  drops a table that has no rows, unless somebody works on it
 *     deepstream_adopt(...)          gives a table of the original connector our trigger */

#include "pool.h"

#include "base/list.h"

struct schema {
    struct pool *pool;
    struct request request;
    uv_timer_t retry;
    struct backoff backoff;
    bool is_there;
    size_t functions; /* that are there and are ours of this version */
    bool is_making;
    bool is_cancelled;
    void *context;
    void (*on_ready)(void *context, const char *error);
    void (*on_closed)(void *context);
};

/* Asks again while the server starts or others do the same; on_ready tells the end of it, once. */
void schema_prepare(struct schema *schema, struct pool *pool,
                    void (*on_ready)(void *context, const char *error), void *context);

/* No on_ready any more. Right before pool_close; the schema is kept until on_closed. */
void schema_close(struct schema *schema, void (*on_closed)(void *context), void *context);
