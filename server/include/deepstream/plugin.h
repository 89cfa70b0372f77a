#pragma once
/* What a plugin of the server sees: the tables of operations of each kind, and what the server
 * gives to it. Plain C, also for C++; nothing else of the server is needed. Built-ins use the same
 * header.
 *
 * A whole plugin, a logger that appends lines to a file:
 *
 *     #include <deepstream/plugin.h>
 *     #include <errno.h>
 *     #include <stdio.h>
 *     #include <string.h>
 *
 *     static void *create(const struct ds_services *services, const struct ds_value *options,
 *                         struct ds_error *error)
 *     {
 *         ds_slice path = ds_value_text(ds_value_member(options, "path"), (ds_slice){"", 0});
 *         char name[4096];
 *         (void)services;
 *         snprintf(name, sizeof name, "%.*s", (int)path.length, path.at);
 *         FILE *file = fopen(name, "a");
 *         if (file == NULL)
 *             snprintf(error->text, sizeof error->text, "cannot write %.400s: %s", name,
 *                      strerror(errno));
 *         else
 *             setvbuf(file, NULL, _IOLBF, 0);
 *         return file;
 *     }
 *
 *     static void close_file(void *self, ds_done *done, void *context)
 *     {
 *         fclose((FILE *)self);
 *         done(context, NULL);
 *     }
 *
 *     static void write_line(void *self, const struct ds_log_line *line)
 *     {
 *         fprintf((FILE *)self, "%.*s | %.*s\n", (int)line->event.length, line->event.at,
 *                 (int)line->text.length, line->text.at);
 *     }
 *
 *     static const struct ds_logger_operations operations = {.write = write_line};
 *     static const struct ds_plugin plugin = {
 *         .version = DS_PLUGIN_VERSION,
 *         .kind = DS_PLUGIN_LOGGER,
 *         .name = "lines",
 *         .description = "lines in a file",
 *         .create = create,
 *         .close = close_file,
 *         .operations = &operations,
 *     };
 *
 *     DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
 *     {
 *         return &plugin;
 *     }
 *
 * Built with `cc -shared -fPIC -o logger-lines.so lines.c $(pkg-config --cflags deepstream-plugin)`
 * and named in the configuration by its path, or by its name once it lies in the folder of plugins:
 *
 *     logger:
 *       name: lines # or path: ./logger-lines.so
 *       options:
 *         path: /var/log/deepstream.log
 *
 * Rules of the whole header:
 * - Everything runs on the thread of the node's loop, unless an operation says otherwise. Work that
 *   takes long belongs on another thread (uv_queue_work on services->loop); its result is handed
 *   over on the loop.
 * - Arguments are borrowed: they live until the function returns. Copy what is needed later.
 * - A `done` callback is called exactly once, on the loop; it may be called before the operation
 *   returns. What it gets lives until it returns. Errors are texts, lower case, without a stop.
 * - `self` is what create returned. After close has called its done, self is gone.
 *
 * Who breaks them: a plugin of a shared object that calls a done twice is named in the log
 * (PLUGIN_ERROR), and what it said the second time is ignored; one that calls a done on another
 * thread ends the process, which says on standard error whose fault it is. A crash in a plugin is a
 * crash of the server: they are one process, and nothing can be saved from it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A borrowed run of bytes: pointer and length, no terminator. */
#ifndef SLICE_TYPE
#define SLICE_TYPE
typedef struct slice {
    const char *at;
    size_t length;
} slice;
#endif
typedef slice ds_slice;

/* Changes when a table below changes in a way that an older plugin would not survive. */
#define DS_PLUGIN_VERSION 1

/* ---- options from the configuration file ---- */

struct ds_value; /* one value of the configuration: null, boolean, number, text, list or map */

enum ds_value_kind {
    DS_VALUE_NULL,
    DS_VALUE_BOOLEAN,
    DS_VALUE_NUMBER,
    DS_VALUE_TEXT,
    DS_VALUE_LIST,
    DS_VALUE_MAP,
};

