#pragma once
/* The options that all connectors to Redis have in common, read from the configuration and bounded.
 * README.md has the table. */

#include "deepstream/plugin.h"
#include "redis/tls.h"

#include "base/arena.h"

/* Their names, for the list of a plugin. */
#define REDIS_ACCESS_OPTIONS(below)                                                                \
    below "username", below "password", below "db", below "keyPrefix", below "tls.ca",             \
        below "tls.cert", below "tls.key", below "tls.servername", below "tls.rejectUnauthorized"
#define REDIS_OPTIONS                                                                              \
    "host", "port", "url", REDIS_ACCESS_OPTIONS(""), "nodes.host", "nodes.port", "nodes.url",      \
        REDIS_ACCESS_OPTIONS("redisOptions."), "hashTags", "requestTimeout", "maxWaitingMegabytes"

struct redis_address {
    char host[256];
    uint16_t port;
};

struct redis_settings {
    struct arena arena; /* of the texts below */
    struct redis_address *nodes;
    size_t node_count;
    bool is_cluster;      /* the nodes are the first ones to ask for the others */
    slice user, password; /* empty: none */
    uint32_t database;
    struct redis_tls_context *tls; /* NULL: none */
    slice key_prefix;
    bool has_hash_tags;
    uint32_t timeout_ms;
    size_t most_waiting_bytes;
};

/* Returns false and fills error, which names the option and its place. */
bool redis_settings_init(struct redis_settings *settings, const struct ds_value *options,
                         struct ds_error *error);
void redis_settings_fini(struct redis_settings *settings);

/* A whole number within bounds; absent: `fallback`. */
bool redis_option_number(const struct ds_value *options, const char *key, uint32_t least,
                         uint32_t most, uint32_t fallback, uint32_t *number,
                         struct ds_error *error);

/* "127.0.0.1:6379", "[::1]:6379" */
void redis_address_print(const struct redis_address *address, char *out, size_t size);
