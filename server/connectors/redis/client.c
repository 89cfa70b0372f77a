#include "redis/client.h"
#include "redis/command.h"
#include "redis/slot_map.h"

#include "base/check.h"
#include "base/list.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_REDIRECTS 5
#define MOST_SERVERS 1000
#define PAUSE_MS 50 /* before a question is asked again while slots move */

struct server {
    struct redis_client *client;
    struct redis_connection *connection;
};

/* A question, kept until its answer: a redirect asks it again elsewhere, and only that, since a
 * server that redirects has done nothing. */
struct question {
    struct list_link link; /* of those that pause */
    struct redis_client *client;
    struct server *asked;
    redis_done *done;
    void *context;
    unsigned redirects;
    uint64_t deadline_ms;
    uint16_t slot;
    size_t length;
    char command[];
};

struct redis_client {
    const struct ds_services *services;
    const struct redis_settings *settings;
    slice greeting;
    size_t greeting_count;
    struct server *servers[MOST_SERVERS];
    size_t server_count;
    struct server **slots; /* of a cluster: whom to ask, or NULL */
    bool is_map_asked, is_map_stale;
    struct list_link paused;
    uv_timer_t pause; /* of a cluster: questions and the map are asked again */
    bool is_closing;
    unsigned to_close;
    bool has_outcome;  /* of connecting, whether somebody waits for it already or not */
    char refusal[600]; /* empty: it went well */
    ds_done *started;  /* who waits for the outcome, or NULL */
    void *started_context;
    void (*closed)(void *context);
    void *closed_context;
};

/* ---- the start ---- */

static void tell_started(struct redis_client *client)
{
    ds_done *started = client->started;
    client->started = NULL;
    if (started != NULL)
        started(client->started_context, client->refusal[0] == '\0' ? NULL : client->refusal);
}

/* refusal: NULL when it can be used. */
static void connected(struct redis_client *client, const char *refusal)
{
    client->has_outcome = true;
    snprintf(client->refusal, sizeof client->refusal, "%s", refusal == NULL ? "" : refusal);
    tell_started(client);
}

void redis_client_start(struct redis_client *client, ds_done *done, void *context)
{
    client->started = done;
    client->started_context = context;
    if (client->has_outcome)
        tell_started(client);
}

/* ---- servers ---- */

static void ask_map(struct redis_client *client);
static void on_pause_over(uv_timer_t *timer);

static void come_back_soon(struct redis_client *client)
{
    if (!client->is_closing && !uv_is_active((uv_handle_t *)&client->pause))
        uv_timer_start(&client->pause, on_pause_over, PAUSE_MS, 0);
}

static void on_ready(void *context)
{
    struct server *server = context;
    if (server->client->slots == NULL)
        connected(server->client, NULL);
    else if (server->client->is_map_stale)
        ask_map(server->client);
}

static void on_lost(void *context, const char *reason, bool is_final)
{
    struct server *server = context;
    server->client->is_map_stale = true; /* another one may take its place */
    if (server->client->slots != NULL)
        come_back_soon(server->client);
    if (!is_final)
        return;
    char where[270], text[600];
    redis_address_print(redis_connection_address(server->connection), where, sizeof where);
    snprintf(text, sizeof text, "redis at %s: %s", where, reason);
    connected(server->client, text);
}

static struct server *server_at(struct redis_client *client, const struct redis_address *address)
{
    static const struct redis_connection_events events = {.on_ready = on_ready, .on_lost = on_lost};
    for (size_t i = 0; i < client->server_count; i++) {
        const struct redis_address *known =
            redis_connection_address(client->servers[i]->connection);
        if (known->port == address->port && strcmp(known->host, address->host) == 0)
            return client->servers[i];
    }
    if (client->server_count == MOST_SERVERS || client->is_closing)
        return NULL;
    struct server *server = malloc(sizeof *server);
    CHECK(server != NULL);
    server->client = client;
    const struct redis_connection_config config = {.services = client->services,
                                                   .settings = client->settings,
                                                   .events = &events,
                                                   .context = server,
                                                   .greeting = client->greeting,
                                                   .greeting_count = client->greeting_count};
    server->connection = redis_connection_new(&config, address);
    client->servers[client->server_count++] = server;
    return server;
}

