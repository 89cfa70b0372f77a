#include "storage-elasticsearch/courier.h"
#include "storage-elasticsearch/body.h"
#include "storage-elasticsearch/courier_internal.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MOST_BULKS = 2, /* requests under way */
    MOST_GETS = 4,
    MOST_REQUESTS = MOST_BULKS + MOST_GETS + 2,
    WRITES_OF_A_BATCH = 1000,
    READS_OF_A_BATCH = 100,
    MOST_TRIES = 8, /* while the server is too busy */
};

#define BATCH_BYTES ((size_t)8 << 20)
#define MAX_ANSWER_BYTES ((size_t)256 << 20)
#define FIRST_WAIT_MS 100
#define MOST_WAIT_MS 5000
#define BULK_PATH "/_bulk?filter_path=items.*.status,items.*.error"
#define GET_PATH                                                                                   \
    "/_mget?_source_includes=ds_name,ds_version,ds_data&filter_path=docs.found,docs.error,"        \
    "docs._source"

static const char closing[] = "the connector is closing";

/* ---- requests ---- */

struct batch *batch_new(struct courier *courier, struct lane *lane)
{
    struct batch *batch = calloc(1, sizeof *batch);
    CHECK(batch != NULL);
    batch->courier = courier;
    batch->lane = lane;
    list_init(&batch->operations);
    buf_append_text(&batch->url, courier->settings->hosts[courier->host]);
    return batch;
}

void batch_free(struct batch *batch)
{
    buf_fini(&batch->url);
    buf_fini(&batch->body);
    free(batch);
}

void batch_send(struct batch *batch, const char *method, const char *content_type,
                uint32_t timeout_ms, web_done *done)
{
    struct courier *courier = batch->courier;
    buf_append_byte(&batch->url, '\0');
    const struct web_request request = {
        .url = batch->url.at,
        .body = buf_slice(&batch->body),
        .method = method,
        .content_type = content_type,
        .credentials = courier->settings->credentials,
        .max_body_bytes = MAX_ANSWER_BYTES,
        .timeout_ms = timeout_ms,
    };
    web_client_ask(courier->client, &request, done, batch);
}

/* ---- ends of operations ---- */

static void make_ready(struct courier *courier, struct operation *operation)
{
    bool has_no_index = operation->kind == OPERATION_SET &&
                        hashmap_find(&courier->indexes, operation->index) == NULL;
    struct lane *lane = operation->kind == OPERATION_GET ? &courier->reads : &courier->writes;
    list_append(has_no_index ? &courier->without_index : &lane->ready, &operation->link);
}

static size_t count_of(const struct operation *operation)
{
    size_t count = 1;
    for (const struct list_link *at = operation->riders.next; at != &operation->riders;
         at = at->next)
        count++;
    return count;
}

/* Answers it, and lets the next one of its name have its turn. */
void courier_end(struct courier *courier, struct operation *operation, const char *error,
                 const struct ds_record *record)
{
    list_remove(&operation->link);
    struct operation *next = turns_leave(&courier->turns, operation->name);
    if (next != NULL)
        make_ready(courier, next);
    courier->count -= count_of(operation);
    courier->queued_bytes -= operation_answer(operation, error, record);
}

static void end_all(struct courier *courier, struct list_link *operations, const char *error)
{
    while (!list_is_empty(operations))
        courier_end(courier, LIST_ITEM(operations->next, struct operation, link), error, NULL);
}

/* Before all others: it has waited already. */
static void put_back(struct operation *operation, struct list_link *list)
{
    list_remove(&operation->link);
    list_append(list->next, &operation->link);
}

static void on_pause_over(uv_timer_t *timer)
{
    courier_proceed(timer->data);
}

static void courier_take_a_break(struct courier *courier)
{
    if (!uv_is_active((uv_handle_t *)&courier->pause_timer))
        uv_timer_start(&courier->pause_timer, on_pause_over, backoff_next(&courier->pause_backoff),
                       0);
}

void courier_try_later(struct courier *courier, struct operation *operation, struct list_link *list,
                       const char *error)
{
    if (++operation->tries == MOST_TRIES) {
        courier_end(courier, operation, error, NULL);
        return;
    }
    put_back(operation, list);
    courier_take_a_break(courier);
}

static void try_all_later(struct courier *courier, struct batch *batch, const char *error)
{
    while (!list_is_empty(&batch->operations))
        courier_try_later(courier, LIST_ITEM(batch->operations.previous, struct operation, link),
                          &batch->lane->ready, error);
}

static void try_each_alone(struct batch *batch)
{
    while (!list_is_empty(&batch->operations)) {
        struct operation *operation = LIST_ITEM(batch->operations.previous, struct operation, link);
        operation->is_alone = true;
        put_back(operation, &batch->lane->ready);
    }
}

