#pragma once
/* Sessions of MQTT clients (protocol.md 7): packets <-> messages, and what the standard asks of a
 * server between them: acknowledgements, wills, client ids, sessions that outlive a connection. */

#include "session/session.h"
#include "transport/mqtt/mqtt.h"

struct mqtt_clients;

struct mqtt_clients_settings {
    struct session_settings session; /* made fit by mqtt_settings_complete */
    uint32_t idle_timeout_ms;        /* of clients that name no keep-alive, and before a CONNECT */
    uint32_t session_expiry_ms;      /* how long the session of an absent client is kept; 0: not */
    uint32_t max_absent_clients;     /* whose sessions are kept */
    size_t max_session_bytes;        /* that may wait for one of them */
    uint32_t max_in_flight;          /* QoS 1 messages that a client has not acknowledged */
};

/* Sets what is the same for every MQTT endpoint. */
void mqtt_settings_complete(struct mqtt_clients_settings *settings);

/* settings are borrowed until the last session has been released. */
struct mqtt_clients *mqtt_clients_new(const struct mqtt_clients_settings *settings);

/* For mqtt_server_new; lives as long as clients. */
const struct mqtt_endpoint *mqtt_clients_endpoint(const struct mqtt_clients *clients);

/* Ends every session that is left, also of clients that are absent. Call it when the server of the
 * endpoint is closed. */
void mqtt_clients_free(struct mqtt_clients **clients);

/* Their sessions. */
const struct session_endpoint *mqtt_clients_sessions(const struct mqtt_clients *clients);
