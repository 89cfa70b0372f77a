/* clusterNode `default`: this node is alone. There are no operations: nothing of a cluster is made
 * then, and nothing is sent. */

#include "deepstream/plugin.h"

extern const struct ds_plugin ds_cluster_node_default;

static char nothing;

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)services;
    (void)options;
    (void)error;
    return &nothing;
}

static void close_nothing(void *self, ds_done *done, void *context)
{
    (void)self;
    done(context, NULL);
}

const struct ds_plugin ds_cluster_node_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CLUSTER_NODE,
    .name = "default",
    .description = "none, this node is alone",
    .create = create,
    .close = close_nothing,
};
