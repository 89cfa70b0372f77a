/* The monitoring `type: prometheus`: GET of its path gives everything that is counted in the text
 * format of Prometheus. Counts are since the start, so that any number of readers may ask.
 * Whichever node of a process is asked shows all of them, each sample with its label `node`. */

#include "plugins/builtins.h"

#include "exposition.h"
#include "gate.h"
#include "look.h"

#include "base/check.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>

#define DEFAULT_URL "/metrics"

struct monitoring {
    const struct ds_services *services;
    slice url;
    struct gate gate;
    struct buf body;
};

/* What is shown: the nodes of the process. */
struct nodes {
    const struct ds_statistics *const *items;
    size_t count;
};

/* One label, and the zeroed one that ends a list. */
#define LABELS(...) ((const struct label[]){__VA_ARGS__, {0}})
#define LABEL(name, text)                                                                          \
    {                                                                                              \
        name, slice_of(text)                                                                       \
    }
/* The first label of each sample of a node: the node, where the process has several. */
#define NODE(statistics)                                                                           \
    {                                                                                              \
        "node", node_of(statistics)                                                                \
    }

static slice node_of(const struct ds_statistics *s)
{
    return s->process_nodes > 1 ? s->server_name : (slice){0};
}

/* ---- families of one sample per node ---- */

struct number {
    const char *name, *type, *help;
    size_t offset; /* of an uint64_t of struct ds_statistics */
};

#define COUNTER(name, member, help)                                                                \
    {                                                                                              \
        name, "counter", help, offsetof(struct ds_statistics, member)                              \
    }
#define GAUGE(name, member, help)                                                                  \
    {                                                                                              \
        name, "gauge", help, offsetof(struct ds_statistics, member)                                \
    }

static uint64_t value_of(const struct ds_statistics *s, const struct number *number)
{
    uint64_t value;
    memcpy(&value, (const char *)s + number->offset, sizeof value);
    return value;
}

static void write_numbers(struct buf *out, const struct nodes *nodes, const struct number *numbers,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        exposition_family(out, numbers[i].name, numbers[i].type, numbers[i].help);
        for (size_t j = 0; j < nodes->count; j++)
            exposition_count(out, numbers[i].name, LABELS(NODE(nodes->items[j])),
                             value_of(nodes->items[j], &numbers[i]));
    }
}

#define WRITE_NUMBERS(out, nodes, numbers)                                                         \
    write_numbers(out, nodes, numbers, sizeof(numbers) / sizeof *(numbers))

/* ---- the nodes and their process ---- */

static void write_info(struct buf *out, const struct nodes *nodes)
{
    exposition_family(out, "deepstream_info", "gauge", "The server; always 1.");
    for (size_t i = 0; i < nodes->count; i++) {
        const struct ds_statistics *s = nodes->items[i];
        exposition_count(
            out, "deepstream_info",
            LABELS(NODE(s), LABEL("version", s->version), {"server_name", s->server_name}), 1);
    }
    exposition_family(out, "deepstream_uptime_seconds", "gauge", "Since the node was made.");
    for (size_t i = 0; i < nodes->count; i++) {
        const struct ds_statistics *s = nodes->items[i];
        exposition_number(out, "deepstream_uptime_seconds", LABELS(NODE(s)),
                          (s->now_ms - s->started_ms) / 1000);
    }
    exposition_family(out, "deepstream_cluster_nodes", "gauge",
                      "Nodes of the cluster, with this one.");
    for (size_t i = 0; i < nodes->count; i++)
        exposition_count(out, "deepstream_cluster_nodes", LABELS(NODE(nodes->items[i])),
                         nodes->items[i]->cluster_size);
}

static double first_start_ms(const struct nodes *nodes)
{
    double first = nodes->items[0]->started_ms;
    for (size_t i = 1; i < nodes->count; i++)
        first = nodes->items[i]->started_ms < first ? nodes->items[i]->started_ms : first;
    return first;
}

static void process_number(struct buf *out, const char *name, const char *type, const char *help,
                           double value)
{
    exposition_family(out, name, type, help);
    exposition_number(out, name, NULL, value);
}

static void write_process(struct buf *out, const struct nodes *nodes)
{
    const struct ds_statistics *s = nodes->items[0];
    process_number(out, "process_start_time_seconds", "gauge", "Since 1970.",
                   first_start_ms(nodes) / 1000);
    process_number(out, "process_resident_memory_bytes", "gauge", "Resident memory of the process.",
                   (double)s->resident_bytes);
    process_number(out, "process_open_fds", "gauge", "Open file descriptors of the process.",
                   (double)s->open_files);
    process_number(out, "process_max_fds", "gauge", "File descriptors that the process may open.",
                   (double)s->most_files);
    process_number(out, "process_cpu_seconds_total", "counter", "CPU time of the process.",
                   s->cpu_seconds);
}

