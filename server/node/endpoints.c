#include "endpoints.h"

#include "encryption.h"
#include "mqtt_endpoint.h"
#include "process.h"

#include "base/buf.h"
#include "base/check.h"
#include "logging/log.h"

static bool is_type(const struct config_plugin *wanted, const char *type)
{
    return slice_equal(wanted->type, slice_of(type));
}

/* ---- settings ---- */

static uint32_t number(const struct ds_value *options, enum config_option option)
{
    return (uint32_t)config_integer_in(options, option);
}

static void read_session_settings(struct session_settings *settings, const struct ds_value *options)
{
    settings->heartbeat_interval_ms = number(options, CONFIG_WS_HEARTBEAT_INTERVAL);
    settings->unauthenticated_timeout_ms = number(options, CONFIG_WS_UNAUTHENTICATED_TIMEOUT);
    settings->max_auth_attempts = number(options, CONFIG_WS_MAX_AUTH_ATTEMPTS);
    settings->max_message_bytes = number(options, CONFIG_WS_MAX_MESSAGE_SIZE);
    settings->max_queue_bytes = number(options, CONFIG_WS_MAX_QUEUE_BYTES);
    settings->outgoing_buffer_timeout_ms = number(options, CONFIG_WS_OUTGOING_BUFFER_TIMEOUT);
    settings->max_buffer_bytes = number(options, CONFIG_WS_MAX_BUFFER_BYTES);
    settings->max_names = number(options, CONFIG_WS_MAX_NAMES);
    settings->max_subscriptions = number(options, CONFIG_WS_MAX_SUBSCRIPTIONS);
    settings->max_waiting_messages = number(options, CONFIG_WS_MAX_WAITING_MESSAGES);
    settings->log_invalid_auth_data = config_boolean_in(options, CONFIG_WS_LOG_INVALID_AUTH_DATA);
    settings->deflate = config_boolean_in(options, CONFIG_WS_PER_MESSAGE_DEFLATE);
}

/* ---- encryption ---- */

static void check_encryption(struct config *config, const struct ds_value *ssl)
{
    struct encryption_fault fault;
    if (ds_value_kind(ssl) == DS_VALUE_NULL)
        return;
    struct tls_context *context = encryption_new(config_dir(config), ssl, &fault);
    if (context == NULL)
        config_refuse(config, fault.value, "%s", fault.text);
    else if (tls_context_warning(context) != NULL)
        config_warn(config, config_ssl_value(ssl, CONFIG_SSL_CERT), "ssl: %s",
                    tls_context_warning(context));
    tls_context_release(&context);
}

void endpoints_check(struct config *config)
{
    for (size_t i = 0; i < config_plugin_count(config, CONFIG_PLUGIN_ENDPOINT); i++) {
        const struct config_plugin *wanted = config_plugin(config, CONFIG_PLUGIN_ENDPOINT, i);
        if (is_type(wanted, "mqtt"))
            check_encryption(config, config_value_in(wanted->options, CONFIG_MQTT_SSL));
    }
}

static bool is_same_plugin(const struct config_plugin *one, const struct config_plugin *other)
{
    return slice_equal(one->type, other->type) && slice_equal(one->name, other->name) &&
           slice_equal(one->path, other->path);
}

static void log_kept(struct log *log, const struct ds_error *error)
{
    slice place = error->value == NULL ? SLICE("") : ds_value_place(error->value);
    log_line(log, DS_ERROR, LOG_CONFIG_ERROR,
             "the certificates were not reloaded, those of before stay: %s%s" SLICE_FORMAT,
             error->text, place.length == 0 ? "" : " at ", SLICE_ARGUMENTS(place));
}

static bool reload_http(struct endpoints *endpoints, const struct config *fresh, struct log *log)
{
    const struct ds_http_service_operations *operations = endpoints->http.operations;
    const struct config_plugin *wanted = config_plugin(fresh, CONFIG_PLUGIN_HTTP_SERVER, 0);
    struct ds_error error = {.text = ""};
    if (!is_same_plugin(wanted, endpoints->http_wanted)) {
        log_line(log, DS_WARN, LOG_CONFIG_ERROR,
                 "which plugin is the httpServer changes with a restart alone");
        return false;
    }
    if (operations->reload == NULL)
        return true;
    bool is_done = operations->reload(endpoints->http.self, wanted->options, &error);
    if (!is_done)
        log_kept(log, &error);
    else if (error.text[0] != '\0')
        log_line(log, DS_WARN, LOG_CONFIG_ERROR, "%s", error.text);
    return is_done;
}

