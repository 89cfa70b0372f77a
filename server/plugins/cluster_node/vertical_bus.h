#pragma once
/* A bus between nodes of one process, each on a thread of its own. A text is copied once and handed
 * to every member by reference; a member takes what waits for it on its own thread, some on each
 * turn of its loop, so that whatever else the loop has to do is done between.
 *
 * What waits for one member is bounded. What does not fit is dropped, and the member learns that
 * something was. The bus's lock is held for as long as it takes to put a reference into queues, and
 * never while somebody is called. */

#include "deepstream/plugin.h"

#include <uv.h>

struct vertical_bus;
struct vertical_member;

struct vertical_bus *vertical_bus_new(void);
/* Nobody is a member any more. */
void vertical_bus_free(struct vertical_bus *bus);

/* What a member is called with, on its thread. */
struct vertical_callbacks {
    void *context;
    void (*on_text)(void *context, uint8_t topic, ds_slice text);
    void (*on_loss)(void *context); /* texts for it were dropped before those that come next */
    void (*on_left)(void *context); /* nothing comes any more */
};

/* From now on texts of others reach it. name is borrowed until it has left; when two have one name,
 * what is for it goes to the later one. */
struct vertical_member *vertical_bus_join(struct vertical_bus *bus, uv_loop_t *loop, ds_slice name,
                                          const struct vertical_callbacks *callbacks);

/* on_left comes on a later turn of the loop; the member is gone then. */
void vertical_bus_leave(struct vertical_member *member);

/* To all others, or to the one called server when its at is not NULL. */
void vertical_bus_send(struct vertical_member *member, ds_slice server, uint8_t topic,
                       ds_slice text);
