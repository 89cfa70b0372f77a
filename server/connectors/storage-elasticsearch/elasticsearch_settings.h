#pragma once
/* The options of the connector, read once and never changed. */

#include "storage-elasticsearch/place.h"

#include "base/arena.h"

#define MOST_HOSTS 32

struct elasticsearch_settings {
    struct arena arena;            /* of the texts */
    const char *hosts[MOST_HOSTS]; /* "http://localhost:9200", without a path */
    size_t host_count;
    const char *credentials; /* "user:password", or NULL */
    const char *description; /* "elasticsearch at http://localhost:9200" */
    struct place_rules rules;
    ds_slice settings; /* JSON of new indexes, or empty */
    ds_slice mappings; /* JSON of `record`, or empty: records are not searched */
    uint32_t ping_timeout_ms;
    uint32_t request_timeout_ms;
    size_t max_queue_bytes;
};

/* False and an error when the options make no sense; then there is nothing to free. */
bool elasticsearch_settings_read(struct elasticsearch_settings *settings,
                                 const struct ds_value *options, struct ds_error *error);
void elasticsearch_settings_fini(struct elasticsearch_settings *settings);
