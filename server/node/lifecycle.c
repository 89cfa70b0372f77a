/* The way of a node through its states (server.md 4), and what is logged on it.
 *
 * Each state has one function, which ends by entering the next state, now or when what it waits for
 * has happened. Nobody is let in before everything behind the door is ready. */

#include "internal.h"

#include "custom_plugins.h"
#include "monitoring.h"

#include "base/check.h"

#define LEAST_FORCE_MS 1000 /* to cut off those who do not leave, when nobody is given time */

struct transition {
    const char *name;
    enum node_state from, to;
};

static const struct transition TRANSITIONS[] = {
#define TRANSITION(name, from, to) {name, NODE_##from, NODE_##to},
#include "node/states.def"
#undef TRANSITION
};

static const char *const STATE_NAMES[] = {
#define STATE(name) #name,
#include "node/states.def"
#undef STATE
};

static void enter(struct ds_node *node, enum node_state to)
{
    const struct transition *found = NULL;
    for (size_t i = 0; i < sizeof TRANSITIONS / sizeof *TRANSITIONS; i++) {
        if (TRANSITIONS[i].from == node->state && TRANSITIONS[i].to == to)
            found = &TRANSITIONS[i];
    }
    CHECK(found != NULL);
    log_line(&node->log, DS_DEBUG, LOG_INFO, "State transition (%s): %s -> %s", found->name,
             STATE_NAMES[found->from], STATE_NAMES[found->to]);
    node->state = to;
}

/* ---- deadlines ---- */

static void on_timer(uv_timer_t *timer)
{
    struct ds_node *node = timer->data;
    node->on_deadline(node);
}

static void set_deadline_ms(struct ds_node *node, uint64_t ms,
                            void (*on_deadline)(struct ds_node *node))
{
    node->on_deadline = on_deadline;
    uv_timer_start(&node->timer, on_timer, ms, 0);
}

static void set_deadline(struct ds_node *node, enum config_option option,
                         void (*on_deadline)(struct ds_node *node))
{
    set_deadline_ms(node, (uint64_t)config_integer(node->config, option), on_deadline);
}

static void clear_deadline(struct ds_node *node)
{
    uv_timer_stop(&node->timer);
}

/* ---- stopping, from the last state backwards ---- */

static void on_timer_closed(uv_handle_t *timer)
{
    struct ds_node *node = timer->data;
    if (node->events.on_stopped != NULL)
        node->events.on_stopped(node->events.context, node->has_failed);
}

static void logger_closed(void *context)
{
    struct ds_node *node = context;
    clear_deadline(node);
    enter(node, NODE_STOPPED);
    uv_close((uv_handle_t *)&node->timer, on_timer_closed);
}

static void give_up_logger(struct ds_node *node)
{
    services_give_up_close(&node->logger);
}

static void services_closed(void *context)
{
    struct ds_node *node = context;
    enter(node, NODE_LOGGER_SHUTDOWN);
    node->log.operations = NULL;
    set_deadline(node, CONFIG_SHUTDOWN_TIMEOUT, give_up_logger);
    services_close(&node->logger, logger_closed, node);
}

/* Nodes may share their loop, so that it is busy with others: as long as one plugin after the other
 * closes, the stop goes on. */
static void give_up_services(struct ds_node *node)
{
    if (services_are_closing(&node->services))
        set_deadline(node, CONFIG_SHUTDOWN_TIMEOUT, give_up_services);
    else
        services_give_up_close(&node->services);
}

static void shut_services(struct ds_node *node)
{
    enter(node, NODE_SERVICE_SHUTDOWN);
    monitoring_leave(node);
    set_deadline(node, CONFIG_SHUTDOWN_TIMEOUT, give_up_services);
    services_close(&node->services, services_closed, node);
}

static void plugins_closed(void *context)
{
    struct ds_node *node = context;
    clear_deadline(node);
    enter(node, NODE_HANDLER_SHUTDOWN);
    cluster_leave(&node->cluster);
    plugin_client_close(node->plugin_client);
    features_stop(&node->features);
    shut_services(node);
}

