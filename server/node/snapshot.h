#pragma once
/* A copy of what a node has counted, which other threads may read: it never changes. Counted; the
 * last release frees it. Names that ds_statistics calls constants are not copied. */

#include "deepstream/plugin.h"

struct snapshot;

/* The first reference is the caller's. */
struct snapshot *snapshot_new(const struct ds_statistics *statistics);
struct snapshot *snapshot_retain(struct snapshot *snapshot);
void snapshot_release(struct snapshot **snapshot); /* NULL stays NULL */

const struct ds_statistics *snapshot_view(const struct snapshot *snapshot);
