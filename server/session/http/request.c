#include "session/http/request.h"

#include "logging/log.h"
#include "metrics/metrics.h"

#include "base/check.h"

#include <stdlib.h>

#define TIMED_OUT "Request exceeded timeout before a response was received."
#define TIMED_OUT_ITEM                                                                             \
    "{\"success\":false,\"error\":\"" TIMED_OUT "\",\"errorTopic\":\"connection\","                \
    "\"errorEvent\":\"HTTP_REQUEST_TIMEOUT\"}"

/* ---- the end ---- */

static void end_item(struct item *item)
{
    item->outlet.end = DS_OUTLET_LEFT;
    if (item->session != NULL)
        session_ended(item->session);
    buf_fini(&item->result);
}

static void free_request(struct request *request)
{
    deadline_clear(&request->timeout);
    list_remove(&request->in_endpoint);
    for (size_t i = 0; i < request->item_count; i++)
        end_item(&request->items[i]);
    free(request->items);
    free((void *)(uintptr_t)request->connection_data.at);
    free((void *)(uintptr_t)request->auth_data.at);
    arena_fini(&request->arena);
    free(request);
}

/* While authentication is asked, the request waits for what it says. */
static void end_soon(struct request *request)
{
    deadline_clear(&request->timeout);
    if (!request->is_asking)
        turn_schedule(&request->endpoint->turn, &request->task);
}

static void at_end_of_turn(struct turn_task *task)
{
    struct request *request = LIST_ITEM(task, struct request, task);
    if (request->exchange != NULL)
        request->kind->answer(request);
    turn_cancel(&request->task);
    free_request(request);
}

static struct ds_http_exchange *take_exchange(struct request *request)
{
    struct ds_http_exchange *exchange = request->exchange;
    request->exchange = NULL;
    return exchange;
}

void request_answer(struct request *request, const struct ds_http_answer *answer)
{
    if (request->exchange == NULL)
        return;
    const struct http_service *service = request->endpoint->service;
    service->operations->answer(service->self, take_exchange(request), answer);
    end_soon(request);
}

void request_answer_text(struct request *request, unsigned status, slice text)
{
    if (request->exchange == NULL)
        return;
    http_endpoint_answer_text(request->endpoint, take_exchange(request), status, text);
    end_soon(request);
}

/* The client has left. */
static void on_gone(void *context)
{
    request_answer_text(context, 503, SLICE(""));
}

/* ---- results ---- */

static void note_result(struct item *item, slice result)
{
    struct request *request = item->request;
    if (item->result.length > 0)
        return;
    buf_append(&item->result, result);
    if (--request->unanswered == 0)
        end_soon(request);
}

void request_give_up(struct request *request)
{
    if (request->is_asking || request->items == NULL) {
        request_answer_text(request, 504, SLICE(TIMED_OUT));
        return;
    }
    for (size_t i = 0; i < request->item_count; i++)
        note_result(&request->items[i], SLICE(TIMED_OUT_ITEM));
}

static void on_timeout(struct deadline *deadline)
{
    struct request *request = LIST_ITEM(deadline, struct request, timeout);
    log_line(request->endpoint->settings->sessions.log, DS_WARN, LOG_HTTP_REQUEST_TIMEOUT,
             "HTTP Request timeout");
    request_give_up(request);
}

/* ---- the outlet of an item: the first answer counts ---- */

static struct item *item_of(struct ds_outlet *outlet)
{
    return LIST_ITEM(outlet, struct item, outlet);
}

static void on_send(struct ds_outlet *outlet, slice payload)
{
    note_result(item_of(outlet), payload);
}

static struct ds_frame *make_frame(slice payload)
{
    struct ds_frame *frame = ds_frame_new(payload.length);
    if (payload.length > 0)
        memcpy(frame->bytes, payload.at, payload.length);
    return frame;
}

static void send_frame(struct ds_outlet *outlet, struct ds_frame *frame)
{
    on_send(outlet, ds_frame_payload(frame));
}

static void close_outlet(struct ds_outlet *outlet, enum ds_close_code code)
{
    (void)code;
    note_result(item_of(outlet), SLICE(TIMED_OUT_ITEM));
}

static void do_nothing(struct ds_outlet *outlet)
{
    (void)outlet;
}

static size_t queued_bytes(const struct ds_outlet *outlet)
{
    (void)outlet;
    return 0;
}

static const struct ds_outlet_operations operations = {
    .send = on_send,
    .make_frame = make_frame,
    .send_frame = send_frame,
    .flush = do_nothing,
    .close = close_outlet,
    .pause_reading = do_nothing,
    .resume_reading = do_nothing,
    .queued_bytes = queued_bytes,
};

/* ---- running ---- */

void request_set_items(struct request *request, size_t count)
{
    request->items = calloc(count, sizeof *request->items);
    CHECK(request->items != NULL);
    request->item_count = request->unanswered = count;
    for (size_t i = 0; i < count; i++)
        request->items[i] =
            (struct item){.outlet = {.operations = &operations}, .request = request};
}

static void name_item(struct item *item)
{
    struct http_endpoint *endpoint = item->request->endpoint;
    int length = snprintf(item->id, sizeof item->id, "%s-%llu", endpoint->id_prefix,
                          (unsigned long long)++endpoint->made_ids);
    MESSAGE_SET(&item->message, correlation_id, ((slice){item->id, (size_t)length}));
}

