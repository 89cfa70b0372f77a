#include "redis/subscriber.h"
#include "redis/command.h"

#include "base/check.h"
#include "base/vec.h"

#include <stdlib.h>

struct redis_subscriber {
    const struct redis_subscriber_events *events;
    void *context;
    struct redis_connection *connection;
    uv_timer_t heartbeat;
    bool is_answer_due; /* to the last PING */
    VEC(struct buf) channels;
    size_t confirmed; /* subscriptions, since the connection was made */
    bool is_listening;
    unsigned to_close;
    void (*closed)(void *context);
    void *closed_context;
};

static void listen_to(struct redis_subscriber *subscriber, const struct buf *channel)
{
    struct buf command = BUF_EMPTY;
    const slice words[] = {SLICE("SUBSCRIBE"), buf_slice(channel)};
    redis_command_append(&command, words, 2);
    redis_connection_push(subscriber->connection, buf_slice(&command));
    buf_fini(&command);
}

static void tell_listening(struct redis_subscriber *subscriber)
{
    if (subscriber->is_listening || subscriber->confirmed < subscriber->channels.count)
        return;
    subscriber->is_listening = true;
    subscriber->events->on_listening(subscriber->context);
}

static void on_ready(void *context)
{
    struct redis_subscriber *subscriber = context;
    subscriber->confirmed = 0;
    subscriber->is_answer_due = false;
    for (size_t i = 0; i < subscriber->channels.count; i++)
        listen_to(subscriber, &subscriber->channels.items[i]);
    tell_listening(subscriber);
}

static void on_lost(void *context, const char *reason, bool is_final)
{
    struct redis_subscriber *subscriber = context;
    subscriber->is_listening = false;
    subscriber->events->on_gap(subscriber->context, reason, is_final);
}

static void on_push(void *context, const redisReply *reply)
{
    struct redis_subscriber *subscriber = context;
    const redisReply *kind = redis_reply_at(reply, 0), *channel = redis_reply_at(reply, 1),
                     *payload = redis_reply_at(reply, 2);
    slice word = kind == NULL ? SLICE("") : redis_reply_text(kind);
    if (reply->type == REDIS_REPLY_ERROR) {
        redis_connection_drop(subscriber->connection, reply->str);
    } else if (slice_equal(word, SLICE("message")) && channel != NULL && payload != NULL) {
        subscriber->events->on_message(subscriber->context, redis_reply_text(channel),
                                       redis_reply_text(payload));
    } else if (slice_equal(word, SLICE("subscribe"))) {
        subscriber->confirmed++;
        tell_listening(subscriber);
    } else {
        subscriber->is_answer_due = false; /* "pong", or PONG before there is a subscription */
    }
}

static void on_heartbeat(uv_timer_t *timer)
{
    struct redis_subscriber *subscriber = timer->data;
    struct buf ping = BUF_EMPTY;
    if (!redis_connection_is_ready(subscriber->connection))
        return;
    if (subscriber->is_answer_due) {
        redis_connection_drop(subscriber->connection, "it does not answer any more");
        return;
    }
    subscriber->is_answer_due = true;
    redis_command_append(&ping, (slice[]){SLICE("PING")}, 1);
    redis_connection_push(subscriber->connection, buf_slice(&ping));
    buf_fini(&ping);
}

struct redis_subscriber *redis_subscriber_new(const struct ds_services *services,
                                              const struct redis_settings *settings,
                                              const struct redis_subscriber_events *events,
                                              void *context)
{
    static const struct redis_connection_events connection_events = {
        .on_ready = on_ready, .on_lost = on_lost, .on_push = on_push};
    struct redis_subscriber *subscriber = calloc(1, sizeof *subscriber);
    CHECK(subscriber != NULL);
    subscriber->events = events;
    subscriber->context = context;
    const struct redis_connection_config config = {.services = services,
                                                   .settings = settings,
                                                   .events = &connection_events,
                                                   .context = subscriber};
    subscriber->connection = redis_connection_new(&config, &settings->nodes[0]);
    CHECK(uv_timer_init(services->loop, &subscriber->heartbeat) == 0);
    subscriber->heartbeat.data = subscriber;
    uv_timer_start(&subscriber->heartbeat, on_heartbeat, settings->timeout_ms,
                   settings->timeout_ms);
    return subscriber;
}

void redis_subscriber_listen(struct redis_subscriber *subscriber, slice channel)
{
    struct buf copy = BUF_EMPTY;
    buf_append(&copy, channel);
    VEC_PUSH(&subscriber->channels, copy);
    if (!redis_connection_is_ready(subscriber->connection))
        return;
    subscriber->is_listening = false;
    listen_to(subscriber, &copy);
}

static void release(struct redis_subscriber *subscriber)
{
    if (--subscriber->to_close > 0)
        return;
    void (*closed)(void *context) = subscriber->closed;
    void *context = subscriber->closed_context;
    for (size_t i = 0; i < subscriber->channels.count; i++)
        buf_fini(&subscriber->channels.items[i]);
    VEC_FREE(&subscriber->channels);
    free(subscriber);
    closed(context);
}

static void on_connection_closed(void *context)
{
    release(context);
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void redis_subscriber_close(struct redis_subscriber *subscriber, void (*closed)(void *context),
                            void *context)
{
    subscriber->to_close = 2;
    subscriber->closed = closed;
    subscriber->closed_context = context;
    uv_close((uv_handle_t *)&subscriber->heartbeat, on_timer_closed);
    redis_connection_close(subscriber->connection, on_connection_closed, subscriber);
}