/* All take NULL for a value that is absent, which is a null. */
enum ds_value_kind ds_value_kind(const struct ds_value *value);

/* The member of a map, or NULL: of anything but a map always. */
const struct ds_value *ds_value_member(const struct ds_value *map, const char *key);

/* Members of a map or items of a list; 0 of anything else. */
size_t ds_value_count(const struct ds_value *value);
/* index < count. key, unless NULL, gets the key of a map's member. */
const struct ds_value *ds_value_at(const struct ds_value *value, size_t index, ds_slice *key);

/* The content, or the fallback when the value is of another kind. */
bool ds_value_boolean(const struct ds_value *value, bool fallback);
double ds_value_number(const struct ds_value *value, double fallback);
ds_slice ds_value_text(const struct ds_value *value, ds_slice fallback);

/* Where the value stands, for messages: "config.yml:12:3". Lives as long as the value. */
ds_slice ds_value_place(const struct ds_value *value);

/* The path of the file that fileLoad() put here, or empty: for what must be read again later. */
ds_slice ds_value_file(const struct ds_value *value);

/* The value as JSON text ("null" when absent). Lives as long as the configuration. */
ds_slice ds_value_json(const struct ds_value *value);

/* ---- what the server offers ---- */

struct uv_loop_s; /* uv_loop_t of libuv */

enum ds_log_level {
    DS_DEBUG = 0,
    DS_INFO = 1,
    DS_WARN = 2,
    DS_ERROR = 3,
    DS_FATAL = 4,
    DS_OFF = 100
};

struct ds_error {
    char text[512]; /* what is wrong and what to do: "users.yml:3:1: missing password for bob" */
};

struct ds_record {
    int32_t version; /* DS_MISSING: there is no such record, and data is empty */
    ds_slice data;   /* JSON text */
};
#define DS_MISSING (-1)

/* error is NULL, or why the record could not be read; record is then NULL. */
typedef void ds_record_done(void *context, const char *error, const struct ds_record *record);

/* error is NULL, or why it failed. */
typedef void ds_done(void *context, const char *error);

/* ---- requests over HTTP ---- */

struct ds_http_header {
    ds_slice name; /* lower case */
    ds_slice value;
};

struct ds_http_request {
    ds_slice method;
    ds_slice target; /* as sent: path and query */
    const struct ds_http_header *headers;
    size_t header_count;
    ds_slice remote_address;
    ds_slice body; /* of a POST, whole and not compressed any more */
};

/* One request that has to be answered: exactly once, by services->http_answer, at once or later. It
 * stays valid until then, also when its client is gone meanwhile; close answers what is open. */
struct ds_http_exchange;

struct ds_http_answer {
    unsigned status;       /* 0: 200 */
    ds_slice content_type; /* empty: "application/json; charset=utf-8" */
    ds_slice body;
};

/* The request lives until the handler returns, the exchange until it is answered. */
typedef void ds_http_handler(void *context, const struct ds_http_request *request,
                             struct ds_http_exchange *exchange);

struct ds_statistics;
struct ds_bus_listener;
struct ds_cluster_watcher;

/* ---- clients and what plugins do as one ---- */

/* A connection of a user who is logged in; borrowed for the call that brings it. */
struct ds_client {
    const void *connection; /* tells two of one user apart, from its login to its logout */
    const char *endpoint;   /* "websocket" */
    ds_slice user_id;       /* "OPEN": nobody in particular */
    ds_slice client_data;   /* JSON text that the client was sent; empty for none */
    ds_slice server_data;   /* JSON text that rules see; only at the login, then empty */
    ds_slice remote_address;
};

/* Returns whether to go on to the next one. */
typedef bool ds_client_visit(void *context, const struct ds_client *client);

/* An event that somebody has published: data is JSON text, or empty when there was none. */
typedef void ds_event_handler(void *context, ds_slice name, ds_slice data);

