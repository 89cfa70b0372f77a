/* The monitoring `type: prometheus`: GET of its path gives everything that is counted in the text
 * format of Prometheus. Counts are since the start, so that any number of readers may ask. */

#include "plugins/builtins.h"

#include "exposition.h"
#include "gate.h"

#include "base/check.h"

#include <ctype.h>
#include <stdlib.h>

#define DEFAULT_URL "/metrics"

struct monitoring {
    const struct ds_services *services;
    slice url;
    struct gate gate;
    struct buf body;
};

/* One label, and the zeroed one that ends a list. */
#define LABELS(...) ((const struct label[]){__VA_ARGS__, {0}})
#define LABEL(name, text)                                                                          \
    {                                                                                              \
        name, slice_of(text)                                                                       \
    }

static void gauge(struct buf *out, const char *name, const char *help, double value)
{
    exposition_family(out, name, "gauge", help);
    exposition_number(out, name, NULL, value);
}

static void counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    exposition_family(out, name, "counter", help);
    exposition_count(out, name, NULL, value);
}

/* ---- families ---- */

static void write_process(struct buf *out, const struct ds_statistics *s)
{
    exposition_family(out, "deepstream_info", "gauge", "The server; always 1.");
    exposition_count(out, "deepstream_info",
                     LABELS(LABEL("version", s->version), {"server_name", s->server_name}), 1);
    gauge(out, "deepstream_uptime_seconds", "Since the node was made.",
          (s->now_ms - s->started_ms) / 1000);
    gauge(out, "deepstream_cluster_nodes", "Nodes of the cluster, with this one.",
          (double)s->cluster_size);
    gauge(out, "process_start_time_seconds", "Since 1970.", s->started_ms / 1000);
    gauge(out, "process_resident_memory_bytes", "Resident memory of the process.",
          (double)s->resident_bytes);
    gauge(out, "process_open_fds", "Open file descriptors of the process.", (double)s->open_files);
    gauge(out, "process_max_fds", "File descriptors that the process may open.",
          (double)s->most_files);
    exposition_family(out, "process_cpu_seconds_total", "counter", "CPU time of the process.");
    exposition_number(out, "process_cpu_seconds_total", NULL, s->cpu_seconds);
}

static void write_connections(struct buf *out, const struct ds_statistics *s)
{
    static const char closed[] = "deepstream_connections_closed_total";
    static const char logins[] = "deepstream_logins_total";
    gauge(out, "deepstream_connections_open", "Connections of clients, logged in or not.",
          (double)s->connections_open);
    counter(out, "deepstream_connections_opened_total", "Connections that clients have made.",
            s->connections_opened);
    exposition_family(out, closed, "counter", "Connections that have ended, by reason.");
    for (size_t i = 0; i < s->connections_closed_count; i++)
        exposition_count(out, closed, LABELS(LABEL("reason", s->connections_closed[i].name)),
                         s->connections_closed[i].count);
    exposition_family(out, logins, "counter", "Attempts to log in, by their outcome.");
    for (size_t i = 0; i < s->login_count; i++) {
        const struct ds_login_count *login = &s->logins[i];
        exposition_count(out, logins,
                         LABELS(LABEL("endpoint", login->endpoint), LABEL("result", "allowed")),
                         login->allowed);
        exposition_count(out, logins,
                         LABELS(LABEL("endpoint", login->endpoint), LABEL("result", "declined")),
                         login->declined);
    }
}

static void write_transport(struct buf *out, const struct ds_statistics *s)
{
    counter(out, "deepstream_tcp_connections_total", "TCP connections that were accepted.",
            s->tcp_connections);
    counter(out, "deepstream_tcp_connections_turned_away_total",
            "TCP connections that were ended at once, because there were too many.",
            s->turned_away);
    counter(out, "deepstream_tls_handshakes_total", "TLS handshakes that were completed.",
            s->tls_handshakes);
    counter(out, "deepstream_tls_handshakes_failed_total",
            "TLS handshakes that failed, or were not complete in time.", s->tls_failures);
    counter(out, "deepstream_http_requests_total", "HTTP requests that were answered.",
            s->http_requests);
    counter(out, "deepstream_http_requests_refused_total",
            "HTTP requests whose head was broken, too large or too slow.", s->http_refused);
    counter(out, "deepstream_received_bytes_total", "Bytes that were read from sockets.",
            s->bytes_in);
    counter(out, "deepstream_sent_bytes_total", "Bytes that were written to sockets.",
            s->bytes_out);
    gauge(out, "deepstream_send_queue_bytes", "Bytes that wait for receivers to read.",
          (double)s->queued_bytes);
    counter(out, "deepstream_receivers_cut_off_total",
            "Connections that were cut off because the client did not read.", s->receivers_cut_off);
}

static void write_message_counts(struct buf *out, const struct ds_statistics *s, const char *name,
                                 bool is_sent)
{
    for (size_t i = 0; i < s->message_count; i++) {
        const struct ds_message_count *message = &s->messages[i];
        uint64_t count = is_sent ? message->sent : message->received;
        if (count > 0)
            exposition_count(
                out, name, LABELS(LABEL("topic", message->topic), LABEL("action", message->action)),
                count);
    }
}

static void write_messages(struct buf *out, const struct ds_statistics *s)
{
    static const char received[] = "deepstream_messages_received_total";
    static const char sent[] = "deepstream_messages_sent_total";
    exposition_family(out, received, "counter", "Messages of clients.");
    write_message_counts(out, s, received, false);
    exposition_family(out, sent, "counter",
                      "Messages to clients; one to many receivers counts for each of them.");
    write_message_counts(out, s, sent, true);
    counter(out, "deepstream_messages_unreadable_total", "Frames that hold no message.",
            s->unreadable_messages);
    gauge(out, "deepstream_messages_waiting",
          "Messages that wait for a decision, or behind another one of their connection.",
          (double)s->messages_waiting);
}