/* The entries of the configuration that have a port of their own, in their order. */
static bool reload_mqtt(struct endpoints *endpoints, const struct config *fresh, struct log *log)
{
    size_t next = 0;
    bool is_done = true;
    for (size_t i = 0; i < config_plugin_count(fresh, CONFIG_PLUGIN_ENDPOINT); i++) {
        const struct config_plugin *wanted = config_plugin(fresh, CONFIG_PLUGIN_ENDPOINT, i);
        if (is_type(wanted, "mqtt") && !wanted->is_default && next < endpoints->mqtt.count)
            is_done =
                mqtt_endpoint_reload(endpoints->mqtt.items[next++], fresh, wanted->options, log) &&
                is_done;
    }
    return is_done;
}

bool endpoints_reload(struct endpoints *endpoints, const struct config *fresh, struct log *log)
{
    bool has_http = reload_http(endpoints, fresh, log);
    return reload_mqtt(endpoints, fresh, log) && has_http;
}

/* ---- whether it lives, and is ready ---- */

static void answer_empty(const struct endpoints *endpoints, struct ds_http_exchange *exchange,
                         unsigned status)
{
    endpoints->http.operations->answer(endpoints->http.self, exchange,
                                       &(struct ds_http_answer){.status = status});
}

static void answer_health(void *context, const struct ds_http_request *request,
                          struct ds_http_exchange *exchange)
{
    (void)request;
    answer_empty(context, exchange, 200);
}

static bool are_all_ready(const struct endpoints *endpoints)
{
    return endpoints->is_ready &&
           (endpoints->process == NULL || process_is_ready(endpoints->process));
}

static void answer_readiness(void *context, const struct ds_http_request *request,
                             struct ds_http_exchange *exchange)
{
    const struct endpoints *endpoints = context;
    (void)request;
    answer_empty(endpoints, exchange, are_all_ready(endpoints) ? 200 : 503);
}

void endpoints_use_http(struct endpoints *endpoints, const struct config *config,
                        const struct http_service *http)
{
    slice health = config_text(config, CONFIG_HTTP_HEALTH_CHECK_PATH);
    slice readiness = config_text(config, CONFIG_HTTP_READINESS_PATH);
    endpoints->http = *http;
    endpoints->http_wanted = config_plugin(config, CONFIG_PLUGIN_HTTP_SERVER, 0);
    http->operations->add_get(http->self, health, answer_health, endpoints);
    http->operations->add_get(http->self, readiness, answer_readiness, endpoints);
}

void endpoints_set_ready(struct endpoints *endpoints, bool is_ready)
{
    bool is_news = endpoints->is_ready != is_ready;
    endpoints->is_ready = is_ready;
    if (!is_news || endpoints->process == NULL)
        return;
    if (is_ready)
        process_node_ready(endpoints->process);
    else
        process_node_unready(endpoints->process);
}

/* ---- listening ---- */

/* What a client of each type of WebSocket endpoint speaks. */
static const struct {
    const char *type;
    enum protocol protocol;
} websockets[] = {
    {"ws-binary", PROTOCOL_BINARY},
    {"ws-text", PROTOCOL_TEXT},
    {"ws-json", PROTOCOL_JSON},
};

/* Its protocol; PROTOCOL_COUNT: it is no WebSocket. */
static enum protocol websocket_protocol(const struct config_plugin *wanted)
{
    for (size_t i = 0; i < sizeof websockets / sizeof websockets[0]; i++)
        if (is_type(wanted, websockets[i].type))
            return websockets[i].protocol;
    return PROTOCOL_COUNT;
}

