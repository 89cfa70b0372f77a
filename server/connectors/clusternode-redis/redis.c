/* clusterNode `redis`: the bus between nodes over PUBLISH and SUBSCRIBE, with the channels and
 * texts of the original's connector, so that nodes of both may be one cluster. Redis has no channel
 * for one node: what is for one goes to all, who pass over it. */

#include "redis/client.h"
#include "redis/settings.h"
#include "redis/subscriber.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

struct redis_node {
    const struct ds_services *services;
    const struct ds_cluster_node_listener *listener;
    struct redis_settings settings;
    struct redis_client *client;         /* publishes */
    struct redis_subscriber *subscriber; /* NULL before the start */
    bool wanted[UINT8_MAX + 1];          /* topics */
    bool publishes, listens;             /* has come so far, at the start */
    bool is_ready, is_lost;
    bool has_failed_to_publish; /* since it last succeeded */
    unsigned to_close;
    ds_done *started, *closed;
    void *started_context, *closed_context;
};

static void log_text(const struct redis_node *node, enum ds_log_level level, const char *text)
{
    node->services->log(node->services->host, level, "CLUSTER_BUS", slice_of(text));
}

/* ---- the start ---- */

static void end_start(struct redis_node *node, const char *error)
{
    ds_done *started = node->started;
    node->started = NULL;
    if (started != NULL)
        started(node->started_context, error);
}

static void end_start_when_both(struct redis_node *node)
{
    if (!node->publishes || !node->listens || node->is_ready)
        return;
    node->is_ready = true;
    end_start(node, NULL);
}

static void on_client_started(void *context, const char *error)
{
    struct redis_node *node = context;
    if (error != NULL) {
        end_start(node, error);
        return;
    }
    node->publishes = true;
    end_start_when_both(node);
}

/* ---- what comes ---- */

/* "4"; -1 when it is no topic. */
static int topic_of(slice channel)
{
    int topic = 0;
    for (size_t i = 0; i < channel.length && topic <= UINT8_MAX; i++) {
        if (channel.at[i] < '0' || channel.at[i] > '9')
            return -1;
        topic = topic * 10 + (channel.at[i] - '0');
    }
    return channel.length > 0 && topic <= UINT8_MAX ? topic : -1;
}

static void on_message(void *context, slice channel, slice payload)
{
    const struct redis_node *node = context;
    int topic = topic_of(channel);
    if (topic >= 0 && node->closed == NULL)
        node->listener->on_text(node->listener->context, (uint8_t)topic, payload);
}

static void on_listening(void *context)
{
    struct redis_node *node = context;
    node->listens = true;
    if (!node->is_ready) {
        end_start_when_both(node);
        return;
    }
    bool was_lost = node->is_lost;
    node->is_lost = false;
    if (was_lost && node->closed == NULL)
        node->listener->on_state(node->listener->context, true);
}

static void on_gap(void *context, const char *reason, bool is_final)
{
    struct redis_node *node = context;
    if (!node->is_ready) {
        if (is_final)
            end_start(node, reason);
        return;
    }
    bool is_new = !node->is_lost;
    node->is_lost = true;
    if (is_new && node->closed == NULL)
        node->listener->on_state(node->listener->context, false);
}

static const struct redis_subscriber_events EVENTS = {on_message, on_listening, on_gap};

/* ---- the operations ---- */

static size_t write_channel(uint8_t topic, char *out, size_t size)
{
    return (size_t)snprintf(out, size, "%u", topic);
}

static void on_published(void *context, const struct redis_answer *answer)
{
    struct redis_node *node = context;
    bool is_new = answer->error != NULL && !node->has_failed_to_publish;
    node->has_failed_to_publish = answer->error != NULL;
    if (is_new)
        log_text(node, DS_ERROR, answer->error);
}

/* While it is lost nothing is sent: it would come later than what nodes then tell each other. */
static void redis_send(void *self, uint8_t topic, ds_slice text)
{
    struct redis_node *node = self;
    char channel[8];
    slice name = {channel, write_channel(topic, channel, sizeof channel)};
    const slice words[] = {SLICE("PUBLISH"), name, text};
    if (node->is_ready && !node->is_lost)
        redis_client_ask(node->client, name, words, 3, on_published, node);
}

static void redis_send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    (void)server;
    redis_send(self, topic, text);
}

static void listen_to(const struct redis_node *node, uint8_t topic)
{
    char channel[8];
    size_t length = write_channel(topic, channel, sizeof channel);
    redis_subscriber_listen(node->subscriber, (slice){channel, length});
}

static void redis_subscribe(void *self, uint8_t topic)
{
    struct redis_node *node = self;
    node->wanted[topic] = true;
    if (node->subscriber != NULL)
        listen_to(node, topic);
}

static void redis_listen(void *self, const struct ds_cluster_node_listener *listener)
{
    ((struct redis_node *)self)->listener = listener;
}

/* ---- lifecycle ---- */

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct redis_node *node = calloc(1, sizeof *node);
    CHECK(node != NULL);
    node->services = services;
    if (!redis_settings_init(&node->settings, options, error)) {
        free(node);
        return NULL;
    }
    node->client = redis_client_new(services, &node->settings, SLICE(""), 0);
    return node;
}

static void start(void *self, ds_done *done, void *context)
{
    struct redis_node *node = self;
    node->started = done;
    node->started_context = context;
    node->subscriber = redis_subscriber_new(node->services, &node->settings, &EVENTS, node);
    for (unsigned topic = 0; topic <= UINT8_MAX; topic++) {
        if (node->wanted[topic])
            listen_to(node, (uint8_t)topic);
    }
    redis_client_start(node->client, on_client_started, node);
}

static void on_closed(void *context)
{
    struct redis_node *node = context;
    if (--node->to_close > 0)
        return;
    ds_done *closed = node->closed;
    void *closed_context = node->closed_context;
    redis_settings_fini(&node->settings);
    free(node);
    closed(closed_context, NULL);
}

static void close_node(void *self, ds_done *done, void *context)
{
    struct redis_node *node = self;
    node->closed = done;
    node->closed_context = context;
    node->to_close = node->subscriber == NULL ? 1 : 2;
    if (node->subscriber != NULL)
        redis_subscriber_close(node->subscriber, on_closed, node);
    redis_client_close(node->client, on_closed, node);
}

static const struct ds_cluster_node_operations operations = {
    .send = redis_send,
    .send_direct = redis_send_direct,
    .subscribe = redis_subscribe,
    .listen = redis_listen,
};

static const char *const options[] = {REDIS_OPTIONS, NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CLUSTER_NODE,
    .name = "redis",
    .description = "a bus over Redis",
    .create = create,
    .start = start,
    .close = close_node,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
