/* The door of listening: what clients say about patterns, and what the cluster says of names.
 *
 * Listeners are subscribers to patterns, so they are kept as such. Searches begin and end with what
 * the cluster's set of subscribed names tells, so it does not matter on which node a subscriber is.
 */

#include "handlers/listen/listen_parts.h"
#include "logging/log.h"

#include "base/check.h"

#include <stdlib.h>

#define MAX_PATTERNS_OF_SESSION 1000
#define MATCH_ARENA_BYTES ((size_t)8 << 20)

static const struct listen_actions EVENT_ACTIONS = {
    .listen = EVENT_LISTEN,
    .unlisten = EVENT_UNLISTEN,
    .accept = EVENT_LISTEN_ACCEPT,
    .reject = EVENT_LISTEN_REJECT,
    .pattern_found = EVENT_SUBSCRIPTION_FOR_PATTERN_FOUND,
    .pattern_removed = EVENT_SUBSCRIPTION_FOR_PATTERN_REMOVED,
    .invalid_regex = EVENT_INVALID_LISTEN_REGEX,
    .response_timeout = EVENT_LISTEN_RESPONSE_TIMEOUT,
    .unsuccessful = EVENT_LISTEN_UNSUCCESSFUL,
    .multiple = EVENT_MULTIPLE_SUBSCRIPTIONS,
    .slot = SESSION_SLOT_EVENT_LISTEN,
    .names = STATE_EVENT_SUBSCRIPTIONS,
    .patterns = STATE_EVENT_LISTEN_PATTERNS,
    .published = STATE_EVENT_PUBLISHED,
};

static const struct listen_actions RECORD_ACTIONS = {
    .listen = RECORD_LISTEN,
    .unlisten = RECORD_UNLISTEN,
    .accept = RECORD_LISTEN_ACCEPT,
    .reject = RECORD_LISTEN_REJECT,
    .pattern_found = RECORD_SUBSCRIPTION_FOR_PATTERN_FOUND,
    .pattern_removed = RECORD_SUBSCRIPTION_FOR_PATTERN_REMOVED,
    .has_provider = RECORD_SUBSCRIPTION_HAS_PROVIDER,
    .has_no_provider = RECORD_SUBSCRIPTION_HAS_NO_PROVIDER,
    .invalid_regex = RECORD_INVALID_LISTEN_REGEX,
    .response_timeout = RECORD_LISTEN_RESPONSE_TIMEOUT,
    .unsuccessful = RECORD_LISTEN_UNSUCCESSFUL,
    .multiple = RECORD_MULTIPLE_SUBSCRIPTIONS,
    .slot = SESSION_SLOT_RECORD_LISTEN,
    .names = STATE_RECORD_SUBSCRIPTIONS,
    .patterns = STATE_RECORD_LISTEN_PATTERNS,
    .published = STATE_RECORD_PUBLISHED,
};

bool listen_is_published(const struct listen *listen, slice name)
{
    const struct cluster *cluster = listen->services->cluster;
    return cluster->states->has(cluster->states_self, listen->actions->published, name);
}

void listen_tell(const struct listen *listen, struct session *session, uint16_t action,
                 const slice *pattern, slice name)
{
    struct message message = MESSAGE((uint8_t)listen->topic, action);
    if (pattern != NULL)
        MESSAGE_SET(&message, name, *pattern);
    MESSAGE_SET(&message, subscription, name);
    session_send(session, &message);
}

/* ---- names: subscribed, provided ---- */

static void on_name_subscribed(void *context, slice name)
{
    search_start(context, name);
}

static void on_name_unsubscribed(void *context, slice name)
{
    search_cancel(context, name);
    provision_cancel(context, name);
}

static struct message provider_notice(const struct listen *listen, uint16_t action, slice name)
{
    struct message notice = MESSAGE((uint8_t)listen->topic, action);
    MESSAGE_SET(&notice, name, name);
    return notice;
}

static void tell_subscribers(struct listen *listen, uint16_t action, slice name)
{
    if (action == 0)
        return;
    struct message notice = provider_notice(listen, action, name);
    subscriptions_send(listen->subscriptions, name, &notice, NULL, SEND_LOCAL_ONLY);
}

static void on_published(void *context, slice name)
{
    struct listen *listen = context;
    tell_subscribers(listen, listen->actions->has_provider, name);
}

static void on_unpublished(void *context, slice name)
{
    struct listen *listen = context;
    tell_subscribers(listen, listen->actions->has_no_provider, name);
    if (subscriptions_exist(listen->subscriptions, name))
        search_start(listen, name);
}

/* Nodes that had lost each other have each found a provider. */
static void on_published_twice(void *context, slice name)
{
    provision_yield(context, name);
}

static void on_subscriber(void *context, slice name, struct session *session, bool is_first)
{
    (void)is_first;
    const struct listen *listen = context;
    if (listen->actions->has_provider == 0 || !listen_is_published(listen, name))
        return;
    struct message notice = provider_notice(listen, listen->actions->has_provider, name);
    session_send(session, &notice);
}

/* ---- patterns: who listens ---- */

static void on_rematch(uv_timer_t *timer)
{
    struct listen *listen = LIST_ITEM(timer, struct listen, rematch);
    scan_for_all(listen);
}

static void set_rematch(struct listen *listen)
{
    uint32_t interval = listen->settings.rematch_interval_ms;
    if (list_is_empty(&listen->in_order))
        uv_timer_stop(&listen->rematch);
    else if (interval > LISTEN_NO_REMATCH_MS && !uv_is_active((uv_handle_t *)&listen->rematch))
        uv_timer_start(&listen->rematch, on_rematch, interval, interval);
}