/* ---- connections ---- */

static void write_closings(struct buf *out, const struct nodes *nodes)
{
    static const char closed[] = "deepstream_connections_closed_total";
    exposition_family(out, closed, "counter", "Connections that have ended, by reason.");
    for (size_t i = 0; i < nodes->count; i++) {
        const struct ds_statistics *s = nodes->items[i];
        for (size_t j = 0; j < s->connections_closed_count; j++)
            exposition_count(out, closed,
                             LABELS(NODE(s), LABEL("reason", s->connections_closed[j].name)),
                             s->connections_closed[j].count);
    }
}

static void write_logins_of(struct buf *out, const struct ds_statistics *s, const char *name)
{
    for (size_t i = 0; i < s->login_count; i++) {
        const struct ds_login_count *login = &s->logins[i];
        exposition_count(
            out, name,
            LABELS(NODE(s), LABEL("endpoint", login->endpoint), LABEL("result", "allowed")),
            login->allowed);
        exposition_count(
            out, name,
            LABELS(NODE(s), LABEL("endpoint", login->endpoint), LABEL("result", "declined")),
            login->declined);
    }
}

static void write_connections(struct buf *out, const struct nodes *nodes)
{
    static const char logins[] = "deepstream_logins_total";
    static const struct number numbers[] = {
        GAUGE("deepstream_connections_open", connections_open,
              "Connections of clients, logged in or not."),
        COUNTER("deepstream_connections_opened_total", connections_opened,
                "Connections that clients have made."),
    };
    WRITE_NUMBERS(out, nodes, numbers);
    write_closings(out, nodes);
    exposition_family(out, logins, "counter", "Attempts to log in, by their outcome.");
    for (size_t i = 0; i < nodes->count; i++)
        write_logins_of(out, nodes->items[i], logins);
}

static void write_transport(struct buf *out, const struct nodes *nodes)
{
    static const struct number numbers[] = {
        COUNTER("deepstream_tcp_connections_total", tcp_connections,
                "TCP connections that were accepted."),
        COUNTER("deepstream_tcp_connections_turned_away_total", turned_away,
                "TCP connections that were ended at once, because there were too many."),
        COUNTER("deepstream_tls_handshakes_total", tls_handshakes,
                "TLS handshakes that were completed."),
        COUNTER("deepstream_tls_handshakes_failed_total", tls_failures,
                "TLS handshakes that failed, or were not complete in time."),
        COUNTER("deepstream_http_requests_total", http_requests,
                "HTTP requests that were answered."),
        COUNTER("deepstream_http_requests_refused_total", http_refused,
                "HTTP requests whose head was broken, too large or too slow."),
        COUNTER("deepstream_received_bytes_total", bytes_in, "Bytes that were read from sockets."),
        COUNTER("deepstream_sent_bytes_total", bytes_out, "Bytes that were written to sockets."),
        GAUGE("deepstream_send_queue_bytes", queued_bytes,
              "Bytes that wait for receivers to read."),
        COUNTER("deepstream_receivers_cut_off_total", receivers_cut_off,
                "Connections that were cut off because the client did not read."),
    };
    WRITE_NUMBERS(out, nodes, numbers);
}

/* ---- messages and decisions ---- */

static void write_message_counts(struct buf *out, const struct ds_statistics *s, const char *name,
                                 bool is_sent)
{
    for (size_t i = 0; i < s->message_count; i++) {
        const struct ds_message_count *message = &s->messages[i];
        uint64_t count = is_sent ? message->sent : message->received;
        if (count > 0)
            exposition_count(
                out, name,
                LABELS(NODE(s), LABEL("topic", message->topic), LABEL("action", message->action)),
                count);
    }
}

static void write_messages(struct buf *out, const struct nodes *nodes)
{
    static const char received[] = "deepstream_messages_received_total";
    static const char sent[] = "deepstream_messages_sent_total";
    static const struct number numbers[] = {
        COUNTER("deepstream_messages_unreadable_total", unreadable_messages,
                "Frames that hold no message."),
        GAUGE("deepstream_messages_waiting", messages_waiting,
              "Messages that wait for a decision, or behind another one of their connection."),
    };
    exposition_family(out, received, "counter", "Messages of clients.");
    for (size_t i = 0; i < nodes->count; i++)
        write_message_counts(out, nodes->items[i], received, false);
    exposition_family(out, sent, "counter",
                      "Messages to clients; one to many receivers counts for each of them.");
    for (size_t i = 0; i < nodes->count; i++)
        write_message_counts(out, nodes->items[i], sent, true);
    WRITE_NUMBERS(out, nodes, numbers);
}

