/* Messages to a client. Those of QoS 0 are one frame for all receivers. One of QoS 1 keeps a
 * reference to that frame until the client has acknowledged it; only its head is written anew. */

#include "session/mqtt/client.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"

#include <stdlib.h>

/* ---- the queue ---- */

static size_t weight_of(const struct mqtt_outgoing *outgoing)
{
    return sizeof *outgoing + outgoing->frame->length;
}

static struct mqtt_outgoing *item(struct list_link *link)
{
    return LIST_ITEM(link, struct mqtt_outgoing, link);
}

static void drop(struct mqtt_client *client, struct mqtt_outgoing *outgoing)
{
    if (client->unsent == &outgoing->link)
        client->unsent = outgoing->link.next;
    if (outgoing->id != 0)
        client->in_flight--;
    client->outgoing_bytes -= weight_of(outgoing);
    list_remove(&outgoing->link);
    ds_frame_release(&outgoing->frame);
    free(outgoing);
}

void mqtt_outgoing_fini(struct mqtt_client *client)
{
    while (!list_is_empty(&client->outgoing))
        drop(client, item(client->outgoing.next));
}

/* ---- sending ---- */

static struct mqtt_publish publish_of(const struct ds_frame *frame)
{
    struct mqtt_head head;
    struct mqtt_packet packet;
    slice bytes = {frame->bytes, frame->length};
    CHECK(mqtt_read_head(bytes, &head) == MQTT_COMPLETE);
    CHECK(mqtt_read(&head, slice_part(bytes, head.bytes, bytes.length), &packet) == NULL);
    return packet.publish;
}

enum sending { SENT_FIRST, SENT_AGAIN };

static void send_outgoing(struct mqtt_client *client, const struct mqtt_outgoing *outgoing,
                          enum sending sending)
{
    struct mqtt_publish publish = publish_of(outgoing->frame);
    publish.qos = 1;
    publish.retain = outgoing->retain;
    publish.is_duplicate = sending == SENT_AGAIN;
    struct buf *packet = mqtt_scratch(client->clients);
    mqtt_write_publish_head(packet, &publish, outgoing->id);
    buf_append(packet, publish.payload);
    mqtt_send_packet(client, packet);
}

static bool is_in_flight(struct mqtt_client *client, uint16_t id)
{
    for (struct list_link *at = client->outgoing.next; at != client->unsent; at = at->next) {
        if (item(at)->id == id)
            return true;
    }
    return false;
}

static uint16_t next_id(struct mqtt_client *client)
{
    do {
        client->last_id++;
    } while (client->last_id == 0 || is_in_flight(client, client->last_id));
    return client->last_id;
}

static void send_waiting(struct mqtt_client *client)
{
    while (client->peer != NULL && client->unsent != &client->outgoing &&
           client->in_flight < client->clients->settings->max_in_flight) {
        struct mqtt_outgoing *outgoing = item(client->unsent);
        outgoing->id = next_id(client);
        client->unsent = outgoing->link.next;
        client->in_flight++;
        send_outgoing(client, outgoing, SENT_FIRST);
    }
}

void mqtt_deliver_again(struct mqtt_client *client)
{
    for (struct list_link *at = client->outgoing.next; at != client->unsent; at = at->next)
        send_outgoing(client, item(at), SENT_AGAIN);
    send_waiting(client);
}

void mqtt_on_puback(struct mqtt_client *client, uint16_t id)
{
    for (struct list_link *at = client->outgoing.next; at != client->unsent; at = at->next) {
        if (item(at)->id == id) {
            drop(client, item(at));
            send_waiting(client);
            return;
        }
    }
}

/* ---- queueing ---- */

/* What an absent client has lost it learns by the missing session when it comes again. */
static void end_for_overflow(struct mqtt_client *client)
{
    struct session *session = client->session;
    log_line(mqtt_log(client), DS_WARN, LOG_SLOW_RECEIVER,
             SLICE_FORMAT " does not take what it subscribed to: %zu bytes wait, its session ends",
             SLICE_ARGUMENTS(client->client_id), client->outgoing_bytes);
    session->closing = CLOSING_SLOW_RECEIVER;
    session_close(session, DS_CLOSE_ABORT, "too much waits for its acknowledgement");
}

static void queue(struct mqtt_client *client, struct ds_frame *frame, bool retain)
{
    const struct mqtt_clients_settings *settings = client->clients->settings;
    struct mqtt_outgoing *outgoing = malloc(sizeof *outgoing);
    CHECK(outgoing != NULL);
    *outgoing = (struct mqtt_outgoing){.frame = ds_frame_retain(frame), .retain = retain};
    list_append(&client->outgoing, &outgoing->link);
    if (client->unsent == &client->outgoing)
        client->unsent = &outgoing->link;
    client->outgoing_bytes += weight_of(outgoing);
    size_t most =
        client->peer == NULL ? settings->max_session_bytes : settings->session.max_queue_bytes;
    if (client->outgoing_bytes > most)
        end_for_overflow(client);
    else
        send_waiting(client);
}

static void deliver(struct mqtt_client *client, struct ds_frame *frame, uint8_t qos, bool retain)
{
    if (client->is_superseded || client->previous != NULL)
        return;
    if (qos > 0)
        queue(client, frame, retain);
    else if (client->peer != NULL)
        client->peer->operations->send_frame(client->peer, frame);
}

void mqtt_deliver_frame(struct mqtt_client *client, struct ds_frame *frame)
{
    uint8_t qos =
        client->confirmed_count == 0 ? 0 : mqtt_subscriptions_qos(client, publish_of(frame).topic);
    deliver(client, frame, qos, false);
}

void mqtt_deliver_record(struct mqtt_client *client, slice name, slice data, uint8_t qos,
                         bool retain)
{
    struct mqtt_publish publish = {.topic = name, .payload = data, .retain = retain};
    size_t length = mqtt_publish_bytes(&publish);
    if (length == 0)
        return;
    struct buf *packet = mqtt_scratch(client->clients);
    mqtt_write_publish_head(packet, &publish, 0);
    buf_append(packet, data);
    struct ds_frame *frame = ds_frame_new(packet->length);
    memcpy(frame->bytes, packet->at, packet->length);
    deliver(client, frame, qos, retain);
    ds_frame_release(&frame);
}

/* ---- taking over ---- */

/* The new client has nothing yet: it got nothing while the old one did. */
void mqtt_deliver_take_over(struct mqtt_client *client, struct mqtt_client *from)
{
    while (!list_is_empty(&from->outgoing)) {
        struct list_link *link = from->outgoing.next;
        list_remove(link);
        list_append(&client->outgoing, link);
        if (item(link)->id == 0 && client->unsent == &client->outgoing)
            client->unsent = link;
    }
    from->unsent = &from->outgoing;
    client->outgoing_bytes = from->outgoing_bytes;
    client->in_flight = from->in_flight;
    client->last_id = from->last_id;
    from->outgoing_bytes = 0;
    from->in_flight = 0;
}
