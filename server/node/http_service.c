/* The HTTP service that is built in, `default` or, as the original calls another one, `uws`: the
 * listener of transport/ with the options of the configuration. */

#include "encryption.h"
#include "node.h"

#include "deepstream/plugin.h"
#include "logging/log.h"
#include "plugins/builtins.h"
#include "transport/http/http.h"

#include "base/arena.h"
#include "base/check.h"

#include <stdlib.h>

struct built_in {
    struct log *log;
    const char *config_dir;
    struct arena arena; /* of the settings */
    struct http_settings settings;
    struct tls_context *tls;    /* NULL: it does not encrypt */
    struct http_server *server; /* NULL: its connections are closed */
    ds_done *done;              /* of who closes it */
    void *context;
};

/* ---- settings ---- */

static void read_origins(struct built_in *service, const struct ds_value *options)
{
    const struct ds_value *origins = config_value_in(options, CONFIG_HTTP_ORIGINS);
    size_t count = ds_value_count(origins);
    slice *copies = arena_alloc(&service->arena, (count + 1) * sizeof *copies);
    for (size_t i = 0; i < count; i++)
        copies[i] =
            arena_copy(&service->arena, ds_value_text(ds_value_at(origins, i, NULL), SLICE("")));
    service->settings.origins = copies;
    service->settings.origin_count = count;
}

static uint32_t number(const struct ds_value *options, enum config_option option)
{
    return (uint32_t)config_integer_in(options, option);
}

static void read_settings(struct built_in *service, const struct ds_value *options)
{
    slice host_url = config_text_in(options, CONFIG_HTTP_HOST_URL);
    service->settings = (struct http_settings){
        .host = arena_copy(&service->arena, config_text_in(options, CONFIG_HTTP_HOST)).at,
        .port = (uint16_t)number(options, CONFIG_HTTP_PORT),
        .reuse_port = config_boolean_in(options, CONFIG_HTTP_REUSE_PORT),
        .allow_all_origins = config_boolean_in(options, CONFIG_HTTP_ALLOW_ALL_ORIGINS),
        .host_url = arena_copy(&service->arena, host_url),
        .trust_forwarded_for = config_boolean_in(options, CONFIG_HTTP_TRUST_FORWARDED_FOR),
        .max_head_bytes = number(options, CONFIG_HTTP_MAX_HEAD_BYTES),
        .head_timeout_ms = number(options, CONFIG_HTTP_HEAD_TIMEOUT),
        .body_timeout_ms = number(options, CONFIG_HTTP_BODY_TIMEOUT),
        .max_message_bytes = number(options, CONFIG_HTTP_MAX_MESSAGE_SIZE),
        .max_connections = number(options, CONFIG_HTTP_MAX_CONNECTIONS),
    };
    read_origins(service, options);
}

/* ---- encryption ---- */

/* Fills error when there is none, and why; also when there is one that clients will not like. */
static struct tls_context *encrypt(const char *config_dir, const struct ds_value *ssl,
                                   struct ds_error *error)
{
    struct encryption_fault fault;
    struct tls_context *tls = encryption_new(config_dir, ssl, &fault);
    if (tls == NULL) {
        snprintf(error->text, sizeof error->text, "%.500s", fault.text);
        error->value = fault.value;
    } else if (tls_context_warning(tls) != NULL) {
        snprintf(error->text, sizeof error->text, "ssl: %s", tls_context_warning(tls));
        error->value = config_ssl_value(ssl, CONFIG_SSL_CERT);
    }
    return tls;
}

static bool reload(void *self, const struct ds_value *options, struct ds_error *error)
{
    struct built_in *service = self;
    const struct ds_value *ssl = config_value_in(options, CONFIG_HTTP_SSL);
    bool is_wanted = ds_value_kind(ssl) != DS_VALUE_NULL;
    if (is_wanted != (service->tls != NULL)) {
        snprintf(error->text, sizeof error->text,
                 "whether httpServer encrypts (`ssl`) changes with a restart alone");
        return false;
    }
    if (!is_wanted || service->server == NULL)
        return true;
    struct tls_context *tls = encrypt(service->config_dir, ssl, error);
    if (tls == NULL)
        return false;
    tls_context_release(&service->tls);
    service->tls = tls;
    http_server_encrypt(service->server, tls);
    log_line(service->log, DS_INFO, LOG_INFO, "the certificates were reloaded: %s",
             tls_context_description(tls));
    return true;
}

/* ---- paths and answers ---- */

static void add_get(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    const struct built_in *service = self;
    if (service->server != NULL)
        http_server_add_get(service->server, prefix, handler, context);
}

static void add_post(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    const struct built_in *service = self;
    if (service->server != NULL)
        http_server_add_post(service->server, prefix, handler, context);
}