/* An event has no answer, but what comes behind it in its session does: once that is there, the
 * event was refused before, or it was let through. */
static void send_behind(struct item *item)
{
    const struct session_events *events = item->session->settings->events;
    struct message nothing = MESSAGE(TOPIC_EVENT, EVENT_UNSUBSCRIBE);
    message_set_names(&nothing, NULL, 0);
    events->on_message(events->context, item->session, &nothing);
}

/* Who of nobody is online needs no rule. */
static bool is_about_nobody(const struct message *message)
{
    return message->topic == TOPIC_PRESENCE && message->action == PRESENCE_QUERY &&
           message->name_count == 0;
}

static void run_item(struct item *item)
{
    const struct message *message = &item->message;
    if (is_about_nobody(message)) {
        note_result(item, SLICE("{\"success\":true,\"users\":{}}"));
        return;
    }
    session_receive_message(item->session, message);
    if (message->topic == TOPIC_EVENT && message->action == EVENT_EMIT)
        send_behind(item);
}

static bool open_sessions(struct request *request, const struct ds_login_result *user)
{
    for (size_t i = 0; i < request->item_count; i++) {
        struct item *item = &request->items[i];
        item->session = session_open_passing(request->endpoint->sessions, &item->outlet,
                                             request->remote_address, user);
        if (item->session == NULL)
            return false;
    }
    return true;
}

void request_run(struct request *request, const struct ds_login_result *user)
{
    if (!open_sessions(request, user)) {
        request_answer_text(request, 401, slice_of(request->kind->refusal));
        return;
    }
    for (size_t i = 0; i < request->item_count; i++) {
        if (request->items[i].message.topic == TOPIC_RPC || request->items[i].message.is_write_ack)
            name_item(&request->items[i]);
        run_item(&request->items[i]);
    }
}

/* ---- who asks ---- */

static void refuse(struct request *request, slice reason)
{
    const struct session_settings *settings = &request->endpoint->settings->sessions;
    slice text = answer_text_of_json(request, reason);
    if (text.length == 0)
        text = slice_of(request->kind->refusal);
    if (settings->log_invalid_auth_data)
        log_line(settings->log, DS_INFO, LOG_AUTH_UNSUCCESSFUL,
                 "HTTP: " SLICE_FORMAT ": " SLICE_FORMAT, SLICE_ARGUMENTS(text),
                 SLICE_ARGUMENTS(request->auth_data));
    else
        log_line(settings->log, DS_INFO, LOG_AUTH_UNSUCCESSFUL, "HTTP: " SLICE_FORMAT,
                 SLICE_ARGUMENTS(text));
    request_answer_text(request, 401, text);
}

static bool is_wanted(void *context)
{
    return ((struct request *)context)->exchange != NULL;
}

static void on_login(void *context, const struct ds_login_result *result)
{
    struct request *request = context;
    request->is_asking = false;
    if (!is_wanted(request)) {
        free_request(request);
        return;
    }
    bool is_allowed = result->outcome == DS_LOGIN_ACCEPTED;
    metrics_login(request->endpoint->settings->sessions.metrics, LOGIN_HTTP, is_allowed,
                  is_allowed ? result->id : SLICE(""));
    if (!is_allowed)
        refuse(request, result->client_data);
    else if (request->endpoint->is_stopping)
        request_answer_text(request, 503, SLICE("The server stops."));
    else
        request->kind->on_user(request, result);
}

/* A tree is many times as large as its text, and somebody else says how long it has to wait. */
static void drop_tree(struct request *request)
{
    arena_reset(&request->arena, request->tree);
    request->batch = value_undefined();
}

void request_log_in(struct request *request, struct buf *auth_data)
{
    request->auth_data = buf_slice(auth_data);
    request->is_asking = true;
    authenticate(&(struct authentication){.settings = &request->endpoint->settings->sessions,
                                          .connection_data = request->connection_data,
                                          .auth_data = request->auth_data,
                                          .is_wanted = is_wanted,
                                          .done = on_login,
                                          .context = request});
    if (request->is_asking && request->items == NULL)
        drop_tree(request);
}

/* ---- the beginning ---- */

struct request *request_new(struct http_endpoint *endpoint, const struct request_kind *kind,
                            const struct ds_http_request *asked, struct ds_http_exchange *exchange)
{
    if (endpoint->is_stopping) {
        http_endpoint_answer_text(endpoint, exchange, 503, SLICE("The server stops."));
        return NULL;
    }
    struct request *request = malloc(sizeof *request);
    CHECK(request != NULL);
    *request = (struct request){
        .endpoint = endpoint,
        .kind = kind,
        .exchange = exchange,
        .connection_data = connection_data_of_request(asked),
    };
    arena_init(&request->arena, 0); /* what is made of a body grows with it, and that is bounded */
    request->remote_address = arena_copy(&request->arena, asked->remote_address);
    request->body = arena_copy(&request->arena, asked->body);
    request->tree = arena_mark(&request->arena);
    turn_task_init(&request->task, at_end_of_turn);
    deadline_init(&request->timeout, on_timeout);
    deadline_set(&endpoint->timeouts, &request->timeout);
    list_append(&endpoint->requests, &request->in_endpoint);
    endpoint->service->operations->watch(endpoint->service->self, exchange, on_gone, request);
    return request;
}