static void write_decisions(struct buf *out, const struct ds_statistics *s)
{
    static const char name[] = "deepstream_rule_decisions_total";
    static const char seconds[] = "deepstream_rule_evaluation_seconds";
    exposition_family(out, name, "counter", "Decisions of the permission rules.");
    for (size_t i = 0; i < s->decision_count; i++) {
        const struct ds_decision_count *decision = &s->decisions[i];
        const struct {
            const char *result;
            uint64_t count;
        } results[] = {{"allow", decision->allowed},
                       {"deny", decision->denied},
                       {"error", decision->undecided}};
        for (size_t j = 0; j < sizeof results / sizeof *results; j++)
            exposition_count(out, name,
                             LABELS(LABEL("section", decision->section),
                                    LABEL("rule", decision->rule),
                                    LABEL("result", results[j].result)),
                             results[j].count);
    }
    exposition_family(out, seconds, "histogram",
                      "Time of decisions that did not wait for records; of one per millisecond.");
    exposition_histogram(out, seconds, NULL, &s->decision_seconds);
}

/* ---- cache and storage ---- */

struct store_names {
    const char *operations, *errors, *seconds;
    const char *operations_help, *errors_help, *seconds_help;
};

static void write_store(struct buf *out, const struct store_names *names,
                        const struct ds_operation_count *operations, size_t count)
{
    if (count == 0)
        return;
    exposition_family(out, names->operations, "counter", names->operations_help);
    for (size_t i = 0; i < count; i++)
        exposition_count(out, names->operations,
                         LABELS(LABEL("operation", operations[i].operation)), operations[i].calls);
    exposition_family(out, names->errors, "counter", names->errors_help);
    for (size_t i = 0; i < count; i++)
        exposition_count(out, names->errors, LABELS(LABEL("operation", operations[i].operation)),
                         operations[i].errors);
    exposition_family(out, names->seconds, "histogram", names->seconds_help);
    for (size_t i = 0; i < count; i++)
        exposition_histogram(out, names->seconds,
                             LABELS(LABEL("operation", operations[i].operation)),
                             &operations[i].seconds);
}

static void write_stores(struct buf *out, const struct ds_statistics *s)
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
    write_store(out, &cache, s->cache, s->cache_count);
    write_store(out, &storage, s->storage, s->storage_count);
    if (s->knows_cache_size) {
        gauge(out, "deepstream_cache_records", "Records in the cache.", (double)s->cache_records);
        gauge(out, "deepstream_cache_bytes", "Bytes of the records in the cache.",
              (double)s->cache_bytes);
    }
    gauge(out, "deepstream_storage_queue_writes", "Writes on their way to the storage.",
          (double)s->unstored_writes);
    gauge(out, "deepstream_storage_queue_bytes", "Bytes on their way to the storage.",
          (double)s->unstored_bytes);
}

/* ---- log and registries ---- */

static void write_log(struct buf *out, const struct ds_statistics *s)
{
    static const char *const levels[] = {"debug", "info", "warn", "error", "fatal"};
    static const char name[] = "deepstream_log_events_total";
    exposition_family(out, name, "counter",
                      "Log lines by event, also those that the log level keeps out.");
    for (size_t i = 0; i < s->log_count; i++) {
        for (size_t level = 0; level <= DS_FATAL; level++) {
            if (s->log[i].counts[level] > 0)
                exposition_count(
                    out, name,
                    LABELS(LABEL("level", levels[level]), LABEL("event", s->log[i].event)),
                    s->log[i].counts[level]);
        }
    }
}

/* "EVENT_SUBSCRIPTIONS" as labels are written: "event_subscriptions". */
static void write_registries(struct buf *out, const struct ds_statistics *s)
{
    static const char name[] = "deepstream_registry_entries";
    exposition_family(out, name, "gauge", "Names in the registries that all nodes share.");
    for (size_t i = 0; i < s->registry_count; i++) {
        char label[64];
        size_t length = 0;
        for (const char *at = s->registries[i].name; *at != '\0' && length + 1 < sizeof label; at++)
            label[length++] = (char)tolower((unsigned char)*at);
        label[length] = '\0';
        exposition_count(out, name, LABELS(LABEL("registry", label)), s->registries[i].count);
    }
    gauge(out, "deepstream_rpc_calls_open", "Calls that have not ended.",
          (double)s->rpc_calls_open);
}

static void answer_get(void *context, const struct ds_http_request *request,
                       struct ds_http_exchange *exchange)
{
    struct monitoring *monitoring = context;
    const struct ds_services *services = monitoring->services;
    slice rest = slice_part(request->target, monitoring->url.length, request->target.length);
    if ((rest.length > 0 && rest.at[0] != '?') || !gate_lets_in(&monitoring->gate, request)) {
        gate_turn_away(services, exchange);
        return;
    }
    const struct ds_statistics *statistics = services->statistics(services->host);
    struct buf *body = &monitoring->body;
    buf_clear(body);
    write_process(body, statistics);
    write_connections(body, statistics);
    write_transport(body, statistics);
    write_messages(body, statistics);
    write_decisions(body, statistics);
    write_stores(body, statistics);
    write_log(body, statistics);
    write_registries(body, statistics);
    struct ds_http_answer answer = {.content_type = SLICE(EXPOSITION_TYPE),
                                    .body = buf_slice(body)};
    services->http_answer(services->host, exchange, &answer);
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
