/* CONNECT, its answer, and taking over what waits for a client id.
 *
 * A client id belongs to the user who logs in with it: another user's of the same name is another
 * client. So nobody is thrown out, or read, by a stranger who knows or guesses a client id. */

#include "session/mqtt/client.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"
#include "base/utf8.h"
#include "json.h"

#include <stdlib.h>

#define CLIENT_ID_BYTES 256     /* 3.1.3.1 demands 23 */
#define MS_PER_KEEP_ALIVE 1500u /* one and a half times the seconds (3.1.2.10) */

/* ---- answers ---- */

static void answer(struct mqtt_client *client, bool session_present, enum mqtt_connack code)
{
    struct buf *packet = mqtt_scratch(client->clients);
    mqtt_write_connack(packet, session_present, code);
    mqtt_send_packet(client, packet);
}

static void refuse(struct mqtt_client *client, enum mqtt_connack code, const char *reason)
{
    answer(client, false, code);
    mqtt_client_part(client, CLOSING_BAD_LOGIN, reason);
}

void mqtt_on_login_refused(struct mqtt_client *client)
{
    answer(client, false, MQTT_NOT_AUTHORIZED);
}

/* ---- what a CONNECT says ---- */

static void keep_will(struct mqtt_client *client, const struct mqtt_publish *will)
{
    struct mqtt_publish *kept = malloc(sizeof *kept + will->topic.length + will->payload.length);
    CHECK(kept != NULL);
    char *texts = (char *)(kept + 1);
    *kept = *will;
    kept->topic.at = texts;
    kept->payload.at = texts + will->topic.length;
    memcpy(texts, will->topic.at, will->topic.length);
    if (will->payload.length > 0)
        memcpy(texts + will->topic.length, will->payload.at, will->payload.length);
    client->will = kept;
}

static void write_credentials(const struct mqtt_connect *connect, struct buf *json)
{
    buf_append_byte(json, '{');
    if (connect->has_username) {
        buf_append_text(json, "\"username\":");
        json_write_text(json, connect->username);
    }
    if (connect->has_password) {
        buf_append_text(json, connect->has_username ? ",\"password\":" : "\"password\":");
        json_write_text(json, connect->password);
    }
    buf_append_byte(json, '}');
}

static void log_in(struct mqtt_client *client, const struct mqtt_connect *connect)
{
    struct buf json = BUF_EMPTY;
    write_credentials(connect, &json);
    struct message request = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    MESSAGE_SET(&request, data, buf_slice(&json));
    session_receive_message(client->session, &request);
    buf_fini(&json);
}

/* Why the CONNECT is refused with *code; or NULL. */
static const char *problem_of(const struct mqtt_connect *connect, enum mqtt_connack *code)
{
    slice id = connect->client_id;
    *code = MQTT_BAD_LEVEL;
    if (connect->level != 3 && connect->level != 4)
        return "it speaks another version of MQTT";
    *code = MQTT_BAD_CLIENT_ID;
    if (id.length == 0 && (connect->level == 3 || !connect->clean_session))
        return "it wants a session kept and has no client id";
    if (id.length > CLIENT_ID_BYTES)
        return "its client id is too long";
    *code = MQTT_BAD_CREDENTIALS;
    if (!utf8_valid(connect->password, false))
        return "its password is not UTF-8";
    *code = MQTT_UNAVAILABLE;
    if (connect->has_will && !utf8_valid(connect->will.payload, false))
        return "its will is not UTF-8";
    return NULL;
}

void mqtt_on_connect(struct mqtt_client *client, const struct mqtt_connect *connect)
{
    enum mqtt_connack code;
    const char *problem = problem_of(connect, &code);
    if (problem != NULL) {
        refuse(client, code, problem);
        return;
    }
    client->has_connected = true;
    client->is_clean = connect->clean_session || client->clients->settings->session_expiry_ms == 0;
    client->client_id = slice_copy(connect->client_id);
    if (connect->has_will)
        keep_will(client, &connect->will);
    if (connect->keep_alive_s > 0)
        client->allowed_silence_ms = connect->keep_alive_s * MS_PER_KEEP_ALIVE;
    mqtt_client_pause(client, PAUSED_BY_LOGIN);
    log_in(client, connect);
}

/* ---- the place of a client id ---- */

static void enter_place(struct mqtt_client *client)
{
    struct buf key = BUF_EMPTY;
    buf_append(&key, client->session->user_id);
    buf_append_byte(&key, '\0');
    buf_append(&key, client->client_id);
    client->key = slice_copy(buf_slice(&key));
    buf_fini(&key);
}

/* Entries hold their keys themselves, so the old one goes first. */
static void put_in_place(struct mqtt_client *client)
{
    hashmap_remove(&client->clients->by_id, client->key);
    hashmap_put(&client->clients->by_id, client->key, client);
}

/* A client that was itself still waiting for another passes it on. */
static struct mqtt_client *succeeded(struct mqtt_client *found)
{
    struct mqtt_client *old = found;
    if (found->previous != NULL) {
        old = found->previous;
        found->previous = NULL;
        old->successor = NULL;
        found->is_superseded = true;
        mqtt_client_end_soon(found);
    }
    return old;
}

static void part_with(struct mqtt_client *old)
{
    if (old->peer != NULL)
        mqtt_client_part(old, CLOSING_SERVER, "another connection came with its client id");
}

static bool take_place(struct mqtt_client *client)
{
    struct mqtt_client *found = hashmap_find(&client->clients->by_id, client->key);
    bool is_kept = false;
    if (found != NULL) {
        part_with(found);
        struct mqtt_client *old = succeeded(found);
        is_kept = !client->is_clean && !old->is_clean && session_is_open(old->session);
        if (is_kept) {
            client->previous = old;
            old->successor = client;
        } else {
            old->is_superseded = true;
            mqtt_client_end_soon(old);
        }
    }
    put_in_place(client);
    return is_kept;
}

/* Within the login: what needs a session that is known everywhere waits until the turn ends. */
void mqtt_on_login(struct mqtt_client *client)
{
    bool session_present = false;
    if (client->client_id.length > 0) {
        enter_place(client);
        session_present = take_place(client);
    }
    answer(client, session_present, MQTT_ACCEPTED);
    client->is_logged_in = true;
    turn_schedule(&client->clients->turn, &client->task);
}

/* ---- taking over ---- */

void mqtt_take_over(struct mqtt_client *client)
{
    client->is_logged_in = false;
    if (client->previous == NULL)
        mqtt_client_resume(client, PAUSED_BY_LOGIN);
    else
        mqtt_operation_resubscribe(client, client->previous);
}

void mqtt_complete_take_over(struct mqtt_client *client)
{
    struct mqtt_client *old = client->previous;
    if (!client->has_resubscribed || (old != NULL && old->operation_count > 0))
        return;
    client->has_resubscribed = false;
    if (old != NULL) {
        client->previous = NULL;
        old->successor = NULL;
        old->is_superseded = true;
        client->received = old->received;
        old->received = NULL;
        mqtt_deliver_take_over(client, old);
        mqtt_client_end_soon(old);
        mqtt_deliver_again(client);
    }
    mqtt_client_resume(client, PAUSED_BY_LOGIN);
}

void mqtt_forget_take_over(struct mqtt_client *client)
{
    struct mqtt_client *old = client->previous;
    if (old == NULL)
        return;
    client->previous = NULL;
    old->successor = NULL;
    put_in_place(old);
}
