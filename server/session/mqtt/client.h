#pragma once
/* The inside of MQTT sessions, for the files of this folder alone.
 *
 * A client is what the standard calls a session: it begins with a connection, has a struct session
 * of its own, and may outlive the connection ("absent": it has no peer). When its client comes
 * again, the new connection makes a client of its own, subscribes anew as whoever logged in now,
 * and takes over what waits for the old one, which ends then. */

#include "session/mqtt/mqtt.h"
#include "transport/turn.h"

#include "base/buf.h"
#include "base/hashmap.h"
#include "base/list.h"

struct mqtt_clients {
    const struct mqtt_clients_settings *settings;
    struct mqtt_endpoint endpoint;
    struct session_endpoint *sessions;
    struct hashmap by_id; /* user and client id -> struct mqtt_client, which holds the key */
    struct list_link all;
    size_t count, absent_count;
    struct turn turn;
    uv_timer_t timer;
    struct buf scratch; /* the packet being written */
    unsigned open_parts;
};

enum mqtt_pause {
    PAUSED_BY_PIPELINE = 1,
    PAUSED_BY_LOGIN = 2,
    PAUSED_BY_OPERATIONS = 4,
};

struct mqtt_subscription {
    uint8_t qos;
    bool has_wildcard;
    size_t length;
    char filter[];
};

/* A message of QoS 1 on its way to the client. */
struct mqtt_outgoing {
    struct list_link link;
    struct ds_frame *frame; /* of QoS 0, shared with others */
    uint16_t id;            /* 0: not sent yet */
    bool retain;
};

/* What a client is answered when it has taken effect: operations.h. */
struct mqtt_operation;

struct mqtt_client {
    struct ds_outlet outlet; /* of the session; leads to the peer */
    struct mqtt_clients *clients;
    struct session *session;
    struct ds_outlet *peer; /* NULL: the client is absent */
    struct list_link in_all;
    struct turn_task task;
    uint8_t pauses; /* of enum mqtt_pause */
    bool has_connected;
    bool is_clean;      /* nothing of it is kept */
    bool is_parting;    /* it said goodbye, or its will is published */
    bool is_logged_in;  /* in this turn: what it may take over is not looked at yet */
    bool is_superseded; /* another client has its place, and it gets no more */
    uint32_t allowed_silence_ms;
    uint64_t absent_since_ms;
    slice client_id;           /* on the heap */
    slice key;                 /* in by_id, on the heap; empty: not there */
    struct mqtt_publish *will; /* with its texts in one block; or NULL */

    struct hashmap subscriptions; /* filter -> struct mqtt_subscription, which holds the key */
    uint32_t confirmed_count;     /* of those with QoS 1 */
    uint32_t wildcard_count;
    struct hashmap stale; /* names of records to read or subscribe to at the end of the turn */

    struct list_link operations; /* in the order of their packets */
    uint32_t operation_count;
    uint32_t last_serial;
    uint8_t *received; /* bits of packet ids of QoS 2 that wait for their PUBREL; or NULL */

    struct list_link outgoing; /* in flight, then those that wait */
    struct list_link *unsent;  /* the first that waits, or the list itself */
    size_t outgoing_bytes;
    uint32_t in_flight;
    uint16_t last_id;

    struct mqtt_client *previous;  /* whose place it takes, until it has subscribed as that did */
    struct mqtt_client *successor; /* the other way */
    bool has_resubscribed;
};

static inline struct mqtt_client *mqtt_client_of(const struct session *session)
{
    return LIST_ITEM(session->outlet, struct mqtt_client, outlet);
}

static inline struct log *mqtt_log(const struct mqtt_client *client)
{
    return client->session->settings->log;
}

/* An empty buffer for a packet. */
struct buf *mqtt_scratch(struct mqtt_clients *clients);

/* Sends what is in the buffer, if the client is there. */
void mqtt_send_packet(struct mqtt_client *client, const struct buf *packet);

/* ---- clients.c: the list of them, and their ends ---- */

void mqtt_client_pause(struct mqtt_client *client, enum mqtt_pause by);
void mqtt_client_resume(struct mqtt_client *client, enum mqtt_pause by);

/* Ends the connection from here; closing is what is counted, reason goes to the log. */
void mqtt_client_part(struct mqtt_client *client, unsigned closing, const char *reason);

/* Has the client end at the end of the turn, or when its connection does. */
void mqtt_client_end_soon(struct mqtt_client *client);

extern const struct ds_outlet_operations mqtt_client_outlet;

/* ---- connect.c ---- */

void mqtt_on_connect(struct mqtt_client *client, const struct mqtt_connect *connect);
void mqtt_on_login(struct mqtt_client *client);
void mqtt_on_login_refused(struct mqtt_client *client);

/* At the end of the turn of its login. */
void mqtt_take_over(struct mqtt_client *client);

/* Ends the waiting of a client for its predecessor, when everything of that is settled. */
void mqtt_complete_take_over(struct mqtt_client *client);

/* Gives the place back that it did not get to take. */
void mqtt_forget_take_over(struct mqtt_client *client);

/* ---- receive.c: packets of clients ---- */

void mqtt_on_packet(void *owner, const struct mqtt_packet *packet);
void mqtt_publish_will(struct mqtt_client *client);

/* ---- subscribe.c ---- */

void mqtt_operation_subscribe(struct mqtt_client *client, const struct mqtt_packet *packet);
void mqtt_operation_unsubscribe(struct mqtt_client *client, const struct mqtt_packet *packet);
/* Subscribes to all that another client does. */
void mqtt_operation_resubscribe(struct mqtt_client *client, const struct mqtt_client *as);

/* ---- publish.c ---- */

/* The messages that a PUBLISH means, to the pipeline. correlation_id empty: nobody waits. */
typedef void mqtt_receive(struct session *session, const struct message *message);
void mqtt_publish(struct session *session, const struct mqtt_publish *publish, slice correlation_id,
                  mqtt_receive *receive);

void mqtt_operation_publish(struct mqtt_client *client, const struct mqtt_packet *packet);

/* ---- operations.c, refresh.c, effects.c ---- */

void mqtt_operations_fini(struct mqtt_client *client);

/* Reads the records that have become stale. */
void mqtt_operation_refresh(struct mqtt_client *client);

/* take_sent of the session's settings. */
bool mqtt_take_sent(struct session *session, const struct message *message);

/* ---- subscriptions.c ---- */

struct mqtt_subscription *mqtt_subscription_find(const struct mqtt_client *client, slice filter);
void mqtt_subscription_put(struct mqtt_client *client, slice filter, uint8_t qos);
void mqtt_subscription_remove(struct mqtt_client *client, slice filter);
/* The best QoS of those that match. */
uint8_t mqtt_subscriptions_qos(const struct mqtt_client *client, slice topic);
void mqtt_subscriptions_fini(struct mqtt_client *client);

/* ---- deliver.c ---- */

/* A PUBLISH of QoS 0 that subscribers share, with the QoS that the client subscribed with. */
void mqtt_deliver_frame(struct mqtt_client *client, struct ds_frame *frame);
/* A record that the client asked for. */
void mqtt_deliver_record(struct mqtt_client *client, slice name, slice data, uint8_t qos,
                         bool retain);
void mqtt_on_puback(struct mqtt_client *client, uint16_t id);
/* Everything in flight once more, after a reconnection. */
void mqtt_deliver_again(struct mqtt_client *client);
void mqtt_deliver_take_over(struct mqtt_client *client, struct mqtt_client *from);
void mqtt_outgoing_fini(struct mqtt_client *client);
