#include "internal.h"

#include "custom_plugins.h"
#include "monitoring.h"
#include "plugin_host.h"

#include "base/check.h"

#include <stdlib.h>

/* ---- plugins ---- */

static struct service *add(struct ds_node *node, enum ds_plugin_kind kind,
                           enum config_plugin_kind section, size_t index, const char *name)
{
    return services_add(&node->services, &node->host, kind, name, node->config,
                        config_plugin(node->config, section, index));
}

static void add_logger(struct ds_node *node)
{
    struct service *logger =
        services_add(&node->logger, &node->host, DS_PLUGIN_LOGGER, "logger", node->config,
                     config_plugin(node->config, CONFIG_PLUGIN_LOGGER, 0));
    if (logger != NULL) {
        node->log.logger = logger->self;
        node->log.operations = service_operations(logger);
    }
}

static void add_authentications(struct ds_node *node)
{
    size_t count = config_plugin_count(node->config, CONFIG_PLUGIN_AUTHENTICATION);
    for (size_t i = 0; i < count; i++) {
        const struct service *service =
            add(node, DS_PLUGIN_AUTHENTICATION, CONFIG_PLUGIN_AUTHENTICATION, i, "authentication");
        if (service == NULL)
            continue;
        struct session_authentication entry = {service_operations(service), service->self};
        VEC_PUSH(&node->authentications, entry);
    }
}

/* Nothing is loaded that could send something, unless the file says so. */
static void add_telemetry(struct ds_node *node)
{
    const struct config_plugin *wanted = config_plugin(node->config, CONFIG_PLUGIN_TELEMETRY, 0);
    const struct ds_value *enabled = ds_value_member(wanted->options, "enabled");
    if (wanted->type.length > 0 || ds_value_boolean(enabled, false))
        add(node, DS_PLUGIN_TELEMETRY, CONFIG_PLUGIN_TELEMETRY, 0, "telemetry");
}

/* Others may add paths from their creation on, and answer until they are closed. */
static void add_http_service(struct ds_node *node)
{
    node->http_service =
        add(node, DS_PLUGIN_HTTP_SERVICE, CONFIG_PLUGIN_HTTP_SERVER, 0, "httpServer");
    if (node->http_service == NULL)
        return;
    struct http_service http = {service_operations(node->http_service), node->http_service->self};
    endpoints_use_http(&node->endpoints, node->config, &http);
}

static void check_protocol(struct ds_node *node, const struct service *service,
                           const struct config_plugin *wanted)
{
    const struct ds_connection_endpoint_operations *operations = service_operations(service);
    int protocol = (int)operations->protocol(service->self);
    if (protocol < DS_PROTOCOL_BINARY || protocol > DS_PROTOCOL_TEXT)
        config_refuse(node->config, wanted->value,
                      "connection endpoint %s: it speaks protocol %d, which this server does not",
                      service->plugin->name, protocol);
}

/* Those that are built in are made when everybody behind them is there. */
static void add_connection_endpoints(struct ds_node *node)
{
    for (size_t i = 0; i < config_plugin_count(node->config, CONFIG_PLUGIN_ENDPOINT); i++) {
        const struct config_plugin *wanted = config_plugin(node->config, CONFIG_PLUGIN_ENDPOINT, i);
        if (wanted->type.length > 0)
            continue;
        const struct service *service =
            services_add(&node->custom, &node->host, DS_PLUGIN_CONNECTION_ENDPOINT,
                         "connection endpoint", node->config, wanted);
        if (service != NULL)
            check_protocol(node, service, wanted);
        VEC_PUSH(&node->endpoints.plugins, service);
    }
    endpoints_check(node->config);
}

/* In the order of server.md 4, but for the HTTP service, which the others know. */
static void add_plugins(struct ds_node *node)
{
    add_logger(node);
    add_http_service(node);
    monitoring_add(node);
    node->subscriptions =
        add(node, DS_PLUGIN_SUBSCRIPTION_REGISTRY, CONFIG_PLUGIN_SUBSCRIPTIONS, 0, "subscriptions");
    node->storage = add(node, DS_PLUGIN_STORAGE, CONFIG_PLUGIN_STORAGE, 0, "storage");
    plugin_host_offer_storage(node);
    node->cache = add(node, DS_PLUGIN_CACHE, CONFIG_PLUGIN_CACHE, 0, "cache");
    add_authentications(node);
    node->permission = add(node, DS_PLUGIN_PERMISSION, CONFIG_PLUGIN_PERMISSION, 0, "permission");
    cluster_add(node);
    add_telemetry(node);
    custom_plugins_add(node);
    add_connection_endpoints(node);
    features_check(node->config);
}

