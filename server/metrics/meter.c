#include "metrics/meter.h"

#include "base/check.h"

#include <stdlib.h>

/* One operation that is under way. */
struct call {
    struct call *next_spare;
    struct meter *meter;
    enum meter_operation operation;
    uint64_t since_ns; /* 0: it is not timed */
    union {
        ds_record_done *record;
        ds_set_done *set;
        ds_heads_done *heads;
        ds_done *plain;
    } done;
    void *context;
};

struct meter {
    uv_loop_t *loop;
    struct store_counts *counts;
    uint64_t timed_ms[METER_OPERATION_COUNT];
    struct call *spare_calls; /* so that measuring allocates nothing once it runs */
    const struct ds_cache_operations *cache;
    const struct ds_storage_operations *storage;
    void *self; /* of either */
    struct ds_cache_operations cache_table;
};

static struct call *begin(struct meter *meter, enum meter_operation operation, void *context)
{
    struct call *call = meter->spare_calls;
    if (call != NULL)
        meter->spare_calls = call->next_spare;
    else
        call = malloc(sizeof *call);
    CHECK(call != NULL);
    call->meter = meter;
    call->operation = operation;
    call->context = context;
    call->since_ns = metrics_time_now(meter->loop, &meter->timed_ms[operation]);
    return call;
}

/* Returns what the call was; it may be reused at once. */
static struct call end(struct call *call, const char *error)
{
    struct meter *meter = call->meter;
    struct store_counts *counts = &meter->counts[call->operation];
    counts->calls++;
    if (error != NULL)
        counts->errors++;
    if (call->since_ns != 0)
        histogram_add(&counts->time, uv_hrtime() - call->since_ns);
    call->next_spare = meter->spare_calls;
    meter->spare_calls = call;
    return *call;
}

static void on_record(void *context, const char *error, const struct ds_record *record)
{
    struct call call = end(context, error);
    call.done.record(call.context, error, record);
}

static void on_set(void *context, const char *error, const struct ds_record *conflict)
{
    struct call call = end(context, error);
    call.done.set(call.context, error, conflict);
}

static void on_heads(void *context, const char *error, const int32_t *versions)
{
    struct call call = end(context, error);
    call.done.heads(call.context, error, versions);
}

static void on_done(void *context, const char *error)
{
    struct call call = end(context, error);
    call.done.plain(call.context, error);
}

/* ---- cache ---- */

static void cache_get(void *self, slice name, ds_record_done *done, void *context)
{
    struct meter *meter = self;
    struct call *call = begin(meter, METER_GET, context);
    call->done.record = done;
    meter->cache->get(meter->self, name, on_record, call);
}

static void cache_set(void *self, slice name, const struct ds_record *record, int32_t expected,
                      ds_set_done *done, void *context)
{
    struct meter *meter = self;
    struct call *call = begin(meter, METER_SET, context);
    call->done.set = done;
    meter->cache->set(meter->self, name, record, expected, on_set, call);
}

static void cache_heads(void *self, const slice *names, size_t count, ds_heads_done *done,
                        void *context)
{
    struct meter *meter = self;
    struct call *call = begin(meter, METER_HEADS, context);
    call->done.heads = done;
    meter->cache->heads(meter->self, names, count, on_heads, call);
}

static void cache_remove(void *self, const slice *names, size_t count, ds_done *done, void *context)
{
    struct meter *meter = self;
    struct call *call = begin(meter, METER_REMOVE, context);
    call->done.plain = done;
    meter->cache->remove(meter->self, names, count, on_done, call);
}

static void cache_stored(void *self, slice name, int32_t version)
{
    const struct meter *meter = self;
    meter->cache->stored(meter->self, name, version);
}

const struct ds_cache_operations *
meter_cache(struct meter *meter, const struct ds_cache_operations *operations, void *self)
{
    meter->cache = operations;
    meter->self = self;
    meter->cache_table =
        (struct ds_cache_operations){.get = cache_get,
                                     .set = cache_set,
                                     .heads = cache_heads,
                                     .remove = cache_remove,
                                     .stored = operations->stored != NULL ? cache_stored : NULL};
    return &meter->cache_table;
}

/* ---- storage ---- */

static void storage_get(void *self, slice name, ds_record_done *done, void *context)
{
    struct meter *meter = self;
    struct call *call = begin(meter, METER_GET, context);
    call->done.record = done;
    meter->storage->get(meter->self, name, on_record, call);
}

static void storage_set(void *self, slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    struct meter *meter = self;
    struct call *call = begin(meter, METER_SET, context);
    call->done.plain = done;
    meter->storage->set(meter->self, name, record, on_done, call);
}

static void storage_remove(void *self, const slice *names, size_t count, ds_done *done,
                           void *context)
{
    struct meter *meter = self;
    struct call *call = begin(meter, METER_REMOVE, context);
    call->done.plain = done;
    meter->storage->remove(meter->self, names, count, on_done, call);
}

const struct ds_storage_operations *
meter_storage(struct meter *meter, const struct ds_storage_operations *operations, void *self)
{
    static const struct ds_storage_operations TABLE = {storage_get, storage_set, storage_remove};
    meter->storage = operations;
    meter->self = self;
    return &TABLE;
}

/* ---- life ---- */

struct meter *meter_new(uv_loop_t *loop, struct store_counts *counts)
{
    struct meter *meter = calloc(1, sizeof *meter);
    CHECK(meter != NULL);
    meter->loop = loop;
    meter->counts = counts;
    return meter;
}

void meter_free(struct meter **meter)
{
    if (*meter == NULL)
        return;
    while ((*meter)->spare_calls != NULL) {
        struct call *call = (*meter)->spare_calls;
        (*meter)->spare_calls = call->next_spare;
        free(call);
    }
    free(*meter);
    *meter = NULL;
}
