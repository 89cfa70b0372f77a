#pragma once
/* Operations on records, in order, on their way to the database.
 *
 *     name -> key -> lane (one per table) -> row (one per id) -> queue of operations
 *
 * Operations on one row take effect in the order of the calls: reads that follow each other go out
 * at once, writes wait for reads before them, and reads for writes before them. Writes to different
 * rows of one table go out together, writeInterval after the first of them, or at once when a read
 * waits; a lane has one batch under way, and what comes meanwhile is the next. Rows and lanes exist
 * only while something is queued for them. */

#include "pool.h"

#include "base/hashmap.h"
#include "base/list.h"

struct store {
    const struct ds_services *services;
    const struct options *options;
    struct pool *pool;
    struct hashmap lanes;         /* by table */
    struct list_link dirty_lanes; /* with writes that wait for the interval */
    uv_timer_t interval;
    size_t queued_bytes;
    size_t queued;   /* operations, and requests of ours that nobody waits for */
    bool is_closing; /* nothing waits for the interval any more */
    bool is_ending;  /* nothing is begun any more: it fails */
    void *context;
    void (*on_drained)(void *context);
};

void store_init(struct store *store, const struct ds_services *services,
                const struct options *options, struct pool *pool);

void store_get(struct store *store, ds_slice name, ds_record_done *done, void *context);
void store_set(struct store *store, ds_slice name, const struct ds_record *record, ds_done *done,
               void *context);
void store_remove(struct store *store, const ds_slice *names, size_t count, ds_done *done,
                  void *context);

/* Begins what is queued at once, and tells when all is answered, later. */
void store_drain(struct store *store, void (*on_drained)(void *context), void *context);

/* From now on what is not sent fails instead. Before pool_close. */
void store_give_up(struct store *store);

/* Fails what is left. After pool_close. */
void store_fail_rest(struct store *store);

/* The store is empty. Calls on_closed later. */
void store_close(struct store *store, void (*on_closed)(void *context), void *context);
