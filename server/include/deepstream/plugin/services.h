#pragma once
/* What the server offers to every plugin. */

#include "deepstream/plugin/clients.h"
#include "deepstream/plugin/common.h"
#include "deepstream/plugin/http.h"
#include "deepstream/plugin/statistics.h"

struct uv_loop_s; /* uv_loop_t of libuv */
struct ds_bus_listener;
struct ds_cluster_watcher;

/* Functions "as a client" act as one whom every rule allows everything: they take the same way as
 * the messages of clients, in the order of the calls, across the whole cluster. They may be called
 * from the start of a custom plugin until its close has called done. Where they cannot work,
 * because the feature is off or the server is not that far or stops, or because a name, path or
 * data is not UTF-8, publish does nothing, subscribe returns NULL, and the others call done with an
 * error. */
struct ds_services {
    void *host; /* first argument of each function below */

    /* ---- this node ---- */

    struct uv_loop_s *loop; /* the node's loop */
    const char *config_dir; /* folder of the configuration file; relative paths start there */
    ds_slice server_name;   /* unique in its cluster */

    /* Changes an option while the server runs: one of server/node/running_options.def, named as in
     * the configuration file ("rpc.ackTimeout"), within its bounds. What begins from now on obeys;
     * the file is not changed. Returns false and fills error otherwise. */
    bool (*set_option)(void *host, const char *option, int64_t value, struct ds_error *error);

    /* Reads the rules again, all or nothing, as a SIGHUP does. Returns false and fills error when
     * the new ones are not fit; the old ones stay. */
    bool (*reload_rules)(void *host, struct ds_error *error);

    /* What the server has counted until now; lives until the next call or until control goes back
     * to the loop. Costs about as much as answering a small request: not for hot paths. */
    const struct ds_statistics *(*statistics)(void *host);

    /* One object for all nodes of this process, such as a cache: the first node that asks for the
     * key makes it, the last one that gives it back frees it. Both run on any of their threads, and
     * what the object does may be wanted on several at once. make returns NULL when it cannot.
     * NULL: this node is alone in its process. */
    void *(*share)(void *host, const char *key, void *(*make)(void *context), void *context);
    void (*unshare)(void *host, const char *key, void (*free)(void *object));

    /* ---- log ---- */

    /* Writes a log line. event is one of the names of server/logging/events.def, or the plugin's
     * own in capitals. Control characters in text are escaped. */
    void (*log)(void *host, enum ds_log_level level, const char *event, ds_slice text);

    /* The same, with a namespace before the event: "LOG_MONITORING". */
    void (*log_in)(void *host, const char *scope, enum ds_log_level level, const char *event,
                   ds_slice text);
    bool (*log_wants)(void *host, enum ds_log_level level);

    /* ---- records ---- */

    /* Reads a record as a client's READ would, without a permission check (cache, then storage).
     * NULL while the record feature is off: records are then missing. */
    void (*read_record)(void *host, ds_slice name, ds_record_done *done, void *context);

    /* As a client: makes the record, or replaces its content, whatever its version. data is the
     * JSON text of an object or a list. With a path ("a.b[2]") only what is
     * there; data may then be any JSON text, and empty to remove it. done: cache and storage have
     * it. */
    void (*write_record)(void *host, ds_slice name, ds_slice path, ds_slice data, ds_done *done,
                         void *context);

    /* As a client. */
    void (*delete_record)(void *host, ds_slice name, ds_done *done, void *context);

    /* ---- storage ---- */

    /* The storage itself, past cache and rules: for what a plugin keeps for good, such as users.
     * With the contract of struct ds_storage_operations. From create until close, but not before
     * everything has started; who closes waits for the answers first. NULL: there is no storage, or
     * it keeps nothing; or this plugin is made before it (logger, monitoring, subscription
     * registry). */
    void (*storage_get)(void *host, ds_slice name, ds_record_done *done, void *context);
    void (*storage_set)(void *host, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context);

    /* ---- events ---- */

    /* As a client: everybody who subscribes to the event gets it. data: JSON text, or empty for
     * none. */
    void (*publish)(void *host, ds_slice event, ds_slice data);

    /* As a client: handler gets each event of this name, those of plugins too, always from the loop
     * and never from inside a call of these functions. context is borrowed until unsubscribe, after
     * which nothing comes any more: in close at the latest. */
    struct ds_event_subscription *(*subscribe)(void *host, ds_slice event,
                                               ds_event_handler *handler, void *context);
    void (*unsubscribe)(void *host, struct ds_event_subscription *subscription);

    /* ---- clients ---- */

    /* The connections of users that are open now, in no order. visit must not change them:
     * close_user comes after it. */
    void (*each_client)(void *host, ds_client_visit *visit, void *context);

    /* Ends all connections of a user; reason goes to the log. Returns how many there were. Their
     * logouts are told from the loop, later. */
    size_t (*close_user)(void *host, ds_slice user_id, const char *reason);

    /* ---- HTTP ---- */

    /* From now on GET requests whose path starts with prefix go to handler, unless a longer prefix
     * is known, or the same one earlier. HEAD counts as GET; its answer is sent without the body.
     * Also while the server starts and there is no port yet. prefix is copied, context borrowed
     * until the plugin's close. */
    void (*add_http_get)(void *host, ds_slice prefix, ds_http_handler *handler, void *context);

    /* The same for POST. Bodies of any type come whole; those larger than httpServer.maxMessageSize
     * do not come. */
    void (*add_http_post)(void *host, ds_slice prefix, ds_http_handler *handler, void *context);

    /* Answers a request, on the loop. The answer is copied, and the exchange is gone. A connection
     * gets its answers in the order of its requests: the next one of a client comes after this. */
    void (*http_answer)(void *host, struct ds_http_exchange *exchange,
                        const struct ds_http_answer *answer);

    /* ---- cluster ---- */

    /* The bus to the other nodes (see cluster nodes in cluster.h). message is a JSON object with
     * `topic` and `action`. Nothing is queued: what is sent while the bus is lost is
     * lost. NULL: this node is alone, or this plugin is made before the cluster node. Made after it
     * are cluster registry, state registry and locks, in this order. */
    void (*bus_send)(void *host, uint8_t topic, ds_slice message);
    void (*bus_send_direct)(void *host, ds_slice server, uint8_t topic, ds_slice message);
    /* Several may listen to one topic. listener is borrowed until the plugin's close. */
    void (*bus_listen)(void *host, const struct ds_bus_listener *listener);

    /* The cluster registry's operations, for plugins made after it. NULL as those of the bus. */
    ds_slice (*cluster_leader)(void *host);
    void (*cluster_each)(void *host, void (*each)(void *context, ds_slice server), void *context);
    void (*cluster_watch)(void *host, const struct ds_cluster_watcher *watcher);

    /* ---- other nodes of the process ---- */

    /* What each node of this process has counted until now, also the figures of the process in that
     * of this node alone. Waits for the others a second at most; who does not answer is there as it
     * was the last time, or absent. done comes before the close of a monitoring plugin. NULL: this
     * node is alone in its process, and `statistics` is all there is. */
    void (*process_statistics)(void *host, ds_statistics_done *done, void *context);
};
