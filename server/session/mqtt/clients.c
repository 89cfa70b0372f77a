/* The clients of an endpoint: how they begin, how they are silent, how they end. */

#include "session/mqtt/client.h"
#include "session/endpoint.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"

#include <stdlib.h>

#define SCRATCH_KEPT ((size_t)64 * 1024)
#define SWEEP_MS 1000

struct buf *mqtt_scratch(struct mqtt_clients *clients)
{
    if (clients->scratch.capacity > SCRATCH_KEPT)
        buf_fini(&clients->scratch);
    buf_clear(&clients->scratch);
    return &clients->scratch;
}

void mqtt_send_packet(struct mqtt_client *client, const struct buf *packet)
{
    if (client->peer != NULL)
        client->peer->operations->send(client->peer, buf_slice(packet));
}

/* ---- the outlet of the session ---- */

static struct mqtt_client *client_of(struct ds_outlet *outlet)
{
    return LIST_ITEM(outlet, struct mqtt_client, outlet);
}

static struct ds_frame *make_frame(slice payload)
{
    struct ds_frame *frame = ds_frame_new(payload.length);
    memcpy(frame->bytes, payload.at, payload.length);
    return frame;
}

static void send_frame(struct ds_outlet *outlet, struct ds_frame *frame)
{
    mqtt_deliver_frame(client_of(outlet), frame);
}

static void send_payload(struct ds_outlet *outlet, slice payload)
{
    struct ds_frame *frame = make_frame(payload);
    mqtt_deliver_frame(client_of(outlet), frame);
    ds_frame_release(&frame);
}

static void flush(struct ds_outlet *outlet)
{
    struct ds_outlet *peer = client_of(outlet)->peer;
    if (peer != NULL)
        peer->operations->flush(peer);
}

static void close_outlet(struct ds_outlet *outlet, enum ds_close_code code)
{
    struct mqtt_client *client = client_of(outlet);
    if (client->peer != NULL)
        client->peer->operations->close(client->peer, code);
    else
        mqtt_client_end_soon(client);
}

void mqtt_client_pause(struct mqtt_client *client, enum mqtt_pause by)
{
    bool was_paused = client->pauses != 0;
    client->pauses |= (uint8_t)by;
    if (!was_paused && client->peer != NULL)
        client->peer->operations->pause_reading(client->peer);
}

void mqtt_client_resume(struct mqtt_client *client, enum mqtt_pause by)
{
    bool was_paused = client->pauses != 0;
    client->pauses &= (uint8_t)~by;
    if (was_paused && client->pauses == 0 && client->peer != NULL)
        client->peer->operations->resume_reading(client->peer);
}

static void pause_reading(struct ds_outlet *outlet)
{
    mqtt_client_pause(client_of(outlet), PAUSED_BY_PIPELINE);
}

static void resume_reading(struct ds_outlet *outlet)
{
    mqtt_client_resume(client_of(outlet), PAUSED_BY_PIPELINE);
}

static size_t queued_bytes(const struct ds_outlet *outlet)
{
    const struct mqtt_client *client = client_of((struct ds_outlet *)(uintptr_t)outlet);
    size_t in_peer =
        client->peer == NULL ? 0 : client->peer->operations->queued_bytes(client->peer);
    return in_peer + client->outgoing_bytes;
}

const struct ds_outlet_operations mqtt_client_outlet = {
    .send = send_payload,
    .make_frame = make_frame,
    .send_frame = send_frame,
    .flush = flush,
    .close = close_outlet,
    .pause_reading = pause_reading,
    .resume_reading = resume_reading,
    .queued_bytes = queued_bytes,
};

/* ---- the end of a client ---- */

static void free_stale(struct mqtt_client *client)
{
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&client->stale, &position)) != NULL;) {
        slice key = at->key;
        slice_free(&key);
    }
    hashmap_fini(&client->stale);
}

static void leave_place(struct mqtt_client *client)
{
    struct hashmap *by_id = &client->clients->by_id;
    if (client->key.length > 0 && hashmap_find(by_id, client->key) == client)
        hashmap_remove(by_id, client->key);
}

static void free_client(struct mqtt_client *client)
{
    mqtt_operations_fini(client);
    mqtt_outgoing_fini(client);
    mqtt_subscriptions_fini(client);
    free_stale(client);
    slice_free(&client->client_id);
    slice_free(&client->key);
    free(client->will);
    free(client->received);
    free(client);
}