static void write_decision(struct buf *out, const struct ds_statistics *s, const char *name,
                           const struct ds_decision_count *decision)
{
    const struct {
        const char *result;
        uint64_t count;
    } results[] = {
        {"allow", decision->allowed}, {"deny", decision->denied}, {"error", decision->undecided}};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        exposition_count(out, name,
                         LABELS(NODE(s), LABEL("section", decision->section),
                                LABEL("rule", decision->rule), LABEL("result", results[i].result)),
                         results[i].count);
}

static void write_decisions(struct buf *out, const struct nodes *nodes)
{
    static const char name[] = "deepstream_rule_decisions_total";
    static const char seconds[] = "deepstream_rule_evaluation_seconds";
    exposition_family(out, name, "counter", "Decisions of the permission rules.");
    for (size_t i = 0; i < nodes->count; i++) {
        const struct ds_statistics *s = nodes->items[i];
        for (size_t j = 0; j < s->decision_count; j++)
            write_decision(out, s, name, &s->decisions[j]);
    }
    exposition_family(out, seconds, "histogram",
                      "Time of decisions that did not wait for records; of one per millisecond.");
    for (size_t i = 0; i < nodes->count; i++)
        exposition_histogram(out, seconds, LABELS(NODE(nodes->items[i])),
                             &nodes->items[i]->decision_seconds);
}

/* ---- cache and storage ---- */

struct store_names {
    const char *operations, *errors, *seconds;
    const char *operations_help, *errors_help, *seconds_help;
};

struct store {
    const struct ds_operation_count *operations;
    size_t count;
};

static struct store cache_of(const struct ds_statistics *s)
{
    return (struct store){s->cache, s->cache_count};
}

static struct store storage_of(const struct ds_statistics *s)
{
    return (struct store){s->storage, s->storage_count};
}

typedef void operation_writer(struct buf *out, const char *name, const struct label *labels,
                              const struct ds_operation_count *operation);

static void write_calls(struct buf *out, const char *name, const struct label *labels,
                        const struct ds_operation_count *operation)
{
    exposition_count(out, name, labels, operation->calls);
}

static void write_errors(struct buf *out, const char *name, const struct label *labels,
                         const struct ds_operation_count *operation)
{
    exposition_count(out, name, labels, operation->errors);
}

static void write_seconds(struct buf *out, const char *name, const struct label *labels,
                          const struct ds_operation_count *operation)
{
    exposition_histogram(out, name, labels, &operation->seconds);
}

static void write_operations(struct buf *out, const struct nodes *nodes, const char *name,
                             struct store store_of(const struct ds_statistics *s),
                             operation_writer *write)
{
    for (size_t i = 0; i < nodes->count; i++) {
        const struct ds_statistics *s = nodes->items[i];
        struct store store = store_of(s);
        for (size_t j = 0; j < store.count; j++)
            write(out, name, LABELS(NODE(s), LABEL("operation", store.operations[j].operation)),
                  &store.operations[j]);
    }
}

static void write_store(struct buf *out, const struct nodes *nodes, const struct store_names *names,
                        struct store store_of(const struct ds_statistics *s))
{
    if (store_of(nodes->items[0]).count == 0)
        return;
    exposition_family(out, names->operations, "counter", names->operations_help);
    write_operations(out, nodes, names->operations, store_of, write_calls);
    exposition_family(out, names->errors, "counter", names->errors_help);
    write_operations(out, nodes, names->errors, store_of, write_errors);
    exposition_family(out, names->seconds, "histogram", names->seconds_help);
    write_operations(out, nodes, names->seconds, store_of, write_seconds);
}

static void write_stores(struct buf *out, const struct nodes *nodes)
{
    static const struct store_names cache = {
        "deepstream_cache_operations_total",
        "deepstream_cache_errors_total",
        "deepstream_cache_operation_seconds",
        "Operations that the cache has answered.",
        "Operations that the cache has answered with an error.",
        "Time until the cache answered; of one operation of each kind per millisecond.",
    };
    static const struct store_names storage = {
        "deepstream_storage_operations_total",
        "deepstream_storage_errors_total",
        "deepstream_storage_operation_seconds",
        "Operations that the storage has answered.",
        "Operations that the storage has answered with an error.",
        "Time until the storage answered; of one operation of each kind per millisecond.",
    };
    static const struct number sizes[] = {
        GAUGE("deepstream_cache_records", cache_records, "Records in the cache."),
        GAUGE("deepstream_cache_bytes", cache_bytes, "Bytes of the records in the cache."),
    };
    static const struct number queues[] = {
        GAUGE("deepstream_storage_queue_writes", unstored_writes,
              "Writes on their way to the storage."),
        GAUGE("deepstream_storage_queue_bytes", unstored_bytes,
              "Bytes on their way to the storage."),
    };
    write_store(out, nodes, &cache, cache_of);
    write_store(out, nodes, &storage, storage_of);
    if (nodes->items[0]->knows_cache_size)
        WRITE_NUMBERS(out, nodes, sizes);
    WRITE_NUMBERS(out, nodes, queues);
}