struct ds_event_subscription;

struct ds_services {
    void *host;             /* first argument of each function below */
    struct uv_loop_s *loop; /* the node's loop */
    const char *config_dir; /* folder of the configuration file; relative paths start there */

    /* Writes a log line. event is one of the names of server/logging/events.def, or the plugin's
     * own in capitals. Control characters in text are escaped. */
    void (*log)(void *host, enum ds_log_level level, const char *event, ds_slice text);
    bool (*log_wants)(void *host, enum ds_log_level level);

    /* Reads a record as a client's READ would, without a permission check (cache, then storage).
     * NULL while the record feature is off: records are then missing. */
    void (*read_record)(void *host, ds_slice name, ds_record_done *done, void *context);

    /* As log, with a namespace before the event: "LOG_MONITORING". */
    void (*log_in)(void *host, const char *scope, enum ds_log_level level, const char *event,
                   ds_slice text);

    /* What the server has counted until now; lives until the next call or until control goes back
     * to the loop. Costs about as much as answering a small request: not for hot paths. */
    const struct ds_statistics *(*statistics)(void *host);

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

    /* The storage itself, past cache and rules: for what a plugin keeps for good, such as users.
     * With the contract of struct ds_storage_operations. From create until close, but not before
     * everything has started; who closes waits for the answers first. NULL: there is no storage, or
     * it keeps nothing; or this plugin is made before the storage (loggers, the storage). */
    void (*storage_get)(void *host, ds_slice name, ds_record_done *done, void *context);
    void (*storage_set)(void *host, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context);

    /* The next ones act as a client whom every rule allows everything: they take the same way as
     * the messages of clients, in the order of the calls, across the whole cluster. They may be
     * called from the start of a custom plugin until its close has called done. Where they cannot
     * work, because the feature is off or the server is not that far or stops, publish does
     * nothing and the others call done with an error. */

    /* Everybody who subscribes to the event gets it. data: JSON text, or empty for none. */
    void (*publish)(void *host, ds_slice event, ds_slice data);

    /* handler gets each event of this name, those of plugins too, always from the loop and never
     * from inside a call of these functions. context is borrowed until unsubscribe, after which
     * nothing comes any more: in close at the latest. NULL: it is too early or too late. */
    struct ds_event_subscription *(*subscribe)(void *host, ds_slice event,
                                               ds_event_handler *handler, void *context);
    void (*unsubscribe)(void *host, struct ds_event_subscription *subscription);

    /* Makes the record, or replaces its content, whatever its version: data is the JSON text of an
     * object or a list. With a path (behaviour.md 5.8: "a.b[2]") only what is there; data may then
     * be any JSON text, and empty to remove it. done: cache and storage have it. */
    void (*write_record)(void *host, ds_slice name, ds_slice path, ds_slice data, ds_done *done,
                         void *context);
    void (*delete_record)(void *host, ds_slice name, ds_done *done, void *context);

    /* Reads the rules again, all or nothing, as a SIGHUP does. Returns false and fills error when
     * the new ones are not fit; the old ones stay. */
    bool (*reload_rules)(void *host, struct ds_error *error);

    /* The connections of users that are open now, in no order. visit must not change them:
     * close_user comes after it. */
    void (*each_client)(void *host, ds_client_visit *visit, void *context);

    /* Ends all connections of a user; reason goes to the log. Returns how many there were. Their
     * logouts are told from the loop, later. */
    size_t (*close_user)(void *host, ds_slice user_id, const char *reason);

    /* Changes an option while the server runs: one of server/node/running_options.def, named as in
     * the configuration file ("rpc.ackTimeout"), within its bounds. What begins from now on obeys;
     * the file is not changed. Returns false and fills error otherwise. */
    bool (*set_option)(void *host, const char *option, int64_t value, struct ds_error *error);
    ds_slice server_name; /* of this node, unique in its cluster */

