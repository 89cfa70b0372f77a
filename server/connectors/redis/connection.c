#include "redis/connection.h"
#include "redis/command.h"
#include "redis/link.h"
#include "shared/backoff.h"
#include "shared/outage.h"

#include "base/check.h"
#include "base/list.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_RETRY_MS 50
#define MOST_RETRY_MS 3000
#define MOST_PENDING 1000000 /* requests */
#define TICKS_OF_TIMEOUT 8   /* how exactly a timeout is kept */

enum state {
    DOWN, /* waits to be tried again */
    CONNECTING,
    GREETING, /* connected; the server has not let us in yet */
    READY,
    CLOSING,
};

struct request {
    struct list_link link;
    redis_done *done; /* NULL: of the greeting */
    void *context;
    uint64_t deadline_ms;
    size_t replies; /* that are still to come */
    size_t length;  /* of the commands that follow, while it waits; 0 once they are sent */
    char commands[];
};

struct redis_connection {
    struct redis_connection_config config;
    struct redis_address address;
    enum state state;
    struct redis_link *link;
    struct redis_reader reader;
    struct list_link sent, waiting; /* both with growing deadlines */
    size_t pending;                 /* requests in both */
    size_t waiting_bytes;
    struct buf outgoing; /* of this turn of the loop */
    uv_prepare_t flusher;
    uv_timer_t retry, patience;
    uint64_t connect_deadline_ms, down_since_ms;
    struct backoff backoff;
    struct outage outage;
    char reason[300]; /* why it is down */
    unsigned on_loop; /* handles and links that are not gone yet */
    void (*closed)(void *context);
    void *closed_context;
    bool is_reading; /* a drop must not free what is being read */
};

static uint64_t now_ms(const struct redis_connection *connection)
{
    return uv_now(connection->config.services->loop);
}

static uint32_t timeout_ms(const struct redis_connection *connection)
{
    return connection->config.settings->timeout_ms;
}

/* ---- answers ---- */

static void finish(struct redis_connection *connection, struct request *request,
                   const struct redis_answer *answer)
{
    list_remove(&request->link);
    connection->pending--;
    connection->waiting_bytes -= request->length;
    redis_done *done = request->done;
    void *context = request->context;
    free(request);
    if (done != NULL)
        done(context, answer);
}

static void fail_list(struct redis_connection *connection, struct list_link *list,
                      const char *error)
{
    struct list_link failed; /* callbacks may ask for more meanwhile */
    list_init(&failed);
    if (!list_is_empty(list)) {
        failed = *list;
        failed.next->previous = failed.previous->next = &failed;
        list_init(list);
    }
    while (!list_is_empty(&failed))
        finish(connection, LIST_ITEM(failed.next, struct request, link),
               &(struct redis_answer){.error = error});
}

static void unreachable_text(const struct redis_connection *connection, char *out, size_t size)
{
    snprintf(out, size, "%s cannot be reached: %s", connection->outage.backend, connection->reason);
}

/* ---- losing it ---- */

static void on_retry(uv_timer_t *timer);

static void lose(struct redis_connection *connection, const char *reason, bool is_final)
{
    char text[sizeof connection->reason + 400];
    if (connection->state == DOWN || connection->state == CLOSING)
        return;
    if (connection->state == READY)
        connection->down_since_ms = now_ms(connection);
    connection->state = DOWN;
    snprintf(connection->reason, sizeof connection->reason, "%s", reason);
    redis_link_close(&connection->link);
    if (!connection->is_reading)
        redis_reader_fini(&connection->reader);
    buf_clear(&connection->outgoing);
    uv_timer_start(&connection->retry, on_retry, backoff_next(&connection->backoff), 0);
    if (is_final)
        outage_refused(&connection->outage, connection->reason);
    else
        outage_lost(&connection->outage, connection->reason);
    snprintf(text, sizeof text, "%s was lost before it answered: %s", connection->outage.backend,
             connection->reason);
    fail_list(connection, &connection->sent, text);
    if (connection->state == DOWN && connection->config.events->on_lost != NULL)
        connection->config.events->on_lost(connection->config.context, connection->reason,
                                           is_final);
}

