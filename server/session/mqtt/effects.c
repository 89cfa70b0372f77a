/* What handlers answer: which operation had its effect, or was refused, and what of a record goes
 * to the client. */

#include "session/mqtt/operations.h"

#include "metrics/metrics.h"

static void on_marker(struct mqtt_client *client, struct mqtt_operation *operation)
{
    if (operation == NULL)
        return;
    operation->is_effective = true;
    if (operation->kind == MQTT_OPERATION_UNSUBSCRIBE) {
        for (uint32_t i = 0; i < operation->count; i++)
            mqtt_subscription_remove(client, operation->wishes[i].filter);
    }
    mqtt_operations_answer_settled(client);
}

static void on_stored(struct mqtt_client *client, struct mqtt_operation *operation, bool is_stored)
{
    if (operation == NULL || operation->kind != MQTT_OPERATION_PUBLISH)
        return;
    operation->awaits_store = false;
    operation->is_refused = operation->is_refused || !is_stored;
    mqtt_operations_answer_settled(client);
}

static void on_subscribed(struct mqtt_client *client, struct mqtt_operation *operation,
                          uint32_t index)
{
    if (operation == NULL)
        return;
    if (!operation->is_over_limit)
        mqtt_operation_grant(client, operation, index);
    operation->is_over_limit = false;
}

static void on_event_answer(struct mqtt_client *client, const struct message *message)
{
    uint32_t index = 0;
    struct mqtt_operation *operation = mqtt_operation_named(client, message, &index);
    struct mqtt_operation *now = mqtt_operation_current(client);
    if (message->action == EVENT_MULTIPLE_SUBSCRIPTIONS && now != NULL)
        now->is_over_limit = mqtt_subscription_find(client, message->name) == NULL;
    else if (message->is_ack && message->action == EVENT_UNSUBSCRIBE)
        on_marker(client, operation);
    else if (message->is_ack && message->action != EVENT_UNSUBSCRIBE_FILTER)
        on_subscribed(client, operation, index);
    else if (message->is_error && operation != NULL)
        operation->is_refused = true;
}

static struct mqtt_wish *wish_of(const struct mqtt_operation *operation, slice name,
                                 uint32_t *index)
{
    for (*index = 0; *index < operation->count; ++*index) {
        if (slice_equal(operation->wishes[*index].filter, name))
            return &operation->wishes[*index];
    }
    return NULL;
}

/* A record as it is: what is retained, for a new subscriber; or what has become of it. */
static void on_record(struct mqtt_client *client, const struct message *message)
{
    uint32_t index;
    struct mqtt_operation *operation = mqtt_operation_current(client);
    const struct mqtt_wish *wish =
        operation == NULL ? NULL : wish_of(operation, message->name, &index);
    if (wish == NULL)
        return;
    mqtt_operation_grant(client, operation, index);
    if (message->version == DS_MISSING || operation->kind == MQTT_OPERATION_RESUBSCRIBE)
        return;
    metrics_sent(client->session->settings->metrics, message, 1);
    mqtt_deliver_record(client, message->name, message->data, wish->qos,
                        operation->kind == MQTT_OPERATION_SUBSCRIBE);
}

/* A record that was deleted has no subscribers any more; here a topic stays one. */
static void on_deleted(struct mqtt_client *client, const struct message *message)
{
    mqtt_note_stale(client, message->name, RECORD_SUBSCRIBEANDREAD);
    if (message->action == RECORD_DELETE_SUCCESS)
        on_stored(client, mqtt_operation_current(client), true);
}

/* Returns whether the message is dealt with. */
static bool on_record_answer(struct mqtt_client *client, const struct message *message)
{
    uint32_t index;
    switch (message->action) {
    case RECORD_UPDATE:
        return false;
    case RECORD_DELETED:
        on_deleted(client, message);
        return false;
    case RECORD_DELETE_SUCCESS:
        on_deleted(client, message);
        return true;
    case RECORD_PATCH:
    case RECORD_PATCH_MULTI:
        mqtt_note_stale(client, message->name, RECORD_READ);
        return true;
    case RECORD_READ_RESPONSE:
        on_record(client, message);
        return true;
    default:
        if (message->is_error || message->action == RECORD_WRITE_ACKNOWLEDGEMENT)
            on_stored(client, mqtt_operation_named(client, message, &index), !message->is_error);
        return true;
    }
}

/* A feature that is switched off. */
static void on_unknown(struct mqtt_client *client, const struct message *message)
{
    struct mqtt_operation *operation = mqtt_operation_current(client);
    bool is_marker =
        message->original_topic == TOPIC_EVENT && message->original_action == EVENT_UNSUBSCRIBE;
    if (operation == NULL)
        return;
    if (is_marker)
        on_marker(client, operation);
    else if (message->original_topic == TOPIC_RECORD)
        on_stored(client, operation, false);
    else
        operation->is_refused = true;
}

bool mqtt_take_sent(struct session *session, const struct message *message)
{
    struct mqtt_client *client = mqtt_client_of(session);
    switch (message->topic) {
    case TOPIC_EVENT:
        if (message->action == EVENT_EMIT)
            return false;
        on_event_answer(client, message);
        return true;
    case TOPIC_RECORD:
        return on_record_answer(client, message);
    case TOPIC_PARSER:
        on_unknown(client, message);
        return true;
    case TOPIC_AUTH:
        if (message->action == AUTH_AUTH_SUCCESSFUL)
            mqtt_on_login(client);
        else if (message->action == AUTH_AUTH_UNSUCCESSFUL)
            mqtt_on_login_refused(client);
        return true;
    default:
        return true;
    }
}
