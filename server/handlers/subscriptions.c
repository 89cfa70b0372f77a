/* What a subscription means to clients and to other nodes. Who subscribes to what is kept by the
 * registry, a plugin. */

#include "handlers/subscriptions.h"

#include "logging/log.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdlib.h>

/* Names of one session may take this much each on average, before it is refused more of them. */
#define NAME_BYTES_ON_AVERAGE 256

#define MOST_WATCHERS 2

struct subscriptions {
    const struct handler_services *services;
    struct subscriptions_settings settings;
    const struct subscription_watcher *watchers[MOST_WATCHERS];
    size_t watcher_count;
    const struct ds_subscription_registry_operations *registry;
    void *names;     /* the registry's */
    struct buf name; /* of the subscription that ends: the registry forgets it before others do */
};

static const char *what_of(enum state_set set)
{
    static const char *const NAMES[] = {
        [STATE_EVENT_SUBSCRIPTIONS] = "EVENT_SUBSCRIPTIONS",
        [STATE_RECORD_SUBSCRIPTIONS] = "RECORD_SUBSCRIPTIONS",
        [STATE_RPC_PROVIDERS] = "RPC_SUBSCRIPTIONS",
        [STATE_PRESENCE_SUBSCRIPTIONS] = "PRESENCE_SUBSCRIPTIONS",
        [STATE_RECORD_LISTEN_PATTERNS] = "RECORD_LISTEN_PATTERNS",
        [STATE_EVENT_LISTEN_PATTERNS] = "EVENT_LISTEN_PATTERNS",
        [STATE_EVENT_FILTERS] = "EVENT_FILTERS",
    };
    return NAMES[set];
}

struct subscriptions *subscriptions_new(const struct handler_services *services,
                                        const struct subscriptions_settings *settings)
{
    struct subscriptions *subscriptions = calloc(1, sizeof *subscriptions);
    CHECK(subscriptions != NULL);
    subscriptions->services = services;
    subscriptions->settings = *settings;
    subscriptions->registry = services->registry;
    subscriptions->names =
        services->registry->registry_new(services->registry_self, what_of(settings->state_set));
    return subscriptions;
}

static void **place_of(const struct subscriptions *subscriptions, struct session *session)
{
    return &session->slots[subscriptions->settings.slot];
}

void subscriptions_free(struct subscriptions **subscriptions)
{
    struct subscriptions *self = *subscriptions;
    if (self == NULL)
        return;
    const struct ds_subscription_registry_operations *registry = self->registry;
    slice name;
    size_t count;
    while (registry->any_name(self->names, &name)) {
        struct session *first = registry->subscribers(self->names, name, &count)[0];
        registry->remove(self->names, name, first, place_of(self, first), &count);
    }
    registry->registry_free(self->services->registry_self, self->names);
    buf_fini(&self->name);
    free(self);
    *subscriptions = NULL;
}

void subscriptions_watch(struct subscriptions *subscriptions,
                         const struct subscription_watcher *watcher)
{
    CHECK(subscriptions->watcher_count < MOST_WATCHERS);
    subscriptions->watchers[subscriptions->watcher_count++] = watcher;
}

/* ---- the cluster's set ---- */

bool subscriptions_exist(const struct subscriptions *subscriptions, slice name)
{
    const struct cluster *cluster = subscriptions->services->cluster;
    return cluster->states->has(cluster->states_self, subscriptions->settings.state_set, name);
}

static void announce(const struct subscriptions *subscriptions, slice name)
{
    const struct cluster *cluster = subscriptions->services->cluster;
    cluster->states->add(cluster->states_self, subscriptions->settings.state_set, name);
}

static void withdraw(const struct subscriptions *subscriptions, slice name)
{
    const struct cluster *cluster = subscriptions->services->cluster;
    cluster->states->remove(cluster->states_self, subscriptions->settings.state_set, name);
}

static void found_server(void *context, slice server)
{
    (void)server;
    *(bool *)context = true;
}

bool subscriptions_exist_elsewhere(const struct subscriptions *subscriptions, slice name)
{
    const struct cluster *cluster = subscriptions->services->cluster;
    bool found = false;
    cluster->states->each_server(cluster->states_self, subscriptions->settings.state_set, name,
                                 found_server, &found);
    return found;
}

/* ---- one subscription ---- */

static void refuse(struct subscriptions *subscriptions, struct session *session, slice name,
                   uint16_t original_action)
{
    struct message reply =
        MESSAGE((uint8_t)subscriptions->settings.topic, subscriptions->settings.multiple_action);
    MESSAGE_SET(&reply, name, name);
    MESSAGE_SET(&reply, original_action,
                original_action != 0 ? original_action : subscriptions->settings.subscribe_action);
    session_send(session, &reply);
}

bool subscriptions_has(const struct subscriptions *subscriptions, const struct session *session,
                       slice name)
{
    return subscriptions->registry->has(subscriptions->names, name, session);
}

static bool is_full(const struct subscriptions *subscriptions, struct session *session, slice name)
{
    size_t count, bytes;
    uint32_t most = subscriptions->settings.max_names != 0 ? subscriptions->settings.max_names
                                                           : session->settings->max_subscriptions;
    subscriptions->registry->size(subscriptions->names, place_of(subscriptions, session), &count,
                                  &bytes);
    return count >= most ||
           (count > 0 && bytes + name.length > (size_t)most * NAME_BYTES_ON_AVERAGE +
                                                   session->settings->max_message_bytes);
}

