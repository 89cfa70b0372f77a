#include "plugin_guard.h"

#include "plugin_library.h"

#include "base/check.h"
#include "base/list.h"
#include "logging/log.h"

#include <uv.h>

/* A call that is over is kept until so many others are, so that it is known when it is answered
 * again, which happens soon or never. */
#define CALLS_REMEMBERED 1024

/* Answers too many that are logged; more of them say nothing new. */
#define FAULTS_LOGGED 10

/* What the plugin gets as its context. */
struct call {
    struct list_link link;
    struct plugin_guard *guard;
    const char *operation;
    bool is_open;
    void *context;
    union answer {
        ds_done *done;
        ds_record_done *record;
        ds_set_done *set;
        ds_heads_done *heads;
        ds_login_done *login;
        ds_verdict_done *verdict;
        ds_lock_done *lock;
    } answer;
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

/* ---- calls ---- */

static struct call *take_memory(struct plugin_guard *guard)
{
    if (guard->over_count > CALLS_REMEMBERED) {
        struct call *oldest = LIST_ITEM(guard->over.next, struct call, link);
        list_remove(&oldest->link);
        guard->over_count--;
        return oldest;
    }
    struct call *call = malloc(sizeof *call);
    CHECK(call != NULL);
    return call;
}

static struct call *begin(struct plugin_guard *guard, const char *operation, void *context,
                          union answer answer)
{
    struct call *call = take_memory(guard);
    *call = (struct call){.guard = guard,
                          .operation = operation,
                          .is_open = true,
                          .context = context,
                          .answer = answer};
    list_append(&guard->open, &call->link);
    return call;
}

_Noreturn static void end_process(const struct call *call)
{
    fprintf(stderr,
            "%s plugin %s: it answered %s on a thread that is not the loop's: nothing is safe any "
            "more\n",
            plugin_kind_word(call->guard->plugin->kind), call->guard->file, call->operation);
    abort();
}

static void report(struct plugin_guard *guard, const struct call *call)
{
    if (guard->faults == FAULTS_LOGGED)
        return;
    guard->faults++;
    log_line(guard->log, DS_ERROR, LOG_PLUGIN_ERROR, "%s plugin %s: it answered %s %s%s",
             plugin_kind_word(guard->plugin->kind), guard->file, call->operation,
             call->is_open ? "after it was closed; this is ignored" : "once more; this is ignored",
             guard->faults == FAULTS_LOGGED ? ", and no longer logged" : "");
}

/* Whether the answer may go on. It may use what it needs of the call until the next one begins. */
static bool end(struct call *call)
{
    struct plugin_guard *guard = call->guard;
    uv_thread_t here = uv_thread_self();
    if (!uv_thread_equal(&guard->thread, &here))
        end_process(call);
    if (!call->is_open || guard->has_ended) {
        report(guard, call);
        return false;
    }
    call->is_open = false;
    list_remove(&call->link);
    list_append(&guard->over, &call->link);
    guard->over_count++;
    return true;
}

/* ---- answers ---- */

static void on_done(void *context, const char *error)
{
    struct call *call = context;
    if (end(call))
        call->answer.done(call->context, error);
}

static void on_record(void *context, const char *error, const struct ds_record *record)
{
    struct call *call = context;
    if (end(call))
        call->answer.record(call->context, error, record);
}

static void on_set(void *context, const char *error, const struct ds_record *conflict)
{
    struct call *call = context;
    if (end(call))
        call->answer.set(call->context, error, conflict);
}

static void on_heads(void *context, const char *error, const int32_t *versions)
{
    struct call *call = context;
    if (end(call))
        call->answer.heads(call->context, error, versions);
}

static void on_login(void *context, const struct ds_login_result *result)
{
    struct call *call = context;
    if (end(call))
        call->answer.login(call->context, result);
}

static void on_verdict(void *context, enum ds_verdict verdict)
{
    struct call *call = context;
    if (end(call))
        call->answer.verdict(call->context, verdict);
}

static void on_lock(void *context, bool got)
{
    struct call *call = context;
    if (end(call))
        call->answer.lock(call->context, got);
}

/* ---- the tables ---- */

#define CLOSE_CONNECTIONS "the end of its connections"

/* A member that is added to a table has to be added here. */
#define ASSERT_MEMBERS(table, count)                                                               \
    _Static_assert(sizeof(struct table) == (count) * sizeof(void (*)(void)),                       \
                   #table " has an operation that is not passed on")

/* self of an operation is the guard: the table of the plugin, and its own self. */
#define PASS(kind)                                                                                 \
    struct plugin_guard *guard = self;                                                             \
    const struct ds_##kind##_operations *operations = guard->plugin->operations
#define PASS_READING(kind)                                                                         \
    const struct plugin_guard *guard = self;                                                       \
    const struct ds_##kind##_operations *operations = guard->plugin->operations
#define BEGIN(name, member) begin(guard, name, context, (union answer){.member = done})

ASSERT_MEMBERS(ds_authentication_operations, 2);

static void authentication_login(void *self, const struct ds_login *login, ds_login_done *done,
                                 void *context)
{
    PASS(authentication);
    operations->login(guard->self, login, on_login, BEGIN("a login", login));
}

static void authentication_logged_out(void *self, ds_slice user_id)
{
    PASS(authentication);
    if (operations->logged_out != NULL)
        operations->logged_out(guard->self, user_id);
}

ASSERT_MEMBERS(ds_permission_operations, 5);

static void *permission_user_new(void *self, ds_slice id, bool is_authenticated,
                                 ds_slice server_data)
{
    PASS(permission);
    return operations->user_new(guard->self, id, is_authenticated, server_data);
}

static void permission_user_free(void *self, void *user)
{
    PASS(permission);
    operations->user_free(guard->self, user);
}

static void permission_check(void *self, const struct ds_permission_request *request,
                             ds_verdict_done *done, void *context)
{
    PASS(permission);
    operations->check(guard->self, request, on_verdict, BEGIN("a check", verdict));
}

static bool permission_reload(void *self, struct ds_error *error)
{
    PASS(permission);
    return operations->reload(guard->self, error);
}

static bool permission_rule(void *self, uint8_t topic, uint16_t action, const char **section,
                            const char **type)
{
    PASS(permission);
    return operations->rule(guard->self, topic, action, section, type);
}

ASSERT_MEMBERS(ds_cache_operations, 6);

static void cache_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    PASS(cache);
    operations->get(guard->self, name, on_record, BEGIN("a get", record));
}

static void cache_set(void *self, ds_slice name, const struct ds_record *record, int32_t expected,
                      ds_set_done *done, void *context)
{
    PASS(cache);
    operations->set(guard->self, name, record, expected, on_set, BEGIN("a set", set));
}

static void cache_heads(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                        void *context)
{
    PASS(cache);
    operations->heads(guard->self, names, count, on_heads, BEGIN("heads", heads));
}

static void cache_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                         void *context)
{
    PASS(cache);
    operations->remove(guard->self, names, count, on_done, BEGIN("a remove", done));
}

