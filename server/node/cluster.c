#include "internal.h"

#include "cluster.h"
#include "plugin_host.h"

/* ---- the bus, for handlers ---- */

static const struct ds_cluster_registry_operations *registry_of(const struct node_cluster *cluster)
{
    return service_operations(cluster->registry);
}

size_t cluster_size(const struct node_cluster *cluster)
{
    return cluster->registry == NULL || cluster->registry->self == NULL
               ? 1
               : registry_of(cluster)->count(cluster->registry->self);
}

static void send_to_all(void *self, const struct message *message)
{
    struct node_cluster *cluster = self;
    if (cluster_size(cluster) > 1)
        bus_send_message(&cluster->bus, (slice){0}, message);
}

static bool send_to_one(void *self, slice server, const struct message *message)
{
    struct node_cluster *cluster = self;
    if (cluster->bus.has_left || slice_equal(server, cluster->bus.server_name) ||
        !registry_of(cluster)->has(cluster->registry->self, server))
        return false;
    bus_send_message(&cluster->bus, server, message);
    return true;
}

static void subscribe(void *self, enum topic topic, bus_message *on_message, void *context)
{
    bus_subscribe(&((struct node_cluster *)self)->bus, topic, on_message, context);
}

static size_t count(void *self)
{
    return cluster_size(self);
}

static bool may_have_others(void *self)
{
    return ((const struct node_cluster *)self)->bus.operations != NULL;
}

static void watch(void *self, bus_server *on_removed, void *context)
{
    struct node_cluster *cluster = self;
    VEC_PUSH(&cluster->removal_watchers, ((struct bus_server_watcher){on_removed, context}));
}

static void watch_returns(void *self, bus_server *on_returned, void *context)
{
    struct node_cluster *cluster = self;
    VEC_PUSH(&cluster->return_watchers, ((struct bus_server_watcher){on_returned, context}));
}

static const struct bus_operations BUS = {send_to_all,     send_to_one, subscribe,    count,
                                          may_have_others, watch,       watch_returns};

/* A node that has left hears of nobody. */
static void on_server_removed(void *context, slice server)
{
    const struct node_cluster *cluster = context;
    for (size_t i = 0; i < cluster->removal_watchers.count && !cluster->bus.has_left; i++) {
        const struct bus_server_watcher *watcher = &cluster->removal_watchers.items[i];
        watcher->on_server(watcher->context, server);
    }
}

static void on_server_returned(void *context, slice server)
{
    const struct node_cluster *cluster = context;
    for (size_t i = 0; i < cluster->return_watchers.count && !cluster->bus.has_left; i++) {
        const struct bus_server_watcher *watcher = &cluster->return_watchers.items[i];
        watcher->on_server(watcher->context, server);
    }
}

/* ---- the bus and the registry, for plugins ---- */

static struct node_cluster *cluster_of(void *host, const char *function)
{
    return &plugin_host_node(host, function)->cluster;
}

static void host_bus_send(void *host, uint8_t topic, ds_slice message)
{
    bus_send_text(&cluster_of(host, "bus_send")->bus, (slice){0}, topic, message);
}

static void host_bus_send_direct(void *host, ds_slice server, uint8_t topic, ds_slice message)
{
    bus_send_text(&cluster_of(host, "bus_send_direct")->bus, server, topic, message);
}

static void host_bus_listen(void *host, const struct ds_bus_listener *listener)
{
    bus_listen(&cluster_of(host, "bus_listen")->bus, listener);
}

static ds_slice host_cluster_leader(void *host)
{
    const struct node_cluster *cluster = cluster_of(host, "cluster_leader");
    return registry_of(cluster)->leader(cluster->registry->self);
}

static void host_cluster_each(void *host, void (*each)(void *context, ds_slice server),
                              void *context)
{
    const struct node_cluster *cluster = cluster_of(host, "cluster_each");
    registry_of(cluster)->each(cluster->registry->self, each, context);
}

static void host_cluster_watch(void *host, const struct ds_cluster_watcher *watcher)
{
    const struct node_cluster *cluster = cluster_of(host, "cluster_watch");
    registry_of(cluster)->watch(cluster->registry->self, watcher);
}

/* ---- the plugins ---- */

static struct service *add(struct ds_node *node, enum ds_plugin_kind kind,
                           enum config_plugin_kind section, const char *name)
{
    return services_add(&node->services, &node->host, kind, name, node->config,
                        config_plugin(node->config, section, 0));
}

/* A node that is alone needs the built-in ones for nothing. */
static bool is_asked_for(const struct ds_node *node, enum config_plugin_kind section)
{
    return !slice_equal(config_plugin(node->config, section, 0)->type, SLICE("default"));
}

