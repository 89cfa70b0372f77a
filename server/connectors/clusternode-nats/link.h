#pragma once
/* The connection to NATS, on threads of its own: the loop puts texts into a queue and is woken when
 * some have come, and never waits.
 *
 *     loop: link_send -> outgoing -> worker: publishes        (may wait for the network)
 *     library's thread -> incoming -> wake -> loop: link_take
 *
 * The library connects again by itself, for ever, and subscribes again then; but it gives up when a
 * server that has come back refuses us. The worker then begins anew. What is to be sent while the
 * connection is lost is dropped. */

#include "parcels.h"

#include "base/buf.h"
#include "base/vec.h"

#include <nats/nats.h>
#include <uv.h>

struct link_settings {
    natsOptions *options; /* the link's from now on */
    slice prefix;         /* of subjects; borrowed, as is the next */
    const char *places;   /* where the servers are, for people */
};

/* What has happened since the loop looked last. */
struct link_news {
    struct parcels incoming;
    bool is_ready;     /* for the first time: connected, and subscribed to what was wanted before */
    bool was_lost;     /* the connection */
    bool was_regained; /* it, later; or texts may have been lost */
    bool is_refused;   /* before the first connection: a second try would change nothing */
    bool has_ended;
    char error[256]; /* why it does not connect, or what else went wrong last; empty: nothing */
};

struct link {
    slice prefix;
    const char *places;
    natsOptions *options;
    natsConnection *connection; /* this and the next the worker's */
    VEC(natsSubscription *) all_subscriptions;
    struct parcels wanted; /* those of all subscriptions */
    bool has_been_connected;
    uv_async_t wake; /* the loop's; its data is the user's */
    uv_thread_t thread;

    uv_mutex_t lock; /* guards what follows */
    uv_cond_t changed;
    struct parcels outgoing;
    struct link_news news;
    bool is_connected;
    bool is_closed; /* the library has given up, and calls nobody any more but for subscriptions */
    bool is_stopping;
    size_t subscriptions; /* that the library may still call for */
};

void link_init(struct link *link, const struct link_settings *settings);

/* on_wake comes on the loop when there may be news; context is the data of its handle. */
void link_start(struct link *link, uv_loop_t *loop, uv_async_cb on_wake, void *context);

/* Also before the start. server.at NULL: what is for all. */
void link_subscribe(struct link *link, uint8_t topic, slice server);
void link_send(struct link *link, uint8_t topic, slice server, slice text);
struct link_news link_take(struct link *link);

/* What is queued is sent first, if that is possible. news.has_ended comes then; after it link_join,
 * and once the user has closed `wake` link_fini. */
void link_stop(struct link *link);
void link_join(struct link *link);
void link_fini(struct link *link);
