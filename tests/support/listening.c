#include "support/listening.h"

const struct listen_settings LISTENING_PATIENT = {
    .response_timeout_ms = 60000, .rematch_interval_ms = 1000, .match_cooldown_ms = 60000};

static void on_message(void *self, struct session *session, const struct message *message)
{
    struct listening_node *of = self;
    bool subscribes = message->action == RECORD_SUBSCRIBE || message->action == EVENT_SUBSCRIBE;
    if (listen_on_message(of->listen, session, message))
        return;
    (subscribes ? subscriptions_add_all : subscriptions_remove_all)(of->subscriptions, session,
                                                                    message);
}

static void on_close(void *self, struct session *session)
{
    struct listening_node *of = self;
    subscriptions_drop_session(of->subscriptions, session);
    listen_drop_session(of->listen, session);
}

void listening_node_start(struct listening_node *of, enum topic topic,
                          const struct listen_settings *settings)
{
    bool records = topic == TOPIC_RECORD;
    const struct subscriptions_settings subscriptions = {
        .topic = topic,
        .subscribe_action = records ? RECORD_SUBSCRIBE : EVENT_SUBSCRIBE,
        .multiple_action = records ? RECORD_MULTIPLE_SUBSCRIPTIONS : EVENT_MULTIPLE_SUBSCRIPTIONS,
        .slot = records ? SESSION_SLOT_RECORD_SUBSCRIPTIONS : SESSION_SLOT_EVENT_SUBSCRIPTIONS,
        .state_set = records ? STATE_RECORD_SUBSCRIPTIONS : STATE_EVENT_SUBSCRIPTIONS,
    };
    of->topic = topic;
    of->subscriptions = subscriptions_new(&of->world.services, &subscriptions);
    of->listen = listen_new(&of->world.services, topic, of->subscriptions, settings);
    of->handler = (struct handler){.self = of, .on_message = on_message, .on_close = on_close};
    pipeline_add_handler(of->world.memory.pipeline, topic, &of->handler);
}

void listening_node_stop(struct listening_node *of)
{
    handler_world_leave(&of->world);
    listen_free(&of->listen);
    subscriptions_free(&of->subscriptions);
    handler_world_fini(&of->world);
}

enum double_answer decide_names_later(void *context, const struct ds_permission_request *request)
{
    (void)context;
    bool concrete = request->action == RECORD_LISTEN && slice_equal(request->name, SLICE("f/1"));
    return concrete ? ANSWER_LATER : ANSWER_ALLOW;
}

void listen_to(struct memory_client *client, const char *pattern)
{
    say(client, TOPIC_RECORD, RECORD_LISTEN, pattern);
}

void expect_listening(struct memory_client *client, const char *pattern)
{
    expect_ack(client, TOPIC_RECORD, RECORD_LISTEN, pattern, NULL);
}

void unlisten(struct memory_client *client, const char *pattern)
{
    say(client, TOPIC_RECORD, RECORD_UNLISTEN, pattern);
}

void expect_unlistened(struct memory_client *client, const char *pattern)
{
    expect_ack(client, TOPIC_RECORD, RECORD_UNLISTEN, pattern, NULL);
}

void subscribe(struct memory_client *client, const char *name)
{
    say_names(client, TOPIC_RECORD, RECORD_SUBSCRIBE, "0", name, NULL);
}

void expect_subscribed(struct memory_client *client)
{
    expect_ack(client, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "0");
}

void unsubscribe(struct memory_client *client, const char *name)
{
    say_names(client, TOPIC_RECORD, RECORD_UNSUBSCRIBE, "1", name, NULL);
}

void expect_unsubscribed(struct memory_client *client)
{
    expect_ack(client, TOPIC_RECORD, RECORD_UNSUBSCRIBE, NULL, "1");
}

void expect_found(struct memory_client *client, const char *pattern, const char *name)
{
    expect_about(client, TOPIC_RECORD, RECORD_SUBSCRIPTION_FOR_PATTERN_FOUND, pattern, name);
}

void expect_removed(struct memory_client *client, const char *pattern, const char *name)
{
    expect_about(client, TOPIC_RECORD, RECORD_SUBSCRIPTION_FOR_PATTERN_REMOVED, pattern, name);
}

void accept_offer(struct memory_client *client, const char *pattern, const char *name)
{
    say_about(client, TOPIC_RECORD, RECORD_LISTEN_ACCEPT, pattern, name);
}

void reject_offer(struct memory_client *client, const char *pattern, const char *name)
{
    say_about(client, TOPIC_RECORD, RECORD_LISTEN_REJECT, pattern, name);
}

void expect_provided(struct memory_client *client, const char *name)
{
    expect_name(client, TOPIC_RECORD, RECORD_SUBSCRIPTION_HAS_PROVIDER, name);
}

void expect_unprovided(struct memory_client *client, const char *name)
{
    expect_name(client, TOPIC_RECORD, RECORD_SUBSCRIPTION_HAS_NO_PROVIDER, name);
}

bool has_mail(void *context)
{
    const struct memory_client *client = context;
    return client->taken < client->sent.count;
}