/* ---- answers to operations ---- */

static void end_by_items(struct courier *courier, struct batch *batch,
                         const struct body_answer *answer)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct operation *operation = LIST_ITEM(batch->operations.next, struct operation, link);
        struct ds_record record;
        struct ds_error error;
        enum body_outcome outcome =
            batch->lane == &courier->reads
                ? body_read_outcome(answer, i, operation->name, &record, &error)
                : body_write_outcome(answer, i, &error);
        if (outcome == BODY_LATER)
            courier_try_later(courier, operation, &batch->lane->ready, error.text);
        else
            courier_end(courier, operation, outcome == BODY_DONE ? NULL : error.text, &record);
    }
}

static void end_well(struct courier *courier, struct batch *batch, slice body)
{
    struct body_answer *answer = batch->lane == &courier->reads
                                     ? body_parse_documents(body, batch->count)
                                     : body_parse_items(body, batch->count);
    if (answer == NULL) {
        end_all(courier, &batch->operations, "elasticsearch: the answer makes no sense");
        return;
    }
    backoff_reset(&courier->pause_backoff);
    end_by_items(courier, batch, answer);
    body_answer_free(answer);
}

static void end_badly(struct courier *courier, struct batch *batch, const struct web_answer *answer)
{
    struct ds_error error;
    bool is_too_large = answer->is_hostile || answer->status == 413;
    if (is_too_large && batch->count > 1) {
        try_each_alone(batch);
    } else if (answer->is_hostile) {
        end_all(courier, &batch->operations, "elasticsearch: the answer is too large");
    } else if (answer->error != NULL) {
        courier_note_lost(courier, answer->error);
        end_all(courier, &batch->operations, courier->reason.text);
    } else {
        body_error_reason(answer->body, answer->status, &error);
        if (body_is_later(answer->status))
            try_all_later(courier, batch, error.text);
        else
            end_all(courier, &batch->operations, error.text);
    }
}

static void on_batch(void *context, const struct web_answer *answer)
{
    struct batch *batch = context;
    struct courier *courier = batch->courier;
    batch->lane->under_way--;
    courier->is_proceeding = true; /* who is answered may submit; that waits until all are */
    if (answer->error == NULL && answer->status == 200)
        end_well(courier, batch, answer->body);
    else
        end_badly(courier, batch, answer);
    courier->is_proceeding = false;
    CHECK(list_is_empty(&batch->operations));
    batch_free(batch);
    courier_proceed(courier);
}

/* ---- what goes next ---- */

/* False when the operation was answered instead. */
static bool add(struct batch *batch, struct operation *operation)
{
    struct courier *courier = batch->courier;
    struct ds_error error;
    if (batch->lane == &courier->reads) {
        buf_append_text(&batch->body, batch->count == 0 ? "{\"docs\":[" : ",");
        body_append_read(&batch->body, operation);
    } else if (!body_append_write(&batch->body, operation, courier->settings->mappings.length > 0,
                                  &error)) {
        courier_end(courier, operation, error.text, NULL);
        return false;
    }
    list_remove(&operation->link);
    list_append(&batch->operations, &operation->link);
    batch->count++;
    return true;
}

static void fill(struct batch *batch)
{
    struct list_link *ready = &batch->lane->ready;
    bool is_read = batch->lane == &batch->courier->reads;
    size_t most = is_read ? READS_OF_A_BATCH : WRITES_OF_A_BATCH;
    while (!list_is_empty(ready) && batch->count < most && batch->body.length < BATCH_BYTES) {
        struct operation *operation = LIST_ITEM(ready->next, struct operation, link);
        if (operation->is_alone && batch->count > 0)
            break;
        if (add(batch, operation) && operation->is_alone)
            break;
    }
    if (is_read)
        buf_append_text(&batch->body, "]}");
}

static void send_ready(struct courier *courier, struct lane *lane)
{
    while (!list_is_empty(&lane->ready) && lane->under_way < lane->most) {
        struct batch *batch = batch_new(courier, lane);
        bool is_read = lane == &courier->reads;
        buf_append_text(&batch->url, is_read ? GET_PATH : BULK_PATH);
        fill(batch);
        if (batch->count == 0) {
            batch_free(batch);
            continue;
        }
        lane->under_way++;
        batch_send(batch, NULL, is_read ? NULL : "application/x-ndjson",
                   courier->settings->request_timeout_ms, on_batch);
    }
}