void redis_connection_drop(struct redis_connection *connection, const char *reason)
{
    lose(connection, reason, false);
}

/* ---- time ---- */

static void give_up_waiting(struct redis_connection *connection, uint64_t now)
{
    char text[sizeof connection->reason + 400];
    unreachable_text(connection, text, sizeof text);
    while (!list_is_empty(&connection->waiting)) {
        struct request *first = LIST_ITEM(connection->waiting.next, struct request, link);
        if (first->deadline_ms > now)
            return;
        finish(connection, first, &(struct redis_answer){.error = text});
    }
}

static bool is_being_made(const struct redis_connection *connection)
{
    return connection->state == CONNECTING || connection->state == GREETING;
}

static void on_patience(uv_timer_t *timer)
{
    struct redis_connection *connection = timer->data;
    uint64_t now = now_ms(connection);
    char text[80];
    if (is_being_made(connection) && connection->connect_deadline_ms <= now) {
        snprintf(text, sizeof text, "no connection within %u ms", timeout_ms(connection));
        lose(connection, text, false);
    }
    if (!list_is_empty(&connection->sent) &&
        LIST_ITEM(connection->sent.next, struct request, link)->deadline_ms <= now) {
        snprintf(text, sizeof text, "no answer within %u ms", timeout_ms(connection));
        lose(connection, text, false);
    }
    give_up_waiting(connection, now);
    if (connection->pending == 0 && !is_being_made(connection))
        uv_timer_stop(timer);
}

static void watch_time(struct redis_connection *connection)
{
    uint64_t tick_ms = timeout_ms(connection) / TICKS_OF_TIMEOUT + 1;
    if (!uv_is_active((uv_handle_t *)&connection->patience))
        uv_timer_start(&connection->patience, on_patience, tick_ms, tick_ms);
}

/* ---- sending ---- */

static void on_flush(uv_prepare_t *flusher)
{
    struct redis_connection *connection = flusher->data;
    uv_prepare_stop(flusher);
    if (connection->link != NULL && connection->outgoing.length > 0)
        redis_link_write(connection->link, &connection->outgoing);
}

static void put(struct redis_connection *connection, slice commands)
{
    buf_append(&connection->outgoing, commands);
    uv_prepare_start(&connection->flusher, on_flush);
}

static struct request *request_new(struct redis_connection *connection, size_t replies,
                                   redis_done *done, void *context, slice kept)
{
    struct request *request = malloc(sizeof *request + kept.length);
    CHECK(request != NULL);
    *request = (struct request){.done = done,
                                .context = context,
                                .replies = replies,
                                .deadline_ms = now_ms(connection) + timeout_ms(connection),
                                .length = kept.length};
    if (kept.length > 0)
        memcpy(request->commands, kept.at, kept.length);
    connection->pending++;
    connection->waiting_bytes += kept.length;
    watch_time(connection);
    return request;
}

static void send_waiting(struct redis_connection *connection)
{
    while (!list_is_empty(&connection->waiting)) {
        struct request *request = LIST_ITEM(connection->waiting.next, struct request, link);
        list_remove(&request->link);
        list_append(&connection->sent, &request->link);
        request->deadline_ms = now_ms(connection) + timeout_ms(connection);
        put(connection, (slice){request->commands, request->length});
        connection->waiting_bytes -= request->length;
        request->length = 0;
    }
}

static bool has_room(const struct redis_connection *connection, size_t length)
{
    size_t held = connection->waiting_bytes + connection->outgoing.length +
                  (connection->link == NULL ? 0 : redis_link_unsent(connection->link));
    size_t most = connection->config.settings->most_waiting_bytes;
    return connection->pending < MOST_PENDING &&
           (held == 0 || (held < most && length <= most - held));
}

