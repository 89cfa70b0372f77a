#include "row.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

static const char ending[] = "the storage is closing";

/* ---- operations ---- */

struct operation *operation_take(struct operation_list *list)
{
    struct operation *first = list->first;
    if (first != NULL)
        list->first = first->next;
    return first;
}

void operation_append(struct operation_list *list, struct operation *operation)
{
    operation->next = NULL;
    if (list->first == NULL)
        list->first = operation;
    else
        list->last->next = operation;
    list->last = operation;
}

void removal_end(struct removal *removal, const char *error)
{
    if (error != NULL && !removal->has_failed) {
        removal->has_failed = true;
        snprintf(removal->error, sizeof removal->error, "%s", error);
    }
    if (--removal->left > 0)
        return;
    removal->done(removal->context, removal->has_failed ? removal->error : NULL);
    free(removal);
}

void store_hold(struct store *store)
{
    store->queued++;
}

void store_release(struct store *store)
{
    if (--store->queued == 0 && store->is_closing)
        uv_timer_start(&store->interval, store_on_interval, 0, 0);
}

void operation_end(struct store *store, struct operation *operation, const char *error,
                   const struct ds_record *record)
{
    store->queued_bytes -= operation->bytes;
    switch (operation->kind) {
    case OPERATION_GET:
        operation->on_record(operation->context, error, error == NULL ? record : NULL);
        break;
    case OPERATION_SET:
        operation->on_done(operation->context, error);
        break;
    case OPERATION_REMOVE:
        removal_end(operation->removal, error);
    }
    free(operation);
    store_release(store);
}

/* ---- rows and lanes come and go ---- */

static struct lane *lane_get(struct store *store, slice table)
{
    struct lane *lane = hashmap_find(&store->lanes, table);
    if (lane != NULL)
        return lane;
    lane = calloc(1, sizeof *lane);
    CHECK(lane != NULL);
    lane->store = store;
    lane->table = slice_copy(table);
    lane->value_type = store->options->is_jsonb ? VALUE_JSONB : VALUE_TEXT;
    hashmap_init(&lane->rows);
    list_init(&lane->link);
    list_init(&lane->dirty_rows);
    hashmap_put(&store->lanes, lane->table, lane);
    return lane;
}

void lane_free_if_idle(struct lane *lane)
{
    if (lane->rows.count > 0 || lane->is_busy)
        return;
    hashmap_remove(&lane->store->lanes, lane->table);
    hashmap_fini(&lane->rows);
    list_remove(&lane->link);
    slice_free(&lane->table);
    free(lane);
}

struct row *row_get(struct store *store, const struct key *key)
{
    struct lane *lane = lane_get(store, key->table);
    struct row *row = hashmap_find(&lane->rows, key->id);
    if (row != NULL)
        return row;
    row = calloc(1, sizeof *row);
    CHECK(row != NULL);
    row->lane = lane;
    row->id = slice_copy(key->id);
    list_init(&row->dirty);
    hashmap_put(&lane->rows, row->id, row);
    return row;
}

static void free_row(struct row *row)
{
    struct lane *lane = row->lane;
    hashmap_remove(&lane->rows, row->id);
    list_remove(&row->dirty);
    slice_free(&row->id);
    free(row);
    lane_free_if_idle(lane);
}

/* ---- reading ---- */

struct reading {
    struct request request;
    struct row *row;
    struct operation *operation;
    struct ds_record record;
    char *data;
};

static void on_rows(struct request *request, const PGresult *rows)
{
    struct reading *reading = LIST_ITEM(request, struct reading, request);
    if (PQntuples(rows) == 0)
        return;
    slice data = {PQgetvalue(rows, 0, 1), (size_t)PQgetlength(rows, 0, 1)};
    reading->data = slice_to_text(data);
    reading->record = (struct ds_record){
        .version = (int32_t)strtol(PQgetvalue(rows, 0, 0), NULL, 10),
        .data = {reading->data, data.length},
    };
}

static void on_read(struct request *request, const struct failure *failure)
{
    struct reading *reading = LIST_ITEM(request, struct reading, request);
    struct row *row = reading->row;
    bool is_missing = failure_is(failure, "42P01"); /* there is no such table */
    operation_end(row->lane->store, reading->operation,
                  failure == NULL || is_missing ? NULL : failure->text, &reading->record);
    free(reading->data);
    free(reading);
    row->readers--;
    row_advance(row);
}

static void begin_reading(struct row *row, struct operation *operation)
{
    struct store *store = row->lane->store;
    struct reading *reading = calloc(1, sizeof *reading);
    CHECK(reading != NULL);
    reading->row = row;
    reading->operation = operation;
    reading->record.version = DS_MISSING;
    reading->request.on_rows = on_rows;
    reading->request.on_end = on_read;
    row->readers++;
    row->queued_gets--;
    statement_read(request_add(&reading->request), store->options->schema,
                   &(struct key){row->lane->table, row->id});
    pool_submit(store->pool, &reading->request);
}

/* ---- order ---- */

static void wait_for_interval(struct lane *lane)
{
    struct store *store = lane->store;
    if (list_is_empty(&lane->link))
        list_append(&store->dirty_lanes, &lane->link);
    if (!uv_is_active((uv_handle_t *)&store->interval))
        uv_timer_start(&store->interval, store_on_interval, store->options->write_ms, 0);
}

/* The first operation is a write. */
static void begin_writing(struct row *row)
{
    struct lane *lane = row->lane;
    if (list_is_empty(&row->dirty))
        list_append(&lane->dirty_rows, &row->dirty);
    if (row->queued_gets > 0 || lane->store->is_closing || lane->store->options->write_ms == 0)
        lane->is_due = true;
    if (lane->is_due)
        lane_flush(lane);
    else
        wait_for_interval(lane);
}

static void fail_queue(struct row *row)
{
    row->readers++; /* it lives on while answers make new operations */
    for (struct operation *operation; (operation = operation_take(&row->queue)) != NULL;)
        operation_end(row->lane->store, operation, ending, NULL);
    row->queued_gets = 0;
    row->readers--;
}

void row_advance(struct row *row)
{
    if (row->lane->store->is_ending)
        fail_queue(row);
    while (!row->is_writing && row->queue.first != NULL && row->queue.first->kind == OPERATION_GET)
        begin_reading(row, operation_take(&row->queue));
    if (row->queue.first != NULL && !row->is_writing && row->readers == 0)
        begin_writing(row);
    else if (row->queue.first == NULL && !row->is_writing && row->readers == 0)
        free_row(row);
}

void row_add(struct row *row, struct operation *operation)
{
    struct store *store = row->lane->store;
    store->queued_bytes += operation->bytes;
    store_hold(store);
    row->queued_gets += operation->kind == OPERATION_GET;
    operation_append(&row->queue, operation);
    row_advance(row);
}
