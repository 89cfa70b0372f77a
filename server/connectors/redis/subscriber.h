#pragma once
/* A connection that only listens (SUBSCRIBE): what it was told to listen to it asks for again
 * whenever it was lost and made anew. Messages that were published meanwhile are lost, and on_gap
 * says so. A connection that has fallen silent is noticed by PING. For PUBLISH take a client. On
 * the loop's thread. */

#include "redis/connection.h"

struct redis_subscriber;

struct redis_subscriber_events {
    void (*on_message)(void *context, slice channel, slice payload);
    /* Everything is listened to: the first time, or again after a loss. */
    void (*on_listening)(void *context);
    /* From now until on_listening, messages are missed. is_final: as of a connection. */
    void (*on_gap)(void *context, const char *reason, bool is_final);
};

/* The first node of the settings; in a cluster every node passes on all messages. Everything is
 * borrowed until it is closed. */
struct redis_subscriber *redis_subscriber_new(const struct ds_services *services,
                                              const struct redis_settings *settings,
                                              const struct redis_subscriber_events *events,
                                              void *context);

/* channel is copied. At any time. */
void redis_subscriber_listen(struct redis_subscriber *subscriber, slice channel);

void redis_subscriber_close(struct redis_subscriber *subscriber, void (*closed)(void *context),
                            void *context);
