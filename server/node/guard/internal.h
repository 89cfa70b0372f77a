#pragma once
/* The inside of the guard, for the files of this folder: what a guard is, how a call begins and is
 * answered, and the table of each kind of plugin. */

#include "node/guard/plugin_guard.h"

#include "base/list.h"

#include <uv.h>

/* Who is answered. */
union guard_answer {
    ds_done *done;
    ds_record_done *record;
    ds_set_done *set;
    ds_heads_done *heads;
    ds_login_done *login;
    ds_verdict_done *verdict;
    ds_lock_done *lock;
};

struct plugin_guard {
    const struct ds_plugin *plugin;
    void *self;
    const char *file;
    struct log *log;
    uv_thread_t thread;
    bool has_ended;
    unsigned faults;
    struct list_link open, over; /* of calls; those over from the oldest on */
    size_t over_count;
    union {
        struct ds_authentication_operations authentication;
        struct ds_permission_operations permission;
        struct ds_cache_operations cache;
        struct ds_storage_operations storage;
        struct ds_lock_operations locks;
        struct ds_cluster_node_operations cluster_node;
        struct ds_http_service_operations http_service;
        struct ds_connection_endpoint_operations connection_endpoint;
    } operations;
    const struct ds_cluster_node_listener *listener; /* of a cluster node; before it is `heard` */
    struct ds_cluster_node_listener heard;
};

/* ---- calls.c ---- */

struct guard_call;

/* What the plugin gets as its context; with it goes the function of below that fits the answer. */
struct guard_call *guard_call_begin(struct plugin_guard *guard, const char *operation,
                                    void *context, union guard_answer answer);
void guard_calls_free(struct plugin_guard *guard);

#define GUARD_CALL(guard, operation, context, answer)                                              \
    guard_call_begin(guard, operation, context, (union guard_answer){answer})

void guard_on_done(void *call, const char *error);
void guard_on_record(void *call, const char *error, const struct ds_record *record);
void guard_on_stored(void *call, const char *error, const struct ds_record *record);
void guard_on_set(void *call, const char *error, const struct ds_record *conflict);
void guard_on_heads(void *call, const char *error, const int32_t *versions);
void guard_on_login(void *call, const struct ds_login_result *result);
void guard_on_verdict(void *call, enum ds_verdict verdict);
void guard_on_lock(void *call, bool got);

/* Whether something that nobody asked for may go on. */
bool guard_hear(struct plugin_guard *guard, const char *what);

/* ---- the tables, a file for each kind: the operations of the guard, for those of the plugin ----
 */

/* A member that is added to a table has to be added there. */
#define GUARD_ASSERT_MEMBERS(table, count)                                                         \
    _Static_assert(sizeof(struct table) == (count) * sizeof(void (*)(void)),                       \
                   #table " has an operation that is not passed on")

/* What close_connections of two kinds answers. */
#define GUARD_CLOSE_CONNECTIONS "the end of its connections"

void guard_fill_authentication(struct plugin_guard *guard);
void guard_fill_permission(struct plugin_guard *guard);
void guard_fill_cache(struct plugin_guard *guard);
void guard_fill_storage(struct plugin_guard *guard);
void guard_fill_locks(struct plugin_guard *guard);
void guard_fill_cluster_node(struct plugin_guard *guard);
void guard_fill_http_service(struct plugin_guard *guard);
void guard_fill_connection_endpoint(struct plugin_guard *guard);
