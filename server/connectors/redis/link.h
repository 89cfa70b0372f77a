#pragma once
/* The way to one server: its name resolved without stopping the loop, each of its addresses tried
 * in turn, then bytes in both directions, in TLS or plain. */

#include "redis/settings.h"

#include <uv.h>

struct redis_link;

/* None is called any more after redis_link_close, but on_gone. reason lives until it returns. */
struct redis_link_events {
    void (*on_open)(void *context);
    void (*on_bytes)(void *context, slice bytes);
    /* At most once; it is to be closed then. is_final: trying again makes no sense before somebody
     * changes something. */
    void (*on_lost)(void *context, const char *reason, bool is_final);
    void (*on_gone)(void *context); /* nothing of it is left on the loop */
};

/* settings and context are borrowed until on_gone. Returns NULL when the host can be no name. */
struct redis_link *redis_link_open(uv_loop_t *loop, const struct redis_address *address,
                                   const struct redis_settings *settings,
                                   const struct redis_link_events *events, void *context);

/* Takes the bytes: the buffer is empty afterwards. Only once it is open. */
void redis_link_write(struct redis_link *link, struct buf *bytes);

/* Bytes that were given to it, and that the system has not taken yet. */
size_t redis_link_unsent(const struct redis_link *link);

/* Also from within an event. NULL stays NULL. */
void redis_link_close(struct redis_link **link);
