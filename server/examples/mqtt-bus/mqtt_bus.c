/* The bus of a cluster over any broker of MQTT, by libmosquitto. To all nodes go texts published at
 * <prefix>/<topic>, to one node those at <prefix>/<topic>/<its name in hexadecimal>, at QoS 0: at
 * most once and in order, which is what a bus promises.
 *
 * libmosquitto blocks while it connects, so it has a thread; what comes there is handed over to the
 * loop by the inbox. It connects again by itself. Publishing may be done on the loop. */

#include <deepstream/plugin.h>

#include "inbox.h"

#include <mosquitto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define MOST_TOPICS 32
#define MOST_UNSENT 100000 /* texts that wait for a broker that does not read */
#define TOPIC_BYTES 1024

struct bus {
    const struct ds_services *services;
    const struct ds_cluster_node_listener *listener;
    struct mosquitto *client;
    uv_thread_t thread;
    struct inbox inbox;
    atomic_bool wanted[MOST_TOPICS]; /* topics that are subscribed to */
    atomic_long unsent;              /* about: a loss of the connection may be noted late */
    atomic_bool has_dropped;         /* texts, since the last that went through */
    bool runs;                       /* the thread does */
    bool is_connected;
    ds_done *started, *closed;
    void *started_context, *closed_context;
    int port;
    char *host, *prefix, *name; /* name: this node's, in hexadecimal */
};

static char *copy_of(ds_slice text)
{
    char *copy = malloc(text.length + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

/* Names of servers may hold what means something in topics. */
static char *hexadecimal(ds_slice text)
{
    char *hex = malloc(text.length * 2 + 1);
    if (hex == NULL)
        abort();
    hex[0] = '\0';
    for (size_t i = 0; i < text.length; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)(unsigned char)text.at[i]);
    return hex;
}

/* ---- on the thread of libmosquitto ---- */

static void subscribe_now(struct bus *bus, unsigned topic)
{
    char filter[TOPIC_BYTES];
    snprintf(filter, sizeof filter, "%s/%u", bus->prefix, topic);
    mosquitto_subscribe(bus->client, NULL, filter, 0);
    snprintf(filter, sizeof filter, "%s/%u/%s", bus->prefix, topic, bus->name);
    mosquitto_subscribe(bus->client, NULL, filter, 0);
}

static void on_connect(struct mosquitto *client, void *context, int code)
{
    struct bus *bus = context;
    (void)client;
    if (code != 0)
        return;
    for (unsigned i = 0; i < MOST_TOPICS; i++) {
        if (atomic_load(&bus->wanted[i]))
            subscribe_now(bus, i);
    }
    inbox_put(&bus->inbox, NEWS_CONNECTED, 0, NULL, 0);
}

static void on_disconnect(struct mosquitto *client, void *context, int code)
{
    struct bus *bus = context;
    (void)client;
    (void)code;
    inbox_put(&bus->inbox, NEWS_LOST, 0, NULL, 0);
}

/* <prefix>/<topic> or <prefix>/<topic>/<name>. */
static bool topic_of(const struct bus *bus, const char *text, uint8_t *topic)
{
    size_t prefix = strlen(bus->prefix);
    char *end;
    if (strncmp(text, bus->prefix, prefix) != 0 || text[prefix] != '/')
        return false;
    unsigned long number = strtoul(text + prefix + 1, &end, 10);
    *topic = (uint8_t)number;
    return number < MOST_TOPICS && (*end == '\0' || *end == '/');
}

static void on_message(struct mosquitto *client, void *context,
                       const struct mosquitto_message *message)
{
    struct bus *bus = context;
    uint8_t topic;
    (void)client;
    if (message->payloadlen <= 0 || !topic_of(bus, message->topic, &topic))
        return;
    if (!inbox_put(&bus->inbox, NEWS_TEXT, topic, message->payload, (size_t)message->payloadlen))
        atomic_store(&bus->has_dropped, true);
}

static void on_published(struct mosquitto *client, void *context, int message)
{
    struct bus *bus = context;
    (void)client;
    (void)message;
    atomic_fetch_sub(&bus->unsent, 1);
}

static void run(void *context)
{
    struct bus *bus = context;
    mosquitto_connect_async(bus->client, bus->host, bus->port, 10);
    mosquitto_loop_forever(bus->client, 1000, 1); /* until mosquitto_disconnect */
}

/* ---- on the loop ---- */

static void on_state(struct bus *bus, bool is_connected)
{
    ds_done *started = bus->started;
    bool was_connected = bus->is_connected;
    bus->is_connected = is_connected;
    if (!is_connected)
        atomic_store(&bus->unsent, 0); /* libmosquitto has thrown them away */
    bus->started = is_connected ? NULL : started;
    if (started != NULL) {
        if (is_connected)
            started(bus->started_context, NULL);
    } else if (was_connected != is_connected) {
        bus->listener->on_state(bus->listener->context, is_connected);
    }
}

static void on_news(uv_async_t *wake)
{
    struct bus *bus = wake->data;
    for (struct news *news = inbox_take(&bus->inbox), *next; news != NULL; news = next) {
        next = news->next;
        if (news->kind != NEWS_TEXT)
            on_state(bus, news->kind == NEWS_CONNECTED);
        else if (bus->started == NULL)
            bus->listener->on_text(bus->listener->context, news->topic,
                                   (ds_slice){news->text, news->length});
        free(news);
    }
    if (bus->is_connected && bus->started == NULL && atomic_exchange(&bus->has_dropped, false))
        bus->listener->on_state(bus->listener->context, true);
}

static void publish(struct bus *bus, const char *topic, ds_slice text)
{
    if (atomic_load(&bus->unsent) >= MOST_UNSENT) {
        atomic_store(&bus->has_dropped, true);
        return;
    }
    atomic_fetch_add(&bus->unsent, 1);
    if (mosquitto_publish(bus->client, NULL, topic, (int)text.length, text.at, 0, false) !=
        MOSQ_ERR_SUCCESS) {
        atomic_fetch_sub(&bus->unsent, 1);
        atomic_store(&bus->has_dropped, true);
    }
}

static void send_to_all(void *self, uint8_t topic, ds_slice text)
{
    struct bus *bus = self;
    char where[TOPIC_BYTES];
    snprintf(where, sizeof where, "%s/%u", bus->prefix, (unsigned)topic);
    publish(bus, where, text);
}

static void send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    struct bus *bus = self;
    char where[TOPIC_BYTES];
    char *name = hexadecimal(server);
    snprintf(where, sizeof where, "%s/%u/%s", bus->prefix, (unsigned)topic, name);
    free(name);
    publish(bus, where, text);
}

