#pragma once
/* The options of the connector, read once and checked. */

#include "deepstream/plugin.h"

#include "base/buf.h"
#include "base/slice.h"

/* Names of libpq's parameters and their values, side by side, as PQconnectStartParams takes them;
 * each list ends with NULL. */
struct conninfo {
    char **keywords;
    char **values;
    size_t count;
};

enum notification {
    NOTIFY_CREATE_TABLE,
    NOTIFY_DESTROY_TABLE,
    NOTIFY_INSERT,
    NOTIFY_UPDATE,
    NOTIFY_DELETE,
    NOTIFICATIONS,
};

struct options {
    struct conninfo conninfo; /* without addresses: address.h adds them */
    char *backend;            /* "postgres at db.example:5432, database app", for the log */
    slice schema, default_table;
    slice role; /* who owns tables; empty: who makes them */
    size_t most_connections;
    uint32_t idle_ms;       /* after which a connection that is not needed is closed */
    uint32_t write_ms;      /* writeInterval */
    uint32_t connect_ms;    /* until an attempt to connect is given up, or waiting for one */
    uint32_t query_ms;      /* until a silent server counts as lost */
    size_t max_queue_bytes; /* of operations that are not answered */
    bool is_jsonb;
    bool notifies[NOTIFICATIONS];
};

/* Every option, NULL at the end. */
extern const char *const option_names[];

/* Returns false and fills error when they make no sense. */
bool options_read(struct options *options, const struct ds_services *services,
                  const struct ds_value *given, struct ds_error *error);
void options_fini(struct options *options);

/* keyword is copied; so is value. Replaces the value that was there. */
void conninfo_set(struct conninfo *conninfo, const char *keyword, slice value);
/* NULL when it is not set. */
const char *conninfo_find(const struct conninfo *conninfo, const char *keyword);
void conninfo_fini(struct conninfo *conninfo);
