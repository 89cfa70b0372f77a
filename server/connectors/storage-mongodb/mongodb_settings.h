#pragma once
/* What a connection to MongoDB needs to know, and the clients that threads share: read from the
 * options once, and never changed. */

#include "storage-mongodb/place.h"

#include "base/arena.h"

#include <mongoc/mongoc.h>

struct mongodb_settings {
    struct arena arena; /* of the texts */
    mongoc_uri_t *uri;
    mongoc_client_pool_t *pool;
    const char *database;
    const char *description; /* "mongodb at localhost:27017" */
    struct place_rules rules;
    size_t threads;
    size_t max_queue_bytes;
};

/* False and an error when the options make no sense; then there is nothing to free. */
bool mongodb_settings_read(struct mongodb_settings *settings, const struct ds_value *options,
                           struct ds_error *error);
void mongodb_settings_fini(struct mongodb_settings *settings);
