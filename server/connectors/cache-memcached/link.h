#pragma once
/* Talks to memcached: what a blocking store needs, by libmemcached. Compare-and-set is `gets` and
 * `cas`, or `add` where nothing is expected. */

#include "shared/blocking_store.h"

/* Its `shared` is a struct memcached_settings. */
extern const struct blocking_backend memcached_backend;
