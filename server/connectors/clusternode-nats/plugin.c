/* clusterNode `nats`: the bus between nodes over NATS, core publish and subscribe. A topic is a
 * subject, and so is each node within it, so that what is for one node is carried to that one. */

#include "deepstream/plugin.h"

#include "link.h"
#include "options.h"

#include "base/check.h"

#include <stdlib.h>

struct nats_node {
    const struct ds_services *services;
    const struct ds_cluster_node_listener *listener;
    struct link link;
    char *prefix, *places;
    bool is_started;
    bool is_lost;
    ds_done *started, *closed;
    void *started_context, *closed_context;
};

static void log_text(const struct nats_node *node, enum ds_log_level level, const char *text)
{
    node->services->log(node->services->host, level, "CLUSTER_BUS", slice_of(text));
}

/* ---- its life ---- */

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct bus_options read;
    if (!bus_options_read(&read, options, error))
        return NULL;
    struct nats_node *node = calloc(1, sizeof *node);
    CHECK(node != NULL);
    node->services = services;
    node->prefix = read.prefix;
    node->places = read.places;
    struct link_settings settings = {read.library, slice_of(node->prefix), node->places};
    link_init(&node->link, &settings);
    return node;
}

/* ---- what the link says ---- */

static void node_free(struct nats_node *node)
{
    ds_done *closed = node->closed;
    void *context = node->closed_context;
    link_fini(&node->link);
    free(node->prefix);
    free(node->places);
    free(node);
    closed(context, NULL);
}

static void on_wake_closed(uv_handle_t *wake)
{
    node_free(wake->data);
}

/* error NULL: it is ready. Only the first end counts. */
static void end_start(struct nats_node *node, const char *error)
{
    ds_done *started = node->started;
    node->started = NULL;
    if (started != NULL)
        started(node->started_context, error);
}

static void tell_state(struct nats_node *node, const struct link_news *news)
{
    if (news->was_lost && !node->is_lost) {
        node->is_lost = true;
        node->listener->on_state(node->listener->context, false);
    }
    if (news->was_regained) {
        node->is_lost = false;
        node->listener->on_state(node->listener->context, true);
    }
}

static void hand_over(const struct nats_node *node, struct parcels *incoming)
{
    for (const struct parcel *parcel = incoming->first; parcel != NULL; parcel = parcel->next)
        node->listener->on_text(node->listener->context, parcel->topic, parcel->text);
    parcels_free(incoming);
}

static void on_wake(uv_async_t *wake)
{
    struct nats_node *node = wake->data;
    struct link_news news = link_take(&node->link);
    news.was_regained = news.was_regained || news.incoming.has_lost;
    if (node->closed == NULL) {
        if (news.is_refused)
            end_start(node, news.error);
        else if (news.error[0] != '\0')
            log_text(node, DS_WARN, news.error);
        if (news.is_ready)
            end_start(node, NULL);
        hand_over(node, &news.incoming);
        tell_state(node, &news);
    }
    parcels_free(&news.incoming);
    if (!news.has_ended)
        return;
    link_join(&node->link);
    uv_close((uv_handle_t *)wake, on_wake_closed);
}

/* ---- the operations ---- */

static void nats_send(void *self, uint8_t topic, ds_slice text)
{
    link_send(&((struct nats_node *)self)->link, topic, (slice){0}, text);
}

static void nats_send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    link_send(&((struct nats_node *)self)->link, topic, server, text);
}

static void nats_subscribe(void *self, uint8_t topic)
{
    struct nats_node *node = self;
    link_subscribe(&node->link, topic, (slice){0});
    link_subscribe(&node->link, topic, node->services->server_name);
}

static void nats_listen(void *self, const struct ds_cluster_node_listener *listener)
{
    ((struct nats_node *)self)->listener = listener;
}

static void start(void *self, ds_done *done, void *context)
{
    struct nats_node *node = self;
    node->started = done;
    node->started_context = context;
    node->is_started = true;
    link_start(&node->link, node->services->loop, on_wake, node);
}

static void close_node(void *self, ds_done *done, void *context)
{
    struct nats_node *node = self;
    node->closed = done;
    node->closed_context = context;
    if (node->is_started)
        link_stop(&node->link);
    else
        node_free(node);
}

static const struct ds_cluster_node_operations operations = {
    .send = nats_send,
    .send_direct = nats_send_direct,
    .subscribe = nats_subscribe,
    .listen = nats_listen,
};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CLUSTER_NODE,
    .name = "nats",
    .description = "a bus over NATS",
    .create = create,
    .start = start,
    .close = close_node,
    .operations = &operations,
    .options = bus_option_names,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