static void give_up_plugins(struct ds_node *node)
{
    if (services_are_closing(&node->custom))
        set_deadline(node, CONFIG_SHUTDOWN_TIMEOUT, give_up_plugins);
    else
        services_give_up_close(&node->custom);
}

static void shut_plugins(struct ds_node *node)
{
    enter(node, NODE_PLUGIN_SHUTDOWN);
    set_deadline(node, CONFIG_SHUTDOWN_TIMEOUT, give_up_plugins);
    services_close(&node->custom, plugins_closed, node);
}

/* Custom plugins were made and never started. */
static void unstarted_closed(void *context)
{
    clear_deadline(context);
    shut_services(context);
}

static void shut_unstarted(struct ds_node *node)
{
    set_deadline(node, CONFIG_SHUTDOWN_TIMEOUT, give_up_plugins);
    services_close(&node->custom, unstarted_closed, node);
}

static void endpoints_closed(void *context)
{
    struct ds_node *node = context;
    clear_deadline(node);
    endpoints_end_sessions(&node->endpoints);
    shut_plugins(node);
}

static void give_up_endpoints(struct ds_node *node)
{
    endpoints_give_up_close(&node->endpoints);
}

/* Whatever was accepted has been answered, or its time is up. The others forget this node and its
 * clients at once, and not one name after the other as its clients go. Clients that do not read are
 * cut off after shutdownTimeout; who has not said so then has the same time again. */
static void close_endpoints(struct ds_node *node)
{
    uint32_t grace_ms = (uint32_t)config_integer(node->config, CONFIG_SHUTDOWN_TIMEOUT);
    cluster_leave(&node->cluster);
    set_deadline_ms(node, 2 * (uint64_t)grace_ms + LEAST_FORCE_MS, give_up_endpoints);
    endpoints_close(&node->endpoints, grace_ms, endpoints_closed, node);
}

static void on_drained(void *context)
{
    struct ds_node *node = context;
    if (node->is_draining) {
        node->is_draining = false;
        close_endpoints(node);
    }
}

static void give_up_drain(struct ds_node *node)
{
    log_line(&node->log, DS_WARN, LOG_INFO, "writes are under way that did not end in time");
    on_drained(node);
}

static void shut_endpoints(struct ds_node *node)
{
    enter(node, NODE_CONNECTION_ENDPOINT_SHUTDOWN);
    endpoints_set_ready(&node->endpoints, false);
    endpoints_stop_accepting(&node->endpoints);
    node->is_draining = true;
    set_deadline(node, CONFIG_SHUTDOWN_TIMEOUT, give_up_drain);
    features_drain(&node->features, on_drained, node);
}

void ds_node_stop(struct ds_node *node)
{
    switch (node->state) {
    case NODE_CONFIG_LOADED:
    case NODE_LOGGER_INIT:
    case NODE_SERVICE_INIT:
        services_forget_start(&node->logger);
        services_forget_start(&node->services);
        shut_unstarted(node);
        break;
    case NODE_PLUGIN_INIT:
        services_forget_start(&node->custom);
        cluster_forget_known(&node->cluster);
        shut_plugins(node);
        break;
    case NODE_CONNECTION_ENDPOINT_INIT:
    case NODE_RUNNING:
        shut_endpoints(node);
        break;
    default:
        log_line(&node->log, DS_INFO, LOG_INFO, "the server is stopping already");
        break;
    }
}

/* ---- starting, from the last state backwards ---- */

static void fail(struct ds_node *node)
{
    node->has_failed = true;
    ds_node_stop(node);
}

static void run(struct ds_node *node)
{
    enter(node, NODE_RUNNING);
    endpoints_set_ready(&node->endpoints, true);
    log_line(&node->log, DS_INFO, LOG_INFO, "Deepstream started");
    if (node->events.on_running != NULL)
        node->events.on_running(node->events.context);
}

