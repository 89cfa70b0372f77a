/* A loaded bus: what it brings comes by itself, and is heard on the loop only, until it is closed.
 */

#include "node/guard/internal.h"

GUARD_ASSERT_MEMBERS(ds_cluster_node_operations, 4);

static const struct ds_cluster_node_operations *theirs(const struct plugin_guard *guard)
{
    return guard->plugin->operations;
}

static void on_text(void *context, uint8_t topic, ds_slice text)
{
    struct plugin_guard *guard = context;
    if (guard_hear(guard, "with a text"))
        guard->listener->on_text(guard->listener->context, topic, text);
}

static void on_state(void *context, bool is_connected)
{
    struct plugin_guard *guard = context;
    if (guard_hear(guard, "with its state"))
        guard->listener->on_state(guard->listener->context, is_connected);
}

static void pass_send(void *self, uint8_t topic, ds_slice text)
{
    struct plugin_guard *guard = self;
    theirs(guard)->send(guard->self, topic, text);
}

static void pass_send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    struct plugin_guard *guard = self;
    theirs(guard)->send_direct(guard->self, server, topic, text);
}

static void pass_subscribe(void *self, uint8_t topic)
{
    struct plugin_guard *guard = self;
    theirs(guard)->subscribe(guard->self, topic);
}

static void pass_listen(void *self, const struct ds_cluster_node_listener *listener)
{
    struct plugin_guard *guard = self;
    guard->listener = listener;
    guard->heard = (struct ds_cluster_node_listener){guard, on_text, on_state};
    theirs(guard)->listen(guard->self, &guard->heard);
}

void guard_fill_cluster_node(struct plugin_guard *guard)
{
    guard->operations.cluster_node = (struct ds_cluster_node_operations){
        .send = pass_send,
        .send_direct = pass_send_direct,
        .subscribe = pass_subscribe,
        .listen = pass_listen,
    };
}
