#pragma once
/* Listening: active providers of data for what others subscribe to (behaviour.md 9). One for
 * events, one for records.
 *
 * The rule `listen` is asked again with each concrete name before it is offered (H20). */

#include "handlers/subscriptions.h"

struct listen;

/* Takes over the watcher of subscriptions. topic is TOPIC_EVENT or TOPIC_RECORD; HAS_PROVIDER
 * notices exist only for records. Settings are copied. */
struct listen *listen_new(const struct handler_services *services, enum topic topic,
                          struct subscriptions *subscriptions,
                          const struct listen_settings *settings);
void listen_free(struct listen **listen);

/* Its own: responseTimeout and matchCooldown may be changed while it runs. */
struct listen_settings *listen_settings(struct listen *listen);

/* LISTEN, UNLISTEN, LISTEN_ACCEPT, LISTEN_REJECT. Returns false, doing nothing, for another action.
 */
bool listen_on_message(struct listen *listen, struct session *session,
                       const struct message *message);

/* The end of a session: its patterns are gone, its names are offered to others. Called after the
 * subscriptions of the session were dropped. */
void listen_drop_session(struct listen *listen, struct session *session);