static struct session_settings shared_settings(struct ds_node *node)
{
    return (struct session_settings){
        .loop = node->loop,
        .log = &node->log,
        .metrics = &node->statistics.metrics,
        .authentications = node->authentications.items,
        .authentication_count = node->authentications.count,
        .permission = service_operations(node->permission),
        .permission_self = node->permission->self,
        .events = custom_plugins_session_events(node),
    };
}

static void start_endpoints(void *context)
{
    struct ds_node *node = context;
    struct ds_error error;
    struct session_settings shared = shared_settings(node);
    enter(node, NODE_CONNECTION_ENDPOINT_INIT);
    endpoints_init(&node->endpoints, node->config, &shared);
    if (endpoints_listen(&node->endpoints, node->config, &error)) {
        run(node);
        return;
    }
    log_line(&node->log, DS_FATAL, LOG_CONNECTION_ERROR, "%s", error.text);
    fail(node);
}

static void plugins_started(void *context, bool ready)
{
    struct ds_node *node = context;
    clear_deadline(node);
    if (ready)
        cluster_when_known(&node->cluster, start_endpoints, node);
    else
        fail(node);
}

static void give_up_plugins_start(struct ds_node *node)
{
    services_give_up_start(&node->custom);
}

static void start_plugins(struct ds_node *node)
{
    struct session_settings shared = shared_settings(node);
    shared.events = pipeline_session_events(node->features.pipeline);
    enter(node, NODE_PLUGIN_INIT);
    node->plugin_client = plugin_client_new(&shared);
    set_deadline(node, CONFIG_START_TIMEOUT, give_up_plugins_start);
    services_start(&node->custom, plugins_started, node);
}

static void start_handlers(struct ds_node *node)
{
    struct features_settings settings = {
        .loop = node->loop,
        .log = &node->log,
        .metrics = &node->statistics.metrics,
        .cluster = &node->cluster.cluster,
        .config = node->config,
        .cache = node->cache,
        .storage = node->storage,
        .permission = node->permission,
        .subscriptions = node->subscriptions,
    };
    enter(node, NODE_HANDLER_INIT);
    features_start(&node->features, &settings);
    cluster_join(&node->cluster);
    start_plugins(node);
}

static void services_started(void *context, bool ready)
{
    struct ds_node *node = context;
    clear_deadline(node);
    if (ready)
        start_handlers(node);
    else
        fail(node);
}

static void give_up_services_start(struct ds_node *node)
{
    services_give_up_start(&node->services);
}

static void log_introduction(struct ds_node *node)
{
    slice file = config_file(node->config);
    log_line(&node->log, DS_INFO, LOG_INFO, "server name: " SLICE_FORMAT,
             SLICE_ARGUMENTS(node->server_name));
    log_line(&node->log, DS_INFO, LOG_INFO, "deepstream version: " DEEPSTREAM_VERSION);
    if (file.length > 0)
        log_line(&node->log, DS_INFO, LOG_INFO, "configuration file loaded from " SLICE_FORMAT,
                 SLICE_ARGUMENTS(file));
    config_log_problems(node->config, &node->log);
}

static void logger_started(void *context, bool ready)
{
    struct ds_node *node = context;
    clear_deadline(node);
    if (!ready) {
        fail(node);
        return;
    }
    log_introduction(node);
    enter(node, NODE_SERVICE_INIT);
    set_deadline(node, CONFIG_START_TIMEOUT, give_up_services_start);
    services_start(&node->services, services_started, node);
}

static void give_up_logger_start(struct ds_node *node)
{
    services_give_up_start(&node->logger);
}

void ds_node_start(struct ds_node *node)
{
    CHECK(config_is_valid(node->config));
    enter(node, NODE_LOGGER_INIT);
    set_deadline(node, CONFIG_START_TIMEOUT, give_up_logger_start);
    services_start(&node->logger, logger_started, node);
}
