#pragma once
/* One entry `mqtt` of connectionEndpoints: a port of its own, and the clients behind it. */

#include "session/mqtt/mqtt.h"

struct config;
struct ds_error;
struct ds_value;
struct mqtt_endpoint_entry;

/* shared: what all sessions have in common; borrowed, as options, until the entry is freed. */
struct mqtt_endpoint_entry *mqtt_endpoint_new(const struct config *config,
                                              const struct ds_value *options,
                                              const struct session_settings *shared);

/* Takes the certificates of `ssl` as they are now, for connections to come. False: those of before
 * stay, and the log says why. */
bool mqtt_endpoint_reload(struct mqtt_endpoint_entry *entry, const struct config *fresh,
                          const struct ds_value *options, struct log *log);

/* Starts to listen. Returns false, with a reason, when that is not possible. */
bool mqtt_endpoint_listen(struct mqtt_endpoint_entry *entry, struct ds_error *error);
void mqtt_endpoint_stop_accepting(struct mqtt_endpoint_entry *entry);

/* Ends its connections; done is called when they are gone. Once. */
void mqtt_endpoint_close(struct mqtt_endpoint_entry *entry, uint32_t grace_ms,
                         void (*done)(void *context), void *context);

/* Ends the sessions that are left. */
void mqtt_endpoint_end_sessions(struct mqtt_endpoint_entry *entry);

/* Once nobody holds a session any more. */
void mqtt_endpoint_free(struct mqtt_endpoint_entry *entry);

/* NULL: it is closed. */
const struct mqtt_server *mqtt_endpoint_server(const struct mqtt_endpoint_entry *entry);
const struct session_endpoint *mqtt_endpoint_sessions(const struct mqtt_endpoint_entry *entry);
