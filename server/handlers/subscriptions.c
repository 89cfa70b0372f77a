/* A name keeps its sessions in one array, which a fan-out walks; a session keeps its names in
 * another. The table of pairs knows the places in both, so that each end costs the same however
 * many there are: the last of an array moves into the gap. */

#include "handlers/subscriptions.h"

#include "handlers/subscription_table.h"
#include "logging/log.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <stdlib.h>

/* Names of one session may take this much each on average, before it is refused more of them. */
#define NAME_BYTES_ON_AVERAGE 256

struct subscribed_name {
    struct session **sessions; /* &one, or on the heap */
    uint32_t count, capacity;
    struct session *one;
    size_t length;
    char text[];
};

struct session_names {
    uint32_t count, capacity;
    size_t name_bytes;
    struct subscribed_name *names[];
};

struct subscriptions {
    const struct handler_services *services;
    struct subscriptions_settings settings;
    const struct subscription_watcher *watcher;
    struct hashmap names; /* -> struct subscribed_name, which holds the key */
    struct subscription_table pairs;
};

struct subscriptions *subscriptions_new(const struct handler_services *services,
                                        const struct subscriptions_settings *settings)
{
    struct subscriptions *subscriptions = calloc(1, sizeof *subscriptions);
    CHECK(subscriptions != NULL);
    subscriptions->services = services;
    subscriptions->settings = *settings;
    hashmap_init(&subscriptions->names);
    return subscriptions;
}

static void name_free(struct subscribed_name *name)
{
    if (name->sessions != &name->one)
        free(name->sessions);
    free(name);
}

void subscriptions_free(struct subscriptions **subscriptions)
{
    struct subscriptions *self = *subscriptions;
    if (self == NULL)
        return;
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&self->names, &position)) != NULL;) {
        struct subscribed_name *name = at->value;
        for (uint32_t i = 0; i < name->count; i++) {
            free(name->sessions[i]->slots[self->settings.slot]);
            name->sessions[i]->slots[self->settings.slot] = NULL;
        }
        name_free(name);
    }
    hashmap_fini(&self->names);
    subscription_table_fini(&self->pairs);
    free(self);
    *subscriptions = NULL;
}