/* ---- the node ---- */

struct ds_node *ds_node_new_in(struct ds_process *process, uv_loop_t *loop, struct config *config,
                               const struct ds_node_events *events)
{
    struct ds_node *node = calloc(1, sizeof *node);
    CHECK(node != NULL);
    node->process = process;
    node->endpoints.process = process;
    node->loop = loop;
    node->config = config;
    node->events = *events;
    node->log.level = config_log_level(config);
    buf_append(&node->server_name_text, config_text(config, CONFIG_SERVER_NAME));
    node->server_name = buf_slice(&node->server_name_text);
    statistics_init(&node->statistics);
    CHECK(uv_timer_init(loop, &node->timer) == 0);
    node->timer.data = node;
    services_init(&node->logger, &node->log);
    services_init(&node->services, &node->log);
    services_init(&node->custom, &node->log);
    plugin_http_init(&node->plugin_http);
    plugin_host_fill(node);
    add_plugins(node);
    node->state = NODE_CONFIG_LOADED;
    return node;
}

struct ds_node *ds_node_new(uv_loop_t *loop, struct config *config,
                            const struct ds_node_events *events)
{
    return ds_node_new_in(NULL, loop, config, events);
}

static bool has_open_plugins(const struct ds_node *node)
{
    return services_are_open(&node->custom) || services_are_open(&node->services) ||
           services_are_open(&node->logger);
}

static void dispose(struct ds_node *freed)
{
    endpoints_fini(&freed->endpoints);
    plugin_client_free(&freed->plugin_client);
    features_fini(&freed->features);
    statistics_fini(&freed->statistics);
    services_fini(&freed->custom);
    services_fini(&freed->services);
    services_fini(&freed->logger);
    cluster_fini(&freed->cluster);
    plugin_http_fini(&freed->plugin_http);
    VEC_FREE(&freed->authentications);
    VEC_FREE(&freed->monitorings);
    buf_fini(&freed->server_name_text);
    free(freed);
}

static void on_turn_over(uv_handle_t *timer)
{
    dispose(timer->data);
}

/* The plugin that says so is still on the stack. */
static void dispose_later(void *context)
{
    struct ds_node *node = context;
    if (has_open_plugins(node))
        return;
    CHECK(uv_timer_init(node->loop, &node->timer) == 0);
    uv_close((uv_handle_t *)&node->timer, on_turn_over);
}

/* A plugin that did not close in time may still use its node, which is kept for it. */
void ds_node_free(struct ds_node **node)
{
    struct ds_node *freed = *node;
    *node = NULL;
    CHECK(freed->state == NODE_STOPPED);
    if (!has_open_plugins(freed)) {
        dispose(freed);
        return;
    }
    services_when_closed(&freed->custom, dispose_later, freed);
    services_when_closed(&freed->services, dispose_later, freed);
    services_when_closed(&freed->logger, dispose_later, freed);
}

bool node_reload_rules(struct ds_node *node, struct ds_error *error)
{
    *error = (struct ds_error){.text = ""};
    if (node->permission == NULL || node->permission->self == NULL) {
        snprintf(error->text, sizeof error->text, "the server stops: nothing is reloaded");
        return false;
    }
    const struct ds_permission_operations *operations = service_operations(node->permission);
    if (operations->reload == NULL) {
        log_line(&node->log, DS_INFO, LOG_INFO, "there are no rules to reload");
        return true;
    }
    if (!operations->reload(node->permission->self, error)) {
        log_line(&node->log, DS_ERROR, LOG_CONFIG_ERROR,
                 "the rules were not reloaded, those of before stay: %s", error->text);
        return false;
    }
    log_line(&node->log, DS_INFO, LOG_INFO, "the rules were reloaded");
    return true;
}

bool ds_node_reload(struct ds_node *node, const struct config *fresh)
{
    struct ds_error error;
    bool has_certificates = true;
    if (fresh != NULL && node->permission != NULL && node->permission->self != NULL) {
        node->log.level = config_log_level(fresh);
        has_certificates = endpoints_reload(&node->endpoints, fresh, &node->log);
    }
    return node_reload_rules(node, &error) && has_certificates;
}

enum node_state ds_node_state(const struct ds_node *node)
{
    return node->state;
}

uint16_t ds_node_port(const struct ds_node *node)
{
    const struct http_service *http = &node->endpoints.http;
    return node->state == NODE_RUNNING ? http->operations->port(http->self) : 0;
}

struct log *ds_node_log(struct ds_node *node)
{
    return &node->log;
}
