/* Publishing is one look-up when nobody listens, and one loop over the receivers otherwise. What
 * goes out is made anew from name and data, so that nobody can put flags into it (F16). */

#include "handlers/event.h"

#include "handlers/listen.h"
#include "handlers/subscriptions.h"
#include "handlers/wildcards.h"

#include "base/check.h"

#include <stdlib.h>

struct event_handler {
    struct handler table;
    const struct handler_services *services;
    struct subscriptions *subscriptions;
    struct wildcards *wildcards;
    struct listen *listen;
};

static const struct subscriptions_settings SETTINGS = {
    .topic = TOPIC_EVENT,
    .subscribe_action = EVENT_SUBSCRIBE,
    .multiple_action = EVENT_MULTIPLE_SUBSCRIPTIONS,
    .slot = SESSION_SLOT_EVENT_SUBSCRIPTIONS,
    .state_set = STATE_EVENT_SUBSCRIPTIONS,
};

/* The bus has it already when somebody elsewhere subscribes to the name itself. */
static void send_for_wildcards(struct event_handler *handler, const struct message *event)
{
    const struct cluster *cluster = handler->services->cluster;
    if (wildcards_exist_elsewhere(handler->wildcards, event->name) &&
        !subscriptions_exist_elsewhere(handler->subscriptions, event->name))
        cluster->bus->send(cluster->bus_self, event);
}

static void publish(struct event_handler *handler, const struct session *sender,
                    const struct message *message, enum send_scope scope)
{
    struct message event = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&event, name, message->name);
    MESSAGE_ECHO(&event, message, data);
    bool has_wildcards = wildcards_exist(handler->wildcards);
    if (has_wildcards && scope == SEND_TO_CLUSTER)
        send_for_wildcards(handler, &event);
    subscriptions_send(handler->subscriptions, message->name, &event, sender, scope);
    if (has_wildcards)
        wildcards_send(handler->wildcards, &event, sender);
}

static void on_message(void *self, struct session *session, const struct message *message)
{
    struct event_handler *handler = self;
    switch (message->action) {
    case EVENT_EMIT:
        publish(handler, session->settings->hears_itself ? NULL : session, message,
                SEND_TO_CLUSTER);
        return;
    case EVENT_SUBSCRIBE:
        subscriptions_add_all(handler->subscriptions, session, message);
        return;
    case EVENT_UNSUBSCRIBE:
        subscriptions_remove_all(handler->subscriptions, session, message);
        return;
    case EVENT_SUBSCRIBE_FILTER:
        wildcards_add_all(handler->wildcards, session, message);
        return;
    case EVENT_UNSUBSCRIBE_FILTER:
        wildcards_remove_all(handler->wildcards, session, message);
        return;
    default:
        listen_on_message(handler->listen, session, message);
    }
}

static void on_close(void *self, struct session *session)
{
    struct event_handler *handler = self;
    subscriptions_drop_session(handler->subscriptions, session);
    wildcards_drop_session(handler->wildcards, session);
    listen_drop_session(handler->listen, session);
}

static void on_bus_message(void *context, const struct message *message, slice from_server)
{
    (void)from_server;
    if (message->action == EVENT_EMIT)
        publish(context, NULL, message, SEND_LOCAL_ONLY);
}

struct event_handler *event_handler_new(const struct handler_services *services,
                                        const struct listen_settings *listen)
{
    struct event_handler *handler = calloc(1, sizeof *handler);
    CHECK(handler != NULL);
    handler->table =
        (struct handler){.self = handler, .on_message = on_message, .on_close = on_close};
    handler->services = services;
    handler->subscriptions = subscriptions_new(services, &SETTINGS);
    handler->wildcards = wildcards_new(services, handler->subscriptions);
    handler->listen = listen_new(services, TOPIC_EVENT, handler->subscriptions, listen);
    services->cluster->bus->subscribe(services->cluster->bus_self, TOPIC_EVENT, on_bus_message,
                                      handler);
    return handler;
}

void event_handler_free(struct event_handler **handler)
{
    if (*handler == NULL)
        return;
    listen_free(&(*handler)->listen);
    wildcards_free(&(*handler)->wildcards);
    subscriptions_free(&(*handler)->subscriptions);
    free(*handler);
    *handler = NULL;
}

const struct handler *event_handler_table(const struct event_handler *handler)
{
    return &handler->table;
}

struct listen_settings *event_handler_listen_settings(struct event_handler *handler)
{
    return listen_settings(handler->listen);
}