static void cache_stored(void *self, ds_slice name, int32_t version)
{
    PASS(cache);
    operations->stored(guard->self, name, version);
}

static void cache_size(void *self, uint64_t *records, uint64_t *bytes)
{
    PASS(cache);
    operations->size(guard->self, records, bytes);
}

ASSERT_MEMBERS(ds_storage_operations, 3);

static void storage_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    PASS(storage);
    operations->get(guard->self, name, on_record, BEGIN("a get", record));
}

static void storage_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    PASS(storage);
    operations->set(guard->self, name, record, on_done, BEGIN("a set", done));
}

static void storage_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                           void *context)
{
    PASS(storage);
    operations->remove(guard->self, names, count, on_done, BEGIN("a remove", done));
}

ASSERT_MEMBERS(ds_lock_operations, 3);

static void lock_get(void *self, ds_slice name, ds_lock_done *done, void *context)
{
    PASS(lock);
    operations->get(guard->self, name, on_lock, BEGIN("a get", lock));
}

static void lock_renew(void *self, ds_slice name)
{
    PASS(lock);
    operations->renew(guard->self, name);
}

static void lock_release(void *self, ds_slice name)
{
    PASS(lock);
    operations->release(guard->self, name);
}

/* ---- those who let clients in ---- */

ASSERT_MEMBERS(ds_http_service_operations, 12);

static void http_service_add_get(void *self, ds_slice prefix, ds_http_handler *handler,
                                 void *context)
{
    PASS(http_service);
    operations->add_get(guard->self, prefix, handler, context);
}

static void http_service_add_post(void *self, ds_slice prefix, ds_http_handler *handler,
                                  void *context)
{
    PASS(http_service);
    operations->add_post(guard->self, prefix, handler, context);
}

static void http_service_add_websocket(void *self, ds_slice path,
                                       const struct ds_endpoint *endpoint)
{
    PASS(http_service);
    operations->add_websocket(guard->self, path, endpoint);
}

static void http_service_answer(void *self, struct ds_http_exchange *exchange,
                                const struct ds_http_answer *answer)
{
    PASS(http_service);
    operations->answer(guard->self, exchange, answer);
}

