/* clusterNode `nats`: the bus between nodes over NATS, core publish and subscribe. A topic is a
 * subject, and so is each node within it, so that what is for one node is carried to that one. */

#include "deepstream/plugin.h"

#include "link.h"
#include "shared/options.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_URL "nats://127.0.0.1:4222"
#define DEFAULT_PREFIX "deepstream"
#define MOST_SERVERS 100
#define RECONNECT_WAIT_MS 250
#define PING_INTERVAL_MS 5000
#define PINGS_UNANSWERED 2

struct nats_node {
    const struct ds_services *services;
    const struct ds_cluster_node_listener *listener;
    struct link link;
    slice prefix;
    bool is_started;
    bool is_ready;
    bool is_lost;
    ds_done *started, *closed;
    void *started_context, *closed_context;
};

static void log_text(const struct nats_node *node, enum ds_log_level level, const char *text)
{
    node->services->log(node->services->host, level, "CLUSTER_BUS", slice_of(text));
}

/* ---- options ---- */

static bool is_text(const struct ds_value *options, const char *key, struct ds_error *error)
{
    const struct ds_value *value = ds_value_member(options, key);
    if (ds_value_kind(value) == DS_VALUE_NULL || ds_value_kind(value) == DS_VALUE_TEXT)
        return true;
    snprintf(error->text, sizeof error->text, "%s must be a text, in quotes", key);
    error->value = value;
    return false;
}

static bool are_texts(const struct ds_value *options, const char *const *keys,
                      struct ds_error *error)
{
    for (; *keys != NULL; keys++)
        if (!is_text(options, *keys, error))
            return false;
    return true;
}

/* What is of another kind would count as not set: a bus without its password. */
static bool check_kinds(const struct ds_value *options, struct ds_error *error)
{
    static const char *const texts[] = {"url", "user", "password", "token", "prefix", NULL};
    static const char *const files[] = {"caFile", "certFile", "keyFile", NULL};
    const struct ds_value *servers = ds_value_member(options, "servers");
    const struct ds_value *tls = ds_value_member(options, "tls");
    enum ds_value_kind kind = ds_value_kind(tls);
    if (ds_value_kind(servers) != DS_VALUE_NULL && ds_value_kind(servers) != DS_VALUE_LIST)
        return option_refuse(error, servers,
                             "servers must be a list of addresses: nats://host:4222");
    for (size_t i = 0; i < ds_value_count(servers); i++)
        if (ds_value_text(ds_value_at(servers, i, NULL), (slice){0}).length == 0)
            return option_refuse(error, ds_value_at(servers, i, NULL),
                                 "each of servers must be an address: nats://host:4222");
    if (kind != DS_VALUE_NULL && kind != DS_VALUE_BOOLEAN && kind != DS_VALUE_MAP)
        return option_refuse(error, tls,
                             "tls must be true, false or a map of caFile, certFile, keyFile");
    return are_texts(options, texts, error) && are_texts(tls, files, error);
}

/* On the heap, with a zero byte; NULL when it is not set. */
static char *text_option(const struct ds_value *options, const char *key)
{
    const struct ds_value *value = ds_value_member(options, key);
    if (ds_value_kind(value) != DS_VALUE_TEXT)
        return NULL;
    return slice_to_text(ds_value_text(value, (slice){0}));
}

static bool set_url(natsOptions *to, const struct ds_value *options)
{
    char *url = text_option(options, "url");
    natsStatus status = natsOptions_SetURL(to, url == NULL ? DEFAULT_URL : url);
    free(url);
    return status == NATS_OK;
}

static bool set_servers(natsOptions *to, const struct ds_value *servers)
{
    char *urls[MOST_SERVERS];
    const char *borrowed[MOST_SERVERS];
    size_t count = ds_value_count(servers), made = 0;
    if (count > MOST_SERVERS)
        return false;
    for (; made < count; made++) {
        slice text = ds_value_text(ds_value_at(servers, made, NULL), (slice){0});
        borrowed[made] = urls[made] = slice_to_text(text);
    }
    natsStatus status = natsOptions_SetServers(to, borrowed, (int)count);
    while (made > 0)
        free(urls[--made]);
    return status == NATS_OK;
}

static bool set_login(natsOptions *to, const struct ds_value *options)
{
    char *user = text_option(options, "user"), *password = text_option(options, "password");
    char *token = text_option(options, "token");
    natsStatus status = NATS_OK;
    if (user != NULL)
        status = natsOptions_SetUserInfo(to, user, password == NULL ? "" : password);
    if (token != NULL && status == NATS_OK)
        status = natsOptions_SetToken(to, token);
    free(user);
    free(password);
    free(token);
    return status == NATS_OK;
}