    /* The bus to the other nodes (see cluster nodes below). message is a JSON object with `topic`
     * and `action` (server.md 10). Nothing is queued: what is sent while the bus is lost is lost.
     * NULL: this node is alone, or this plugin is made before the cluster node. Made after it are
     * cluster registry, state registry and locks, in this order. */
    void (*bus_send)(void *host, uint8_t topic, ds_slice message);
    void (*bus_send_direct)(void *host, ds_slice server, uint8_t topic, ds_slice message);
    /* Several may listen to one topic. listener is borrowed until the plugin's close. */
    void (*bus_listen)(void *host, const struct ds_bus_listener *listener);

    /* The cluster registry's operations, for plugins made after it. NULL as those of the bus. */
    ds_slice (*cluster_leader)(void *host);
    void (*cluster_each)(void *host, void (*each)(void *context, ds_slice server), void *context);
    void (*cluster_watch)(void *host, const struct ds_cluster_watcher *watcher);

    /* One object for all nodes of this process, such as a cache: the first node that asks for the
     * key makes it, the last one that gives it back frees it. Both run on any of their threads, and
     * what the object does may be wanted on several at once. make returns NULL when it cannot.
     * NULL: this node is alone in its process. */
    void *(*share)(void *host, const char *key, void *(*make)(void *context), void *context);
    void (*unshare)(void *host, const char *key, void (*free)(void *object));
};

/* ---- every plugin ---- */

enum ds_plugin_kind {
    DS_PLUGIN_AUTHENTICATION,
    DS_PLUGIN_PERMISSION,
    DS_PLUGIN_CACHE,
    DS_PLUGIN_STORAGE,
    DS_PLUGIN_LOGGER,
    DS_PLUGIN_MONITORING,
    DS_PLUGIN_CUSTOM,
    DS_PLUGIN_CONNECTION_ENDPOINT,
    DS_PLUGIN_HTTP_SERVICE,
    DS_PLUGIN_TELEMETRY,
    DS_PLUGIN_SUBSCRIPTION_REGISTRY,
    DS_PLUGIN_LOCKS,
    DS_PLUGIN_CLUSTER_NODE,
    DS_PLUGIN_CLUSTER_REGISTRY,
    DS_PLUGIN_STATE_REGISTRY,
};

struct ds_plugin {
    uint32_t version; /* DS_PLUGIN_VERSION of the header it was built with */
    enum ds_plugin_kind kind;
    const char *name;        /* as `type:` names it: "file" */
    const char *description; /* for the log: "file using users.yml" */

    /* Makes one instance of it. services lives until close is done, options until create returns
     * (NULL when the file has none). Returns NULL and fills error when it cannot work. */
    void *(*create)(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error);

    /* Gets it ready: opens files, connects. NULL: ready at once. The start of the server fails when
     * done comes with an error, or not within dependencyInitializationTimeout. */
    void (*start)(void *self, ds_done *done, void *context);

    /* Finishes what is under way, then frees self and calls done. Also called when start failed. */
    void (*close)(void *self, ds_done *done, void *context);

    const void *operations; /* the table of its kind; NULL: a storage that keeps nothing,
                               or monitoring that is told nothing */
};

/* ---- authentication ---- */

struct ds_login {
    ds_slice connection_data; /* JSON object: remoteAddress, headers, referer */
    ds_slice auth_data;       /* JSON object or array that the client sent */
};

enum ds_login_outcome {
    DS_LOGIN_ACCEPTED,
    DS_LOGIN_REFUSED,
    DS_LOGIN_NOT_MINE, /* the next entry of `auth` is asked; when all say so, refused */
};

