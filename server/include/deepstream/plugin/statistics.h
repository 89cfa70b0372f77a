#pragma once
/* What the server has counted. Counts begin at its start and only grow: who shows what happened
 * since the last look subtracts what it saw then. Lists hold only what is not 0, in a fixed order,
 * unless they say otherwise; names are constants. */

#include "deepstream/plugin/common.h"

/* Messages of clients and to clients. One that goes to many receivers counts as often in `sent`,
 * and never in `received`. */
struct ds_message_count {
    const char *topic;  /* "EVENT" */
    const char *action; /* "EMIT"; "UNKNOWN": no such topic or action */
    uint64_t received, sent;
};

/* Verdicts of the permission plugin, one per name that was asked about. */
struct ds_decision_count {
    const char *section; /* "record" */
    const char *rule;    /* "write"; without the permission's `rule` the action: "PATCH" */
    uint64_t allowed, denied, undecided;
};

struct ds_login_count {
    const char *endpoint; /* "websocket", "http", "mqtt" or "plugin" */
    uint64_t allowed, declined;
};

struct ds_named_count {
    const char *name;
    uint64_t count;
};

/* Log lines, also those that the log level keeps out of the log. */
struct ds_log_count {
    const char *event;             /* a name of server/logging/events.def; "OTHER": of a plugin */
    uint64_t counts[DS_FATAL + 1]; /* by level */
};

/* How long something took. Of what happens often one per millisecond is measured. */
struct ds_histogram {
    const double *bounds;   /* seconds, growing */
    const uint64_t *counts; /* counts[i]: up to bounds[i] and more than the one before; one more
                               for what took longer than all */
    size_t bound_count;
    uint64_t count; /* all of them */
    double sum;     /* seconds */
};

struct ds_operation_count {
    const char *operation; /* "get" */
    uint64_t calls;        /* that were answered */
    uint64_t errors;       /* of those: with an error */
    struct ds_histogram seconds;
};

struct ds_statistics {
    double now_ms, started_ms; /* since 1970 */
    const char *version;       /* of the server */
    ds_slice server_name;
    size_t cluster_size; /* nodes, with this one */

    /* The process: of all its nodes, if there are several. */
    uint64_t resident_bytes;
    uint64_t open_files, most_files;
    double cpu_seconds;

    /* Connections of clients, whatever carries them; logged in or not. */
    uint64_t connections_open, connections_opened;
    const struct ds_named_count *connections_closed; /* by reason, also those that are 0 */
    size_t connections_closed_count;
    const struct ds_login_count *logins; /* also those that are 0 */
    size_t login_count;

    /* The HTTP server's. */
    uint64_t tcp_connections; /* accepted */
    uint64_t turned_away;     /* of those: because there were too many */
    uint64_t tls_handshakes;  /* complete */
    uint64_t tls_failures;    /* handshakes that failed, or were not complete in time */
    uint64_t http_requests;   /* answered, upgrades apart */
    uint64_t http_refused;    /* of those: broken, too large or too slow */
    uint64_t bytes_in, bytes_out;
    uint64_t queued_bytes;      /* that wait for receivers now */
    uint64_t receivers_cut_off; /* because they did not read */

    const struct ds_message_count *messages;
    size_t message_count;
    uint64_t unreadable_messages; /* frames that hold no message */

    const struct ds_decision_count *decisions;
    size_t decision_count;
    struct ds_histogram decision_seconds; /* of decisions that did not wait for records */

    const struct ds_operation_count *cache; /* every operation, also those without calls */
    size_t cache_count;
    bool knows_cache_size;
    uint64_t cache_records, cache_bytes;
    const struct ds_operation_count *storage; /* none: nothing is stored */
    size_t storage_count;

    const struct ds_log_count *log;
    size_t log_count;

    /* Names in the registries of the cluster, empty ones too: "EVENT_SUBSCRIPTIONS". */
    const struct ds_named_count *registries;
    size_t registry_count;
    uint64_t rpc_calls_open; /* of clients of this node */

    uint64_t messages_waiting; /* for a verdict, or behind another one of their connection */
    uint64_t unstored_writes, unstored_bytes; /* on their way to the storage */

    size_t process_nodes; /* nodes of this process, with this one */
};

/* nodes: what each node of a process has counted, that of the node which has asked first. */
typedef void ds_statistics_done(void *context, const struct ds_statistics *const *nodes,
                                size_t count);
