#pragma once
/* What tests of listening begin with: a node whose one handler does nothing but subscribe and
 * listen, and short ways to say and to expect what listeners and subscribers do. Subscribing has
 * the correlation id 0, its end has 1. */

#include "handlers/listen.h"
#include "support/handler_world.h"

/* A handler that does nothing but subscribe and listen, as those of events and records do. */
struct listening_node {
    struct handler_world world;
    enum topic topic;
    struct handler handler;
    struct subscriptions *subscriptions;
    struct listen *listen;
};

/* Timeouts long enough never to fire where a test does not wait for them. */
extern const struct listen_settings LISTENING_PATIENT;

void listening_node_start(struct listening_node *of, enum topic topic,
                          const struct listen_settings *settings);
void listening_node_stop(struct listening_node *of);

/* For permissions: a LISTEN of the name f/1 is decided later, all else is allowed. */
enum double_answer decide_names_later(void *context, const struct ds_permission_request *request);

/* ---- of records ---- */

void listen_to(struct memory_client *client, const char *pattern);
void expect_listening(struct memory_client *client, const char *pattern);
void unlisten(struct memory_client *client, const char *pattern);
void expect_unlistened(struct memory_client *client, const char *pattern);
void subscribe(struct memory_client *client, const char *name);
void expect_subscribed(struct memory_client *client);
void unsubscribe(struct memory_client *client, const char *name);
void expect_unsubscribed(struct memory_client *client);
void expect_found(struct memory_client *client, const char *pattern, const char *name);
void expect_removed(struct memory_client *client, const char *pattern, const char *name);
void accept_offer(struct memory_client *client, const char *pattern, const char *name);
void reject_offer(struct memory_client *client, const char *pattern, const char *name);
void expect_provided(struct memory_client *client, const char *name);
void expect_unprovided(struct memory_client *client, const char *name);

/* Whether a message waits to be looked at; for memory_run_until. */
bool has_mail(void *context);
