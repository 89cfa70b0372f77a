/* Options that are valid one by one, and of which a cluster made is not one. */

#include "internal.h"

static const struct config_plugin *only(const struct config *config, enum config_plugin_kind kind)
{
    return config_plugin_count(config, kind) == 0 ? NULL : config_plugin(config, kind, 0);
}

/* A bus to other processes is always loaded; what is built in stays in this one. */
static bool has_bus_to_other_processes(const struct config *config)
{
    const struct config_plugin *bus = only(config, CONFIG_PLUGIN_CLUSTER_NODE);
    return bus != NULL && bus->type.length == 0;
}

static void warn_if_not_shared(struct config *config, enum config_plugin_kind kind,
                               const char *consequence)
{
    const struct config_plugin *plugin = only(config, kind);
    if (plugin == NULL || !slice_equal(plugin->type, SLICE("default")))
        return;
    slice name = config_plugin_kind_name(kind);
    config_warn(config, only(config, CONFIG_PLUGIN_CLUSTER_NODE)->value,
                SLICE_FORMAT " is of type default, which nodes of other processes do not share: %s",
                SLICE_ARGUMENTS(name), consequence);
}

static void warn_of_intervals(struct config *config)
{
    const struct ds_value *inactive = config_value(config, CONFIG_CLUSTER_NODE_INACTIVE_TIMEOUT);
    const struct ds_value *sign = config_value(config, CONFIG_CLUSTER_KEEP_ALIVE_INTERVAL);
    bool is_built_in = inactive != NULL && sign != NULL;
    if (is_built_in && config_integer(config, CONFIG_CLUSTER_NODE_INACTIVE_TIMEOUT) <=
                           config_integer(config, CONFIG_CLUSTER_KEEP_ALIVE_INTERVAL))
        config_warn(config, inactive->origin.source != NULL ? inactive : sign,
                    "nodeInactiveTimeout has to be more than keepAliveInterval: nodes that live "
                    "would be taken for gone between two signs of life");
}

/* Only `deepstream cluster` has other nodes on it. */
static void warn_if_alone_on_its_bus(struct config *config)
{
    const struct config_plugin *bus = only(config, CONFIG_PLUGIN_CLUSTER_NODE);
    if (bus != NULL && slice_equal(bus->type, SLICE("vertical")))
        config_warn(config, bus->value,
                    "vertical is the bus inside a process of several nodes, which `deepstream "
                    "cluster` runs: this node is alone on it, and reaches no other one");
}

void config_check_cluster(struct config *config, const struct config_request *request)
{
    warn_of_intervals(config);
    if (!request->is_vertical)
        warn_if_alone_on_its_bus(config);
    if (!has_bus_to_other_processes(config))
        return;
    warn_if_not_shared(config, CONFIG_PLUGIN_CACHE, "each has versions of records of its own");
    warn_if_not_shared(config, CONFIG_PLUGIN_STORAGE, "each stores only what is written there");
}