/* One whose sessions are carried as whole messages. service: NULL, or the plugin that does. */
static struct endpoint *add_endpoint(struct endpoints *endpoints,
                                     const struct session_settings *shared,
                                     const struct config_plugin *wanted, enum protocol protocol,
                                     const struct service *service)
{
    struct endpoint *endpoint = calloc(1, sizeof *endpoint);
    CHECK(endpoint != NULL);
    endpoint->endpoints = endpoints;
    endpoint->service = service;
    endpoint->settings = *shared;
    endpoint->settings.protocol = protocol;
    endpoint->settings.endpoint_name = service == NULL ? NULL : service->plugin->name;
    read_session_settings(&endpoint->settings, wanted->options);
    endpoint->sessions = session_endpoint_new(&endpoint->settings);
    VEC_PUSH(&endpoints->all, endpoint);
    return endpoint;
}

static void add_websocket(struct endpoints *endpoints, const struct session_settings *shared,
                          const struct config_plugin *wanted, enum protocol protocol)
{
    const struct endpoint *endpoint = add_endpoint(endpoints, shared, wanted, protocol, NULL);
    const struct http_service *http = &endpoints->http;
    /* whatever the type, the key of the path is the same */
    http->operations->add_websocket(http->self,
                                    config_text_in(wanted->options, CONFIG_WS_BINARY_URL_PATH),
                                    session_endpoint_for_transport(endpoint->sessions));
}

static void add_plugin(struct endpoints *endpoints, const struct session_settings *shared,
                       const struct config_plugin *wanted, const struct service *service)
{
    static const enum protocol PROTOCOLS[] = {
        [DS_PROTOCOL_BINARY] = PROTOCOL_BINARY,
        [DS_PROTOCOL_JSON] = PROTOCOL_JSON,
        [DS_PROTOCOL_TEXT] = PROTOCOL_TEXT,
    };
    const struct ds_connection_endpoint_operations *operations = service_operations(service);
    add_endpoint(endpoints, shared, wanted, PROTOCOLS[operations->protocol(service->self)],
                 service);
}

static void add_request_endpoint(struct endpoints *endpoints, const struct config *config,
                                 const struct session_settings *shared,
                                 const struct config_plugin *wanted)
{
    const struct ds_value *options = wanted->options;
    struct request_endpoint *endpoint = calloc(1, sizeof *endpoint);
    CHECK(endpoint != NULL);
    bool has_tokens = config_boolean_in(options, CONFIG_ENDPOINT_ENABLE_AUTH);
    endpoint->settings = (struct http_endpoint_settings){
        .sessions = *shared,
        .auth_path = has_tokens ? config_text_in(options, CONFIG_ENDPOINT_AUTH_PATH) : SLICE(""),
        .post_path = config_text_in(options, CONFIG_ENDPOINT_POST_PATH),
        .get_path = config_text_in(options, CONFIG_ENDPOINT_GET_PATH),
        .allows_auth_data = config_boolean_in(options, CONFIG_ENDPOINT_ALLOW_AUTH_DATA),
        .request_timeout_ms = number(options, CONFIG_ENDPOINT_REQUEST_TIMEOUT),
        .max_items = number(options, CONFIG_ENDPOINT_MAX_ITEMS),
    };
    endpoint->settings.sessions.protocol = PROTOCOL_HTTP;
    endpoint->settings.sessions.max_message_bytes =
        (uint32_t)config_integer(config, CONFIG_HTTP_MAX_MESSAGE_SIZE);
    endpoint->settings.sessions.log_invalid_auth_data =
        config_boolean_in(options, CONFIG_ENDPOINT_LOG_INVALID_AUTH_DATA);
    endpoint->requests = http_endpoint_new(&endpoint->settings, &endpoints->http);
    VEC_PUSH(&endpoints->for_requests, endpoint);
}

/* Its port is another one than that of HTTP, and perhaps another process's, so that nobody gets it
 * who did not ask for it. */
static void add_mqtt(struct endpoints *endpoints, const struct config *config,
                     const struct session_settings *shared, const struct config_plugin *wanted)
{
    if (!wanted->is_default)
        VEC_PUSH(&endpoints->mqtt, mqtt_endpoint_new(config, wanted->options, shared));
    else
        log_line(endpoints->log, DS_DEBUG, LOG_INFO,
                 "connection endpoint mqtt is left out: it opens a port of its own only when the "
                 "configuration names it");
}

