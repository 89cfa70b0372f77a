/* Packets of a client. Nothing but a CONNECT is taken before one was accepted (F3): until then the
 * connection is paused, so that what a client sends behind its CONNECT waits. */

#include "session/mqtt/client.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/utf8.h"

static void refuse_packet(struct mqtt_client *client, const char *reason)
{
    client->session->closing = CLOSING_PROTOCOL_ERROR;
    mqtt_client_part(client, CLOSING_PROTOCOL_ERROR, reason);
}

/* Events and records are text; bytes that are none have no form in them. */
static void on_publish(struct mqtt_client *client, const struct mqtt_packet *packet)
{
    const struct mqtt_publish *publish = &packet->publish;
    if (!utf8_valid(publish->payload, false))
        refuse_packet(client, "it published what is not UTF-8");
    else if (publish->qos > 0 || publish->retain)
        mqtt_operation_publish(client, packet);
    else
        mqtt_publish(client->session, publish, SLICE(""), session_receive_message);
}

static void on_pubrel(struct mqtt_client *client, uint16_t id)
{
    if (client->received != NULL)
        client->received[id / 8] &= (uint8_t) ~(1 << id % 8);
    struct buf *answer = mqtt_scratch(client->clients);
    mqtt_write_id(answer, MQTT_PUBCOMP, id);
    mqtt_send_packet(client, answer);
}

static void on_pingreq(struct mqtt_client *client)
{
    struct buf *answer = mqtt_scratch(client->clients);
    mqtt_write_pingresp(answer);
    mqtt_send_packet(client, answer);
}

static void on_disconnect(struct mqtt_client *client)
{
    client->is_parting = true;
    client->session->closing = CLOSING_CLIENT;
    client->peer->operations->close(client->peer, DS_CLOSE_NORMAL);
}

static void on_later_packet(struct mqtt_client *client, const struct mqtt_packet *packet)
{
    switch (packet->type) {
    case MQTT_CONNECT:
        refuse_packet(client, "it sent a second CONNECT");
        return;
    case MQTT_PUBLISH:
        on_publish(client, packet);
        return;
    case MQTT_PUBACK:
        mqtt_on_puback(client, packet->id);
        return;
    case MQTT_PUBREL:
        on_pubrel(client, packet->id);
        return;
    case MQTT_SUBSCRIBE:
        mqtt_operation_subscribe(client, packet);
        return;
    case MQTT_UNSUBSCRIBE:
        mqtt_operation_unsubscribe(client, packet);
        return;
    case MQTT_PINGREQ:
        on_pingreq(client);
        return;
    case MQTT_DISCONNECT:
        on_disconnect(client);
        return;
    default:
        refuse_packet(client, "it answered a packet that it was not sent");
        return;
    }
}

void mqtt_on_packet(void *owner, const struct mqtt_packet *packet)
{
    struct mqtt_client *client = owner;
    if (client->session->state == SESSION_CLOSED)
        return;
    if (client->has_connected)
        on_later_packet(client, packet);
    else if (packet->type == MQTT_CONNECT)
        mqtt_on_connect(client, &packet->connect);
    else
        refuse_packet(client, "its first packet is no CONNECT");
}

void mqtt_publish_will(struct mqtt_client *client)
{
    if (client->will != NULL && !client->is_parting)
        mqtt_publish(client->session, client->will, SLICE(""), session_receive_last);
    client->is_parting = true;
}
