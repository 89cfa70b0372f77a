#include "plugin_host.h"

#include "internal.h"
#include "monitoring.h"
#include "running_options.h"

#include <stdlib.h>

#define NOT_RUNNING "the server does not run, or its feature is off"

struct ds_node *plugin_host_node(void *host, const char *function)
{
    struct ds_node *node = host;
    uv_thread_t here = uv_thread_self();
    if (uv_thread_equal(&node->thread, &here))
        return node;
    fprintf(
        stderr,
        "a plugin called %s of its services on a thread that is not the loop's: nothing is safe "
        "any more\n",
        function);
    abort();
}

/* NULL: it is too early, or too late: a message would be dropped without an answer. */
static struct plugin_client *client_of(const struct ds_node *node)
{
    bool takes_messages = node->state >= NODE_PLUGIN_INIT && node->state <= NODE_RUNNING;
    return takes_messages ? node->plugin_client : NULL;
}

/* ---- the log ---- */

static void host_log(void *host, enum ds_log_level level, const char *event, ds_slice text)
{
    struct ds_node *node = plugin_host_node(host, "log");
    log_named(&node->log, level, slice_of(event), text);
}

static bool host_log_wants(void *host, enum ds_log_level level)
{
    const struct ds_node *node = plugin_host_node(host, "log_wants");
    return log_wants(&node->log, level);
}

/* ---- records and the storage ---- */

static void host_read_record(void *host, ds_slice name, ds_record_done *done, void *context)
{
    const struct ds_node *node = plugin_host_node(host, "read_record");
    if (node->features.record != NULL)
        record_handler_read(node->features.record, name, done, context);
    else
        done(context, "records can only be read while the server runs", NULL);
}

static void host_storage_get(void *host, ds_slice name, ds_record_done *done, void *context)
{
    const struct service *storage = plugin_host_node(host, "storage_get")->storage;
    const struct ds_storage_operations *operations = service_operations(storage);
    operations->get(storage->self, name, done, context);
}

static void host_storage_set(void *host, ds_slice name, const struct ds_record *record,
                             ds_done *done, void *context)
{
    const struct service *storage = plugin_host_node(host, "storage_set")->storage;
    const struct ds_storage_operations *operations = service_operations(storage);
    operations->set(storage->self, name, record, done, context);
}

void plugin_host_offer_storage(struct ds_node *node)
{
    if (node->storage == NULL || service_operations(node->storage) == NULL)
        return;
    node->host.storage_get = host_storage_get;
    node->host.storage_set = host_storage_set;
}

static void host_write_record(void *host, ds_slice name, ds_slice path, ds_slice data,
                              ds_done *done, void *context)
{
    const struct ds_node *node = plugin_host_node(host, "write_record");
    if (client_of(node) == NULL || node->features.record == NULL)
        done(context, NOT_RUNNING);
    else
        plugin_client_write(client_of(node), name, path, data, done, context);
}

static void host_delete_record(void *host, ds_slice name, ds_done *done, void *context)
{
    const struct ds_node *node = plugin_host_node(host, "delete_record");
    if (client_of(node) == NULL || node->features.record == NULL)
        done(context, NOT_RUNNING);
    else
        plugin_client_delete(client_of(node), name, done, context);
}

/* ---- events ---- */

static bool has_events(const struct ds_node *node)
{
    return client_of(node) != NULL && node->features.event != NULL;
}

static void host_publish(void *host, ds_slice event, ds_slice data)
{
    const struct ds_node *node = plugin_host_node(host, "publish");
    if (has_events(node))
        plugin_client_publish(client_of(node), event, data);
}

static struct ds_event_subscription *host_subscribe(void *host, ds_slice event,
                                                    ds_event_handler *handler, void *context)
{
    const struct ds_node *node = plugin_host_node(host, "subscribe");
    return has_events(node) ? plugin_client_subscribe(client_of(node), event, handler, context)
                            : NULL;
}

static void host_unsubscribe(void *host, struct ds_event_subscription *subscription)
{
    const struct ds_node *node = plugin_host_node(host, "unsubscribe");
    if (subscription != NULL)
        plugin_client_unsubscribe(node->plugin_client, subscription);
}

/* ---- clients ---- */

struct ds_client plugin_host_client(const struct session *session)
{
    const struct session_settings *settings = session->settings;
    return (struct ds_client){.connection = session,
                              .endpoint = settings->endpoint_name != NULL
                                              ? settings->endpoint_name
                                              : login_way_name(login_way_of(settings->protocol)),
                              .user_id = session->user_id,
                              .client_data = session->client_data,
                              .remote_address = session->remote_address};
}

struct visit {
    ds_client_visit *visit;
    void *context;
};

static bool visit_session(void *context, struct session *session)
{
    const struct visit *visit = context;
    if (session->is_detached)
        return true;
    struct ds_client client = plugin_host_client(session);
    return visit->visit(visit->context, &client);
}

static void host_each_client(void *host, ds_client_visit *visit, void *context)
{
    struct visit each = {visit, context};
    endpoints_each_session(&plugin_host_node(host, "each_client")->endpoints, visit_session, &each);
}

struct closing_user {
    slice user_id;
    const char *reason;
    size_t count;
};

static bool close_if_theirs(void *context, struct session *session)
{
    struct closing_user *closing = context;
    if (slice_equal(session->user_id, closing->user_id)) {
        session_close(session, DS_CLOSE_NORMAL, closing->reason);
        closing->count++;
    }
    return true;
}

static size_t host_close_user(void *host, ds_slice user_id, const char *reason)
{
    struct closing_user closing = {user_id, reason, 0};
    endpoints_each_session(&plugin_host_node(host, "close_user")->endpoints, close_if_theirs,
                           &closing);
    return closing.count;
}

/* ---- the node ---- */

static bool host_reload_rules(void *host, struct ds_error *error)
{
    return node_reload_rules(plugin_host_node(host, "reload_rules"), error);
}

static bool host_set_option(void *host, const char *option, int64_t value, struct ds_error *error)
{
    return running_options_set(plugin_host_node(host, "set_option"), option, value, error);
}

/* ---- other nodes of the process ---- */

static void *host_share(void *host, const char *key, void *(*make)(void *context), void *context)
{
    return process_share(((struct ds_node *)host)->process, key, make, context);
}

static void host_unshare(void *host, const char *key, void (*free)(void *object))
{
    process_unshare(((struct ds_node *)host)->process, key, free);
}

/* ---- all of it ---- */

void plugin_host_fill(struct ds_node *node)
{
    node->thread = uv_thread_self();
    bool has_records = config_boolean(node->config, CONFIG_FEATURE_RECORD);
    node->host = (struct ds_services){.host = node,
                                      .loop = node->loop,
                                      .config_dir = config_dir(node->config),
                                      .server_name = node->server_name,
                                      .log = host_log,
                                      .log_wants = host_log_wants,
                                      .read_record = has_records ? host_read_record : NULL,
                                      .publish = host_publish,
                                      .subscribe = host_subscribe,
                                      .unsubscribe = host_unsubscribe,
                                      .write_record = host_write_record,
                                      .delete_record = host_delete_record,
                                      .reload_rules = host_reload_rules,
                                      .each_client = host_each_client,
                                      .close_user = host_close_user,
                                      .set_option = host_set_option};
    if (node->process != NULL) {
        node->host.share = host_share;
        node->host.unshare = host_unshare;
    }
    monitoring_offer(node);
    plugin_http_offer(node);
}