void redis_connection_send(struct redis_connection *connection, slice commands, size_t count,
                           redis_done *done, void *context)
{
    char text[sizeof connection->reason + 400];
    if (connection->state == READY && has_room(connection, commands.length)) {
        list_append(&connection->sent,
                    &request_new(connection, count, done, context, SLICE(""))->link);
        put(connection, commands);
        return;
    }
    bool is_long_gone = now_ms(connection) - connection->down_since_ms >= timeout_ms(connection);
    if (connection->state == CLOSING)
        snprintf(text, sizeof text, "%s is being left", connection->outage.backend);
    else if (connection->state != READY && is_long_gone)
        unreachable_text(connection, text, sizeof text);
    else if (!has_room(connection, commands.length))
        snprintf(text, sizeof text, "too much waits for %s already", connection->outage.backend);
    else {
        list_append(&connection->waiting,
                    &request_new(connection, count, done, context, commands)->link);
        return;
    }
    done(context, &(struct redis_answer){.error = text});
}

void redis_connection_push(struct redis_connection *connection, slice commands)
{
    if (connection->state == READY)
        put(connection, commands);
}

/* ---- receiving ---- */

static void become_ready(struct redis_connection *connection)
{
    connection->state = READY;
    backoff_reset(&connection->backoff);
    outage_over(&connection->outage);
    send_waiting(connection);
    if (connection->config.events->on_ready != NULL)
        connection->config.events->on_ready(connection->config.context);
}

static bool starts(const redisReply *reply, slice word)
{
    return slice_starts_with(redis_reply_text(reply), word);
}

/* What no second try changes. */
static bool is_refusal(const redisReply *reply)
{
    return starts(reply, SLICE("WRONGPASS")) || starts(reply, SLICE("NOAUTH")) ||
           starts(reply, SLICE("NOPERM")) || starts(reply, SLICE("ERR"));
}

static void greeted(struct redis_connection *connection, struct request *request,
                    const redisReply *reply)
{
    char text[240];
    if (reply->type == REDIS_REPLY_ERROR) {
        snprintf(text, sizeof text, "it answers %.200s", reply->str);
        lose(connection, text, is_refusal(reply));
        return;
    }
    if (--request->replies > 0)
        return;
    finish(connection, request, &(struct redis_answer){.reply = reply});
    become_ready(connection);
}

/* A server that has become a replica does nothing for us any more; behind its name there may be
 * another one by now. */
static void tell(struct redis_connection *connection, struct request *request,
                 const redisReply *reply)
{
    bool is_error = reply->type == REDIS_REPLY_ERROR;
    finish(connection, request,
           &(struct redis_answer){.error = is_error ? reply->str : NULL, .reply = reply});
    if (is_error && starts(reply, SLICE("READONLY")))
        lose(connection, "it has become a replica, which nobody may write to", false);
}

static void answered(struct redis_connection *connection, const redisReply *reply)
{
    if (connection->state == READY && connection->config.events->on_push != NULL) {
        connection->config.events->on_push(connection->config.context, reply);
        return;
    }
    if (list_is_empty(&connection->sent)) {
        lose(connection, "it answered what nobody asked", false);
        return;
    }
    struct request *first = LIST_ITEM(connection->sent.next, struct request, link);
    if (first->done == NULL)
        greeted(connection, first, reply);
    else if (--first->replies == 0)
        tell(connection, first, reply);
}

static void on_bytes(void *context, slice bytes)
{
    struct redis_connection *connection = context;
    const struct redis_link *link = connection->link;
    const char *problem = redis_reader_feed(&connection->reader, bytes);
    connection->is_reading = true;
    while (problem == NULL && connection->link == link) {
        redisReply *reply;
        problem = redis_reader_next(&connection->reader, &reply);
        if (problem != NULL || reply == NULL)
            break;
        answered(connection, reply);
        freeReplyObject(reply);
    }
    connection->is_reading = false;
    if (connection->link != link)
        redis_reader_fini(&connection->reader);
    else if (problem != NULL)
        lose(connection, problem, false);
}

/* ---- connecting ---- */