void subscriptions_watch(struct subscriptions *subscriptions,
                         const struct subscription_watcher *watcher)
{
    subscriptions->watcher = watcher;
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

static bool exist_elsewhere(const struct subscriptions *subscriptions, slice name)
{
    const struct cluster *cluster = subscriptions->services->cluster;
    bool found = false;
    cluster->states->each_server(cluster->states_self, subscriptions->settings.state_set, name,
                                 found_server, &found);
    return found;
}

/* ---- both sides of a subscription ---- */

static slice text_of(const struct subscribed_name *name)
{
    return (slice){name->text, name->length};
}

static struct subscribed_name *name_get(struct subscriptions *subscriptions, slice text)
{
    struct subscribed_name *name = hashmap_find(&subscriptions->names, text);
    if (name != NULL)
        return name;
    name = malloc(sizeof *name + text.length);
    CHECK(name != NULL);
    *name = (struct subscribed_name){.capacity = 1, .length = text.length};
    name->sessions = &name->one;
    if (text.length > 0)
        memcpy(name->text, text.at, text.length);
    hashmap_put(&subscriptions->names, text_of(name), name);
    return name;
}

static void name_grow(struct subscribed_name *name)
{
    uint32_t capacity = name->capacity < 4 ? 4 : name->capacity * 2;
    struct session **on_heap = name->sessions == &name->one ? NULL : name->sessions;
    struct session **grown = realloc(on_heap, capacity * sizeof(struct session *));
    CHECK(grown != NULL);
    if (on_heap == NULL)
        grown[0] = name->one;
    name->sessions = grown;
    name->capacity = capacity;
}

static uint32_t name_append(struct subscribed_name *name, struct session *session)
{
    if (name->count == name->capacity)
        name_grow(name);
    name->sessions[name->count] = session;
    return name->count++;
}

static struct session_names *session_names(const struct subscriptions *subscriptions,
                                           const struct session *session)
{
    return session->slots[subscriptions->settings.slot];
}

static uint32_t session_append(const struct subscriptions *subscriptions, struct session *session,
                               struct subscribed_name *name)
{
    struct session_names *names = session_names(subscriptions, session);
    if (names == NULL || names->count == names->capacity) {
        uint32_t capacity = names == NULL ? 1 : names->capacity * 2;
        size_t bytes = sizeof *names + capacity * sizeof(struct subscribed_name *);
        struct session_names *grown = realloc(names, bytes);
        CHECK(grown != NULL);
        if (names == NULL)
            *grown = (struct session_names){0};
        grown->capacity = capacity;
        session->slots[subscriptions->settings.slot] = names = grown;
    }
    names->names[names->count] = name;
    names->name_bytes += name->length;
    return names->count++;
}

static void name_take_out(struct subscriptions *subscriptions, struct subscribed_name *name,
                          uint32_t index)
{
    struct session *last = name->sessions[--name->count];
    if (index == name->count)
        return;
    name->sessions[index] = last;
    subscription_table_find(&subscriptions->pairs, name, last)->in_name = index;
}

static void session_take_out(struct subscriptions *subscriptions, struct session *session,
                             uint32_t index)
{
    struct session_names *names = session_names(subscriptions, session);
    names->name_bytes -= names->names[index]->length;
    struct subscribed_name *last = names->names[--names->count];
    if (index != names->count) {
        names->names[index] = last;
        subscription_table_find(&subscriptions->pairs, last, session)->in_session = index;
    }
    if (names->count > 0)
        return;
    free(names);
    session->slots[subscriptions->settings.slot] = NULL;
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

static struct subscription *find(const struct subscriptions *subscriptions,
                                 const struct session *session, slice name)
{
    const struct subscribed_name *known = hashmap_find(&subscriptions->names, name);
    return known == NULL ? NULL : subscription_table_find(&subscriptions->pairs, known, session);
}

bool subscriptions_has(const struct subscriptions *subscriptions, const struct session *session,
                       slice name)
{
    return find(subscriptions, session, name) != NULL;
}

static bool is_full(const struct subscriptions *subscriptions, const struct session *session,
                    slice name)
{
    const struct session_names *names = session_names(subscriptions, session);
    uint32_t most = subscriptions->settings.max_names != 0 ? subscriptions->settings.max_names
                                                           : session->settings->max_subscriptions;
    if (names == NULL)
        return most == 0;
    return names->count >= most ||
           names->name_bytes + name.length >
               (size_t)most * NAME_BYTES_ON_AVERAGE + session->settings->max_message_bytes;
}

static void subscribe(struct subscriptions *subscriptions, struct session *session, slice text)
{
    struct subscribed_name *name = name_get(subscriptions, text);
    bool is_first = name->count == 0 && !subscriptions_exist(subscriptions, text);
    struct subscription made = {name, session, 0, 0};
    made.in_name = name_append(name, session);
    made.in_session = session_append(subscriptions, session, name);
    subscription_table_add(&subscriptions->pairs, made);
    if (name->count == 1)
        announce(subscriptions, text);
    const struct subscription_watcher *watcher = subscriptions->watcher;
    if (watcher != NULL && watcher->on_made != NULL)
        watcher->on_made(watcher->context, text, session, is_first);
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

static void unsubscribe(struct subscriptions *subscriptions, struct subscription *found)
{
    struct subscribed_name *name = found->name;
    struct session *session = found->session;
    uint32_t in_name = found->in_name, in_session = found->in_session;
    subscription_table_remove(&subscriptions->pairs, found);
    name_take_out(subscriptions, name, in_name);
    session_take_out(subscriptions, session, in_session);

    bool is_over = name->count == 0;
    if (is_over) {
        hashmap_remove(&subscriptions->names, text_of(name));
        withdraw(subscriptions, text_of(name));
    }
    const struct subscription_watcher *watcher = subscriptions->watcher;
    if (watcher != NULL && watcher->on_removed != NULL)
        watcher->on_removed(watcher->context, text_of(name), session,
                            is_over && !subscriptions_exist(subscriptions, text_of(name)));
    if (is_over)
        name_free(name);
}

bool subscriptions_remove(struct subscriptions *subscriptions, struct session *session, slice name)
{
    struct subscription *found = find(subscriptions, session, name);
    if (found == NULL)
        return false;
    unsubscribe(subscriptions, found);
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
    for (struct session_names *names; (names = session_names(subscriptions, session)) != NULL;) {
        struct subscribed_name *last = names->names[names->count - 1];
        unsubscribe(subscriptions, subscription_table_find(&subscriptions->pairs, last, session));
    }
}

void subscriptions_drop_name(struct subscriptions *subscriptions, slice name)
{
    for (struct subscribed_name *known;
         (known = hashmap_find(&subscriptions->names, name)) != NULL;) {
        struct session *last = known->sessions[known->count - 1];
        unsubscribe(subscriptions, subscription_table_find(&subscriptions->pairs, known, last));
    }
}

struct session *const *subscriptions_of(const struct subscriptions *subscriptions, slice name,
                                        size_t *count)
{
    const struct subscribed_name *known = hashmap_find(&subscriptions->names, name);
    *count = known == NULL ? 0 : known->count;
    return known == NULL ? NULL : known->sessions;
}

size_t subscriptions_send(struct subscriptions *subscriptions, slice name,
                          const struct message *message, const struct session *except,
                          enum send_scope scope)
{
    const struct cluster *cluster = subscriptions->services->cluster;
    if (scope == SEND_TO_CLUSTER && exist_elsewhere(subscriptions, name))
        cluster->bus->send(cluster->bus_self, message);
    size_t count, sent = 0;
    struct session *const *sessions = subscriptions_of(subscriptions, name, &count);
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