struct ds_login_result {
    enum ds_login_outcome outcome;
    bool has_id; /* false: the user is nobody in particular, "OPEN" */
    ds_slice id;
    ds_slice client_data; /* JSON text sent to the client, also when refused; empty for none */
    ds_slice server_data; /* JSON text that rules see as user.data; empty for none */
    ds_slice token;       /* what the user may log in with from now on, for endpoints that hand it
                             out; empty for none */
    double expires_ms;    /* since 1970: when the connection is closed; 0: never */
};

typedef void ds_login_done(void *context, const struct ds_login_result *result);

struct ds_authentication_operations {
    void (*login)(void *self, const struct ds_login *login, ds_login_done *done, void *context);
    /* A connection of a user has ended. May be NULL. */
    void (*logged_out)(void *self, ds_slice user_id);
};

/* ---- permission ---- */

enum ds_payload {
    DS_PAYLOAD_NONE,
    DS_PAYLOAD_JSON, /* data is JSON text, or not: the plugin finds out when it reads it */
    DS_PAYLOAD_TEXT, /* data is that text itself */
};

struct ds_permission_request {
    uint8_t topic;   /* number of protocol.md 2.3: 4 event, 5 record, 6 rpc, 7 presence */
    uint16_t action; /* number of protocol.md 2.5, normalised as valve.md 3.4 demands */
    bool has_name;   /* false: the question is about everybody (presence) */
    ds_slice name;
    void *user; /* what user_new made for the login */
    enum ds_payload payload;
    ds_slice data;
    const struct ds_record *record; /* the record called name as it is now; NULL: not known here */
};

enum ds_verdict { DS_ALLOW, DS_DENY, DS_UNDECIDED /* an error: counts as denied */ };

typedef void ds_verdict_done(void *context, enum ds_verdict verdict);

struct ds_permission_operations {
    /* Prepares a user, once per login; NULL when server_data is not JSON, which refuses the login.
     * is_authenticated is false for whom no authentication named. */
    void *(*user_new)(void *self, ds_slice id, bool is_authenticated, ds_slice server_data);
    void (*user_free)(void *self, void *user);

    /* Decides. Exactly one verdict. Records that it needs are read through services->read_record.
     * The user stays valid until done, also when its connection ends meanwhile. */
    void (*check)(void *self, const struct ds_permission_request *request, ds_verdict_done *done,
                  void *context);

    /* Reads its rules again: all or nothing. Returns false and fills error when the new ones are
     * not fit; the old ones stay. NULL when there is nothing to read. */
    bool (*reload)(void *self, struct ds_error *error);

    /* Which rules decide about an action, for who counts decisions: "record" and "write". Constants
     * of the plugin. NULL when it has no such names; false for an action that no rule is about. */
    bool (*rule)(void *self, uint8_t topic, uint16_t action, const char **section,
                 const char **type);
};

/* ---- cache and storage ---- */

/* What `expected` of a set may be besides a version or DS_MISSING. */
#define DS_ANY_VERSION (-2)

/* The outcome of a set: error NULL and conflict NULL when it was written; conflict is what stands
 * there when that is not the expected version, and nothing was written. */
typedef void ds_set_done(void *context, const char *error, const struct ds_record *conflict);

/* versions[i] belongs to names[i] of the call; DS_MISSING for those not there. */
typedef void ds_heads_done(void *context, const char *error, const int32_t *versions);

/* Where the newest state of records is: the place of truth for versions while records live there.
 * Sets and removals of one name take effect in the order of the calls, and a get after a set's done
 * sees it. */
struct ds_cache_operations {
    void (*get)(void *self, ds_slice name, ds_record_done *done, void *context);

    /* Writes record when the cache holds `expected` (a version, DS_MISSING or DS_ANY_VERSION);
     * atomically also against other nodes that share the cache. */
    void (*set)(void *self, ds_slice name, const struct ds_record *record, int32_t expected,
                ds_set_done *done, void *context);

    void (*heads)(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                  void *context);

    /* Removing what is not there succeeds. */
    void (*remove)(void *self, const ds_slice *names, size_t count, ds_done *done, void *context);