static void on_listener_gone(void *context, slice text, struct session *session, bool is_last)
{
    (void)is_last;
    struct listen *listen = context;
    struct pattern *pattern = pattern_find(listen, text);
    scan_cancel(listen, pattern, session);
    search_forget(pattern, session);
    provision_forget(listen, pattern, session);
    pattern_tidy(listen, pattern);
    set_rematch(listen);
}

/* ---- messages ---- */

void listen_acknowledge(struct session *session, const struct message *request)
{
    struct message ack = MESSAGE(request->topic, request->action);
    MESSAGE_SET(&ack, name, request->name);
    MESSAGE_ECHO(&ack, request, correlation_id);
    MESSAGE_SET(&ack, is_ack, true);
    session_send(session, &ack);
}

static void on_listen(struct listen *listen, struct session *session, const struct message *message)
{
    struct pattern *pattern = pattern_get(listen, message->name);
    if (pattern == NULL) {
        struct message reply = MESSAGE(message->topic, listen->actions->invalid_regex);
        MESSAGE_SET(&reply, name, message->name);
        session_send(session, &reply);
        return;
    }
    bool is_repeated = subscriptions_has(listen->listeners, session, message->name);
    bool is_listening =
        subscriptions_add(listen->listeners, session, message->name, message->action);
    if (is_repeated)
        listen_acknowledge(session, message);
    else if (is_listening)
        scan_for_listener(listen, pattern, session, message);
    pattern_tidy(listen, pattern);
    set_rematch(listen);
}

bool listen_on_message(struct listen *listen, struct session *session,
                       const struct message *message)
{
    const struct listen_actions *actions = listen->actions;
    if (message->action == actions->listen) {
        on_listen(listen, session, message);
    } else if (message->action == actions->unlisten) {
        subscriptions_remove(listen->listeners, session, message->name);
        listen_acknowledge(session, message);
    } else if (message->action == actions->accept || message->action == actions->reject) {
        search_answer(listen, session, message);
    } else {
        return false;
    }
    return true;
}

void listen_drop_session(struct listen *listen, struct session *session)
{
    subscriptions_drop_session(listen->listeners, session);
}

static void on_bus_message(void *context, const struct message *message, slice from_server)
{
    (void)from_server;
    struct listen *listen = context;
    if (message->action == listen->actions->unsuccessful)
        search_after_failure_elsewhere(listen, message->subscription);
}

/* ---- making and ending ---- */

static void watch(struct listen *listen)
{
    const struct cluster *cluster = listen->services->cluster;
    listen->subscription_watcher = (struct subscription_watcher){listen, on_subscriber, NULL};
    subscriptions_watch(listen->subscriptions, &listen->subscription_watcher);
    listen->listener_watcher = (struct subscription_watcher){listen, NULL, on_listener_gone};
    subscriptions_watch(listen->listeners, &listen->listener_watcher);

    listen->names_watcher =
        (struct ds_state_watcher){listen, on_name_subscribed, on_name_unsubscribed, NULL};
    cluster->states->watch(cluster->states_self, listen->actions->names, &listen->names_watcher);
    listen->published_watcher =
        (struct ds_state_watcher){listen, on_published, on_unpublished, on_published_twice};
    cluster->states->watch(cluster->states_self, listen->actions->published,
                           &listen->published_watcher);
    cluster->bus->subscribe(cluster->bus_self, listen->topic, on_bus_message, listen);
}

struct listen *listen_new(const struct handler_services *services, enum topic topic,
                          struct subscriptions *subscriptions,
                          const struct listen_settings *settings)
{
    struct listen *listen = calloc(1, sizeof *listen);
    CHECK(listen != NULL && (topic == TOPIC_EVENT || topic == TOPIC_RECORD));
    listen->services = services;
    listen->topic = topic;
    listen->actions = topic == TOPIC_EVENT ? &EVENT_ACTIONS : &RECORD_ACTIONS;
    listen->settings = *settings;
    listen->subscriptions = subscriptions;
    listen->listeners = subscriptions_new(
        services, &(struct subscriptions_settings){.topic = topic,
                                                   .subscribe_action = listen->actions->listen,
                                                   .multiple_action = listen->actions->multiple,
                                                   .slot = listen->actions->slot,
                                                   .state_set = listen->actions->patterns,
                                                   .max_names = MAX_PATTERNS_OF_SESSION});
    hashmap_init(&listen->patterns);
    list_init(&listen->in_order);
    hashmap_init(&listen->searches);
    hashmap_init(&listen->provisions);
    hashmap_init(&listen->failures);
    arena_init(&listen->arena, MATCH_ARENA_BYTES);
    chance_init(&listen->chance);
    scans_init(listen);
    CHECK(uv_timer_init(services->loop, &listen->rematch) == 0);
    listen->open_handles = 2;
    watch(listen);
    return listen;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct listen *listen = handle->data;
    if (--listen->open_handles == 0)
        free(listen);
}

static void close_handle(struct listen *listen, uv_handle_t *handle)
{
    handle->data = listen;
    uv_close(handle, on_handle_closed);
}

void listen_free(struct listen **listen)
{
    struct listen *self = *listen;
    if (self == NULL)
        return;
    scans_free(self);
    searches_free(self);
    provisions_free(self);
    for (struct list_link *at = self->in_order.next, *next; at != &self->in_order; at = next) {
        next = at->next;
        struct pattern *pattern = LIST_ITEM(at, struct pattern, in_order);
        pattern_release(&pattern);
    }
    hashmap_fini(&self->patterns);
    subscriptions_free(&self->listeners);
    arena_fini(&self->arena);
    close_handle(self, (uv_handle_t *)&self->rematch);
    close_handle(self, (uv_handle_t *)&self->scans.slices);
    *listen = NULL;
}

struct listen_settings *listen_settings(struct listen *listen)
{
    return &listen->settings;
}