static void fail_ready(struct courier *courier)
{
    end_all(courier, &courier->writes.ready, courier->reason.text);
    end_all(courier, &courier->reads.ready, courier->reason.text);
    if (courier->index == NULL)
        end_all(courier, &courier->without_index, courier->reason.text);
}

static void take_steps(struct courier *courier)
{
    if (outage_is_on(&courier->outage)) {
        fail_ready(courier);
        return;
    }
    if (uv_is_active((uv_handle_t *)&courier->pause_timer))
        return;
    send_ready(courier, &courier->reads);
    send_ready(courier, &courier->writes);
    if (courier->index == NULL && !list_is_empty(&courier->without_index))
        courier_make_index(courier,
                           LIST_ITEM(courier->without_index.next, struct operation, link)->index);
}

/* ---- the end ---- */

static void free_when_closed(struct courier *courier)
{
    if (--courier->open_handles > 0)
        return;
    void (*closed)(void *) = courier->closed;
    void *context = courier->closed_context;
    turns_fini(&courier->turns);
    hashmap_fini(&courier->indexes);
    arena_fini(&courier->names);
    free(courier);
    closed(context);
}

static void on_timer_closed(uv_handle_t *timer)
{
    free_when_closed(timer->data);
}

static void on_client_closed(void *context)
{
    free_when_closed(context);
}

static void shut_down(struct courier *courier)
{
    uv_close((uv_handle_t *)&courier->probe_timer, on_timer_closed);
    uv_close((uv_handle_t *)&courier->pause_timer, on_timer_closed);
    courier->is_proceeding = true; /* what is given up on changes nothing any more */
    web_client_close(&courier->client, on_client_closed, courier);
}

/* Callbacks may submit, or close; that is seen to when they have returned. */
void courier_proceed(struct courier *courier)
{
    courier->must_proceed = true;
    if (courier->is_proceeding)
        return;
    courier->is_proceeding = true;
    while (courier->must_proceed) {
        courier->must_proceed = false;
        take_steps(courier);
    }
    courier->is_proceeding = false;
    if (courier->is_closing && courier->count == 0)
        shut_down(courier);
}

/* ---- entry points ---- */

struct courier *courier_new(const struct ds_services *services,
                            const struct elasticsearch_settings *settings, struct ds_error *error)
{
    const char *problem;
    struct web_client *client = web_client_new(services->loop, MOST_REQUESTS, &problem);
    if (client == NULL) {
        snprintf(error->text, sizeof error->text, "there is no HTTP: %.400s", problem);
        return NULL;
    }
    struct courier *courier = calloc(1, sizeof *courier);
    CHECK(courier != NULL);
    courier->services = services;
    courier->settings = settings;
    courier->client = client;
    courier->writes.most = MOST_BULKS;
    courier->reads.most = MOST_GETS;
    courier->open_handles = 3;
    courier->probe_backoff = courier->pause_backoff =
        (struct backoff){.first_ms = FIRST_WAIT_MS, .most_ms = MOST_WAIT_MS};
    list_init(&courier->writes.ready);
    list_init(&courier->reads.ready);
    list_init(&courier->without_index);
    turns_init(&courier->turns);
    arena_init(&courier->names, 0);
    hashmap_init(&courier->indexes);
    outage_init(&courier->outage, services, settings->description);
    CHECK(uv_timer_init(services->loop, &courier->probe_timer) == 0);
    CHECK(uv_timer_init(services->loop, &courier->pause_timer) == 0);
    courier->probe_timer.data = courier->pause_timer.data = courier;
    return courier;
}

void courier_start(struct courier *courier, ds_done *done, void *context)
{
    courier->start.done = done;
    courier->start.context = context;
    courier_probe(&courier->probe_timer);
}

const char *courier_refusal(const struct courier *courier, size_t bytes)
{
    if (courier->is_closing)
        return closing;
    if (outage_is_on(&courier->outage))
        return courier->reason.text;
    size_t most = courier->settings->max_queue_bytes;
    bool has_room = courier->queued_bytes == 0 ||
                    (courier->queued_bytes <= most && bytes <= most - courier->queued_bytes);
    return has_room ? NULL : "too much waits for the backend (maxQueueBytes)";
}

void courier_submit(struct courier *courier, struct operation *const *operations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        courier->count++;
        courier->queued_bytes += operations[i]->bytes;
        if (turns_enter(&courier->turns, operations[i]))
            make_ready(courier, operations[i]);
    }
    courier_proceed(courier);
}

void courier_close(struct courier *courier, void (*closed)(void *context), void *context)
{
    courier->closed = closed;
    courier->closed_context = context;
    courier->is_closing = true;
    uv_timer_stop(&courier->probe_timer);
    courier_end_start(courier, closing);
    courier_proceed(courier);
}