static void http_service_watch(void *self, struct ds_http_exchange *exchange,
                               void (*on_gone)(void *context), void *context)
{
    PASS(http_service);
    operations->watch(guard->self, exchange, on_gone, context);
}

static bool http_service_listen(void *self, struct ds_error *error)
{
    PASS(http_service);
    return operations->listen(guard->self, error);
}

static uint16_t http_service_port(const void *self)
{
    PASS_READING(http_service);
    return operations->port(guard->self);
}

static void http_service_stop_accepting(void *self)
{
    PASS(http_service);
    operations->stop_accepting(guard->self);
}

static void http_service_close_connections(void *self, uint32_t grace_ms, ds_done *done,
                                           void *context)
{
    PASS(http_service);
    operations->close_connections(guard->self, grace_ms, on_done, BEGIN(CLOSE_CONNECTIONS, done));
}

static bool http_service_reload(void *self, const struct ds_value *options, struct ds_error *error)
{
    PASS(http_service);
    return operations->reload(guard->self, options, error);
}

static const struct ds_transport_counters *http_service_counters(const void *self)
{
    PASS_READING(http_service);
    return operations->counters(guard->self);
}

static size_t http_service_queued_bytes(const void *self)
{
    PASS_READING(http_service);
    return operations->queued_bytes(guard->self);
}

ASSERT_MEMBERS(ds_connection_endpoint_operations, 6);

static enum ds_protocol connection_endpoint_protocol(const void *self)
{
    PASS_READING(connection_endpoint);
    return operations->protocol(guard->self);
}

static bool connection_endpoint_listen(void *self, const struct ds_endpoint *endpoint,
                                       struct ds_error *error)
{
    PASS(connection_endpoint);
    return operations->listen(guard->self, endpoint, error);
}

static void connection_endpoint_stop_accepting(void *self)
{
    PASS(connection_endpoint);
    operations->stop_accepting(guard->self);
}

static void connection_endpoint_close_connections(void *self, uint32_t grace_ms, ds_done *done,
                                                  void *context)
{
    PASS(connection_endpoint);
    operations->close_connections(guard->self, grace_ms, on_done, BEGIN(CLOSE_CONNECTIONS, done));
}

static const struct ds_transport_counters *connection_endpoint_counters(const void *self)
{
    PASS_READING(connection_endpoint);
    return operations->counters(guard->self);
}

static size_t connection_endpoint_queued_bytes(const void *self)
{
    PASS_READING(connection_endpoint);
    return operations->queued_bytes(guard->self);
}

/* ---- what a bus brings, at any time ---- */

/* Whether it may go on. */
static bool hear(struct plugin_guard *guard, const char *what)
{
    struct call call = {.guard = guard, .operation = what};
    uv_thread_t here = uv_thread_self();
    if (!uv_thread_equal(&guard->thread, &here))
        end_process(&call);
    if (guard->has_ended) {
        call.is_open = true;
        report(guard, &call);
    }
    return !guard->has_ended;
}

static void on_text(void *context, uint8_t topic, ds_slice text)
{
    struct plugin_guard *guard = context;
    if (hear(guard, "with a text"))
        guard->listener->on_text(guard->listener->context, topic, text);
}

static void on_state(void *context, bool is_connected)
{
    struct plugin_guard *guard = context;
    if (hear(guard, "with its state"))
        guard->listener->on_state(guard->listener->context, is_connected);
}

ASSERT_MEMBERS(ds_cluster_node_operations, 4);

static void cluster_node_send(void *self, uint8_t topic, ds_slice text)
{
    PASS(cluster_node);
    operations->send(guard->self, topic, text);
}

static void cluster_node_send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    PASS(cluster_node);
    operations->send_direct(guard->self, server, topic, text);
}

static void cluster_node_subscribe(void *self, uint8_t topic)
{
    PASS(cluster_node);
    operations->subscribe(guard->self, topic);
}

static void cluster_node_listen(void *self, const struct ds_cluster_node_listener *listener)
{
    PASS(cluster_node);
    guard->listener = listener;
    guard->heard = (struct ds_cluster_node_listener){guard, on_text, on_state};
    operations->listen(guard->self, &guard->heard);
}

static void fill_permission(struct plugin_guard *guard,
                            const struct ds_permission_operations *theirs)
{
    guard->operations.permission = (struct ds_permission_operations){
        .user_new = permission_user_new,
        .user_free = permission_user_free,
        .check = permission_check,
        .reload = theirs->reload == NULL ? NULL : permission_reload,
        .rule = theirs->rule == NULL ? NULL : permission_rule,
    };
}

