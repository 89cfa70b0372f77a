#include "support/bus_double.h"

#include "support/test_values.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 30000

/* ---- services ---- */

static void keep_line(void *host, enum ds_log_level level, const char *event, ds_slice text)
{
    struct double_node *node = host;
    (void)level;
    buf_printf(&node->log, "%s " SLICE_FORMAT "\n", event, SLICE_ARGUMENTS(text));
}

static void post(const struct double_node *from, struct double_node *to, uint8_t topic, slice text)
{
    struct bus_double *bus = from->bus;
    if (from->is_cut_off || to->is_cut_off || bus_double_dice(bus, 100) < bus->loss_percent)
        return;
    char *copy = malloc(text.length + 1);
    CHECK(copy != NULL);
    memcpy(copy, text.at, text.length);
    VEC_PUSH(&bus->posted, ((struct double_text){from, to, topic, {copy, text.length}}));
}

static void send_to(struct double_node *from, slice server, uint8_t topic, slice text)
{
    from->bus->sent++;
    for (size_t i = 0; i < from->bus->nodes.count; i++) {
        struct double_node *to = from->bus->nodes.items[i];
        if (to != from && (server.at == NULL || slice_equal(server, slice_of(to->name))))
            post(from, to, topic, text);
    }
}

static void bus_send(void *host, uint8_t topic, ds_slice message)
{
    send_to(host, (slice){0}, topic, message);
}

static void bus_send_direct(void *host, ds_slice server, uint8_t topic, ds_slice message)
{
    send_to(host, server, topic, message);
}

static void bus_listen(void *host, const struct ds_bus_listener *listener)
{
    VEC_PUSH(&((struct double_node *)host)->listeners, listener);
}

static ds_slice cluster_leader(void *host)
{
    return slice_of(((const struct double_node *)host)->leader);
}

static void cluster_watch(void *host, const struct ds_cluster_watcher *watcher)
{
    VEC_PUSH(&((struct double_node *)host)->watchers, watcher);
}

/* ---- nodes ---- */

void bus_double_init(struct bus_double *bus)
{
    *bus = (struct bus_double){.chance = 1};
    CHECK(uv_loop_init(&bus->loop) == 0);
}

struct double_node *bus_double_add(struct bus_double *bus, const char *name)
{
    struct double_node *node = calloc(1, sizeof *node);
    CHECK(node != NULL);
    node->bus = bus;
    node->name = node->leader = name;
    node->services = (struct ds_services){
        .host = node,
        .loop = &bus->loop,
        .log = keep_line,
        .server_name = slice_of(name),
        .bus_send = bus_send,
        .bus_send_direct = bus_send_direct,
        .bus_listen = bus_listen,
        .cluster_leader = cluster_leader,
        .cluster_watch = cluster_watch,
    };
    VEC_PUSH(&bus->nodes, node);
    return node;
}

void bus_double_fini(struct bus_double *bus)
{
    for (size_t i = 0; i < bus->posted.count; i++)
        free((char *)(uintptr_t)bus->posted.items[i].text.at);
    VEC_FREE(&bus->posted);
    for (size_t i = 0; i < bus->nodes.count; i++) {
        struct double_node *node = bus->nodes.items[i];
        VEC_FREE(&node->listeners);
        VEC_FREE(&node->watchers);
        buf_fini(&node->log);
        free(node);
    }
    VEC_FREE(&bus->nodes);
    CHECK(uv_loop_close(&bus->loop) == 0); /* a plugin closes every handle that it made */
}

void *double_node_open(struct double_node *node, const struct ds_plugin *plugin,
                       const char *options_json)
{
    struct arena options;
    struct ds_error error = {.text = ""};
    arena_init(&options, 0);
    void *self = plugin->create(&node->services, test_value(&options, options_json), &error);
    arena_fini(&options);
    if (self == NULL)
        fprintf(stderr, "%s\n", error.text);
    CHECK(self != NULL && plugin->start == NULL);
    return self;
}

static void on_closed(void *context, const char *error)
{
    CHECK(error == NULL);
    *(bool *)context = true;
}