static bool set_tls(natsOptions *to, const struct ds_value *options)
{
    const struct ds_value *tls = ds_value_member(options, "tls");
    char *ca = text_option(tls, "caFile"), *certificate = text_option(tls, "certFile"),
         *key = text_option(tls, "keyFile");
    natsStatus status = NATS_OK;
    if (ds_value_kind(tls) == DS_VALUE_MAP || ds_value_boolean(tls, false))
        status = natsOptions_SetSecure(to, true);
    if (ca != NULL && status == NATS_OK)
        status = natsOptions_LoadCATrustedCertificates(to, ca);
    if (certificate != NULL && key != NULL && status == NATS_OK)
        status = natsOptions_LoadCertificatesChain(to, certificate, key);
    free(ca);
    free(certificate);
    free(key);
    return status == NATS_OK;
}

/* One thread hands out what comes, so that it stays in order. */
static void set_habits(natsOptions *to)
{
    natsOptions_UseGlobalMessageDelivery(to, true);
    natsOptions_SetNoEcho(to, true);
    natsOptions_SetMaxReconnect(to, -1);
    natsOptions_SetReconnectWait(to, RECONNECT_WAIT_MS);
    natsOptions_SetReconnectJitter(to, RECONNECT_WAIT_MS, RECONNECT_WAIT_MS);
    natsOptions_SetPingInterval(to, PING_INTERVAL_MS);
    natsOptions_SetMaxPingsOut(to, PINGS_UNANSWERED);
}

static bool set_options(natsOptions *to, const struct ds_value *options, struct ds_error *error)
{
    const struct ds_value *servers = ds_value_member(options, "servers");
    bool has_servers = ds_value_kind(servers) == DS_VALUE_LIST && ds_value_count(servers) > 0;
    set_habits(to);
    if (!(has_servers ? set_servers(to, servers) : set_url(to, options)))
        return option_refuse(error, has_servers ? servers : ds_value_member(options, "url"),
                             "url, or each of servers, must be an address: nats://host:4222");
    if (!set_login(to, options))
        return option_refuse(error, NULL, "user, password or token cannot be used");
    if (!set_tls(to, options))
        return option_refuse(error, ds_value_member(options, "tls"),
                             "tls: caFile, or certFile and keyFile, cannot be read");
    return true;
}

static bool is_prefix(slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (strchr("*> \t\r\n", text.at[i]) != NULL)
            return false;
    }
    return text.length > 0 && text.at[0] != '.' && text.at[text.length - 1] != '.';
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    slice prefix = ds_value_text(ds_value_member(options, "prefix"), SLICE(DEFAULT_PREFIX));
    natsOptions *made = NULL;
    if (!check_kinds(options, error))
        return NULL;
    if (!is_prefix(prefix)) {
        option_refuse(error, ds_value_member(options, "prefix"),
                      "prefix must be the beginning of a subject, such as deepstream");
        return NULL;
    }
    CHECK(natsOptions_Create(&made) == NATS_OK);
    if (!set_options(made, options, error)) {
        natsOptions_Destroy(made);
        return NULL;
    }
    struct nats_node *node = calloc(1, sizeof *node);
    CHECK(node != NULL);
    node->services = services;
    node->prefix = slice_copy(prefix);
    struct link_settings settings = {made, node->prefix};
    link_init(&node->link, &settings);
    return node;
}

/* ---- what the link says ---- */

static void node_free(struct nats_node *node)
{
    ds_done *closed = node->closed;
    void *context = node->closed_context;
    link_fini(&node->link);
    slice_free(&node->prefix);
    free(node);
    closed(context, NULL);
}

static void on_wake_closed(uv_handle_t *wake)
{
    node_free(wake->data);
}

static void tell_ready(struct nats_node *node)
{
    node->is_ready = true;
    if (node->started != NULL)
        node->started(node->started_context, NULL);
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
        if (news.error[0] != '\0')
            log_text(node, DS_WARN, news.error);
        if (news.is_ready)
            tell_ready(node);
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

static const char *const options[] = {"url",   "servers", "user",   "password",
                                      "token", "tls",     "prefix", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CLUSTER_NODE,
    .name = "nats",
    .description = "a bus over NATS",
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
