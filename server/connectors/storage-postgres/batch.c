/* Batches: the writes of one table that go out together, in one transaction. When the database
 * refuses one because of a row in it, its halves are tried again, so that one bad row does not fail
 * its neighbours; when there is no table, it is made first. */

#include "row.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH_ROWS = 1000,
    BATCH_BYTES = 8 << 20,
    MOST_TRIES = 10, /* of one range, after failures that pass */
};

static void next_range(struct lane *lane);

/* ---- what a batch does ---- */

/* Of writes to one row the last one counts, but a version never follows a newer one. */
static void fold(struct row *row, const struct operation *operation)
{
    if (operation->kind == OPERATION_REMOVE) {
        row->is_removed = true;
        row->is_set = false;
    } else if (!row->is_set || operation->record.version >= row->record.version) {
        row->is_set = true;
        row->record = operation->record;
    }
}

/* Moves its writes up to the next read into the batch; returns how many bytes they set. */
static size_t take_writes(struct row *row)
{
    list_remove(&row->dirty);
    row->is_writing = true;
    row->is_removed = row->is_set = false;
    while (row->queue.first != NULL && row->queue.first->kind != OPERATION_GET) {
        struct operation *operation = operation_take(&row->queue);
        fold(row, operation);
        operation_append(&row->writing, operation);
    }
    return row->id.length + (row->is_set ? row->record.data.length : 0);
}

static int compare_ids(const void *a, const void *b)
{
    slice left = (*(struct row *const *)a)->id, right = (*(struct row *const *)b)->id;
    size_t common = left.length < right.length ? left.length : right.length;
    int order = common == 0 ? 0 : memcmp(left.at, right.at, common);
    return order != 0 ? order : (left.length > right.length) - (left.length < right.length);
}

static void collect(struct lane *lane)
{
    size_t bytes = 0;
    lane->batch_count = 0;
    lane->batch = calloc(BATCH_ROWS, sizeof *lane->batch);
    CHECK(lane->batch != NULL);
    while (!list_is_empty(&lane->dirty_rows) && lane->batch_count < BATCH_ROWS &&
           bytes < BATCH_BYTES) {
        struct row *row = LIST_ITEM(lane->dirty_rows.next, struct row, dirty);
        bytes += take_writes(row);
        lane->batch[lane->batch_count++] = row;
    }
    qsort(lane->batch, lane->batch_count, sizeof *lane->batch, compare_ids);
}

/* ---- statements ---- */

static bool is_hostile(const struct lane *lane)
{
    bool hostile = key_is_hostile(lane->table);
    for (size_t i = lane->now.first; i < lane->now.end && !hostile; i++)
        hostile = key_is_hostile(lane->batch[i]->id);
    return hostile;
}

static void add_writes(struct lane *lane)
{
    size_t most = lane->now.end - lane->now.first, removed_count = 0, set_count = 0;
    slice *removed = calloc(most, sizeof *removed), schema = lane->store->options->schema;
    struct stored_row *set = calloc(most, sizeof *set);
    CHECK(removed != NULL && set != NULL);
    for (size_t i = lane->now.first; i < lane->now.end; i++) {
        const struct row *row = lane->batch[i];
        if (row->is_removed)
            removed[removed_count++] = row->id;
        if (row->is_set)
            set[set_count++] = (struct stored_row){row->id, row->record.version, row->record.data};
    }
    if (is_hostile(lane))
        statement_adopt(request_add(&lane->request), schema, lane->table);
    if (removed_count > 0)
        statement_remove(request_add(&lane->request), schema, lane->table, removed, removed_count);
    if (set_count > 0)
        statement_write(request_add(&lane->request), schema, lane->table, set, set_count,
                        lane->value_type);
    free(removed);
    free(set);
}

static void add_trigger(struct lane *lane)
{
    static const struct {
        enum notification notification;
        const char *event;
    } events[] = {{NOTIFY_INSERT, "INSERT"}, {NOTIFY_UPDATE, "UPDATE"}, {NOTIFY_DELETE, "DELETE"}};
    const struct options *options = lane->store->options;
    char list[40] = "";
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (options->notifies[events[i].notification]) {
            size_t length = strlen(list);
            snprintf(list + length, sizeof list - length, "%s%s", length == 0 ? "" : " OR ",
                     events[i].event);
        }
    if (list[0] != '\0')
        statement_create_trigger(request_add(&lane->request), options->schema, lane->table, list);
}

static void add_table(struct lane *lane)
{
    const struct options *options = lane->store->options;
    struct request *request = &lane->request;
    statement_create_table(request_add(request), options->schema, lane->table,
                           options->is_jsonb ? VALUE_JSONB : VALUE_TEXT);
    add_trigger(lane);
    if (options->role.length > 0)
        statement_own_table(request_add(request), options->schema, lane->table, options->role);
    if (options->notifies[NOTIFY_CREATE_TABLE]) {
        struct buf payload = BUF_EMPTY;
        buf_append_text(&payload, "CREATE_TABLE:");
        buf_append(&payload, lane->table);
        statement_notify(request_add(request), options->schema, buf_slice(&payload));
        buf_fini(&payload);
    }
}

static void submit(struct lane *lane, enum batch_step step)
{
    lane->step = step;
    if (step == BATCH_WRITES)
        add_writes(lane);
    else
        add_table(lane);
    pool_submit(lane->store->pool, &lane->request);
}

/* ---- empty tables ---- */

struct dropping {
    struct request request;
    struct store *store;
};

/* Not done: the table stays, until a row of it is removed again. */
static void on_dropped(struct request *request, const struct failure *failure)
{
    struct dropping *dropping = LIST_ITEM(request, struct dropping, request);
    struct store *store = dropping->store;
    (void)failure;
    free(dropping);
    store_release(store);
}

