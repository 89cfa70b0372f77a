/* Collects what is counted all over a node. Everything is read when somebody asks, and nothing of
 * it before. */

#include "internal.h"
#include "mqtt_endpoint.h"

#include "base/check.h"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1000 + (double)(now.tv_nsec / 1000000);
}

void statistics_init(struct statistics *statistics)
{
    statistics->started_ms = now_ms();
}

void statistics_fini(struct statistics *statistics)
{
    VEC_FREE(&statistics->messages);
    VEC_FREE(&statistics->decisions);
    VEC_FREE(&statistics->log);
    VEC_FREE(&statistics->registries);
}

/* ---- the process ---- */

static uint64_t count_open_files(void)
{
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count > 3 ? count - 3 : 0; /* ".", "..", and the folder itself */
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void view_process(struct ds_statistics *view)
{
    struct rusage usage;
    struct rlimit limit;
    size_t resident = 0;
    if (uv_resident_set_memory(&resident) == 0)
        view->resident_bytes = resident;
    view->open_files = count_open_files();
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        view->most_files = limit.rlim_cur;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        view->cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/* ---- connections ---- */

static void view_connections(struct statistics *statistics)
{
    const struct metrics *metrics = &statistics->metrics;
    struct ds_statistics *view = &statistics->view;
    view->connections_opened = view->connections_open = metrics->connections_opened;
    for (enum closing i = 0; i < CLOSING_COUNT; i++) {
        uint64_t count = metrics->connections_closed[i];
        view->connections_open -= count;
        statistics->closings[i] = (struct ds_named_count){closing_name(i), count};
    }
    view->connections_closed = statistics->closings;
    view->connections_closed_count = CLOSING_COUNT;
    for (enum login_way way = 0; way < LOGIN_WAY_COUNT; way++)
        statistics->logins[way] = (struct ds_login_count){
            login_way_name(way), metrics->logins_allowed[way], metrics->logins_declined[way]};
    view->logins = statistics->logins;
    view->login_count = LOGIN_WAY_COUNT;
}

static void add_counters(struct ds_statistics *view, const struct ds_transport_counters *counters)
{
    view->tcp_connections += counters->connections;
    view->turned_away += counters->turned_away;
    view->tls_handshakes += counters->handshakes;
    view->tls_failures += counters->failed_handshakes;
    view->http_requests += counters->requests;
    view->http_refused += counters->refused_heads;
    view->bytes_in += counters->bytes_in;
    view->bytes_out += counters->bytes_out;
    view->receivers_cut_off += counters->slow_receivers;
}

static void view_endpoint(struct ds_statistics *view,
                          const struct ds_connection_endpoint_operations *operations,
                          const void *self)
{
    if (operations->counters != NULL)
        add_counters(view, operations->counters(self));
    if (operations->queued_bytes != NULL)
        view->queued_bytes += operations->queued_bytes(self);
}

static void view_transport(struct ds_statistics *view, const struct endpoints *endpoints)
{
    const struct http_service *http = &endpoints->http;
    if (!endpoints->is_open)
        return;
    if (http->operations->counters != NULL)
        add_counters(view, http->operations->counters(http->self));
    if (http->operations->queued_bytes != NULL)
        view->queued_bytes += http->operations->queued_bytes(http->self);
    for (size_t i = 0; i < endpoints->mqtt.count; i++) {
        const struct mqtt_server *server = mqtt_endpoint_server(endpoints->mqtt.items[i]);
        if (server == NULL)
            continue;
        add_counters(view, mqtt_server_counters(server));
        view->queued_bytes += mqtt_server_queued_bytes(server);
    }
    for (size_t i = 0; i < endpoints->all.count; i++) {
        const struct service *service = endpoints->all.items[i]->service;
        if (service != NULL)
            view_endpoint(view, service_operations(service), service->self);
    }
}

/* ---- messages ---- */

static void add_message(struct statistics *statistics, const char *topic, const char *action,
                        uint64_t received, uint64_t sent)
{
    if (received + sent > 0)
        VEC_PUSH(&statistics->messages, ((struct ds_message_count){topic, action, received, sent}));
}

static bool is_unknown(slice name)
{
    return slice_equal(name, SLICE("UNKNOWN"));
}

/* Numbers that are in no list make one entry. */
static void view_messages(struct statistics *statistics)
{
    const struct metrics *metrics = &statistics->metrics;
    uint64_t unknown = metrics->received[0][0];
    statistics->messages.count = 0;
    for (unsigned topic = 1; topic < TOPIC_COUNT; topic++) {
        slice topic_text = topic_name(topic);
        for (unsigned action = 0; action < ACTION_NUMBERS; action++) {
            uint64_t received = metrics->received[topic][action];
            slice action_text = action_name(topic, action);
            if (is_unknown(action_text))
                unknown += received;
            else
                add_message(statistics, topic_text.at, action_text.at, received,
                            metrics->sent[topic][action]);
        }
    }
    add_message(statistics, "UNKNOWN", "UNKNOWN", unknown, 0);
    statistics->view.messages = statistics->messages.items;
    statistics->view.message_count = statistics->messages.count;
    statistics->view.unreadable_messages = metrics->unreadable;
}

/* ---- decisions ---- */

static void add_decisions(struct statistics *statistics, const char *section, const char *rule,
                          const uint64_t *verdicts)
{
    struct ds_decision_count *found = NULL;
    for (size_t i = 0; i < statistics->decisions.count; i++) {
        struct ds_decision_count *known = &statistics->decisions.items[i];
        if (strcmp(known->section, section) == 0 && strcmp(known->rule, rule) == 0)
            found = known;
    }
    if (found == NULL) {
        VEC_PUSH(&statistics->decisions, ((struct ds_decision_count){section, rule, 0, 0, 0}));
        found = &statistics->decisions.items[statistics->decisions.count - 1];
    }
    found->allowed += verdicts[DS_ALLOW];
    found->denied += verdicts[DS_DENY];
    found->undecided += verdicts[DS_UNDECIDED];
}

/* Plugins that name no rules have one for each action. */
static void view_decisions(struct statistics *statistics, const struct service *permission)
{
    if (permission == NULL)
        return;
    const struct ds_permission_operations *operations = service_operations(permission);
    statistics->decisions.count = 0;
    for (unsigned topic = 1; topic < TOPIC_COUNT; topic++) {
        for (unsigned action = 0; action < ACTION_NUMBERS; action++) {
            const uint64_t *verdicts = statistics->metrics.decisions[topic][action];
            if (verdicts[DS_ALLOW] + verdicts[DS_DENY] + verdicts[DS_UNDECIDED] == 0)
                continue;
            const char *section = topic_name(topic).at, *rule = action_name(topic, action).at;
            if (operations->rule != NULL)
                operations->rule(permission->self, (uint8_t)topic, (uint16_t)action, &section,
                                 &rule);
            add_decisions(statistics, section, rule, verdicts);
        }
    }
    statistics->view.decisions = statistics->decisions.items;
    statistics->view.decision_count = statistics->decisions.count;
}

/* ---- cache and storage ---- */

static struct ds_histogram view_of(const struct histogram *histogram)
{
    return (struct ds_histogram){.bounds = histogram_bounds,
                                 .counts = histogram->counts,
                                 .bound_count = HISTOGRAM_BOUNDS,
                                 .count = histogram->count,
                                 .sum = (double)histogram->sum_ns / 1e9};
}

static size_t view_operations(struct ds_operation_count *operations,
                              const struct store_counts *counts, bool has_heads)
{
    static const char *const NAMES[] = {[METER_GET] = "get",
                                        [METER_SET] = "set",
                                        [METER_HEADS] = "heads",
                                        [METER_REMOVE] = "remove"};
    size_t count = 0;
    for (enum meter_operation i = 0; i < METER_OPERATION_COUNT; i++) {
        if (i != METER_HEADS || has_heads)
            operations[count++] = (struct ds_operation_count){
                NAMES[i], counts[i].calls, counts[i].errors, view_of(&counts[i].time)};
    }
    return count;
}

static void view_cache(struct statistics *statistics, const struct service *cache)
{
    struct ds_statistics *view = &statistics->view;
    if (cache == NULL)
        return;
    const struct ds_cache_operations *operations = service_operations(cache);
    view->cache = statistics->cache;
    view->cache_count = view_operations(statistics->cache, statistics->metrics.cache, true);
    view->knows_cache_size = operations->size != NULL && cache->self != NULL;
    if (view->knows_cache_size)
        operations->size(cache->self, &view->cache_records, &view->cache_bytes);
}

static void view_storage(struct statistics *statistics, const struct service *storage)
{
    struct ds_statistics *view = &statistics->view;
    if (storage == NULL || service_operations(storage) == NULL)
        return;
    view->storage = statistics->storage;
    view->storage_count = view_operations(statistics->storage, statistics->metrics.storage, false);
}

/* ---- the log ---- */

static void view_log(struct statistics *statistics, const struct log *log)
{
    statistics->log.count = 0;
    for (size_t event = 0; event <= LOG_EVENT_COUNT; event++) {
        struct ds_log_count counted = {
            .event = event < LOG_EVENT_COUNT ? log_event_name((enum log_event)event).at : "OTHER"};
        uint64_t sum = 0;
        for (size_t level = 0; level <= DS_FATAL; level++)
            sum += counted.counts[level] = log->counts[event][level];
        if (sum > 0)
            VEC_PUSH(&statistics->log, counted);
    }
    statistics->view.log = statistics->log.items;
    statistics->view.log_count = statistics->log.count;
}

/* ---- handlers ---- */

static void view_registries(struct statistics *statistics, const struct cluster *cluster)
{
    static const struct {
        uint8_t set; /* of enum state_set */
        const char *name;
    } REGISTRIES[] = {
        {STATE_ONLINE_USERS, "ONLINE_USERS"},
        {STATE_EVENT_SUBSCRIPTIONS, "EVENT_SUBSCRIPTIONS"},
        {STATE_RECORD_SUBSCRIPTIONS, "RECORD_SUBSCRIPTIONS"},
        {STATE_RPC_PROVIDERS, "RPC_SUBSCRIPTIONS"},
        {STATE_PRESENCE_SUBSCRIPTIONS, "PRESENCE_SUBSCRIPTIONS"},
        {STATE_RECORD_LISTEN_PATTERNS, "RECORD_LISTEN_PATTERNS"},
        {STATE_EVENT_LISTEN_PATTERNS, "EVENT_LISTEN_PATTERNS"},
        {STATE_RECORD_PUBLISHED, "RECORD_PUBLISHED_SUBSCRIPTIONS"},
        {STATE_EVENT_PUBLISHED, "EVENT_PUBLISHED_SUBSCRIPTIONS"},
        {STATE_EVENT_FILTERS, "EVENT_FILTERS"},
    };
    statistics->registries.count = 0;
    for (size_t i = 0; i < sizeof REGISTRIES / sizeof *REGISTRIES; i++) {
        size_t count = cluster->states->count(cluster->states_self, REGISTRIES[i].set);
        VEC_PUSH(&statistics->registries, ((struct ds_named_count){REGISTRIES[i].name, count}));
    }
    statistics->view.registries = statistics->registries.items;
    statistics->view.registry_count = statistics->registries.count;
}

static void view_features(struct statistics *statistics, const struct features *features)
{
    struct ds_statistics *view = &statistics->view;
    if (features->cluster == NULL) /* they have not started, or are over */
        return;
    view_registries(statistics, features->cluster);
    view->messages_waiting = pipeline_waiting(features->pipeline);
    if (features->rpc != NULL)
        view->rpc_calls_open = rpc_handler_open_calls(features->rpc);
    if (features->record != NULL) {
        size_t bytes;
        view->unstored_writes = record_handler_unstored(features->record, &bytes);
        view->unstored_bytes = bytes;
    }
}

/* ---- all of it ---- */

const struct ds_statistics *statistics_count(struct ds_node *node)
{
    struct statistics *statistics = &node->statistics;
    statistics->view = (struct ds_statistics){
        .now_ms = now_ms(),
        .started_ms = statistics->started_ms,
        .version = DEEPSTREAM_VERSION,
        .server_name = node->server_name,
        .cluster_size = cluster_size(&node->cluster),
        .decision_seconds = view_of(&statistics->metrics.decision_time),
        .process_nodes = node->process == NULL ? 1 : process_node_count(node->process),
    };
    view_connections(statistics);
    view_transport(&statistics->view, &node->endpoints);
    view_messages(statistics);
    view_decisions(statistics, node->permission);
    view_cache(statistics, node->cache);
    view_storage(statistics, node->storage);
    view_log(statistics, &node->log);
    view_features(statistics, &node->features);
    return &statistics->view;
}

const struct ds_statistics *statistics_take(struct ds_node *node)
{
    statistics_count(node);
    view_process(&node->statistics.view);
    return &node->statistics.view;
}