    /* The storage holds this version of the record now, so a cache with a bound may drop it: what
     * was not reported so has no other copy and must be kept. NULL when it never drops. */
    void (*stored)(void *self, ds_slice name, int32_t version);

    /* What it holds now; NULL when it does not know, or only others do. */
    void (*size)(void *self, uint64_t *records, uint64_t *bytes);
};

/* Where records survive a restart. `done` of set and remove means: it is on disk (or as safe as the
 * storage is configured to be). Operations on one name take effect in the order of the calls. */
struct ds_storage_operations {
    void (*get)(void *self, ds_slice name, ds_record_done *done, void *context);
    void (*set)(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                void *context);
    void (*remove)(void *self, const ds_slice *names, size_t count, ds_done *done, void *context);
};

/* ---- logger ---- */

struct ds_log_line {
    enum ds_log_level level;
    ds_slice scope; /* namespace, or empty */
    ds_slice event;
    ds_slice text;  /* control characters are escaped already */
    double time_ms; /* since 1970 */
};

struct ds_logger_operations {
    void (*write)(void *self, const struct ds_log_line *line);
};

/* ---- monitoring ---- */

/* What the server has counted. Counts begin at its start and only grow: who shows what happened
 * since the last look subtracts what it saw then. Lists hold only what is not 0, in a fixed order,
 * unless they say otherwise; names are constants. */

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
    const char *endpoint; /* "websocket" */
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
};

/* Plugins that show what goes on. There may be several, each gets everything. They are told on the
 * way of what happens, from create on, and so return soon. Either may be NULL, and so may the
 * table: for those that only ask for statistics and answer over HTTP. */
struct ds_monitoring_operations {
    /* A line of WARN and above, whether the log level lets it into the log or not. Lines that are
     * logged meanwhile are not told. */
    void (*on_log)(void *self, const struct ds_log_line *line);

    /* An attempt to log in has ended. endpoint: "websocket". user_id: as authentication named it;
     * empty when it was declined. */
    void (*on_login)(void *self, bool is_allowed, const char *endpoint, ds_slice user_id);
};

/* ---- subscription registry ---- */

/* Who subscribes to which name on this node. The server makes one registry for each kind of name
 * and does everything else: what is said to clients, limits, other nodes. A subscriber is a pointer
 * that is only compared and given back; it has a place in each registry, a pointer of the registry's
 * own, which is NULL as long as it subscribes to nothing there. Everything is synchronous, and on
 * the way of each message. All of them are needed. */
struct ds_subscription_registry_operations {
    /* what: "EVENT_SUBSCRIPTIONS" and so on, as struct ds_statistics calls it. */
    void *(*registry_new)(void *self, const char *what);
    /* Nobody subscribes to anything in it any more. */
    void (*registry_free)(void *self, void *registry);

    /* A subscriber that does not subscribe to name yet. Returns how many do now. */
    size_t (*add)(void *registry, ds_slice name, void *subscriber, void **place);
    /* Ends it; *left gets how many subscribe still. Returns false when there was nothing to end. */
    bool (*remove)(void *registry, ds_slice name, void *subscriber, void **place, size_t *left);
    bool (*has)(const void *registry, ds_slice name, const void *subscriber);

    /* Everybody who subscribes to name, in any order; *count of them. The array lives until the
     * registry changes. */
    void *const *(*subscribers)(const void *registry, ds_slice name, size_t *count);

    /* How many names a subscriber has, and the bytes of them all. */
    void (*size)(const void *registry, void *const *place, size_t *names, size_t *name_bytes);
    /* One of them, or one that anybody has; false when there is none. Lives until the registry
     * changes. */
    bool (*any_name_of)(const void *registry, void *const *place, ds_slice *name);
    bool (*any_name)(const void *registry, ds_slice *name);
};

/* ---- custom ---- */