static void fill_cache(struct plugin_guard *guard, const struct ds_cache_operations *theirs)
{
    guard->operations.cache = (struct ds_cache_operations){
        .get = cache_get,
        .set = cache_set,
        .heads = cache_heads,
        .remove = cache_remove,
        .stored = theirs->stored == NULL ? NULL : cache_stored,
        .size = theirs->size == NULL ? NULL : cache_size,
    };
}

static void fill_http_service(struct plugin_guard *guard,
                              const struct ds_http_service_operations *theirs)
{
    guard->operations.http_service = (struct ds_http_service_operations){
        .add_get = http_service_add_get,
        .add_post = http_service_add_post,
        .add_websocket = http_service_add_websocket,
        .answer = http_service_answer,
        .watch = http_service_watch,
        .listen = http_service_listen,
        .port = http_service_port,
        .stop_accepting = http_service_stop_accepting,
        .close_connections = http_service_close_connections,
        .reload = theirs->reload == NULL ? NULL : http_service_reload,
        .counters = theirs->counters == NULL ? NULL : http_service_counters,
        .queued_bytes = theirs->queued_bytes == NULL ? NULL : http_service_queued_bytes,
    };
}

static void fill_connection_endpoint(struct plugin_guard *guard,
                                     const struct ds_connection_endpoint_operations *theirs)
{
    guard->operations.connection_endpoint = (struct ds_connection_endpoint_operations){
        .protocol = connection_endpoint_protocol,
        .listen = connection_endpoint_listen,
        .stop_accepting = connection_endpoint_stop_accepting,
        .close_connections = connection_endpoint_close_connections,
        .counters = theirs->counters == NULL ? NULL : connection_endpoint_counters,
        .queued_bytes = theirs->queued_bytes == NULL ? NULL : connection_endpoint_queued_bytes,
    };
}

static bool fill(struct plugin_guard *guard)
{
    switch (guard->plugin->kind) {
    case DS_PLUGIN_AUTHENTICATION:
        guard->operations.authentication = (struct ds_authentication_operations){
            .login = authentication_login, .logged_out = authentication_logged_out};
        return true;
    case DS_PLUGIN_PERMISSION:
        fill_permission(guard, guard->plugin->operations);
        return true;
    case DS_PLUGIN_CACHE:
        fill_cache(guard, guard->plugin->operations);
        return true;
    case DS_PLUGIN_STORAGE:
        guard->operations.storage = (struct ds_storage_operations){
            .get = storage_get, .set = storage_set, .remove = storage_remove};
        return guard->plugin->operations != NULL;
    case DS_PLUGIN_LOCKS:
        guard->operations.locks = (struct ds_lock_operations){
            .get = lock_get, .renew = lock_renew, .release = lock_release};
        return true;
    case DS_PLUGIN_CLUSTER_NODE:
        guard->operations.cluster_node =
            (struct ds_cluster_node_operations){.send = cluster_node_send,
                                                .send_direct = cluster_node_send_direct,
                                                .subscribe = cluster_node_subscribe,
                                                .listen = cluster_node_listen};
        return true;
    case DS_PLUGIN_HTTP_SERVICE:
        fill_http_service(guard, guard->plugin->operations);
        return true;
    case DS_PLUGIN_CONNECTION_ENDPOINT:
        fill_connection_endpoint(guard, guard->plugin->operations);
        return true;
    default:
        return false;
    }
}

/* ---- the guard ---- */

struct plugin_guard *plugin_guard_new(const struct ds_plugin *plugin, void *self, const char *file,
                                      struct log *log)
{
    struct plugin_guard *guard = calloc(1, sizeof *guard);
    CHECK(guard != NULL);
    guard->plugin = plugin;
    guard->self = self;
    guard->file = file;
    guard->log = log;
    guard->thread = uv_thread_self();
    list_init(&guard->open);
    list_init(&guard->over);
    if (!fill(guard)) {
        free(guard);
        guard = NULL;
    }
    return guard;
}

const void *plugin_guard_operations(const struct plugin_guard *guard)
{
    return &guard->operations;
}

void *plugin_guard_self(const struct plugin_guard *guard)
{
    return guard->self;
}

void plugin_guard_end(struct plugin_guard *guard)
{
    guard->has_ended = true;
}

static void free_calls(struct list_link *calls)
{
    while (!list_is_empty(calls)) {
        struct call *call = LIST_ITEM(calls->next, struct call, link);
        list_remove(&call->link);
        free(call);
    }
}

void plugin_guard_free(struct plugin_guard **guard)
{
    struct plugin_guard *freed = *guard;
    *guard = NULL;
    if (freed == NULL)
        return;
    free_calls(&freed->open);
    free_calls(&freed->over);
    free(freed);
}
