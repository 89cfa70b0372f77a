/* Whether the server is there: the probe, the news of its loss and return, and the indexes that are
 * made before the first write into them. */

#include "storage-elasticsearch/courier_internal.h"
#include "storage-elasticsearch/body.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define LEAST_VERSION 7

/* ---- whether the server is there ---- */

void courier_end_start(struct courier *courier, const char *error)
{
    ds_done *done = courier->start.done;
    courier->start.done = NULL;
    if (done != NULL)
        done(courier->start.context, error);
}

/* From now on everything fails with this reason. Another host may know more. */
void courier_note_lost(struct courier *courier, const char *reason)
{
    snprintf(courier->reason.text, sizeof courier->reason.text, "elasticsearch: %.480s", reason);
    courier->host = (courier->host + 1) % courier->settings->host_count;
    outage_lost(&courier->outage, reason);
    if (!courier->is_closing && !courier->is_probing &&
        !uv_is_active((uv_handle_t *)&courier->probe_timer))
        uv_timer_start(&courier->probe_timer, courier_probe, backoff_next(&courier->probe_backoff),
                       0);
}

/* ---- indexes ---- */

static void know_index(struct courier *courier, slice index)
{
    struct list_link *at = courier->without_index.next;
    hashmap_put(&courier->indexes, arena_copy(&courier->names, index), courier);
    while (at != &courier->without_index) {
        struct operation *operation = LIST_ITEM(at, struct operation, link);
        at = at->next;
        if (!slice_equal(operation->index, index))
            continue;
        list_remove(&operation->link);
        list_append(&courier->writes.ready, &operation->link);
    }
}

static void fail_index(struct courier *courier, slice index, enum body_outcome outcome,
                       const char *error)
{
    struct list_link failed;
    list_init(&failed);
    struct list_link *at = courier->without_index.next;
    while (at != &courier->without_index) {
        struct operation *operation = LIST_ITEM(at, struct operation, link);
        at = at->next;
        if (!slice_equal(operation->index, index))
            continue;
        list_remove(&operation->link);
        list_append(&failed, &operation->link);
    }
    while (!list_is_empty(&failed)) {
        struct operation *operation = LIST_ITEM(failed.previous, struct operation, link);
        if (outcome == BODY_LATER)
            courier_try_later(courier, operation, &courier->without_index, error);
        else
            courier_end(courier, operation, error, NULL);
    }
}

static enum body_outcome outcome_of_index(const struct web_answer *answer, struct ds_error *error)
{
    if (answer->status == 200 || (answer->status == 400 && body_says_index_exists(answer->body)))
        return BODY_DONE;
    body_error_reason(answer->body, answer->status, error);
    return body_is_later(answer->status) ? BODY_LATER : BODY_FAILED;
}

/* At the start it is that of the default table. */
static void on_index(void *context, const struct web_answer *answer)
{
    struct batch *batch = context;
    struct courier *courier = batch->courier;
    char *index = courier->index;
    struct ds_error error;
    courier->index = NULL;
    enum body_outcome outcome = BODY_FAILED;
    if (courier->client == NULL) { /* given up on, since it closes */
        free(index);
        batch_free(batch);
        return;
    }
    if (answer->error != NULL) {
        courier_note_lost(courier, answer->error);
        error = courier->reason;
    } else {
        outcome = outcome_of_index(answer, &error);
    }
    if (outcome == BODY_DONE)
        know_index(courier, slice_of(index));
    else
        fail_index(courier, slice_of(index), outcome, error.text);
    if (outcome == BODY_DONE || (outcome == BODY_FAILED && answer->error == NULL))
        courier_end_start(courier, outcome == BODY_DONE ? NULL : error.text);
    else if (courier->start.done != NULL && answer->error == NULL)
        courier_note_lost(courier, error.text);
    free(index);
    batch_free(batch);
    courier_proceed(courier);
}

void courier_make_index(struct courier *courier, slice index)
{
    struct batch *batch = batch_new(courier, NULL);
    struct buf name = BUF_EMPTY;
    buf_append(&name, index);
    buf_append_byte(&name, '\0');
    courier->index = name.at;
    buf_printf(&batch->url, "/%s", courier->index); /* only bytes that a path may have */
    body_append_index(&batch->body, courier->settings->settings, courier->settings->mappings);
    batch_send(batch, "PUT", NULL, courier->settings->request_timeout_ms, on_index);
}

static void make_default_index(struct courier *courier)
{
    struct buf index = BUF_EMPTY;
    const struct place_rules *rules = &courier->settings->rules;
    CHECK(place_append_index(rules, rules->default_table, &index));
    courier_make_index(courier, buf_slice(&index));
    buf_fini(&index);
}

/* ---- the probe ---- */

static void on_found(struct courier *courier, const struct web_answer *answer)
{
    unsigned version = body_major_version(answer->body);
    if (version < LEAST_VERSION) {
        static const char error[] = "elasticsearch: the server is neither Elasticsearch 7 or "
                                    "newer nor OpenSearch";
        courier_note_lost(courier, error);
        courier_end_start(courier, error);
        return;
    }
    backoff_reset(&courier->probe_backoff);
    outage_over(&courier->outage);
    if (courier->start.done != NULL && courier->index == NULL)
        make_default_index(courier);
}

static void on_probed(void *context, const struct web_answer *answer)
{
    struct batch *batch = context;
    struct courier *courier = batch->courier;
    struct ds_error error;
    courier->is_probing = false;
    if (courier->client == NULL) { /* given up on, since it closes */
        batch_free(batch);
        return;
    }
    if (answer->error != NULL) {
        courier_note_lost(courier, answer->error);
    } else if (answer->status == 200) {
        on_found(courier, answer);
    } else {
        body_error_reason(answer->body, answer->status, &error);
        courier_note_lost(courier, error.text);
        if (answer->status == 401 || answer->status == 403)
            courier_end_start(courier, error.text);
    }
    batch_free(batch);
    courier_proceed(courier);
}

void courier_probe(uv_timer_t *timer)
{
    struct courier *courier = timer->data;
    struct batch *batch = batch_new(courier, NULL);
    courier->is_probing = true;
    buf_append_byte(&batch->url, '/');
    batch_send(batch, NULL, NULL, courier->settings->ping_timeout_ms, on_probed);
}
