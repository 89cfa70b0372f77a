/* Packets about subscriptions: which messages a wish means, and when it is granted. */

#include "session/mqtt/operations.h"

#include "base/check.h"

#include <stdlib.h>

#define MOST_LEVELS 200

void mqtt_receive_named(struct session *session, enum topic topic, uint16_t action, slice name,
                        slice correlation_id, mqtt_receive *receive)
{
    struct message message = MESSAGE((uint8_t)topic, action);
    if (action == RECORD_READ && topic == TOPIC_RECORD)
        MESSAGE_SET(&message, name, name);
    else
        message_set_names(&message, &name, 1);
    if (correlation_id.length > 0)
        MESSAGE_SET(&message, correlation_id, correlation_id);
    receive(session, &message);
}

static struct mqtt_wish *copy_wishes(const struct mqtt_wish *wishes, uint32_t count)
{
    size_t bytes = count * sizeof *wishes;
    for (uint32_t i = 0; i < count; i++)
        bytes += wishes[i].filter.length;
    struct mqtt_wish *copy = malloc(bytes);
    CHECK(copy != NULL);
    char *end_of_texts = (char *)(copy + count);
    for (uint32_t i = 0; i < count; i++) {
        slice filter = wishes[i].filter;
        memcpy(end_of_texts, filter.at, filter.length);
        copy[i] = (struct mqtt_wish){{end_of_texts, filter.length}, wishes[i].qos};
        end_of_texts += filter.length;
    }
    return copy;
}

struct mqtt_operation *mqtt_operation_begin_wishes(struct mqtt_client *client,
                                                   enum mqtt_operation_kind kind,
                                                   const struct mqtt_wish *wishes, uint32_t count)
{
    struct mqtt_operation *operation = mqtt_operation_begin(client, kind);
    operation->count = count;
    operation->wishes = copy_wishes(wishes, count);
    operation->codes = malloc(count);
    CHECK(operation->codes != NULL);
    memset(operation->codes, MQTT_REFUSED, count);
    return operation;
}

void mqtt_operation_grant(struct mqtt_client *client, struct mqtt_operation *operation,
                          uint32_t index)
{
    if (operation->codes == NULL || index >= operation->count)
        return;
    const struct mqtt_wish *wish = &operation->wishes[index];
    operation->codes[index] = wish->qos > 0 ? 1 : 0;
    if (operation->kind != MQTT_OPERATION_REFRESH)
        mqtt_subscription_put(client, wish->filter, operation->codes[index]);
}

static bool has_few_levels(slice filter)
{
    unsigned slashes = 0;
    for (size_t i = 0; i < filter.length; i++)
        slashes += filter.at[i] == '/';
    return slashes < MOST_LEVELS;
}

/* Nothing before this one may still change what the client subscribes to. */
static bool is_subscribed(const struct mqtt_client *client, const struct mqtt_operation *operation,
                          slice filter)
{
    return mqtt_operation_current(client) == operation &&
           mqtt_subscription_find(client, filter) != NULL;
}

static void subscribe(struct mqtt_client *client, struct mqtt_operation *operation, uint32_t index)
{
    char text[MQTT_CORRELATION_BYTES + 1];
    slice id = mqtt_correlation(text, operation, index), filter = operation->wishes[index].filter;
    struct session *session = client->session;
    bool is_known = is_subscribed(client, operation, filter);
    bool has_wildcard = mqtt_has_wildcard(filter);
    if (!has_few_levels(filter))
        return;
    if (is_known)
        mqtt_operation_grant(client, operation, index);
    else
        mqtt_receive_named(session, TOPIC_EVENT,
                           has_wildcard ? EVENT_SUBSCRIBE_FILTER : EVENT_SUBSCRIBE, filter, id,
                           session_receive_message);
    if (has_wildcard)
        return;
    mqtt_receive_named(session, TOPIC_RECORD, is_known ? RECORD_READ : RECORD_SUBSCRIBEANDREAD,
                       filter, id, session_receive_message);
}

static void unsubscribe(struct mqtt_client *client, slice filter)
{
    struct session *session = client->session;
    bool has_wildcard = mqtt_has_wildcard(filter);
    mqtt_receive_named(session, TOPIC_EVENT,
                       has_wildcard ? EVENT_UNSUBSCRIBE_FILTER : EVENT_UNSUBSCRIBE, filter,
                       SLICE(""), session_receive_message);
    if (!has_wildcard)
        mqtt_receive_named(session, TOPIC_RECORD, RECORD_UNSUBSCRIBE, filter, SLICE(""),
                           session_receive_message);
}

static uint32_t count_filters(const struct mqtt_packet *packet)
{
    uint32_t count = 0;
    slice rest = packet->filters;
    for (struct mqtt_filter filter; mqtt_filter_next(packet, &rest, &filter);)
        count++;
    return count;
}

static struct mqtt_operation *begin_filters(struct mqtt_client *client,
                                            enum mqtt_operation_kind kind,
                                            const struct mqtt_packet *packet)
{
    uint32_t count = count_filters(packet), i = 0;
    struct mqtt_wish *wishes = malloc(count * sizeof *wishes);
    CHECK(wishes != NULL);
    slice rest = packet->filters;
    for (struct mqtt_filter filter; i < count && mqtt_filter_next(packet, &rest, &filter); i++)
        wishes[i] = (struct mqtt_wish){filter.text, filter.qos};
    struct mqtt_operation *operation = mqtt_operation_begin_wishes(client, kind, wishes, count);
    operation->id = packet->id;
    free(wishes);
    return operation;
}

void mqtt_operation_subscribe(struct mqtt_client *client, const struct mqtt_packet *packet)
{
    struct mqtt_operation *operation = begin_filters(client, MQTT_OPERATION_SUBSCRIBE, packet);
    for (uint32_t i = 0; i < operation->count; i++)
        subscribe(client, operation, i);
    mqtt_operation_mark(client, operation);
}

void mqtt_operation_unsubscribe(struct mqtt_client *client, const struct mqtt_packet *packet)
{
    struct mqtt_operation *operation = begin_filters(client, MQTT_OPERATION_UNSUBSCRIBE, packet);
    for (uint32_t i = 0; i < operation->count; i++)
        unsubscribe(client, operation->wishes[i].filter);
    mqtt_operation_mark(client, operation);
}

void mqtt_operation_resubscribe(struct mqtt_client *client, const struct mqtt_client *as)
{
    size_t position = 0;
    uint32_t count = 0;
    struct mqtt_wish *wishes = malloc((as->subscriptions.count + 1) * sizeof *wishes);
    CHECK(wishes != NULL);
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&as->subscriptions, &position)) != NULL;)
        wishes[count++] =
            (struct mqtt_wish){at->key, ((const struct mqtt_subscription *)at->value)->qos};
    struct mqtt_operation *operation =
        mqtt_operation_begin_wishes(client, MQTT_OPERATION_RESUBSCRIBE, wishes, count);
    free(wishes);
    for (uint32_t i = 0; i < count; i++)
        subscribe(client, operation, i);
    mqtt_operation_mark(client, operation);
}