static void subscribe(struct subscriptions *subscriptions, struct session *session, slice name)
{
    bool existed = subscriptions_exist(subscriptions, name);
    size_t count = subscriptions->registry->add(subscriptions->names, name, session,
                                                place_of(subscriptions, session));
    if (count == 1)
        announce(subscriptions, name);
    for (size_t i = 0; i < subscriptions->watcher_count; i++) {
        const struct subscription_watcher *watcher = subscriptions->watchers[i];
        if (watcher->on_made != NULL)
            watcher->on_made(watcher->context, name, session, count == 1 && !existed);
    }
}

bool subscriptions_add(struct subscriptions *subscriptions, struct session *session, slice name,
                       uint16_t original_action)
{
    struct log *log = subscriptions->services->log;
    if (!session_is_open(session))
        return false;
    if (subscriptions_has(subscriptions, session, name)) {
        log_line(log, DS_WARN, LOG_MULTIPLE_SUBSCRIPTIONS,
                 "repeat subscription to " SLICE_FORMAT " by " SLICE_FORMAT, SLICE_ARGUMENTS(name),
                 SLICE_ARGUMENTS(session->user_id));
        refuse(subscriptions, session, name, original_action);
        return true;
    }
    if (is_full(subscriptions, session, name)) {
        log_line(log, DS_WARN, LOG_LIMIT_EXCEEDED,
                 "too many subscriptions of " SLICE_FORMAT ": " SLICE_FORMAT " is refused",
                 SLICE_ARGUMENTS(session->user_id), SLICE_ARGUMENTS(name));
        refuse(subscriptions, session, name, original_action);
        return false;
    }
    subscribe(subscriptions, session, name);
    return true;
}

/* The name may be the registry's own. */
bool subscriptions_remove(struct subscriptions *subscriptions, struct session *session, slice name)
{
    size_t left;
    buf_clear(&subscriptions->name);
    buf_append(&subscriptions->name, name);
    if (!subscriptions->registry->remove(subscriptions->names, name, session,
                                         place_of(subscriptions, session), &left))
        return false;
    slice ended = buf_slice(&subscriptions->name);
    if (left == 0)
        withdraw(subscriptions, ended);
    for (size_t i = 0; i < subscriptions->watcher_count; i++) {
        const struct subscription_watcher *watcher = subscriptions->watchers[i];
        if (watcher->on_removed != NULL)
            watcher->on_removed(watcher->context, ended, session,
                                left == 0 && !subscriptions_exist(subscriptions, ended));
    }
    return true;
}

/* ---- whole messages, sessions and names ---- */

static void acknowledge(struct session *session, const struct message *message)
{
    struct message ack = MESSAGE(message->topic, message->action);
    MESSAGE_ECHO(&ack, message, correlation_id);
    MESSAGE_SET(&ack, is_ack, true);
    session_send(session, &ack);
}

void subscriptions_add_all(struct subscriptions *subscriptions, struct session *session,
                           const struct message *message)
{
    for (uint32_t i = 0; i < message->name_count; i++)
        subscriptions_add(subscriptions, session, message->names[i], message->action);
    acknowledge(session, message);
}

void subscriptions_remove_all(struct subscriptions *subscriptions, struct session *session,
                              const struct message *message)
{
    for (uint32_t i = 0; i < message->name_count; i++)
        subscriptions_remove(subscriptions, session, message->names[i]);
    acknowledge(session, message);
}

void subscriptions_drop_session(struct subscriptions *subscriptions, struct session *session)
{
    slice name;
    while (subscriptions->registry->any_name_of(subscriptions->names,
                                                place_of(subscriptions, session), &name))
        subscriptions_remove(subscriptions, session, name);
}

void subscriptions_drop_name(struct subscriptions *subscriptions, slice name)
{
    size_t count;
    void *const *sessions;
    while (sessions = subscriptions_of(subscriptions, name, &count), count > 0)
        subscriptions_remove(subscriptions, sessions[count - 1], name);
}

void *const *subscriptions_of(const struct subscriptions *subscriptions, slice name, size_t *count)
{
    return subscriptions->registry->subscribers(subscriptions->names, name, count);
}

void subscriptions_publish(const struct subscriptions *subscriptions, slice name,
                           const struct message *message)
{
    const struct cluster *cluster = subscriptions->services->cluster;
    if (subscriptions_exist_elsewhere(subscriptions, name))
        cluster->bus->send(cluster->bus_self, message);
}

size_t subscriptions_send(struct subscriptions *subscriptions, slice name,
                          const struct message *message, const struct session *except,
                          enum send_scope scope)
{
    if (scope == SEND_TO_CLUSTER)
        subscriptions_publish(subscriptions, name, message);
    size_t count, sent = 0;
    void *const *sessions = subscriptions_of(subscriptions, name, &count);
    if (count == 0)
        return 0;
    struct broadcast broadcast;
    broadcast_begin(&broadcast, message);
    for (size_t i = 0; i < count; i++) {
        if (sessions[i] == except)
            continue;
        broadcast_send(&broadcast, sessions[i]);
        sent++;
    }
    broadcast_end(&broadcast);
    return sent;
}
