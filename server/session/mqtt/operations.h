#pragma once
/* What a client is answered when it has taken effect: packets whose messages are in the pipeline,
 * in the order in which they came.
 *
 * The pipeline serves the messages of a session strictly one after the other. So behind those of an
 * operation goes one that changes nothing and is acknowledged, the marker: when its acknowledgement
 * comes, all before it have had their effect, or have been refused. Only what a storage confirms
 * may come later. Every message names its operation in its correlation id; answers that have none
 * are those of the oldest operation that has not seen its marker. */

#include "session/mqtt/client.h"

enum mqtt_operation_kind {
    MQTT_OPERATION_SUBSCRIBE,
    MQTT_OPERATION_UNSUBSCRIBE,
    MQTT_OPERATION_PUBLISH,
    MQTT_OPERATION_RESUBSCRIBE, /* to what the client subscribed to in its last connection */
    MQTT_OPERATION_REFRESH,     /* a record that was changed, or is gone */
};

struct mqtt_wish {
    slice filter;
    uint8_t qos;
};

struct mqtt_operation {
    struct list_link link;
    enum mqtt_operation_kind kind;
    uint32_t serial;
    uint16_t id; /* of the packet */
    uint8_t qos;
    bool is_effective; /* the marker has come back */
    bool awaits_store;
    bool is_refused;    /* a message of a PUBLISH was */
    bool is_over_limit; /* the subscription that is being made is one too many */
    uint32_t count;
    struct mqtt_wish *wishes; /* of subscriptions; one block with their texts */
    uint8_t *codes;           /* of a SUBACK */
};

/* ---- operations.c ---- */

struct mqtt_operation *mqtt_operation_begin(struct mqtt_client *client,
                                            enum mqtt_operation_kind kind);

/* Behind the messages of the operation: the marker. */
void mqtt_operation_mark(struct mqtt_client *client, const struct mqtt_operation *operation);

/* The one whose messages are having their effect; or NULL. */
struct mqtt_operation *mqtt_operation_current(const struct mqtt_client *client);

/* Answers those that are settled, in the order in which their packets came (4.6). */
void mqtt_operations_answer_settled(struct mqtt_client *client);

/* A correlation id: the serial of the operation, the number of the wish. */
#define MQTT_CORRELATION_BYTES 16
slice mqtt_correlation(char text[MQTT_CORRELATION_BYTES + 1],
                       const struct mqtt_operation *operation, uint32_t index);

/* The one that the message names, and the number of its wish; or NULL. */
struct mqtt_operation *mqtt_operation_named(const struct mqtt_client *client,
                                            const struct message *message, uint32_t *index);

/* What the client did not send by itself is not counted as received. */
void mqtt_receive_own(struct session *session, const struct message *message);

/* ---- subscribe.c ---- */

struct mqtt_operation *mqtt_operation_begin_wishes(struct mqtt_client *client,
                                                   enum mqtt_operation_kind kind,
                                                   const struct mqtt_wish *wishes, uint32_t count);

/* QoS 2 is granted as 1 (3.8.4). */
void mqtt_operation_grant(struct mqtt_client *client, struct mqtt_operation *operation,
                          uint32_t index);

/* A message about one name. correlation_id empty: nobody waits. */
void mqtt_receive_named(struct session *session, enum topic topic, uint16_t action, slice name,
                        slice correlation_id, mqtt_receive *receive);

/* ---- refresh.c ---- */

/* The record is to be asked for again, with the action, at the end of the turn. */
void mqtt_note_stale(struct mqtt_client *client, slice name, uintptr_t action);