/* Plugins of your own: entries of `plugins`, each `key: {name or path, options}`. They are made with
 * the others and started when records, events and the rest work but no client is let in yet; they
 * are closed when the last client is gone. Most of what they do they do through struct ds_services.
 * The table, and each member, may be NULL. */
struct ds_custom_operations {
    /* A user has logged in, on any endpoint but HTTP requests; and, exactly once for each, the
     * connection has ended. */
    void (*on_login)(void *self, const struct ds_client *client);
    void (*on_logout)(void *self, const struct ds_client *client);
};

/* ---- telemetry ---- */

/* Told of nothing and without a table: who wants to send something somewhere looks at
 * services->statistics on a timer of its own. `telemetry: {type: deepstreamIO}`, the default, sends
 * nothing, ever; a plugin is loaded and started only when `enabled` is true in its options. */
/* ---- cluster node: the bus between the nodes of a cluster ---- */

/* What the bus gives to the server. */
struct ds_cluster_node_listener {
    void *context;
    /* A text that another node sent, byte for byte. */
    void (*on_text)(void *context, uint8_t topic, ds_slice text);
    /* false: the bus is lost, nothing comes or goes. true: it is there again, or texts may have
     * been lost on the way; what nodes know of each other is then compared. The first connection is
     * told by the done of start alone. */
    void (*on_state)(void *context, bool is_connected);
};

/* Carries texts between nodes, without looking into them: at most once, and those of one sender to
 * one receiver in order. Texts are JSON of the form
 *
 *     {"fromServer":"a","toServer":"b","message":{"topic":10,...}}
 *
 * toServer only when it is for one node. The server makes and reads them, and passes over what is
 * its own or another node's: a bus may bring a text to more nodes than it is for, and back to its
 * sender, but should not where that is cheap.
 *
 * On a bus with channels a topic is a channel named by its number in decimal, as that of the
 * original on Redis: 4 events, 5 records, 6 rpc, 9 cluster, 10 locks, 11 states, 19 and 20
 * listening.
 *
 * A bus never blocks and never grows without bound: what cannot be sent soon is dropped, and said
 * by on_state(true) once texts go through again. It connects again by itself. */
struct ds_cluster_node_operations {
    /* To all other nodes. text is copied. */
    void (*send)(void *self, uint8_t topic, ds_slice text);
    /* To one. Also when there is no such node. */
    void (*send_direct)(void *self, ds_slice server, uint8_t topic, ds_slice text);
    /* Texts of this topic are wanted from now on; once for each topic, before start or later. */
    void (*subscribe)(void *self, uint8_t topic);
    /* Who gets what comes: called once, before start. listener is borrowed until close is done; it
     * is not called from inside the operations above. */
    void (*listen)(void *self, const struct ds_cluster_node_listener *listener);
};

/* What plugins listen to on the bus. */
struct ds_bus_listener {
    uint8_t topic;
    void *context;
    /* message: the JSON object of another node. It may say anything. */
    void (*on_message)(void *context, ds_slice from_server, ds_slice message);
    /* The bus is there again: what others sent meanwhile did not come. May be NULL. */
    void (*on_connected)(void *context);
};

/* ---- cluster registry: which nodes are there, and which one leads ---- */

/* All after the change. Each may be NULL. */
struct ds_cluster_watcher {
    void *context;
    void (*on_added)(void *context, ds_slice server);
    void (*on_removed)(void *context, ds_slice server);
    void (*on_leader)(void *context, ds_slice leader); /* another node leads now */
};

/* Nodes are known by their names. A node that was away and comes back is removed and added. */
struct ds_cluster_registry_operations {
    /* Everything that others may ask this node is ready: from now on it is in the cluster. */
    void (*join)(void *self);
    /* Tells the others that it goes: they forget what it had. Nothing is watched from then on. Not
     * called when the start failed before join. */
    void (*leave)(void *self);
    /* The node on which all agree sooner or later; this one while it is alone. */
    ds_slice (*leader)(void *self);
    /* All nodes, with this one. No node comes or goes meanwhile. */
    void (*each)(void *self, void (*each)(void *context, ds_slice server), void *context);
    bool (*has)(void *self, ds_slice server);
    size_t (*count)(void *self);
    /* Several may watch. watcher is borrowed until close. */
    void (*watch)(void *self, const struct ds_cluster_watcher *watcher);
};

