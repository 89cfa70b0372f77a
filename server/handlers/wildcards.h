#pragma once
/* Subscriptions to events by filters with wildcards (MQTT 3.1.1, 4.7).
 *
 * To subscribe is free; whether a session may have an event is asked when there is one, with the
 * rule for subscribing to its name (EVENT.SUBSCRIBE). Without any filter in the cluster nothing is
 * looked up. Filters are in a set of the cluster, so that an event crosses the bus when another
 * node has one that matches. Providers that listen are not told of filters: they name no event. */

#include "handlers/subscriptions.h"

struct wildcards;

/* exact: who subscribes to names themselves; they get an event once, as such. */
struct wildcards *wildcards_new(const struct handler_services *services,
                                const struct subscriptions *exact);
void wildcards_free(struct wildcards **wildcards);

/* All filters of a message, then one acknowledgement, as subscriptions_add_all. */
void wildcards_add_all(struct wildcards *wildcards, struct session *session,
                       const struct message *message);
void wildcards_remove_all(struct wildcards *wildcards, struct session *session,
                          const struct message *message);
void wildcards_drop_session(struct wildcards *wildcards, struct session *session);

/* Whether there is any filter in the cluster: without one, nothing below has an effect. */
bool wildcards_exist(const struct wildcards *wildcards);

/* Whether another node has a filter that matches name. */
bool wildcards_exist_elsewhere(struct wildcards *wildcards, slice name);

/* Sends an event to every local session with a filter that matches its name, but `except`, and but
 * those that `exact` knows under the name. */
void wildcards_send(struct wildcards *wildcards, const struct message *event,
                    const struct session *except);