/* ---- the map of a cluster ---- */

static void use_map(struct redis_client *client, const redisReply *reply,
                    const struct redis_address *asked)
{
    struct redis_slot_range range;
    for (size_t i = 0; redis_reply_at(reply, i) != NULL; i++) {
        struct server *server = redis_slot_range_read(reply, i, asked, &range)
                                    ? server_at(client, &range.address)
                                    : NULL;
        for (size_t slot = range.first; server != NULL && slot <= range.last; slot++)
            client->slots[slot] = server;
    }
}

static void on_map(void *context, const struct redis_answer *answer)
{
    struct server *server = context;
    struct redis_client *client = server->client;
    client->is_map_asked = false;
    if (client->is_closing)
        return;
    bool is_map = answer->error == NULL && redis_reply_at(answer->reply, 0) != NULL;
    client->is_map_stale = !is_map;
    if (is_map)
        use_map(client, answer->reply, redis_connection_address(server->connection));
    bool is_refusal = answer->reply != NULL && answer->error != NULL &&
                      slice_starts_with(slice_of(answer->error), SLICE("ERR"));
    if (is_map || is_refusal)
        connected(client, is_map ? NULL : answer->error);
    /* What waits for the map is asked again; a map that did not come, too. */
    come_back_soon(client);
}

/* Whoever is ready may tell it. */
static struct server *any_ready(struct redis_client *client)
{
    size_t first = (size_t)(uv_hrtime() % client->server_count);
    for (size_t i = 0; i < client->server_count; i++) {
        struct server *server = client->servers[(first + i) % client->server_count];
        if (redis_connection_is_ready(server->connection))
            return server;
    }
    return NULL;
}

static void ask_map(struct redis_client *client)
{
    struct server *server = any_ready(client);
    if (client->is_map_asked || client->is_closing || server == NULL)
        return;
    struct buf command = BUF_EMPTY;
    client->is_map_asked = true;
    redis_command_append(&command, (slice[]){SLICE("CLUSTER"), SLICE("SLOTS")}, 2);
    redis_connection_send(server->connection, buf_slice(&command), 1, on_map, server);
    buf_fini(&command);
}

/* ---- questions ---- */

static void on_answer(void *context, const struct redis_answer *answer);

static void end(struct question *question, const struct redis_answer *answer)
{
    redis_done *done = question->done;
    void *context = question->context;
    free(question);
    done(context, answer);
}

static void ask_at(struct question *question, struct server *server, enum redis_redirect why)
{
    slice command = {question->command, question->length};
    question->asked = server;
    if (why != REDIS_ASK) {
        redis_connection_send(server->connection, command, 1, on_answer, question);
        return;
    }
    struct buf both = BUF_EMPTY;
    redis_command_append(&both, (slice[]){SLICE("ASKING")}, 1);
    buf_append(&both, command);
    redis_connection_send(server->connection, buf_slice(&both), 2, on_answer, question);
    buf_fini(&both);
}

static void wait_a_moment(struct question *question)
{
    list_append(&question->client->paused, &question->link);
    question->client->is_map_stale = true;
    come_back_soon(question->client);
}

/* Errors that say: nothing was done, and soon it can be. */
static bool is_passing(slice error)
{
    return slice_starts_with(error, SLICE("TRYAGAIN ")) ||
           slice_starts_with(error, SLICE("CLUSTERDOWN "));
}

/* Whether the question was asked again. */
static bool ask_again(struct question *question, const struct redis_answer *answer)
{
    struct redis_client *client = question->client;
    struct redis_address address;
    uint16_t slot;
    if (client->slots == NULL || answer->error == NULL || answer->reply == NULL)
        return false;
    slice error = redis_reply_text(answer->reply);
    if (is_passing(error) && uv_now(client->services->loop) < question->deadline_ms) {
        wait_a_moment(question);
        return true;
    }
    enum redis_redirect redirect = redis_redirect_read(
        error, redis_connection_address(question->asked->connection), &slot, &address);
    if (redirect == REDIS_NO_REDIRECT || ++question->redirects > MOST_REDIRECTS)
        return false;
    struct server *server = server_at(client, &address);
    if (server == NULL)
        return false;
    if (redirect == REDIS_MOVED) {
        client->slots[slot] = server;
        client->is_map_stale = true;
        ask_map(client);
    }
    ask_at(question, server, redirect);
    return true;
}