/* Of the plugins the next one is *plugin. */
static void add_entry(struct endpoints *endpoints, const struct config *config,
                      const struct session_settings *shared, const struct config_plugin *wanted,
                      size_t *plugin)
{
    enum protocol protocol = websocket_protocol(wanted);
    if (wanted->type.length == 0)
        add_plugin(endpoints, shared, wanted, endpoints->plugins.items[(*plugin)++]);
    else if (protocol != PROTOCOL_COUNT)
        add_websocket(endpoints, shared, wanted, protocol);
    else if (is_type(wanted, "http"))
        add_request_endpoint(endpoints, config, shared, wanted);
    else
        add_mqtt(endpoints, config, shared, wanted);
}

void endpoints_init(struct endpoints *endpoints, const struct config *config,
                    const struct session_settings *shared)
{
    size_t plugin = 0;
    endpoints->log = shared->log;
    endpoints->is_open = true;
    for (size_t i = 0; i < config_plugin_count(config, CONFIG_PLUGIN_ENDPOINT); i++)
        add_entry(endpoints, config, shared, config_plugin(config, CONFIG_PLUGIN_ENDPOINT, i),
                  &plugin);
}

static bool listen_by_plugins(struct endpoints *endpoints, struct ds_error *error)
{
    for (size_t i = 0; i < endpoints->all.count; i++) {
        struct endpoint *endpoint = endpoints->all.items[i];
        if (endpoint->service == NULL)
            continue;
        const struct ds_connection_endpoint_operations *operations =
            service_operations(endpoint->service);
        if (!operations->listen(endpoint->service->self,
                                session_endpoint_for_transport(endpoint->sessions), error))
            return false;
        endpoint->is_listening = true;
    }
    return true;
}

bool endpoints_listen(struct endpoints *endpoints, const struct config *config,
                      struct ds_error *error)
{
    slice health = config_text(config, CONFIG_HTTP_HEALTH_CHECK_PATH);
    if (!endpoints->http.operations->listen(endpoints->http.self, error))
        return false;
    log_line(endpoints->log, DS_INFO, LOG_INFO, "Listening for health checks on path " SLICE_FORMAT,
             SLICE_ARGUMENTS(health));
    for (size_t i = 0; i < endpoints->mqtt.count; i++) {
        if (!mqtt_endpoint_listen(endpoints->mqtt.items[i], error))
            return false;
    }
    return listen_by_plugins(endpoints, error);
}

void endpoints_each_session(const struct endpoints *endpoints,
                            bool (*visit)(void *context, struct session *session), void *context)
{
    bool goes_on = true;
    for (size_t i = 0; i < endpoints->all.count && goes_on; i++) {
        if (endpoints->all.items[i]->sessions != NULL)
            goes_on = session_endpoint_each(endpoints->all.items[i]->sessions, visit, context);
    }
    for (size_t i = 0; i < endpoints->mqtt.count && goes_on; i++) {
        const struct session_endpoint *sessions = mqtt_endpoint_sessions(endpoints->mqtt.items[i]);
        if (sessions != NULL)
            goes_on = session_endpoint_each(sessions, visit, context);
    }
}

/* ---- the end ---- */

void endpoints_stop_accepting(struct endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->for_requests.count; i++)
        http_endpoint_stop(endpoints->for_requests.items[i]->requests);
    if (endpoints->is_open)
        endpoints->http.operations->stop_accepting(endpoints->http.self);
    for (size_t i = 0; i < endpoints->mqtt.count; i++)
        mqtt_endpoint_stop_accepting(endpoints->mqtt.items[i]);
    for (size_t i = 0; i < endpoints->all.count; i++) {
        const struct endpoint *endpoint = endpoints->all.items[i];
        if (!endpoint->is_listening)
            continue;
        const struct ds_connection_endpoint_operations *operations =
            service_operations(endpoint->service);
        operations->stop_accepting(endpoint->service->self);
    }
}

static void on_server_closed(void *context)
{
    struct endpoints *endpoints = context;
    if (--endpoints->open_servers == 0 && endpoints->done != NULL)
        endpoints->done(endpoints->done_context);
}

