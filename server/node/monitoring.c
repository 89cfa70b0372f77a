#include "internal.h"

#include "monitoring.h"
#include "plugin_host.h"
#include "process_statistics.h"

/* ---- what every plugin may ask for ---- */

static void host_log_in(void *host, const char *scope, enum ds_log_level level, const char *event,
                        ds_slice text)
{
    struct ds_node *node = plugin_host_node(host, "log_in");
    log_scoped(&node->log, slice_of(scope), level, slice_of(event), text);
}

static const struct ds_statistics *host_statistics(void *host)
{
    return statistics_take(plugin_host_node(host, "statistics"));
}

static void host_process_statistics(void *host, ds_statistics_done *done, void *context)
{
    struct ds_node *node = plugin_host_node(host, "process_statistics");
    if (node->process_statistics != NULL) {
        process_statistics_gather(node->process_statistics, done, context);
        return;
    }
    const struct ds_statistics *own = statistics_take(node);
    done(context, &own, 1);
}

void monitoring_offer(struct ds_node *node)
{
    node->host.log_in = host_log_in;
    node->host.statistics = host_statistics;
    if (node->process == NULL)
        return;
    node->host.process_statistics = host_process_statistics;
    node->process_statistics = process_statistics_join(node);
}

/* ---- what monitoring is told ---- */

static void on_trouble(void *context, const struct ds_log_line *line)
{
    const struct ds_node *node = context;
    for (size_t i = 0; i < node->monitorings.count; i++) {
        const struct service *service = node->monitorings.items[i];
        const struct ds_monitoring_operations *operations = service_operations(service);
        if (operations->on_log != NULL)
            operations->on_log(service->self, line);
    }
}

static void on_login(void *context, enum login_way way, bool is_allowed, slice user_id)
{
    const struct ds_node *node = context;
    for (size_t i = 0; i < node->monitorings.count; i++) {
        const struct service *service = node->monitorings.items[i];
        const struct ds_monitoring_operations *operations = service_operations(service);
        if (operations->on_login != NULL)
            operations->on_login(service->self, is_allowed, login_way_name(way), user_id);
    }
}

static void watch(struct ds_node *node)
{
    node->login_watcher = (struct metrics_watcher){.context = node, .on_login = on_login};
    node->statistics.metrics.watcher = &node->login_watcher;
    node->log.on_trouble = on_trouble;
    node->log.trouble_context = node;
}

/* ---- the plugins ---- */

void monitoring_add(struct ds_node *node)
{
    size_t count = config_plugin_count(node->config, CONFIG_PLUGIN_MONITORING);
    for (size_t i = 0; i < count; i++) {
        struct service *service =
            services_add(&node->services, &node->host, DS_PLUGIN_MONITORING, "monitoring",
                         node->config, config_plugin(node->config, CONFIG_PLUGIN_MONITORING, i));
        if (service != NULL && service_operations(service) != NULL)
            VEC_PUSH(&node->monitorings, service);
    }
    if (node->monitorings.count > 0)
        watch(node);
}

void monitoring_leave(struct ds_node *node)
{
    node->log.on_trouble = NULL;
    node->statistics.metrics.watcher = NULL;
    if (node->process_statistics != NULL)
        process_statistics_leave(&node->process_statistics);
}
