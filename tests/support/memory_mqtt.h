#pragma once
/* MQTT clients that live in memory: real sessions, real handlers of events, records and presence,
 * no sockets. Login data decides nothing: everybody is let in under the user name of the CONNECT.
 *
 *     struct memory_mqtt node;
 *     memory_mqtt_init(&node);
 *     struct mqtt_double *bo = mqtt_connect(&node, "bo", "id", true);
 *     mqtt_give(bo, "c000");            // bytes of packets, as hexadecimal digits
 *     mqtt_expect(bo, "d000");          // all that bo was sent since the last time
 *     mqtt_break(bo);
 *     memory_mqtt_fini(&node); */

#include "handlers/event.h"
#include "handlers/presence.h"
#include "handlers/record/record.h"
#include "session/mqtt/mqtt.h"
#include "support/handler_world.h"
#include "support/store_double.h"

#include "base/buf.h"

struct memory_mqtt {
    struct handler_world world; /* with clients of the binary protocol, too */
    struct mqtt_clients_settings settings;
    struct mqtt_clients *clients;
    struct event_handler *events;
    struct record_handler *records;
    struct presence_handler *presence;
    struct store_double cache, storage;
    struct session_authentication authentication;
    struct list_link peers;
};

void memory_mqtt_init(struct memory_mqtt *node);
void memory_mqtt_fini(struct memory_mqtt *node);

/* Ends the turn of the loop: what was left for its end happens. */
void memory_mqtt_turn(struct memory_mqtt *node);

struct mqtt_double {
    struct ds_outlet outlet;
    struct memory_mqtt *node;
    struct list_link in_node;
    void *owner; /* NULL: the end has been told */
    bool is_closed;
    bool is_paused;
    struct buf sent;
};

/* A connection, before any packet. Lives as long as the node. */
struct mqtt_double *mqtt_open(struct memory_mqtt *node);

/* One that was accepted, with what it was sent taken; user and id of at most 20 bytes. */
struct mqtt_double *mqtt_connect(struct memory_mqtt *node, const char *user, const char *id,
                                 bool is_clean);

/* Whole packets from the client; what comes while it is closed or paused is dropped. Returns false
 * when they are malformed: the connection has ended then. */
bool mqtt_give_bytes(struct mqtt_double *peer, slice bytes);
void mqtt_give(struct mqtt_double *peer, const char *hex);

/* Fails the test unless the client was sent just these bytes since the last time. */
void mqtt_expect(struct mqtt_double *peer, const char *hex);

/* The connection ends without a goodbye. */
void mqtt_break(struct mqtt_double *peer);
