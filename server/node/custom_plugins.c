#include "custom_plugins.h"

#include "internal.h"
#include "plugin_host.h"

/* ---- logins and logouts ---- */

enum told { TOLD_LOGIN, TOLD_LOGOUT };

static void tell(const struct ds_node *node, enum told told, const struct ds_client *client)
{
    for (size_t i = 0; i < node->custom.all.count; i++) {
        const struct service *service = node->custom.all.items[i];
        const struct ds_custom_operations *operations = service_operations(service);
        bool is_custom = service->plugin->kind == DS_PLUGIN_CUSTOM; /* endpoints are there, too */
        if (!is_custom || operations == NULL || service->self == NULL)
            continue;
        if (told == TOLD_LOGIN && operations->on_login != NULL)
            operations->on_login(service->self, client);
        else if (told == TOLD_LOGOUT && operations->on_logout != NULL)
            operations->on_logout(service->self, client);
    }
}

static void on_login(void *context, struct session *session, slice server_data)
{
    const struct ds_node *node = context;
    const struct session_events *pipeline = pipeline_session_events(node->features.pipeline);
    pipeline->on_login(pipeline->context, session, server_data);
    struct ds_client client = plugin_host_client(session);
    client.server_data = server_data;
    tell(node, TOLD_LOGIN, &client);
}

static void on_message(void *context, struct session *session, const struct message *message)
{
    const struct ds_node *node = context;
    const struct session_events *pipeline = pipeline_session_events(node->features.pipeline);
    pipeline->on_message(pipeline->context, session, message);
}

static void on_malformed(void *context, struct session *session, const struct message *message)
{
    const struct ds_node *node = context;
    const struct session_events *pipeline = pipeline_session_events(node->features.pipeline);
    pipeline->on_malformed(pipeline->context, session, message);
}

static void tell_logout(const struct ds_node *node, const struct session *session)
{
    struct ds_client client = plugin_host_client(session);
    tell(node, TOLD_LOGOUT, &client);
}

static void on_detach(void *context, struct session *session)
{
    const struct ds_node *node = context;
    const struct session_events *pipeline = pipeline_session_events(node->features.pipeline);
    pipeline->on_detach(pipeline->context, session);
    tell_logout(node, session);
}

static void on_close(void *context, struct session *session, bool was_open)
{
    const struct ds_node *node = context;
    const struct session_events *pipeline = pipeline_session_events(node->features.pipeline);
    pipeline->on_close(pipeline->context, session, was_open);
    if (was_open && !session->is_passing)
        tell_logout(node, session);
}

/* Nothing stands between the sessions and the pipeline when nobody wants to know. */
const struct session_events *custom_plugins_session_events(struct ds_node *node)
{
    if (node->custom.all.count == 0)
        return pipeline_session_events(node->features.pipeline);
    node->client_events = (struct session_events){.context = node,
                                                  .on_login = on_login,
                                                  .on_message = on_message,
                                                  .on_malformed = on_malformed,
                                                  .on_close = on_close,
                                                  .on_detach = on_detach};
    return &node->client_events;
}

/* ---- making ---- */

void custom_plugins_add(struct ds_node *node)
{
    size_t count = config_plugin_count(node->config, CONFIG_PLUGIN_CUSTOM);
    for (size_t i = 0; i < count; i++)
        services_add(&node->custom, &node->host, DS_PLUGIN_CUSTOM, "plugin", node->config,
                     config_plugin(node->config, CONFIG_PLUGIN_CUSTOM, i));
}