static void add_websocket(void *self, ds_slice path, const struct ds_endpoint *endpoint)
{
    const struct built_in *service = self;
    if (service->server != NULL)
        http_server_add_websocket(service->server, path, endpoint);
}

static void answer(void *self, struct ds_http_exchange *exchange,
                   const struct ds_http_answer *given)
{
    (void)self;
    http_answer(exchange, given);
}

static void watch(void *self, struct ds_http_exchange *exchange, void (*on_gone)(void *context),
                  void *context)
{
    (void)self;
    http_exchange_watch(exchange, on_gone, context);
}

/* ---- listening ---- */

static const char *reason_of(int error)
{
    return error == UV_EADDRINUSE ? "another process listens there already" : uv_strerror(error);
}

static bool start_listening(void *self, struct ds_error *error)
{
    const struct built_in *service = self;
    int outcome = http_server_listen(service->server);
    if (outcome != 0) {
        snprintf(error->text, sizeof error->text, "cannot listen on %.255s:%u: %s",
                 service->settings.host, service->settings.port, reason_of(outcome));
        return false;
    }
    log_line(service->log, DS_INFO, LOG_INFO, "Listening for http connections on %s:%u",
             service->settings.host, http_server_port(service->server));
    if (service->tls != NULL)
        log_line(service->log, DS_INFO, LOG_INFO, "http connections are encrypted (https, wss): %s",
                 tls_context_description(service->tls));
    return true;
}

static uint16_t port(const void *self)
{
    const struct built_in *service = self;
    return service->server == NULL ? 0 : http_server_port(service->server);
}

static const struct ds_transport_counters *counters(const void *self)
{
    static const struct ds_transport_counters NOTHING;
    const struct built_in *service = self;
    return service->server == NULL ? &NOTHING : http_server_counters(service->server);
}

static size_t queued_bytes(const void *self)
{
    const struct built_in *service = self;
    return service->server == NULL ? 0 : http_server_queued_bytes(service->server);
}

/* ---- the end ---- */

static void stop_accepting(void *self)
{
    const struct built_in *service = self;
    if (service->server != NULL)
        http_server_stop_accepting(service->server);
}

static void on_closed(void *context)
{
    const struct built_in *service = context;
    service->done(service->context, NULL);
}

static void close_connections(void *self, uint32_t grace_ms, ds_done *done, void *context)
{
    struct built_in *service = self;
    struct http_server *server = service->server;
    service->server = NULL;
    service->done = done;
    service->context = context;
    http_server_close(server, grace_ms, on_closed, service);
}

static void free_service(struct built_in *service)
{
    tls_context_release(&service->tls);
    arena_fini(&service->arena);
    free(service);
}

/* It was never asked to listen. */
static void on_unused_closed(void *context)
{
    struct built_in *service = context;
    ds_done *done = service->done;
    void *done_context = service->context;
    free_service(service);
    done(done_context, NULL);
}

static void close_service(void *self, ds_done *done, void *context)
{
    struct built_in *service = self;
    if (service->server == NULL) {
        free_service(service);
        done(context, NULL);
        return;
    }
    service->done = done;
    service->context = context;
    http_server_close(service->server, 0, on_unused_closed, service);
}

/* ---- the plugin ---- */

/* Its paths may be added from now on: the server behind it is made here, and listens later. */
static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    const struct ds_value *ssl = config_value_in(options, CONFIG_HTTP_SSL);
    struct built_in *service = calloc(1, sizeof *service);
    CHECK(service != NULL);
    service->log = ds_node_log(services->host); /* what is built in logs as the node does */
    service->config_dir = services->config_dir;
    arena_init(&service->arena, 0);
    if (ds_value_kind(ssl) != DS_VALUE_NULL) {
        service->tls = encrypt(service->config_dir, ssl, error);
        if (service->tls == NULL) {
            free_service(service);
            return NULL;
        }
    }
    read_settings(service, options);
    service->server = http_server_new(services->loop, &service->settings, service->log);
    if (service->tls != NULL)
        http_server_encrypt(service->server, service->tls);
    return service;
}

static const struct ds_http_service_operations OPERATIONS = {
    .add_get = add_get,
    .add_post = add_post,
    .add_websocket = add_websocket,
    .answer = answer,
    .watch = watch,
    .listen = start_listening,
    .port = port,
    .stop_accepting = stop_accepting,
    .close_connections = close_connections,
    .reload = reload,
    .counters = counters,
    .queued_bytes = queued_bytes,
};

const struct ds_plugin ds_http_service_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_HTTP_SERVICE,
    .name = "default",
    .description = "HTTP and WebSockets of the server itself",
    .create = create,
    .close = close_service,
    .operations = &OPERATIONS,
};

const struct ds_plugin ds_http_service_uws = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_HTTP_SERVICE,
    .name = "uws",
    .description = "HTTP and WebSockets of the server itself",
    .create = create,
    .close = close_service,
    .operations = &OPERATIONS,
};