/* Whose peer is gone. */
static void end_client(struct mqtt_client *client)
{
    struct mqtt_clients *clients = client->clients;
    leave_place(client);
    mqtt_forget_take_over(client);
    if (client->successor !=
        NULL) { /* who was told that there is a session, and is told so again */
        client->successor->previous = NULL;
        mqtt_client_part(client->successor, CLOSING_SERVER, "what was kept for it is gone");
    }
    turn_cancel(&client->task);
    list_remove(&client->in_all);
    clients->count--;
    if (client->session->is_detached)
        clients->absent_count--;
    session_ended(client->session);
    free_client(client);
    if (clients->count == 0)
        uv_timer_stop(&clients->timer);
}

void mqtt_client_end_soon(struct mqtt_client *client)
{
    client->is_clean = true;
    turn_schedule(&client->clients->turn, &client->task);
}

void mqtt_client_part(struct mqtt_client *client, unsigned closing, const char *reason)
{
    slice who = client->client_id.length > 0 ? client->client_id : client->session->remote_address;
    if (client->peer == NULL)
        return;
    log_line(mqtt_log(client), DS_INFO, LOG_CONNECTION_ERROR,
             "closing the connection of " SLICE_FORMAT ": %s", SLICE_ARGUMENTS(who), reason);
    if (client->session->closing == CLOSING_LOST)
        client->session->closing = (uint8_t)closing;
    client->peer->operations->close(client->peer, DS_CLOSE_NORMAL);
}

/* ---- absence ---- */

static bool has_room(const struct mqtt_client *client)
{
    const struct mqtt_clients *clients = client->clients;
    if (clients->absent_count < clients->settings->max_absent_clients || client->successor != NULL)
        return true;
    log_line(mqtt_log(client), DS_WARN, LOG_LIMIT_EXCEEDED,
             "the sessions of %zu absent clients are kept, that of " SLICE_FORMAT " is not",
             clients->absent_count, SLICE_ARGUMENTS(client->client_id));
    return false;
}

static bool may_stay(const struct mqtt_client *client)
{
    bool is_stopping = client->outlet.end == DS_OUTLET_SERVER_STOP;
    return !client->is_clean && !client->is_superseded && !is_stopping &&
           client->previous == NULL && session_is_open(client->session) && has_room(client);
}

static void become_absent(struct mqtt_client *client)
{
    const struct mqtt_clients *clients = client->clients;
    client->clients->absent_count++;
    client->absent_since_ms = uv_now(clients->settings->session.loop);
    session_detach(client->session);
    if (client->outgoing_bytes > clients->settings->max_session_bytes)
        session_close(client->session, DS_CLOSE_ABORT, "more waits for it than is kept");
}

static void on_close(void *owner, const char *reason)
{
    struct mqtt_client *client = owner;
    (void)reason; /* the transport has logged what is worth a line */
    client->outlet.end = client->peer->end;
    client->peer = NULL;
    mqtt_publish_will(client);
    if (may_stay(client))
        become_absent(client);
    else
        end_client(client);
}

/* ---- the end of a turn ---- */

static void at_end_of_turn(struct turn_task *task)
{
    struct mqtt_client *client = LIST_ITEM(task, struct mqtt_client, task);
    bool is_over = client->is_superseded || !session_is_open(client->session);
    turn_cancel(task);
    if (client->peer == NULL && is_over) {
        end_client(client);
        return;
    }
    if (client->is_logged_in)
        mqtt_take_over(client);
    mqtt_operation_refresh(client);
}

/* ---- silence and expiry ---- */

