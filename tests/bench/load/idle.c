/* Idle connections: resident memory of the server for each of many that have logged in, hold one
 * subscription, and are silent; those of HTTP have had one answer, and are kept alive. */

#include "bench/load/load.h"

static void on_message(void *context, struct binary_client *client, const struct message *message)
{
    (void)context, (void)client;
    load_fail("an unexpected " SLICE_FORMAT " came",
              SLICE_ARGUMENTS(action_name(message->topic, message->action)));
}

/* Those of MQTT were opened with a subscription; requests have none. */
static bool is_unsubscribed(const struct binary_client *client)
{
    return client->protocol != PROTOCOL_MQTT && client->protocol != PROTOCOL_HTTP;
}

void load_scenario_idle(struct load *load)
{
    size_t before = load_server_resident_bytes(load);
    load_open(load, load->options->clients, on_message);
    for (uint32_t i = 0; i < load->client_count; i++) {
        if (is_unsubscribed(&load->clients[i]))
            load_subscribe(load, i, TOPIC_EVENT, EVENT_SUBSCRIBE, 1);
        binary_client_trim(&load->clients[i]);
    }
    size_t after = load_server_resident_bytes(load);
    printf("{\"scenario\":\"idle\",\"clients\":%u,\"bytes\":%.0f}\n", load->client_count,
           (double)(after - before) / load->client_count);
}