static void on_answer(void *context, const struct redis_answer *answer)
{
    struct question *question = context;
    if (!ask_again(question, answer))
        end(question, answer);
}

static void ask(struct question *question)
{
    struct redis_client *client = question->client;
    struct server *server =
        client->slots == NULL ? client->servers[0] : client->slots[question->slot];
    if (server != NULL)
        ask_at(question, server, REDIS_NO_REDIRECT);
    else if (uv_now(client->services->loop) < question->deadline_ms)
        wait_a_moment(question);
    else
        end(question, &(struct redis_answer){.error = "no server of the redis cluster that could "
                                                      "be reached has the slot of this record"});
}

static void on_pause_over(uv_timer_t *timer)
{
    struct redis_client *client = timer->data;
    struct list_link again = client->paused;
    if (client->is_map_stale)
        ask_map(client);
    if (list_is_empty(&client->paused)) {
        if (client->is_map_stale && !client->has_outcome)
            come_back_soon(client);
        return;
    }
    again.next->previous = again.previous->next = &again;
    list_init(&client->paused);
    while (!list_is_empty(&again)) {
        struct question *question = LIST_ITEM(again.next, struct question, link);
        list_remove(&question->link);
        ask(question);
    }
}

void redis_client_ask(struct redis_client *client, slice key, const slice *words, size_t count,
                      redis_done *done, void *context)
{
    struct buf command = BUF_EMPTY;
    redis_command_append(&command, words, count);
    if (client->slots == NULL) { /* nothing can be redirected: no copy is kept */
        redis_connection_send(client->servers[0]->connection, buf_slice(&command), 1, done,
                              context);
        buf_fini(&command);
        return;
    }
    struct question *question = malloc(sizeof *question + command.length);
    CHECK(question != NULL);
    *question = (struct question){
        .client = client,
        .done = done,
        .context = context,
        .slot = redis_slot(key),
        .deadline_ms = uv_now(client->services->loop) + client->settings->timeout_ms,
        .length = command.length,
    };
    memcpy(question->command, command.at, command.length);
    buf_fini(&command);
    ask(question);
}

/* ---- beginning and end ---- */

struct redis_client *redis_client_new(const struct ds_services *services,
                                      const struct redis_settings *settings, slice greeting,
                                      size_t greeting_count)
{
    struct redis_client *client = calloc(1, sizeof *client);
    CHECK(client != NULL);
    client->services = services;
    client->settings = settings;
    client->greeting = greeting;
    client->greeting_count = greeting_count;
    client->is_map_stale = true;
    list_init(&client->paused);
    CHECK(uv_timer_init(services->loop, &client->pause) == 0);
    client->pause.data = client;
    if (settings->is_cluster) {
        client->slots = calloc(REDIS_SLOTS, sizeof *client->slots);
        CHECK(client->slots != NULL);
    }
    for (size_t i = 0; i < settings->node_count; i++)
        server_at(client, &settings->nodes[i]);
    return client;
}

static void on_part_closed(struct redis_client *client)
{
    if (--client->to_close > 0)
        return;
    void (*closed)(void *context) = client->closed;
    void *context = client->closed_context;
    for (size_t i = 0; i < client->server_count; i++)
        free(client->servers[i]);
    free(client->slots);
    free(client);
    closed(context);
}

static void on_connection_closed(void *context)
{
    on_part_closed(context);
}

static void on_pause_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

void redis_client_close(struct redis_client *client, void (*closed)(void *context), void *context)
{
    client->is_closing = true;
    client->closed = closed;
    client->closed_context = context;
    client->to_close = (unsigned)client->server_count + 1;
    connected(client, "it is being closed");
    uv_close((uv_handle_t *)&client->pause, on_pause_closed);
    for (size_t i = 0; i < client->server_count; i++)
        redis_connection_close(client->servers[i]->connection, on_connection_closed, client);
}