static void drop_if_empty(struct lane *lane)
{
    struct store *store = lane->store;
    struct dropping *dropping = calloc(1, sizeof *dropping);
    CHECK(dropping != NULL);
    dropping->store = store;
    dropping->request.on_end = on_dropped;
    statement_drop_if_empty(request_add(&dropping->request), store->options->schema, lane->table,
                            store->options->notifies[NOTIFY_DESTROY_TABLE] ? DROP_TOLD
                                                                           : DROP_UNTOLD);
    store_hold(store);
    pool_submit(store->pool, &dropping->request);
}

/* ---- outcomes ---- */

static void answer(struct lane *lane, const char *error)
{
    struct store *store = lane->store;
    for (size_t i = lane->now.first; i < lane->now.end; i++) {
        struct row *row = lane->batch[i];
        for (struct operation *operation; (operation = operation_take(&row->writing)) != NULL;)
            operation_end(store, operation, error, NULL);
        row->is_writing = false;
        row_advance(row);
    }
}

static bool has_sets(const struct lane *lane)
{
    for (size_t i = lane->now.first; i < lane->now.end; i++)
        if (lane->batch[i]->is_set)
            return true;
    return false;
}

static void succeed(struct lane *lane)
{
    if (!has_sets(lane) && !lane->store->is_ending)
        drop_if_empty(lane);
    answer(lane, NULL);
    next_range(lane);
}

static void fail(struct lane *lane, const struct failure *failure)
{
    char text[500];
    if (failure->sqlstate[0] == '\0')
        snprintf(text, sizeof text, "%s", failure->text);
    else
        snprintf(text, sizeof text, "postgres: %s (%s)", failure->text, failure->sqlstate);
    answer(lane, text);
    next_range(lane);
}

static void halve(struct lane *lane)
{
    size_t middle = lane->now.first + (lane->now.end - lane->now.first) / 2;
    CHECK(lane->range_count + 2 <= MOST_RANGES);
    lane->ranges[lane->range_count++] = (struct range){middle, lane->now.end};
    lane->ranges[lane->range_count++] = (struct range){lane->now.first, middle};
    next_range(lane);
}

/* Whether the failure is one row's: bad data, a constraint, a limit, a trigger, or an original's
 * table that cannot be adopted for a hostile name. */
static bool is_of_a_row(const struct lane *lane, const struct failure *failure)
{
    static const char *const classes[] = {"22", "23", "54", "P0"};
    if (failure->is_lost)
        return false;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(failure->sqlstate, classes[i], 2) == 0)
            return true;
    return failure_is(failure, "42501") && is_hostile(lane);
}

static bool is_of_the_moment(const struct failure *failure)
{
    return failure_is(failure, "40001") || failure_is(failure, "40P01");
}

static void on_written(struct lane *lane, const struct failure *failure)
{
    bool is_last_try = ++lane->tries >= MOST_TRIES;
    if (failure == NULL || (failure_is(failure, "42P01") && !has_sets(lane))) {
        succeed(lane);
    } else if (failure_is(failure, "42P01") && !is_last_try) {
        submit(lane, BATCH_CREATES_TABLE);
    } else if (failure_is(failure, "42804") && lane->value_type == VALUE_TEXT) {
        lane->value_type = VALUE_JSONB; /* the table was made with the other option */
        submit(lane, BATCH_WRITES);
    } else if (is_of_the_moment(failure) && !is_last_try) {
        submit(lane, BATCH_WRITES);
    } else if (is_of_a_row(lane, failure) && lane->now.end - lane->now.first > 1) {
        halve(lane);
    } else {
        fail(lane, failure);
    }
}

/* Another node may have made it at the same time. */
static void on_table_created(struct lane *lane, const struct failure *failure)
{
    if (failure == NULL || failure_is(failure, "42P07") || failure_is(failure, "23505") ||
        failure_is(failure, "42710"))
        submit(lane, BATCH_WRITES);
    else
        fail(lane, failure);
}

static void on_end(struct request *request, const struct failure *failure)
{
    static const struct failure ending = {.text = "the storage is closing"};
    struct lane *lane = LIST_ITEM(request, struct lane, request);
    if (lane->store->is_ending && failure != NULL)
        fail(lane, failure->is_lost ? failure : &ending);
    else if (lane->store->is_ending && lane->step == BATCH_CREATES_TABLE)
        fail(lane, &ending);
    else if (lane->step == BATCH_CREATES_TABLE)
        on_table_created(lane, failure);
    else
        on_written(lane, failure);
}

/* ---- one batch after the other ---- */

static void end_batch(struct lane *lane)
{
    free(lane->batch);
    lane->batch = NULL;
    lane->is_busy = false;
    if (lane->is_due && !lane->store->is_ending)
        lane_flush(lane);
    lane_free_if_idle(lane);
}

/* The next range of the batch; behind the last one the next batch. */
static void next_range(struct lane *lane)
{
    static const struct failure ending = {.text = "the storage is closing"};
    if (lane->range_count == 0) {
        end_batch(lane);
        return;
    }
    lane->now = lane->ranges[--lane->range_count];
    lane->tries = 0;
    if (lane->store->is_ending)
        fail(lane, &ending);
    else
        submit(lane, BATCH_WRITES);
}

void lane_flush(struct lane *lane)
{
    if (lane->is_busy || list_is_empty(&lane->dirty_rows))
        return;
    collect(lane);
    lane->is_busy = true;
    lane->is_due = !list_is_empty(&lane->dirty_rows);
    lane->request.on_end = on_end;
    lane->ranges[lane->range_count++] = (struct range){0, lane->batch_count};
    list_remove(&lane->link);
    next_range(lane);
}
