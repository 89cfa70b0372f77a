#pragma once
/* Who subscribes to what: names -> sessions and back, for one topic (behaviour.md 3).
 *
 * Every name with local subscribers is in the cluster's set of the registry. Names are copied. */

#include "handlers/handlers.h"

struct subscriptions;

/* Called while a subscription is made or ended. made: before its acknowledgement; is_first and
 * is_last are about the whole cluster. Either function may be NULL. */
struct subscription_watcher {
    void *context;
    void (*on_made)(void *context, slice name, struct session *session, bool is_first);
    void (*on_removed)(void *context, slice name, struct session *session, bool is_last);
};

struct subscriptions_settings {
    enum topic topic;
    uint16_t subscribe_action; /* SUBSCRIBE, or PROVIDE of RPC: originalAction of duplicates */
    uint16_t multiple_action;  /* MULTIPLE_SUBSCRIPTIONS, or MULTIPLE_PROVIDERS */
    enum session_slot slot;    /* where a session's subscriptions hang */
    uint8_t state_set;         /* of enum state_set */
    uint32_t max_names;        /* of one session; 0: its settings' max_subscriptions */
};

struct subscriptions *subscriptions_new(const struct handler_services *services,
                                        const struct subscriptions_settings *settings);
void subscriptions_free(struct subscriptions **subscriptions);

/* watcher is borrowed; two at most. */
void subscriptions_watch(struct subscriptions *subscriptions,
                         const struct subscription_watcher *watcher);

/* Subscribes to one name. A duplicate is answered with MULTIPLE_SUBSCRIPTIONS (name,
 * originalAction), logged, and changes nothing; so is what passes settings.max_subscriptions of the
 * session, with LIMIT_EXCEEDED in the log. original_action 0: the registry's subscribe_action.
 * Returns whether the session is subscribed now. */
bool subscriptions_add(struct subscriptions *subscriptions, struct session *session, slice name,
                       uint16_t original_action);

/* Ends one subscription. False when there was none. */
bool subscriptions_remove(struct subscriptions *subscriptions, struct session *session, slice name);

/* All names of a message, then one acknowledgement: action of the message, correlationId echoed,
 * isAck. */
void subscriptions_add_all(struct subscriptions *subscriptions, struct session *session,
                           const struct message *message);
void subscriptions_remove_all(struct subscriptions *subscriptions, struct session *session,
                              const struct message *message);

/* Ends every subscription of a session: its connection has ended. */
void subscriptions_drop_session(struct subscriptions *subscriptions, struct session *session);

/* Ends every subscription to a name, without a word to anybody (a record was deleted). */
void subscriptions_drop_name(struct subscriptions *subscriptions, slice name);

/* Local subscribers of a name, each a struct session *; *count of them. The array lives until the
 * registry changes. */
void *const *subscriptions_of(const struct subscriptions *subscriptions, slice name, size_t *count);

/* Whether this session subscribes to name. The session need not exist any more. */
bool subscriptions_has(const struct subscriptions *subscriptions, const struct session *session,
                       slice name);

/* Whether anybody in the cluster subscribes to name. */
bool subscriptions_exist(const struct subscriptions *subscriptions, slice name);
/* The same of other nodes. */
bool subscriptions_exist_elsewhere(const struct subscriptions *subscriptions, slice name);

/* To the bus alone, if another node subscribes to name. */
void subscriptions_publish(const struct subscriptions *subscriptions, slice name,
                           const struct message *message);

/* Sends to every local subscriber but `except` (NULL: to all), and, unless local_only, to the bus
 * first. Returns how many local ones. */
enum send_scope { SEND_TO_CLUSTER, SEND_LOCAL_ONLY };
size_t subscriptions_send(struct subscriptions *subscriptions, slice name,
                          const struct message *message, const struct session *except,
                          enum send_scope scope);
