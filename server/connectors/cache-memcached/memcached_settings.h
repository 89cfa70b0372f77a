#pragma once
/* What a connection to memcached needs to know: read from the options once, and never changed. */

#include "deepstream/plugin.h"

#include "base/arena.h"

struct memcached_server {
    const char *host; /* a path when port is 0 */
    uint16_t port;
    uint32_t weight;
};

struct memcached_settings {
    struct arena arena; /* of all that follows */
    struct memcached_server *servers;
    size_t server_count;
    const char *description; /* "memcached at a:11211, b:11211" */
    ds_slice namespace_;
    uint64_t lifetime_s; /* 0: for ever */
    uint32_t timeout_ms;
    size_t max_item_bytes;
    size_t threads;
    size_t max_queue_bytes;
    bool is_atomic; /* the server knows gets and cas */
};

/* False and an error when the options make no sense; then there is nothing to free. */
bool memcached_settings_read(struct memcached_settings *settings, const struct ds_value *options,
                             struct ds_error *error);
void memcached_settings_fini(struct memcached_settings *settings);
