#pragma once
/* MQTT over TCP: a listener, packets of clients up, bytes of packets down (message/mqtt.h).
 *
 * A client that breaks a rule of the standard is cut off, as the standard demands; there is no
 * goodbye in MQTT 3.1.1. */

#include "message/mqtt.h"
#include "base/slice.h"
#include "deepstream/plugin/connections.h"

#include <uv.h>

struct log;
struct mqtt_server;
struct tls_context;
struct ds_tls_peer;

/* What peers tell, and what they are bound by. */
struct mqtt_endpoint {
    void *context;
    uint32_t max_packet_bytes; /* larger ones are not read: the client is cut off */
    size_t max_queue_bytes;    /* a receiver that lets more than this wait is cut off */

    /* A client has connected; what is sent to outlet is whole packets. remote_address is borrowed
     * for the call. Returns its owner, which the calls below get. */
    void *(*on_open)(void *context, struct ds_outlet *outlet, slice remote_address);
    /* The certificate that the client has shown, if it has: before the first packet; borrowed for
     * the call. */
    void (*on_certificate)(void *owner, const struct ds_tls_peer *certificate);
    /* One packet; borrowed for the call. None comes after the owner closed its outlet, nor while it
     * is paused. */
    void (*on_packet)(void *owner, const struct mqtt_packet *packet);
    /* Bytes came: the client lives. Once per read, before their packets. */
    void (*on_alive)(void *owner);
    /* The end, exactly once, at the end of a turn; also after a close of the outlet. The outlet is
     * gone when it returns, and nothing more is called. reason is a static text. */
    void (*on_close)(void *owner, const char *reason);
};

struct mqtt_settings {
    const char *host;         /* an address or a name */
    uint16_t port;            /* 0: any free one; mqtt_server_port says which */
    uint32_t max_connections; /* 0: as many as the system allows */
};

/* Settings, endpoint and log are borrowed until the server is closed. */
struct mqtt_server *mqtt_server_new(uv_loop_t *loop, const struct mqtt_settings *settings,
                                    const struct mqtt_endpoint *endpoint, struct log *log);

/* From now on what is accepted speaks TLS by this context, which is retained. Called again, it
 * changes the context of what is accepted afterwards. */
void mqtt_server_encrypt(struct mqtt_server *server, struct tls_context *context);

/* Starts to listen. Returns 0 or a negative UV_ error. */
int mqtt_server_listen(struct mqtt_server *server);
uint16_t mqtt_server_port(const struct mqtt_server *server);

/* Takes no new connections from now on; those that exist go on. */
void mqtt_server_stop_accepting(struct mqtt_server *server);

/* Ends every connection behind what is queued, and by force what is not gone after grace_ms. done
 * is called when the last one has ended; server is freed then. */
void mqtt_server_close(struct mqtt_server *server, uint32_t grace_ms, void (*done)(void *context),
                       void *context);

const struct ds_transport_counters *mqtt_server_counters(const struct mqtt_server *server);

/* Bytes that wait for clients to read them. */
size_t mqtt_server_queued_bytes(const struct mqtt_server *server);