/* ---- log and registries ---- */

static void write_log_of(struct buf *out, const struct ds_statistics *s, const char *name)
{
    static const char *const levels[] = {"debug", "info", "warn", "error", "fatal"};
    for (size_t i = 0; i < s->log_count; i++) {
        for (size_t level = 0; level <= DS_FATAL; level++) {
            if (s->log[i].counts[level] > 0)
                exposition_count(
                    out, name,
                    LABELS(NODE(s), LABEL("level", levels[level]), LABEL("event", s->log[i].event)),
                    s->log[i].counts[level]);
        }
    }
}

static void write_log(struct buf *out, const struct nodes *nodes)
{
    static const char name[] = "deepstream_log_events_total";
    exposition_family(out, name, "counter",
                      "Log lines by event, also those that the log level keeps out.");
    for (size_t i = 0; i < nodes->count; i++)
        write_log_of(out, nodes->items[i], name);
}

/* "EVENT_SUBSCRIPTIONS" as labels are written: "event_subscriptions". */
static void write_registries_of(struct buf *out, const struct ds_statistics *s, const char *name)
{
    for (size_t i = 0; i < s->registry_count; i++) {
        char label[64];
        size_t length = 0;
        for (const char *at = s->registries[i].name; *at != '\0' && length + 1 < sizeof label; at++)
            label[length++] = (char)tolower((unsigned char)*at);
        label[length] = '\0';
        exposition_count(out, name, LABELS(NODE(s), LABEL("registry", label)),
                         s->registries[i].count);
    }
}

static void write_registries(struct buf *out, const struct nodes *nodes)
{
    static const char name[] = "deepstream_registry_entries";
    static const struct number calls[] = {
        GAUGE("deepstream_rpc_calls_open", rpc_calls_open, "Calls that have not ended."),
    };
    exposition_family(out, name, "gauge", "Names in the registries that all nodes share.");
    for (size_t i = 0; i < nodes->count; i++)
        write_registries_of(out, nodes->items[i], name);
    WRITE_NUMBERS(out, nodes, calls);
}

/* ---- the page ---- */

struct request {
    struct monitoring *monitoring;
    struct ds_http_exchange *exchange;
};

static void answer(void *context, const struct ds_statistics *const *items, size_t count)
{
    struct request request = *(struct request *)context;
    const struct ds_services *services = request.monitoring->services;
    struct nodes nodes = {items, count};
    struct buf *body = &request.monitoring->body;
    free(context);
    buf_clear(body);
    write_info(body, &nodes);
    write_process(body, &nodes);
    write_connections(body, &nodes);
    write_transport(body, &nodes);
    write_messages(body, &nodes);
    write_decisions(body, &nodes);
    write_stores(body, &nodes);
    write_log(body, &nodes);
    write_registries(body, &nodes);
    struct ds_http_answer answer = {.content_type = SLICE(EXPOSITION_TYPE),
                                    .body = buf_slice(body)};
    services->http_answer(services->host, request.exchange, &answer);
}

static void answer_get(void *context, const struct ds_http_request *request,
                       struct ds_http_exchange *exchange)
{
    struct monitoring *monitoring = context;
    slice rest = slice_part(request->target, monitoring->url.length, request->target.length);
    if ((rest.length > 0 && rest.at[0] != '?') || !gate_lets_in(&monitoring->gate, request)) {
        gate_turn_away(monitoring->services, exchange);
        return;
    }
    struct request *asked = malloc(sizeof *asked);
    CHECK(asked != NULL);
    *asked = (struct request){monitoring, exchange};
    look_at_nodes(monitoring->services, answer, asked);
}

/* ---- life ---- */

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct monitoring *monitoring = calloc(1, sizeof *monitoring);
    CHECK(monitoring != NULL);
    if (!gate_init(&monitoring->gate, options, error)) {
        free(monitoring);
        return NULL;
    }
    monitoring->services = services;
    monitoring->url =
        slice_copy(ds_value_text(ds_value_member(options, "url"), SLICE(DEFAULT_URL)));
    services->add_http_get(services->host, monitoring->url, answer_get, monitoring);
    return monitoring;
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct monitoring *monitoring = self;
    gate_fini(&monitoring->gate);
    slice_free(&monitoring->url);
    buf_fini(&monitoring->body);
    free(monitoring);
    done(context, NULL);
}

const struct ds_plugin ds_monitoring_prometheus = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_MONITORING,
    .name = "prometheus",
    .description = "prometheus: counters as text for Prometheus",
    .create = create,
    .close = close_it,
};