static void subscribe(void *self, uint8_t topic)
{
    struct bus *bus = self;
    if (topic >= MOST_TOPICS)
        return;
    atomic_store(&bus->wanted[topic], true);
    if (bus->is_connected)
        subscribe_now(bus, topic);
}

static void listen_to(void *self, const struct ds_cluster_node_listener *listener)
{
    ((struct bus *)self)->listener = listener;
}

/* ---- its life ---- */

static void free_bus(struct bus *bus)
{
    if (bus->client != NULL)
        mosquitto_destroy(bus->client);
    mosquitto_lib_cleanup();
    free(bus->host);
    free(bus->prefix);
    free(bus->name);
    free(bus);
}

static bool set_up(struct bus *bus, const struct ds_value *options, struct ds_error *error)
{
    ds_slice none = {"", 0};
    ds_slice username = ds_value_text(ds_value_member(options, "username"), none);
    ds_slice password = ds_value_text(ds_value_member(options, "password"), none);
    double port = ds_value_number(ds_value_member(options, "port"), 1883);
    bus->host =
        copy_of(ds_value_text(ds_value_member(options, "host"), (ds_slice){"localhost", 9}));
    bus->prefix =
        copy_of(ds_value_text(ds_value_member(options, "prefix"), (ds_slice){"deepstream", 10}));
    bus->name = hexadecimal(bus->services->server_name);
    bus->port = (int)port;
    bus->client = mosquitto_new(NULL, true, bus);
    if (!(port >= 1 && port <= 65535) || strlen(bus->prefix) > TOPIC_BYTES / 4 ||
        strlen(bus->name) > TOPIC_BYTES / 2 || bus->client == NULL) {
        snprintf(error->text, sizeof error->text,
                 "`port` is a number up to 65535; `prefix` and the name of the server are short");
        return false;
    }
    char *user = copy_of(username), *secret = copy_of(password);
    mosquitto_username_pw_set(bus->client, username.length > 0 ? user : NULL, secret);
    free(user);
    free(secret);
    return true;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        abort();
    mosquitto_lib_init();
    bus->services = services;
    if (!set_up(bus, options, error)) {
        free_bus(bus);
        return NULL;
    }
    mosquitto_threaded_set(bus->client, true);
    mosquitto_reconnect_delay_set(bus->client, 1, 2, false);
    mosquitto_connect_callback_set(bus->client, on_connect);
    mosquitto_disconnect_callback_set(bus->client, on_disconnect);
    mosquitto_message_callback_set(bus->client, on_message);
    mosquitto_publish_callback_set(bus->client, on_published);
    return bus;
}

static void start(void *self, ds_done *done, void *context)
{
    struct bus *bus = self;
    if (!inbox_open(&bus->inbox, bus->services->loop, on_news)) {
        done(context, "there is no room for another handle");
        return;
    }
    bus->inbox.wake.data = bus;
    bus->started = done;
    bus->started_context = context;
    bus->runs = uv_thread_create(&bus->thread, run, bus) == 0;
    if (!bus->runs)
        abort();
}

static void on_inbox_closed(uv_handle_t *handle)
{
    struct bus *bus = handle->data;
    ds_done *closed = bus->closed;
    void *context = bus->closed_context;
    free_bus(bus);
    closed(context, NULL);
}

/* The thread ends soon after the disconnection, but a connect that hangs may keep it: waiting is
 * done by another one. */
static void wait_for_thread(uv_work_t *work)
{
    struct bus *bus = work->data;
    uv_thread_join(&bus->thread);
}

static void on_thread_ended(uv_work_t *work, int status)
{
    struct bus *bus = work->data;
    (void)status;
    free(work);
    inbox_close(&bus->inbox, on_inbox_closed);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct bus *bus = self;
    bus->closed = done;
    bus->closed_context = context;
    if (!bus->runs) {
        free_bus(bus);
        done(context, NULL);
        return;
    }
    uv_work_t *work = malloc(sizeof *work);
    if (work == NULL)
        abort();
    work->data = bus;
    mosquitto_disconnect(bus->client);
    if (uv_queue_work(bus->services->loop, work, wait_for_thread, on_thread_ended) != 0)
        abort();
}

static const struct ds_cluster_node_operations operations = {
    .send = send_to_all,
    .send_direct = send_direct,
    .subscribe = subscribe,
    .listen = listen_to,
};
static const char *const options[] = {"host", "port", "username", "password", "prefix", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CLUSTER_NODE,
    .name = "mqtt",
    .description = "a bus over a broker of MQTT",
    .create = create,
    .start = start,
    .close = close_it,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