/* ---- state registry: names that are present in the cluster ---- */

/* Told when a name comes into a set (the first node has it) and when it leaves (the last node):
 * after the change, be it this node's or another's. */
struct ds_state_watcher {
    void *context;
    void (*on_added)(void *context, ds_slice name);
    void (*on_removed)(void *context, ds_slice name);
};

/* Sets of names that all nodes share, each known by a number: 10 users online, 11 and 12
 * subscriptions to events and records, 13 providers, 14 subscriptions to users, 15 and 16 patterns
 * of listeners for records and events, 17 and 18 names of records and events that are provided.
 * Numbers are below 32.
 *
 * Callbacks come on the loop, perhaps before the call returns. Names are borrowed for the call. */
struct ds_state_registry_operations {
    /* Counted per node: as many removes as adds. */
    void (*add)(void *self, uint8_t set, ds_slice name);
    void (*remove)(void *self, uint8_t set, ds_slice name);
    bool (*has)(void *self, uint8_t set, ds_slice name);
    /* Calls each with every name present anywhere; the set must not change meanwhile. */
    void (*each)(void *self, uint8_t set, void (*each)(void *context, ds_slice name),
                 void *context);
    size_t (*count)(void *self, uint8_t set);
    /* Nodes other than this one that have the name: calls each with their server names. */
    void (*each_server)(void *self, uint8_t set, ds_slice name,
                        void (*each)(void *context, ds_slice server), void *context);
    /* Several may watch one set. watcher is borrowed until the node leaves its cluster. */
    void (*watch)(void *self, uint8_t set, const struct ds_state_watcher *watcher);
};

/* ---- locks: what one node does at a time ---- */

typedef void ds_lock_done(void *context, bool got);

/* A lock is held for a limited time, at the end of which others get it. Locks of a node that is
 * gone are free. When nodes lose each other, each part may grant the same lock: what must never
 * happen twice needs more than a lock. */
struct ds_lock_operations {
    /* Calls done with whether the lock was got; false also when this node holds it already, asks
     * for it already, or hears nothing in time. */
    void (*get)(void *self, ds_slice name, ds_lock_done *done, void *context);
    /* Holds on to a lock that this node has: its time starts anew. */
    void (*renew)(void *self, ds_slice name);
    /* Also when it is not held any more. */
    void (*release)(void *self, ds_slice name);
};

/* ---- the entry of a shared object ---- */

#define DS_PLUGIN_SYMBOL "deepstream_plugin"
#define DS_PLUGIN_EXPORT __attribute__((visibility("default")))

/* What a shared object exports, and all that it exports. The server calls it when it has loaded the
 * file; more than once when several entries of the configuration name it. What it returns never
 * changes and lives as long as the file is loaded: a constant. One file holds one plugin, of which
 * any number of instances may be made.
 *
 * `version` is read first. When it is not DS_PLUGIN_VERSION, nothing else is touched, and the start
 * fails with a sentence that names the file and both versions: new members may be added between
 * two versions, but `version` stays the first of struct ds_plugin for ever.
 *
 * The file is loaded with RTLD_NOW | RTLD_LOCAL: its symbols are seen by nobody else, and it sees,
 * beside the libraries that it is linked with, the functions of this header and nothing more of the
 * server. It is unloaded after close has called its done and the loop has ended. No code of it may
 * run then: close has stopped its threads and closed its handles before it calls done. When a
 * library that it is linked with cannot bear that, link the plugin with -Wl,-z,nodelete. */
DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void);

#ifdef __cplusplus
}
#endif
