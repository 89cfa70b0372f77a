#pragma once
/* The client that the plugins of a node are together: a session without a connection, whom every
 * rule allows everything. Its messages go the way of all messages; what it is sent is handed on
 * from the loop. */

#include "session/session.h"

struct plugin_client;

/* Takes from settings what every session shares; what is in it is borrowed until it is freed. */
struct plugin_client *plugin_client_new(const struct session_settings *settings);

/* Calls every done that is open with an error and ends its subscriptions: before the handlers go.
 * Nothing may be asked of it afterwards. NULL: nothing happens. */
void plugin_client_close(struct plugin_client *client);

/* Once nobody holds its session any more. NULL stays NULL. */
void plugin_client_free(struct plugin_client **client);

/* See struct ds_services for each. */
void plugin_client_publish(struct plugin_client *client, slice event, slice data);
struct ds_event_subscription *plugin_client_subscribe(struct plugin_client *client, slice event,
                                                      ds_event_handler *handler, void *context);
void plugin_client_unsubscribe(struct plugin_client *client,
                               struct ds_event_subscription *subscription);
void plugin_client_write(struct plugin_client *client, slice name, slice path, slice data,
                         ds_done *done, void *context);
void plugin_client_delete(struct plugin_client *client, slice name, ds_done *done, void *context);
