#include "mqtt_endpoint.h"

#include "encryption.h"

#include "base/check.h"
#include "logging/log.h"

#include <stdlib.h>

struct mqtt_endpoint_entry {
    struct mqtt_clients_settings settings;
    struct mqtt_settings listening;
    char *host;
    struct mqtt_clients *clients;
    struct mqtt_server *server; /* NULL: closed */
    bool is_encrypted;
    struct encryption_fault fault; /* why it cannot encrypt; value is NULL: it can */
};

static uint32_t number(const struct ds_value *options, enum config_option option)
{
    return (uint32_t)config_integer_in(options, option);
}

static void read_session_settings(struct session_settings *settings, const struct ds_value *options)
{
    settings->unauthenticated_timeout_ms = number(options, CONFIG_MQTT_UNAUTHENTICATED_TIMEOUT);
    settings->max_message_bytes = number(options, CONFIG_MQTT_MAX_MESSAGE_SIZE);
    settings->max_queue_bytes = number(options, CONFIG_MQTT_MAX_QUEUE_BYTES);
    settings->max_names = UINT16_MAX; /* each message names one */
    settings->max_subscriptions = number(options, CONFIG_MQTT_MAX_SUBSCRIPTIONS);
    settings->max_waiting_messages = number(options, CONFIG_MQTT_MAX_WAITING_MESSAGES);
    settings->log_invalid_auth_data = config_boolean_in(options, CONFIG_MQTT_LOG_INVALID_AUTH_DATA);
}

static void read_settings(struct mqtt_clients_settings *settings, const struct ds_value *options)
{
    read_session_settings(&settings->session, options);
    settings->idle_timeout_ms = number(options, CONFIG_MQTT_IDLE_TIMEOUT);
    settings->session_expiry_ms = number(options, CONFIG_MQTT_SESSION_EXPIRY);
    settings->max_absent_clients = number(options, CONFIG_MQTT_MAX_SESSIONS);
    settings->max_session_bytes = number(options, CONFIG_MQTT_MAX_SESSION_BYTES);
    settings->max_in_flight = number(options, CONFIG_MQTT_MAX_IN_FLIGHT);
    mqtt_settings_complete(settings);
}

/* The caller releases it. NULL: there is none, and fault says why. */
static struct tls_context *encrypt(struct mqtt_endpoint_entry *entry, const struct config *config,
                                   const struct ds_value *ssl, struct encryption_fault *fault)
{
    struct tls_context *tls = encryption_new(config_dir(config), ssl, fault);
    if (tls != NULL && entry->server != NULL)
        mqtt_server_encrypt(entry->server, tls);
    return tls;
}

bool mqtt_endpoint_reload(struct mqtt_endpoint_entry *entry, const struct config *fresh,
                          const struct ds_value *options, struct log *log)
{
    const struct ds_value *ssl = config_value_in(options, CONFIG_MQTT_SSL);
    bool is_wanted = ds_value_kind(ssl) != DS_VALUE_NULL;
    struct encryption_fault fault;
    if (is_wanted != entry->is_encrypted) {
        log_line(log, DS_WARN, LOG_CONFIG_ERROR,
                 "whether mqtt encrypts (`ssl`) changes with a restart alone");
        return false;
    }
    if (!is_wanted)
        return true;
    struct tls_context *tls = encrypt(entry, fresh, ssl, &fault);
    if (tls == NULL) {
        log_line(
            log, DS_ERROR, LOG_CONFIG_ERROR,
            "the certificates of mqtt were not reloaded, those of before stay: %s at " SLICE_FORMAT,
            fault.text, SLICE_ARGUMENTS(ds_value_place(fault.value)));
        return false;
    }
    if (tls_context_warning(tls) != NULL)
        log_line(log, DS_WARN, LOG_CONFIG_ERROR, "ssl: %s", tls_context_warning(tls));
    log_line(log, DS_INFO, LOG_INFO, "the certificates of mqtt were reloaded: %s",
             tls_context_description(tls));
    tls_context_release(&tls);
    return true;
}

struct mqtt_endpoint_entry *mqtt_endpoint_new(const struct config *config,
                                              const struct ds_value *options,
                                              const struct session_settings *shared)
{
    struct mqtt_endpoint_entry *entry = calloc(1, sizeof *entry);
    CHECK(entry != NULL);
    entry->settings.session = *shared;
    read_settings(&entry->settings, options);
    entry->host = slice_to_text(config_text_in(options, CONFIG_MQTT_HOST));
    entry->listening = (struct mqtt_settings){
        .host = entry->host,
        .port = (uint16_t)number(options, CONFIG_MQTT_PORT),
        .max_connections = number(options, CONFIG_MQTT_MAX_CONNECTIONS),
    };
    entry->clients = mqtt_clients_new(&entry->settings);
    entry->server = mqtt_server_new(shared->loop, &entry->listening,
                                    mqtt_clients_endpoint(entry->clients), shared->log);
    const struct ds_value *ssl = config_value_in(options, CONFIG_MQTT_SSL);
    entry->is_encrypted = ds_value_kind(ssl) != DS_VALUE_NULL;
    if (entry->is_encrypted) { /* endpoints_check could, but files may have changed since */
        struct tls_context *tls = encrypt(entry, config, ssl, &entry->fault);
        tls_context_release(&tls);
    }
    return entry;
}

static const char *reason_of(int error)
{
    return error == UV_EADDRINUSE ? "another process listens there already" : uv_strerror(error);
}

bool mqtt_endpoint_listen(struct mqtt_endpoint_entry *entry, struct ds_error *error)
{
    if (entry->fault.value != NULL) {
        snprintf(error->text, sizeof error->text, "mqtt cannot encrypt: %.400s", entry->fault.text);
        return false;
    }
    int outcome = mqtt_server_listen(entry->server);
    if (outcome != 0) {
        snprintf(error->text, sizeof error->text, "cannot listen for mqtt on %s:%u: %s",
                 entry->host, entry->listening.port, reason_of(outcome));
        return false;
    }
    log_line(entry->settings.session.log, DS_INFO, LOG_INFO,
             "Listening for MQTT %s connections on %s:%u", entry->is_encrypted ? "TLS" : "TCP",
             entry->host, mqtt_server_port(entry->server));
    return true;
}

void mqtt_endpoint_stop_accepting(struct mqtt_endpoint_entry *entry)
{
    if (entry->server != NULL)
        mqtt_server_stop_accepting(entry->server);
}

void mqtt_endpoint_close(struct mqtt_endpoint_entry *entry, uint32_t grace_ms,
                         void (*done)(void *context), void *context)
{
    struct mqtt_server *server = entry->server;
    entry->server = NULL;
    mqtt_server_close(server, grace_ms, done, context);
}

void mqtt_endpoint_end_sessions(struct mqtt_endpoint_entry *entry)
{
    mqtt_clients_free(&entry->clients);
}

void mqtt_endpoint_free(struct mqtt_endpoint_entry *entry)
{
    free(entry->host);
    free(entry);
}

const struct mqtt_server *mqtt_endpoint_server(const struct mqtt_endpoint_entry *entry)
{
    return entry->server;
}

const struct session_endpoint *mqtt_endpoint_sessions(const struct mqtt_endpoint_entry *entry)
{
    return entry->clients == NULL ? NULL : mqtt_clients_sessions(entry->clients);
}
