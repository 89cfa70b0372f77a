#pragma once
/* How a record lies in Redis (server.md 8.1), as the original's cache-redis has it: `<name>_v`
 * holds the version as decimal text, `<name>_d` the data as JSON. With hash tags `{<name>}_v` and
 * `{<name>}_d`, which a cluster keeps in one slot. Before both, the option keyPrefix. Pure. */

#include "base/buf.h"

struct record_keys {
    struct buf bytes;
    slice version, data; /* the two keys, in bytes */
};

struct record_layout {
    slice key_prefix;
    bool has_hash_tags;
};

/* Whether both keys of the name are in one slot: with hash tags all but the empty name, and those
 * that begin with }, which Redis reads as no tag. Without them, of no interest. */
bool record_keys_fit(const struct record_layout *layout, slice name);

/* Ends with record_keys_fini. */
void record_keys_init(struct record_keys *keys, const struct record_layout *layout, slice name);
void record_keys_fini(struct record_keys *keys);

/* The version that a text stands for; false: none. */
bool record_version_parse(slice text, int32_t *version);
