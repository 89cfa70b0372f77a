#include "endpoints.h"

#include "encryption.h"
#include "mqtt_endpoint.h"

#include "base/buf.h"
#include "base/check.h"
#include "logging/log.h"

static bool is_type(const struct config_plugin *wanted, const char *type)
{
    return slice_equal(wanted->type, slice_of(type));
}

static char *text_copy(slice text)
{
    char *copy = malloc(text.length + 1);
    CHECK(copy != NULL);
    if (text.length > 0)
        memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

/* ---- settings ---- */

static void read_http_settings(struct endpoints *endpoints, const struct config *config)
{
    const struct ds_value *origins = config_value(config, CONFIG_HTTP_ORIGINS);
    size_t origin_count = ds_value_count(origins);
    endpoints->origins = calloc(origin_count + 1, sizeof *endpoints->origins);
    CHECK(endpoints->origins != NULL);
    for (size_t i = 0; i < origin_count; i++)
        endpoints->origins[i] = ds_value_text(ds_value_at(origins, i, NULL), SLICE(""));
    endpoints->host = text_copy(config_text(config, CONFIG_HTTP_HOST));
    endpoints->health_check_path = text_copy(config_text(config, CONFIG_HTTP_HEALTH_CHECK_PATH));
    endpoints->http = (struct http_settings){
        .host = endpoints->host,
        .port = (uint16_t)config_integer(config, CONFIG_HTTP_PORT),
        .health_check_path = endpoints->health_check_path,
        .reuse_port = config_boolean(config, CONFIG_HTTP_REUSE_PORT),
        .allow_all_origins = config_boolean(config, CONFIG_HTTP_ALLOW_ALL_ORIGINS),
        .origins = endpoints->origins,
        .origin_count = origin_count,
        .host_url = config_text(config, CONFIG_HTTP_HOST_URL),
        .trust_forwarded_for = config_boolean(config, CONFIG_HTTP_TRUST_FORWARDED_FOR),
        .max_head_bytes = (uint32_t)config_integer(config, CONFIG_HTTP_MAX_HEAD_BYTES),
        .head_timeout_ms = (uint32_t)config_integer(config, CONFIG_HTTP_HEAD_TIMEOUT),
        .body_timeout_ms = (uint32_t)config_integer(config, CONFIG_HTTP_BODY_TIMEOUT),
        .max_message_bytes = (uint32_t)config_integer(config, CONFIG_HTTP_MAX_MESSAGE_SIZE),
        .max_connections = (uint32_t)config_integer(config, CONFIG_HTTP_MAX_CONNECTIONS),
    };
}

static uint32_t number(const struct ds_value *options, enum config_option option)
{
    return (uint32_t)config_integer_in(options, option);
}

static void read_websocket_settings(struct session_settings *settings,
                                    const struct ds_value *options)
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

static struct tls_context *check_encryption(struct config *config, const struct ds_value *ssl)
{
    struct encryption_fault fault;
    if (ds_value_kind(ssl) == DS_VALUE_NULL)
        return NULL;
    struct tls_context *context = encryption_new(config, ssl, &fault);
    if (context == NULL)
        config_refuse(config, fault.value, "%s", fault.text);
    else if (tls_context_warning(context) != NULL)
        config_warn(config, config_ssl_value(ssl, CONFIG_SSL_CERT), "ssl: %s",
                    tls_context_warning(context));
    return context;
}

void endpoints_check(struct endpoints *endpoints, struct config *config)
{
    endpoints->tls = check_encryption(config, config_value(config, CONFIG_HTTP_SSL));
    for (size_t i = 0; i < config_plugin_count(config, CONFIG_PLUGIN_ENDPOINT); i++) {
        const struct config_plugin *wanted = config_plugin(config, CONFIG_PLUGIN_ENDPOINT, i);
        if (!is_type(wanted, "mqtt"))
            continue;
        struct tls_context *tls =
            check_encryption(config, config_value_in(wanted->options, CONFIG_MQTT_SSL));
        tls_context_release(&tls);
    }
}

static bool reload_http(struct endpoints *endpoints, const struct config *fresh, struct log *log)
{
    const struct ds_value *ssl = config_value(fresh, CONFIG_HTTP_SSL);
    struct encryption_fault fault;
    bool is_wanted = ds_value_kind(ssl) != DS_VALUE_NULL;
    if (is_wanted != (endpoints->tls != NULL)) {
        log_line(log, DS_WARN, LOG_CONFIG_ERROR,
                 "whether httpServer encrypts (`ssl`) changes with a restart alone");
        return false;
    }
    if (!is_wanted)
        return true;
    struct tls_context *tls = encryption_new(fresh, ssl, &fault);
    if (tls == NULL) {
        log_line(log, DS_ERROR, LOG_CONFIG_ERROR,
                 "the certificates were not reloaded, those of before stay: %s at " SLICE_FORMAT,
                 fault.text, SLICE_ARGUMENTS(ds_value_place(fault.value)));
        return false;
    }
    tls_context_release(&endpoints->tls);
    endpoints->tls = tls;
    if (endpoints->server != NULL)
        http_server_encrypt(endpoints->server, tls);
    if (tls_context_warning(tls) != NULL)
        log_line(log, DS_WARN, LOG_CONFIG_ERROR, "ssl: %s", tls_context_warning(tls));
    log_line(log, DS_INFO, LOG_INFO, "the certificates were reloaded: %s",
             tls_context_description(tls));
    return true;
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

/* ---- readiness ---- */

static void answer_readiness(void *context, const struct ds_http_request *request,
                             struct ds_http_exchange *exchange)
{
    const struct endpoints *endpoints = context;
    (void)request;
    http_answer(exchange, &(struct ds_http_answer){.status = endpoints->is_ready ? 200 : 503,
                                                   .content_type = HTTP_JSON});
}

void endpoints_set_ready(struct endpoints *endpoints, bool is_ready)
{
    endpoints->is_ready = is_ready;
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

static void add_websocket(struct endpoints *endpoints, const struct session_settings *shared,
                          const struct config_plugin *wanted, enum protocol protocol)
{
    struct endpoint *endpoint = calloc(1, sizeof *endpoint);
    CHECK(endpoint != NULL);
    endpoint->settings = *shared;
    endpoint->settings.protocol = protocol;
    read_websocket_settings(&endpoint->settings, wanted->options);
    endpoint->sessions = session_endpoint_new(&endpoint->settings);
    /* whatever the type, the key of the path is the same */
    http_server_add_websocket(endpoints->server,
                              config_text_in(wanted->options, CONFIG_WS_BINARY_URL_PATH),
                              session_endpoint_websocket(endpoint->sessions));
    VEC_PUSH(&endpoints->all, endpoint);
}

static void add_request_endpoint(struct endpoints *endpoints, const struct session_settings *shared,
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
    endpoint->settings.sessions.max_message_bytes = endpoints->http.max_message_bytes;
    endpoint->settings.sessions.log_invalid_auth_data =
        config_boolean_in(options, CONFIG_ENDPOINT_LOG_INVALID_AUTH_DATA);
    endpoint->requests = http_endpoint_new(&endpoint->settings, endpoints->server);
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

void endpoints_init(struct endpoints *endpoints, const struct config *config,
                    const struct session_settings *shared)
{
    *endpoints = (struct endpoints){.log = shared->log, .tls = endpoints->tls};
    read_http_settings(endpoints, config);
    endpoints->server = http_server_new(shared->loop, &endpoints->http, shared->log);
    if (endpoints->tls != NULL)
        http_server_encrypt(endpoints->server, endpoints->tls);
    http_server_add_get(endpoints->server, config_text(config, CONFIG_HTTP_READINESS_PATH),
                        answer_readiness, endpoints);
    for (size_t i = 0; i < config_plugin_count(config, CONFIG_PLUGIN_ENDPOINT); i++) {
        const struct config_plugin *wanted = config_plugin(config, CONFIG_PLUGIN_ENDPOINT, i);
        enum protocol protocol = websocket_protocol(wanted);
        if (protocol != PROTOCOL_COUNT)
            add_websocket(endpoints, shared, wanted, protocol);
        else if (is_type(wanted, "http"))
            add_request_endpoint(endpoints, shared, wanted);
        else if (is_type(wanted, "mqtt"))
            add_mqtt(endpoints, config, shared, wanted);
        else
            log_line(endpoints->log, wanted->is_default ? DS_DEBUG : DS_WARN, LOG_INFO,
                     "connection endpoint " SLICE_FORMAT
                     " is left out: this server speaks ws-binary, ws-text, ws-json, http and mqtt",
                     SLICE_ARGUMENTS(wanted->type));
    }
}

static const char *reason_of(int error)
{
    return error == UV_EADDRINUSE ? "another process listens there already" : uv_strerror(error);
}

bool endpoints_listen(struct endpoints *endpoints, struct ds_error *error)
{
    int outcome = http_server_listen(endpoints->server);
    if (outcome != 0) {
        snprintf(error->text, sizeof error->text, "cannot listen on %s:%u: %s", endpoints->host,
                 endpoints->http.port, reason_of(outcome));
        return false;
    }
    log_line(endpoints->log, DS_INFO, LOG_INFO, "Listening for http connections on %s:%u",
             endpoints->host, http_server_port(endpoints->server));
    log_line(endpoints->log, DS_INFO, LOG_INFO, "Listening for health checks on path %s",
             endpoints->health_check_path);
    if (endpoints->tls != NULL)
        log_line(endpoints->log, DS_INFO, LOG_INFO,
                 "http connections are encrypted (https, wss): %s",
                 tls_context_description(endpoints->tls));
    for (size_t i = 0; i < endpoints->mqtt.count; i++) {
        if (!mqtt_endpoint_listen(endpoints->mqtt.items[i], error))
            return false;
    }
    return true;
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
    if (endpoints->server != NULL)
        http_server_stop_accepting(endpoints->server);
    for (size_t i = 0; i < endpoints->mqtt.count; i++)
        mqtt_endpoint_stop_accepting(endpoints->mqtt.items[i]);
}

static void on_server_closed(void *context)
{
    struct endpoints *endpoints = context;
    if (--endpoints->open_servers == 0)
        endpoints->done(endpoints->done_context);
}

void endpoints_close(struct endpoints *endpoints, uint32_t grace_ms, void (*done)(void *context),
                     void *context)
{
    struct http_server *server = endpoints->server;
    for (size_t i = 0; i < endpoints->for_requests.count; i++)
        http_endpoint_close(endpoints->for_requests.items[i]->requests);
    endpoints->server = NULL;
    if (server == NULL) {
        done(context);
        return;
    }
    endpoints->done = done;
    endpoints->done_context = context;
    endpoints->open_servers = 1 + endpoints->mqtt.count;
    for (size_t i = 0; i < endpoints->mqtt.count; i++)
        mqtt_endpoint_close(endpoints->mqtt.items[i], grace_ms, on_server_closed, endpoints);
    http_server_close(server, grace_ms, on_server_closed, endpoints);
}

void endpoints_end_sessions(struct endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->all.count; i++)
        session_endpoint_free(&endpoints->all.items[i]->sessions);
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
    free(endpoints->origins);
    free(endpoints->host);
    free(endpoints->health_check_path);
    tls_context_release(&endpoints->tls);
    *endpoints = (struct endpoints){0};
}
