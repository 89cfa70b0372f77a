/* clusterNode `vertical`: the bus between the nodes of one process, as `deepstream cluster` runs
 * them. Each text reaches each other node once, and one for a single node only that (S10). */

#include "deepstream/plugin.h"

#include "plugins/cluster_node/vertical_bus.h"

#include "base/check.h"

extern const struct ds_plugin ds_cluster_node_vertical;

#define SHARED_KEY "clusterNode vertical"

struct vertical {
    const struct ds_services *services;
    const struct ds_cluster_node_listener *listener;
    struct vertical_bus *bus; /* shared by the process's nodes, if it has several */
    struct vertical_member *member;
    bool wanted[256]; /* topics */
    ds_done *closed;
    void *closed_context;
};

static void *make_bus(void *context)
{
    (void)context;
    return vertical_bus_new();
}

static void free_bus(void *bus)
{
    vertical_bus_free(bus);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)options;
    (void)error;
    struct vertical *vertical = calloc(1, sizeof *vertical);
    CHECK(vertical != NULL);
    vertical->services = services;
    vertical->bus = services->share == NULL
                        ? make_bus(NULL)
                        : services->share(services->host, SHARED_KEY, make_bus, NULL);
    return vertical;
}

/* ---- what comes ---- */

static void on_text(void *context, uint8_t topic, ds_slice text)
{
    const struct vertical *vertical = context;
    if (vertical->wanted[topic])
        vertical->listener->on_text(vertical->listener->context, topic, text);
}

static void on_loss(void *context)
{
    const struct vertical *vertical = context;
    vertical->listener->on_state(vertical->listener->context, true);
}

static void on_left(void *context)
{
    struct vertical *vertical = context;
    ds_done *done = vertical->closed;
    void *closed_context = vertical->closed_context;
    if (vertical->services->unshare == NULL)
        free_bus(vertical->bus);
    else
        vertical->services->unshare(vertical->services->host, SHARED_KEY, free_bus);
    free(vertical);
    done(closed_context, NULL);
}

static void start(void *self, ds_done *done, void *context)
{
    struct vertical *vertical = self;
    struct vertical_callbacks callbacks = {vertical, on_text, on_loss, on_left};
    vertical->member = vertical_bus_join(vertical->bus, vertical->services->loop,
                                         vertical->services->server_name, &callbacks);
    done(context, NULL);
}

/* ---- the operations ---- */

static void vertical_send(void *self, uint8_t topic, ds_slice text)
{
    const struct vertical *vertical = self;
    if (vertical->member != NULL)
        vertical_bus_send(vertical->member, (ds_slice){NULL, 0}, topic, text);
}

static void vertical_send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    const struct vertical *vertical = self;
    if (vertical->member != NULL)
        vertical_bus_send(vertical->member, server, topic, text);
}

static void vertical_subscribe(void *self, uint8_t topic)
{
    ((struct vertical *)self)->wanted[topic] = true;
}

static void vertical_listen(void *self, const struct ds_cluster_node_listener *listener)
{
    ((struct vertical *)self)->listener = listener;
}

static void close_vertical(void *self, ds_done *done, void *context)
{
    struct vertical *vertical = self;
    vertical->closed = done;
    vertical->closed_context = context;
    if (vertical->member == NULL)
        on_left(vertical);
    else
        vertical_bus_leave(vertical->member);
}

static const struct ds_cluster_node_operations operations = {
    .send = vertical_send,
    .send_direct = vertical_send_direct,
    .subscribe = vertical_subscribe,
    .listen = vertical_listen,
};

const struct ds_plugin ds_cluster_node_vertical = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CLUSTER_NODE,
    .name = "vertical",
    .description = "a bus between the nodes of this process",
    .create = create,
    .start = start,
    .close = close_vertical,
    .operations = &operations,
};