/* What else is on the node stays; what it listened to is of no use any more. */
void double_node_close(struct double_node *node, const struct ds_plugin *plugin, void *self)
{
    bool is_closed = false;
    node->is_cut_off = true;
    plugin->close(self, on_closed, &is_closed);
    node->listeners.count = node->watchers.count = 0;
    while (!is_closed)
        uv_run(&node->bus->loop, UV_RUN_ONCE);
}

void double_node_sees(struct double_node *node, const char *server)
{
    for (size_t i = 0; i < node->watchers.count; i++)
        if (node->watchers.items[i]->on_added != NULL)
            node->watchers.items[i]->on_added(node->watchers.items[i]->context, slice_of(server));
}

void double_node_misses(struct double_node *node, const char *server)
{
    for (size_t i = 0; i < node->watchers.count; i++)
        if (node->watchers.items[i]->on_removed != NULL)
            node->watchers.items[i]->on_removed(node->watchers.items[i]->context, slice_of(server));
}

void double_node_follows(struct double_node *node, const char *leader)
{
    node->leader = leader;
    for (size_t i = 0; i < node->watchers.count; i++)
        if (node->watchers.items[i]->on_leader != NULL)
            node->watchers.items[i]->on_leader(node->watchers.items[i]->context, slice_of(leader));
}

void double_node_reconnect(struct double_node *node)
{
    for (size_t i = 0; i < node->listeners.count; i++)
        if (node->listeners.items[i]->on_connected != NULL)
            node->listeners.items[i]->on_connected(node->listeners.items[i]->context);
}

void bus_double_meet(struct bus_double *bus)
{
    for (size_t i = 0; i < bus->nodes.count; i++)
        for (size_t j = 0; j < bus->nodes.count; j++)
            if (i != j)
                double_node_sees(bus->nodes.items[i], bus->nodes.items[j]->name);
}

/* ---- delivery ---- */

static void hand_over(const struct double_text *text)
{
    const struct double_node *to = text->to;
    for (size_t i = 0; i < to->listeners.count && !to->is_cut_off; i++)
        if (to->listeners.items[i]->topic == text->topic)
            to->listeners.items[i]->on_message(to->listeners.items[i]->context,
                                               slice_of(text->from->name), text->text);
}

static struct double_text take_next(struct bus_double *bus)
{
    size_t at = bus->is_mixed_up ? bus_double_dice(bus, (unsigned)bus->posted.count) : 0;
    struct double_text text = bus->posted.items[at];
    memmove(&bus->posted.items[at], &bus->posted.items[at + 1],
            (--bus->posted.count - at) * sizeof text);
    return text;
}

bool bus_double_deliver_one(struct bus_double *bus)
{
    if (bus->posted.count == 0)
        return false;
    struct double_text text = take_next(bus);
    if (bus->loses == NULL || !bus->loses(bus->loses_context, &text))
        hand_over(&text);
    free((char *)(uintptr_t)text.text.at);
    return true;
}

void bus_double_deliver(struct bus_double *bus)
{
    while (bus_double_deliver_one(bus))
        ;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

void bus_double_run_until(struct bus_double *bus, bool (*is_true)(void *context), void *context)
{
    uv_timer_t tick;
    uv_update_time(&bus->loop);
    uint64_t begun = uv_now(&bus->loop);
    uv_timer_init(&bus->loop, &tick);
    uv_timer_start(&tick, on_tick, 1, 1);
    while (!is_true(context)) {
        CHECK(uv_now(&bus->loop) - begun < PATIENCE_MS);
        bus_double_deliver(bus);
        uv_run(&bus->loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&bus->loop, UV_RUN_NOWAIT);
}

/* xorshift64*: what a seed leads to is the same everywhere. */
unsigned bus_double_dice(struct bus_double *bus, unsigned limit)
{
    bus->chance ^= bus->chance >> 12;
    bus->chance ^= bus->chance << 25;
    bus->chance ^= bus->chance >> 27;
    return (unsigned)((bus->chance * UINT64_C(2685821657736338717)) >> 33) % limit;
}

bool double_node_has_logged(const struct double_node *node, const char *text)
{
    slice log = buf_slice(&node->log), wanted = slice_of(text);
    for (; log.length >= wanted.length; log = slice_part(log, 1, log.length))
        if (slice_starts_with(log, wanted))
            return true;
    return false;
}
