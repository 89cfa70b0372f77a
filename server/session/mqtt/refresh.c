/* Records that were changed by patches or are gone: what subscribers have of them is stale, and
 * they are asked for again at the end of the turn. */

#include "session/mqtt/operations.h"

static void refresh(struct mqtt_client *client, slice name, uint16_t action)
{
    char text[MQTT_CORRELATION_BYTES + 1];
    const struct mqtt_subscription *subscription = mqtt_subscription_find(client, name);
    if (subscription == NULL)
        return;
    struct mqtt_wish wish = {name, subscription->qos};
    struct mqtt_operation *operation =
        mqtt_operation_begin_wishes(client, MQTT_OPERATION_REFRESH, &wish, 1);
    mqtt_receive_named(client->session, TOPIC_RECORD, action, operation->wishes[0].filter,
                       mqtt_correlation(text, operation, 0), mqtt_receive_own);
    mqtt_operation_mark(client, operation);
}

void mqtt_operation_refresh(struct mqtt_client *client)
{
    size_t position = 0;
    struct hashmap stale = client->stale;
    hashmap_init(&client->stale);
    for (const struct hashmap_entry *at; (at = hashmap_next(&stale, &position)) != NULL;) {
        slice name = at->key;
        refresh(client, name, (uint16_t)(uintptr_t)at->value);
        slice_free(&name);
    }
    hashmap_fini(&stale);
}

/* The map holds the action to ask with. */
void mqtt_note_stale(struct mqtt_client *client, slice name, uintptr_t action)
{
    if (client->is_superseded || mqtt_subscription_find(client, name) == NULL)
        return;
    uintptr_t known = (uintptr_t)hashmap_find(&client->stale, name);
    if (known == RECORD_SUBSCRIBEANDREAD)
        return;
    slice key = known == 0 ? slice_copy(name) : name;
    hashmap_put(&client->stale, key, (void *)action);
    turn_schedule(&client->clients->turn, &client->task);
}