static void greet(struct redis_connection *connection)
{
    const struct redis_settings *settings = connection->config.settings;
    struct buf commands = BUF_EMPTY;
    size_t count = 1 + connection->config.greeting_count;
    if (settings->password.length > 0) {
        slice words[] = {SLICE("AUTH"), settings->user, settings->password};
        if (settings->user.length == 0)
            words[1] = settings->password;
        redis_command_append(&commands, words, settings->user.length == 0 ? 2 : 3);
        count++;
    }
    if (settings->database != 0) {
        char number[12];
        snprintf(number, sizeof number, "%u", settings->database);
        redis_command_append(&commands, (slice[]){SLICE("SELECT"), slice_of(number)}, 2);
        count++;
    }
    redis_command_append(&commands, (slice[]){SLICE("PING")}, 1); /* it may still be loading */
    if (connection->config.greeting_count > 0)
        buf_append(&commands, connection->config.greeting);
    connection->state = GREETING;
    list_append(&connection->sent, &request_new(connection, count, NULL, NULL, SLICE(""))->link);
    put(connection, buf_slice(&commands));
    buf_fini(&commands);
}

static void on_open(void *context)
{
    greet(context);
}

static void on_link_lost(void *context, const char *reason, bool is_final)
{
    lose(context, reason, is_final);
}

static void release(struct redis_connection *connection)
{
    if (--connection->on_loop > 0)
        return;
    void (*closed)(void *context) = connection->closed;
    void *context = connection->closed_context;
    free(connection);
    closed(context);
}

static void on_gone(void *context)
{
    release(context);
}

static void connect_now(struct redis_connection *connection)
{
    static const struct redis_link_events events = {
        .on_open = on_open, .on_bytes = on_bytes, .on_lost = on_link_lost, .on_gone = on_gone};
    connection->state = CONNECTING;
    connection->connect_deadline_ms = now_ms(connection) + timeout_ms(connection);
    redis_reader_init(&connection->reader);
    connection->link = redis_link_open(connection->config.services->loop, &connection->address,
                                       connection->config.settings, &events, connection);
    if (connection->link == NULL) {
        lose(connection, "its host can be no name", true);
        return;
    }
    connection->on_loop++;
    watch_time(connection);
}

static void on_retry(uv_timer_t *timer)
{
    connect_now(timer->data);
}

struct redis_connection *redis_connection_new(const struct redis_connection_config *config,
                                              const struct redis_address *address)
{
    char where[270], backend[300];
    struct redis_connection *connection = calloc(1, sizeof *connection);
    CHECK(connection != NULL);
    connection->config = *config;
    connection->address = *address;
    redis_address_print(address, where, sizeof where);
    snprintf(backend, sizeof backend, "redis at %s", where);
    outage_init(&connection->outage, config->services, backend);
    snprintf(connection->reason, sizeof connection->reason, "it was never connected");
    list_init(&connection->sent);
    list_init(&connection->waiting);
    connection->backoff = (struct backoff){.first_ms = FIRST_RETRY_MS, .most_ms = MOST_RETRY_MS};
    uv_loop_t *loop = config->services->loop;
    uv_update_time(loop);
    connection->down_since_ms = now_ms(connection);
    CHECK(uv_prepare_init(loop, &connection->flusher) == 0);
    CHECK(uv_timer_init(loop, &connection->retry) == 0);
    CHECK(uv_timer_init(loop, &connection->patience) == 0);
    connection->flusher.data = connection->retry.data = connection->patience.data = connection;
    connection->on_loop = 3;
    connection->state = CONNECTING;
    uv_timer_start(&connection->retry, on_retry, 0, 0);
    return connection;
}

const struct redis_address *redis_connection_address(const struct redis_connection *connection)
{
    return &connection->address;
}

bool redis_connection_is_ready(const struct redis_connection *connection)
{
    return connection->state == READY;
}

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void redis_connection_close(struct redis_connection *connection, void (*closed)(void *context),
                            void *context)
{
    char text[400];
    connection->state = CLOSING;
    connection->closed = closed;
    connection->closed_context = context;
    redis_link_close(&connection->link);
    if (!connection->is_reading)
        redis_reader_fini(&connection->reader);
    buf_fini(&connection->outgoing);
    snprintf(text, sizeof text, "%s is being left", connection->outage.backend);
    fail_list(connection, &connection->sent, text);
    fail_list(connection, &connection->waiting, text);
    uv_close((uv_handle_t *)&connection->flusher, on_handle_closed);
    uv_close((uv_handle_t *)&connection->retry, on_handle_closed);
    uv_close((uv_handle_t *)&connection->patience, on_handle_closed);
}
