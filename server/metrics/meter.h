#pragma once
/* A cache or a storage in front of another one: hands everything on, and counts what is answered,
 * what fails and how long it takes.
 *
 *     struct meter *meter = meter_new(loop, metrics->cache);
 *     const struct ds_cache_operations *operations = meter_cache(meter, cache, cache_self);
 *     operations->get(meter, name, done, context);      // self is the meter
 *
 * It lives until what it measures has answered everything, so longer than who calls it. */

#include "deepstream/plugin.h"
#include "metrics/metrics.h"

struct meter;

/* counts: of every store_operation; borrowed, as the loop. */
struct meter *meter_new(uv_loop_t *loop, struct store_counts *counts);
void meter_free(struct meter **meter); /* NULL stays NULL */

/* The table to call with the meter, which measures one cache or one storage. */
const struct ds_cache_operations *
meter_cache(struct meter *meter, const struct ds_cache_operations *operations, void *self);
const struct ds_storage_operations *
meter_storage(struct meter *meter, const struct ds_storage_operations *operations, void *self);
