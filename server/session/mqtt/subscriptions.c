/* What a client subscribes to, with which QoS. The registries of the handlers know who gets what;
 * this list is for the QoS, and for the client's next connection. */

#include "session/mqtt/client.h"

#include "base/check.h"

#include <stdlib.h>

struct mqtt_subscription *mqtt_subscription_find(const struct mqtt_client *client, slice filter)
{
    return hashmap_find(&client->subscriptions, filter);
}

static void count(struct mqtt_client *client, const struct mqtt_subscription *subscription,
                  uint32_t one)
{
    client->confirmed_count += subscription->qos > 0 ? one : 0;
    client->wildcard_count += subscription->has_wildcard ? one : 0;
}

void mqtt_subscription_put(struct mqtt_client *client, slice filter, uint8_t qos)
{
    struct mqtt_subscription *subscription = mqtt_subscription_find(client, filter);
    if (subscription != NULL) {
        count(client, subscription, (uint32_t)-1);
        subscription->qos = qos;
        count(client, subscription, 1);
        return;
    }
    subscription = malloc(sizeof *subscription + filter.length);
    CHECK(subscription != NULL);
    *subscription = (struct mqtt_subscription){
        .qos = qos, .has_wildcard = mqtt_has_wildcard(filter), .length = filter.length};
    memcpy(subscription->filter, filter.at, filter.length);
    hashmap_put(&client->subscriptions, (slice){subscription->filter, filter.length}, subscription);
    count(client, subscription, 1);
}

void mqtt_subscription_remove(struct mqtt_client *client, slice filter)
{
    struct mqtt_subscription *subscription = hashmap_remove(&client->subscriptions, filter);
    if (subscription != NULL)
        count(client, subscription, (uint32_t)-1);
    free(subscription);
}

uint8_t mqtt_subscriptions_qos(const struct mqtt_client *client, slice topic)
{
    if (client->confirmed_count == 0)
        return 0;
    const struct mqtt_subscription *exact = mqtt_subscription_find(client, topic);
    if (exact != NULL && exact->qos > 0)
        return exact->qos;
    if (client->wildcard_count == 0)
        return 0;
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&client->subscriptions, &position)) != NULL;) {
        const struct mqtt_subscription *subscription = at->value;
        if (subscription->has_wildcard && subscription->qos > 0 && mqtt_matches(at->key, topic))
            return subscription->qos;
    }
    return 0;
}

void mqtt_subscriptions_fini(struct mqtt_client *client)
{
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&client->subscriptions, &position)) != NULL;)
        free(at->value);
    hashmap_fini(&client->subscriptions);
}