static void add_bus(struct ds_node *node)
{
    struct node_cluster *cluster = &node->cluster;
    cluster->bus_service =
        add(node, DS_PLUGIN_CLUSTER_NODE, CONFIG_PLUGIN_CLUSTER_NODE, "cluster node");
    if (cluster->bus_service == NULL || service_operations(cluster->bus_service) == NULL)
        return;
    bus_attach(&cluster->bus, service_operations(cluster->bus_service), cluster->bus_service->self);
    node->host.bus_send = host_bus_send;
    node->host.bus_send_direct = host_bus_send_direct;
    node->host.bus_listen = host_bus_listen;
}

static void add_registry(struct ds_node *node)
{
    struct node_cluster *cluster = &node->cluster;
    cluster->registry =
        add(node, DS_PLUGIN_CLUSTER_REGISTRY, CONFIG_PLUGIN_CLUSTER_REGISTRY, "cluster registry");
    if (cluster->registry == NULL)
        return;
    node->host.cluster_leader = host_cluster_leader;
    node->host.cluster_each = host_cluster_each;
    node->host.cluster_watch = host_cluster_watch;
    cluster->watcher = (struct ds_cluster_watcher){cluster, on_server_returned, on_server_removed,
                                                   NULL, on_server_returned};
    registry_of(cluster)->watch(cluster->registry->self, &cluster->watcher);
    cluster->cluster.bus = &BUS;
    cluster->cluster.bus_self = cluster;
}

static void add_states_and_locks(struct ds_node *node, bool has_others)
{
    struct node_cluster *cluster = &node->cluster;
    if (has_others || is_asked_for(node, CONFIG_PLUGIN_CLUSTER_STATES))
        cluster->states =
            add(node, DS_PLUGIN_STATE_REGISTRY, CONFIG_PLUGIN_CLUSTER_STATES, "cluster states");
    if (has_others || is_asked_for(node, CONFIG_PLUGIN_LOCKS))
        cluster->locks = add(node, DS_PLUGIN_LOCKS, CONFIG_PLUGIN_LOCKS, "locks");
    if (cluster->states != NULL) {
        cluster->cluster.states = service_operations(cluster->states);
        cluster->cluster.states_self = cluster->states->self;
    }
    if (cluster->locks != NULL) {
        cluster->cluster.locks = service_operations(cluster->locks);
        cluster->cluster.locks_self = cluster->locks->self;
    }
}

void cluster_add(struct ds_node *node)
{
    struct node_cluster *cluster = &node->cluster;
    bus_init(&cluster->bus, &node->log, node->server_name);
    cluster->single = cluster_single_new(node->server_name);
    cluster->cluster = *cluster->single;
    add_bus(node);
    bool has_bus = cluster->bus.operations != NULL;
    if (has_bus || is_asked_for(node, CONFIG_PLUGIN_CLUSTER_REGISTRY))
        add_registry(node);
    add_states_and_locks(node, has_bus && cluster->registry != NULL);
}

void cluster_fini(struct node_cluster *cluster)
{
    bus_fini(&cluster->bus);
    cluster_single_free(&cluster->single);
    VEC_FREE(&cluster->removal_watchers);
    VEC_FREE(&cluster->return_watchers);
}

/* ---- joining and leaving ---- */

static const struct ds_state_registry_operations *states_of(const struct node_cluster *cluster)
{
    return service_operations(cluster->states);
}

static void on_joined(void *context, const char *error)
{
    struct node_cluster *cluster = context;
    void (*on_known)(void *known_context) = cluster->on_known;
    (void)error;
    cluster->is_known = true;
    cluster->on_known = NULL;
    if (on_known != NULL)
        on_known(cluster->known_context);
}

void cluster_join(struct node_cluster *cluster)
{
    if (cluster->registry != NULL)
        registry_of(cluster)->join(cluster->registry->self);
    if (cluster->registry != NULL && states_of(cluster)->join != NULL)
        states_of(cluster)->join(cluster->states->self, on_joined, cluster);
    else
        cluster->is_known = true;
}

void cluster_when_known(struct node_cluster *cluster, void (*on_known)(void *context),
                        void *context)
{
    if (cluster->is_known) {
        on_known(context);
        return;
    }
    cluster->on_known = on_known;
    cluster->known_context = context;
}

void cluster_forget_known(struct node_cluster *cluster)
{
    cluster->on_known = NULL;
}

void cluster_leave(struct node_cluster *cluster)
{
    if (cluster->registry == NULL || cluster->registry->self == NULL || cluster->bus.has_left)
        return;
    registry_of(cluster)->leave(cluster->registry->self);
    if (states_of(cluster)->leave != NULL)
        states_of(cluster)->leave(cluster->states->self);
    bus_leave(&cluster->bus);
}