static void check(struct mqtt_client *client, uint64_t now)
{
    const struct mqtt_clients_settings *settings = client->clients->settings;
    struct session *session = client->session;
    if (client->peer == NULL) {
        if (now - client->absent_since_ms >= settings->session_expiry_ms &&
            client->successor == NULL && session_is_open(session))
            session_close(session, DS_CLOSE_NORMAL, "it was absent for sessionExpiry");
    } else if (now - session->last_alive_ms > client->allowed_silence_ms) {
        mqtt_client_part(client, CLOSING_NO_HEARTBEAT, "it was silent for too long");
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct mqtt_clients *clients = timer->data;
    uint64_t now = uv_now(timer->loop);
    for (struct list_link *at = clients->all.next; at != &clients->all; at = at->next)
        check(LIST_ITEM(at, struct mqtt_client, in_all), now);
}

/* ---- the beginning of a client ---- */

static void *on_open(void *context, struct ds_outlet *peer, slice remote_address)
{
    struct mqtt_clients *clients = context;
    struct ds_http_request request = {.remote_address = remote_address};
    struct mqtt_client *client = malloc(sizeof *client);
    CHECK(client != NULL);
    *client = (struct mqtt_client){
        .outlet.operations = &mqtt_client_outlet,
        .clients = clients,
        .peer = peer,
        .allowed_silence_ms = clients->settings->idle_timeout_ms,
    };
    turn_task_init(&client->task, at_end_of_turn);
    hashmap_init(&client->subscriptions);
    hashmap_init(&client->stale);
    list_init(&client->operations);
    list_init(&client->outgoing);
    client->unsent = &client->outgoing;
    client->session = session_open(clients->sessions, &client->outlet, &request);
    list_append(&clients->all, &client->in_all);
    if (clients->count++ == 0)
        uv_timer_start(&clients->timer, on_timer, SWEEP_MS, SWEEP_MS);
    return client;
}

/* Nobody has logged in yet: authentication is told of it. */
static void on_certificate(void *owner, const struct ds_tls_peer *certificate)
{
    struct session *session = ((struct mqtt_client *)owner)->session;
    struct ds_http_request request = {.remote_address = session->remote_address,
                                      .peer = certificate};
    free((void *)(uintptr_t)session->connection_data.at);
    session->connection_data = connection_data_new(&request);
}

static void on_alive(void *owner)
{
    session_alive(((struct mqtt_client *)owner)->session);
}

/* ---- all of them ---- */

void mqtt_settings_complete(struct mqtt_clients_settings *settings)
{
    settings->session.protocol = PROTOCOL_MQTT;
    settings->session.heartbeat_interval_ms = 0; /* silence is judged here, by client */
    settings->session.max_auth_attempts = 1;     /* a CONNECT that is refused ends it (3.2.2.3) */
    settings->session.hears_itself = true;
    settings->session.take_sent = mqtt_take_sent;
}

struct mqtt_clients *mqtt_clients_new(const struct mqtt_clients_settings *settings)
{
    struct mqtt_clients *clients = calloc(1, sizeof *clients);
    CHECK(clients != NULL);
    clients->settings = settings;
    clients->endpoint = (struct mqtt_endpoint){
        .context = clients,
        .max_packet_bytes = settings->session.max_message_bytes,
        .max_queue_bytes = settings->session.max_queue_bytes,
        .on_open = on_open,
        .on_certificate = on_certificate,
        .on_packet = mqtt_on_packet,
        .on_alive = on_alive,
        .on_close = on_close,
    };
    clients->sessions = session_endpoint_new(&settings->session);
    hashmap_init(&clients->by_id);
    list_init(&clients->all);
    turn_init(&clients->turn, settings->session.loop);
    CHECK(uv_timer_init(settings->session.loop, &clients->timer) == 0);
    clients->timer.data = clients;
    return clients;
}

const struct mqtt_endpoint *mqtt_clients_endpoint(const struct mqtt_clients *clients)
{
    return &clients->endpoint;
}

const struct session_endpoint *mqtt_clients_sessions(const struct mqtt_clients *clients)
{
    return clients->sessions;
}

static void on_part_closed(struct mqtt_clients *clients)
{
    if (--clients->open_parts > 0)
        return;
    buf_fini(&clients->scratch);
    free(clients);
}

static void on_timer_closed(uv_handle_t *timer)
{
    on_part_closed(timer->data);
}

static void on_turn_closed(struct turn *turn)
{
    on_part_closed(LIST_ITEM(turn, struct mqtt_clients, turn));
}

void mqtt_clients_free(struct mqtt_clients **clients)
{
    struct mqtt_clients *ended = *clients;
    if (ended == NULL)
        return;
    while (!list_is_empty(&ended->all))
        end_client(LIST_ITEM(ended->all.next, struct mqtt_client, in_all));
    session_endpoint_free(&ended->sessions);
    hashmap_fini(&ended->by_id);
    ended->open_parts = 2;
    turn_close(&ended->turn, on_turn_closed);
    uv_close((uv_handle_t *)&ended->timer, on_timer_closed);
    *clients = NULL;
}