static void log_unwell(const struct endpoints *endpoints, const char *who, const char *error)
{
    if (error != NULL)
        log_line(endpoints->log, DS_ERROR, LOG_PLUGIN_ERROR,
                 "%s did not close its connections well: %s", who, error);
}

static void on_http_closed(void *context, const char *error)
{
    struct endpoints *endpoints = context;
    log_unwell(endpoints, "httpServer", error);
    endpoints->is_http_closed = true;
    on_server_closed(endpoints);
}

static void on_plugin_closed(void *context, const char *error)
{
    struct endpoint *endpoint = context;
    log_unwell(endpoint->endpoints, endpoint->settings.endpoint_name, error);
    endpoint->is_listening = false;
    on_server_closed(endpoint->endpoints);
}

static void close_plugins(struct endpoints *endpoints, uint32_t grace_ms)
{
    for (size_t i = 0; i < endpoints->all.count; i++) {
        struct endpoint *endpoint = endpoints->all.items[i];
        if (!endpoint->is_listening)
            continue;
        const struct ds_connection_endpoint_operations *operations =
            service_operations(endpoint->service);
        endpoints->open_servers++;
        operations->close_connections(endpoint->service->self, grace_ms, on_plugin_closed,
                                      endpoint);
    }
}

void endpoints_close(struct endpoints *endpoints, uint32_t grace_ms, void (*done)(void *context),
                     void *context)
{
    for (size_t i = 0; i < endpoints->for_requests.count; i++)
        http_endpoint_close(endpoints->for_requests.items[i]->requests);
    if (!endpoints->is_open) {
        done(context);
        return;
    }
    endpoints->is_open = false;
    endpoints->done = done;
    endpoints->done_context = context;
    endpoints->open_servers = 1 + endpoints->mqtt.count;
    for (size_t i = 0; i < endpoints->mqtt.count; i++)
        mqtt_endpoint_close(endpoints->mqtt.items[i], grace_ms, on_server_closed, endpoints);
    close_plugins(endpoints, grace_ms);
    endpoints->http.operations->close_connections(endpoints->http.self, grace_ms, on_http_closed,
                                                  endpoints);
}

void endpoints_give_up_close(struct endpoints *endpoints)
{
    void (*done)(void *) = endpoints->done;
    endpoints->done = NULL;
    for (size_t i = 0; i < endpoints->all.count; i++) {
        if (endpoints->all.items[i]->is_listening)
            log_line(endpoints->log, DS_ERROR, LOG_PLUGIN_ERROR,
                     "connection endpoint %s did not close its connections in time",
                     endpoints->all.items[i]->settings.endpoint_name);
    }
    if (!endpoints->is_http_closed)
        log_line(endpoints->log, DS_ERROR, LOG_PLUGIN_ERROR,
                 "httpServer did not close its connections in time");
    done(endpoints->done_context);
}

/* Whoever still has connections may tell of them: their sessions are never freed. */
static bool may_still_come(const struct endpoints *endpoints, const struct endpoint *endpoint)
{
    return endpoint->service != NULL ? endpoint->is_listening : !endpoints->is_http_closed;
}

void endpoints_end_sessions(struct endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->all.count; i++) {
        if (!may_still_come(endpoints, endpoints->all.items[i]))
            session_endpoint_free(&endpoints->all.items[i]->sessions);
    }
    for (size_t i = 0; i < endpoints->for_requests.count; i++)
        http_endpoint_free(&endpoints->for_requests.items[i]->requests);
    for (size_t i = 0; i < endpoints->mqtt.count; i++)
        mqtt_endpoint_end_sessions(endpoints->mqtt.items[i]);
}

void endpoints_fini(struct endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->all.count; i++)
        free(endpoints->all.items[i]);
    for (size_t i = 0; i < endpoints->for_requests.count; i++)
        free(endpoints->for_requests.items[i]);
    VEC_FREE(&endpoints->all);
    VEC_FREE(&endpoints->for_requests);
    for (size_t i = 0; i < endpoints->mqtt.count; i++)
        mqtt_endpoint_free(endpoints->mqtt.items[i]);
    VEC_FREE(&endpoints->mqtt);
    VEC_FREE(&endpoints->plugins);
    *endpoints = (struct endpoints){0};
}
