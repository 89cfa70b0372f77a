#include "shared/blocking_store.h"

#include "shared/blocking_lane.h"
#include "shared/outage.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_PROBE_MS 100
#define MOST_PROBE_MS 5000

static const char queue_full[] = "too much waits for the backend (maxQueueBytes)";
static const char closing[] = "the connector is closing";

struct blocking_store {
    const struct ds_services *services;
    struct outage outage;
    size_t max_queue_bytes;
    size_t queued_bytes; /* of jobs that are not answered yet */

    struct blocking_results results;
    uv_async_t wake_loop;
    uv_timer_t probe_timer;
    size_t open_handles;
    struct backoff backoff;
    bool is_probing;
    bool is_started;
    bool is_closing;
    struct {
        ds_done *done; /* NULL once it was called */
        void *context;
    } start, close;

    uint64_t seed;
    size_t lane_count;
    struct blocking_lane lanes[];
};

struct blocking_store *blocking_store_new(const struct ds_services *services,
                                          const struct blocking_settings *settings,
                                          const struct blocking_backend *backend,
                                          const void *shared)
{
    CHECK(settings->lanes > 0 && settings->lanes <= BLOCKING_MOST_LANES);
    struct blocking_store *store =
        calloc(1, sizeof *store + settings->lanes * sizeof store->lanes[0]);
    CHECK(store != NULL);
    store->services = services;
    store->max_queue_bytes = settings->max_queue_bytes;
    store->backoff = (struct backoff){.first_ms = FIRST_PROBE_MS, .most_ms = MOST_PROBE_MS};
    store->seed = hash_random_seed();
    store->lane_count = settings->lanes;
    outage_init(&store->outage, services, settings->backend);
    for (size_t i = 0; i < store->lane_count; i++)
        store->lanes[i] = (struct blocking_lane){.backend = backend,
                                                 .shared = shared,
                                                 .waits_when_lost = settings->waits_when_lost,
                                                 .results = &store->results};
    return store;
}

static size_t lane_of(const struct blocking_store *store, ds_slice name)
{
    return hash_bytes(name, store->seed) % store->lane_count;
}

static void submit(struct blocking_store *store, struct blocking_job *job, size_t lane)
{
    store->queued_bytes += job->bytes;
    blocking_lane_submit(&store->lanes[lane], job);
}

/* Why nothing can be done now, or NULL. A single operation may be larger than the whole queue. */
static const char *refusal(const struct blocking_store *store, size_t bytes)
{
    if (store->is_closing || !store->is_started)
        return closing;
    bool has_room =
        store->queued_bytes == 0 || (store->queued_bytes <= store->max_queue_bytes &&
                                     bytes <= store->max_queue_bytes - store->queued_bytes);
    return has_room ? NULL : queue_full;
}

/* ---- whether the backend is there ---- */

static void end_start(struct blocking_store *store, const char *error)
{
    ds_done *done = store->start.done;
    store->start.done = NULL;
    if (done != NULL)
        done(store->start.context, error);
}

static void probe(uv_timer_t *timer)
{
    struct blocking_store *store = timer->data;
    store->is_probing = true;
    submit(store, blocking_job_new(BLOCKING_PROBE, NULL, NULL, 0, NULL), 0);
}

static void note_lost(struct blocking_store *store, const char *reason)
{
    if (store->is_closing)
        return;
    outage_lost(&store->outage, reason);
    if (!store->is_probing && !uv_is_active((uv_handle_t *)&store->probe_timer))
        uv_timer_start(&store->probe_timer, probe, backoff_next(&store->backoff), 0);
}

static void on_probed(struct blocking_store *store, const struct blocking_job *job)
{
    store->is_probing = false;
    if (job->outcome == BLOCKING_UNFIT && store->start.done != NULL) {
        end_start(store, job->error.text);
    } else if (job->outcome != BLOCKING_DONE) {
        note_lost(store, job->error.text);
    } else {
        backoff_reset(&store->backoff);
        outage_over(&store->outage);
        for (size_t i = 0; i < store->lane_count; i++)
            blocking_lane_try_again(&store->lanes[i]);
        end_start(store, NULL);
    }
}

/* ---- answers ---- */

static bool has_failed(const struct blocking_job *job)
{
    return job->outcome != BLOCKING_DONE && job->outcome != BLOCKING_CONFLICT;
}

static void answer_get(const struct blocking_job *job)
{
    const struct ds_record record = {job->found.is_there ? job->found.version : DS_MISSING,
                                     buf_slice(&job->found.data)};
    if (has_failed(job))
        job->on_record(job->context, job->error.text, NULL);
    else
        job->on_record(job->context, NULL, &record);
}

static void answer_set(const struct blocking_job *job)
{
    const char *error = has_failed(job) ? job->error.text : NULL;
    const struct ds_record conflict = {job->found.is_there ? job->found.version : DS_MISSING,
                                       buf_slice(&job->found.data)};
    if (!job->is_conditional)
        job->on_done(job->context, error);
    else
        job->on_set(job->context, error, job->outcome == BLOCKING_CONFLICT ? &conflict : NULL);
}

static void answer_part(const struct blocking_job *job)
{
    struct blocking_whole *whole = job->whole;
    if (has_failed(job)) {
        whole->has_failed = true;
        whole->error = job->error;
    }
    if (job->kind == BLOCKING_HEADS)
        for (size_t i = 0; i < job->name_count; i++)
            whole->versions[job->positions[i]] = job->versions[i];
    if (--whole->parts_left > 0)
        return;
    const char *error = whole->has_failed ? whole->error.text : NULL;
    if (job->kind == BLOCKING_HEADS)
        whole->on_heads(whole->context, error, error == NULL ? whole->versions : NULL);
    else
        whole->on_done(whole->context, error);
    free(whole->versions);
    free(whole);
}

static void answer(struct blocking_store *store, struct blocking_job *job)
{
    store->queued_bytes -= job->bytes;
    if (job->outcome == BLOCKING_LOST)
        note_lost(store, job->error.text);
    if (job->kind == BLOCKING_PROBE)
        on_probed(store, job);
    else if (job->kind == BLOCKING_GET)
        answer_get(job);
    else if (job->kind == BLOCKING_SET)
        answer_set(job);
    else
        answer_part(job);
    blocking_job_free(job);
}

/* ---- the end ---- */

static void free_store(struct blocking_store *store)
{
    ds_done *done = store->close.done;
    void *context = store->close.context;
    free(store);
    done(context, NULL);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct blocking_store *store = handle->data;
    if (--store->open_handles > 0)
        return;
    uv_mutex_destroy(&store->results.mutex);
    free_store(store);
}

static void end_when_all_ended(struct blocking_store *store, size_t ended_lanes)
{
    if (!store->is_closing || ended_lanes < store->lane_count ||
        uv_is_closing((uv_handle_t *)&store->wake_loop))
        return;
    for (size_t i = 0; i < store->lane_count; i++)
        blocking_lane_fini(&store->lanes[i]);
    uv_close((uv_handle_t *)&store->wake_loop, on_handle_closed);
    uv_close((uv_handle_t *)&store->probe_timer, on_handle_closed);
}

static void on_wake(uv_async_t *handle)
{
    struct blocking_store *store = handle->data;
    uv_mutex_lock(&store->results.mutex);
    struct blocking_jobs finished = blocking_jobs_take_all(&store->results.finished);
    size_t ended_lanes = store->results.ended_lanes;
    uv_mutex_unlock(&store->results.mutex);
    for (struct blocking_job *job = finished.first, *next; job != NULL; job = next) {
        next = job->next;
        answer(store, job);
    }
    end_when_all_ended(store, ended_lanes);
}

void blocking_store_close(struct blocking_store *store, ds_done *done, void *context)
{
    store->close.done = done;
    store->close.context = context;
    store->is_closing = true;
    end_start(store, closing);
    if (!store->is_started) {
        free_store(store);
        return;
    }
    uv_timer_stop(&store->probe_timer);
    for (size_t i = 0; i < store->lane_count; i++)
        blocking_lane_stop(&store->lanes[i]);
    uv_async_send(&store->wake_loop); /* they may have ended already */
}

/* ---- entry points ---- */

void blocking_store_start(struct blocking_store *store, ds_done *done, void *context)
{
    store->start.done = done;
    store->start.context = context;
    store->is_started = true;
    store->open_handles = 2;
    CHECK(uv_mutex_init(&store->results.mutex) == 0);
    CHECK(uv_async_init(store->services->loop, &store->wake_loop, on_wake) == 0);
    CHECK(uv_timer_init(store->services->loop, &store->probe_timer) == 0);
    store->wake_loop.data = store->probe_timer.data = store;
    store->results.wake_loop = &store->wake_loop;
    int problem = 0;
    for (size_t i = 0; i < store->lane_count; i++) {
        int of_lane = blocking_lane_start(&store->lanes[i]);
        problem = of_lane == 0 ? problem : of_lane;
    }
    if (problem == 0) {
        probe(&store->probe_timer);
        return;
    }
    char error[128];
    snprintf(error, sizeof error, "there is no thread for the connector: %s", uv_strerror(problem));
    end_start(store, error);
}

void blocking_store_get(struct blocking_store *store, ds_slice name, ds_record_done *done,
                        void *context)
{
    const char *problem = refusal(store, blocking_job_bytes(&name, 1, NULL));
    if (problem != NULL) {
        done(context, problem, NULL);
        return;
    }
    struct blocking_job *job = blocking_job_new(BLOCKING_GET, &name, NULL, 1, NULL);
    job->on_record = done;
    job->context = context;
    submit(store, job, lane_of(store, name));
}

static struct blocking_job *new_set(ds_slice name, const struct ds_record *record, int32_t expected,
                                    void *context)
{
    struct blocking_job *job = blocking_job_new(BLOCKING_SET, &name, NULL, 1, record);
    job->expected = expected;
    job->context = context;
    return job;
}

void blocking_store_set_expected(struct blocking_store *store, ds_slice name,
                                 const struct ds_record *record, int32_t expected,
                                 ds_set_done *done, void *context)
{
    const char *problem = refusal(store, blocking_job_bytes(&name, 1, record));
    if (problem != NULL) {
        done(context, problem, NULL);
        return;
    }
    struct blocking_job *job = new_set(name, record, expected, context);
    job->is_conditional = true;
    job->on_set = done;
    submit(store, job, lane_of(store, name));
}

void blocking_store_set(struct blocking_store *store, ds_slice name, const struct ds_record *record,
                        ds_done *done, void *context)
{
    const char *problem = refusal(store, blocking_job_bytes(&name, 1, record));
    if (problem != NULL) {
        done(context, problem);
        return;
    }
    struct blocking_job *job = new_set(name, record, DS_ANY_VERSION, context);
    job->on_done = done;
    submit(store, job, lane_of(store, name));
}

/* Sorts the positions of names by lane: those of lane i end at ends[i]. */
static size_t *sort_by_lane(const struct blocking_store *store, const ds_slice *names, size_t count,
                            size_t *ends)
{
    size_t *lanes = malloc(count * sizeof *lanes), *sorted = malloc(count * sizeof *sorted);
    CHECK(lanes != NULL && sorted != NULL);
    size_t next[BLOCKING_MOST_LANES] = {0};
    for (size_t i = 0; i < count; i++)
        next[lanes[i] = lane_of(store, names[i])]++;
    for (size_t lane = 0, start = 0; lane < store->lane_count; lane++) {
        ends[lane] = start + next[lane];
        next[lane] = start;
        start = ends[lane];
    }
    for (size_t i = 0; i < count; i++)
        sorted[next[lanes[i]]++] = i;
    free(lanes);
    return sorted;
}

static void submit_parts(struct blocking_store *store, enum blocking_kind kind,
                         const ds_slice *names, size_t count, struct blocking_whole *whole)
{
    size_t ends[BLOCKING_MOST_LANES];
    size_t *sorted = sort_by_lane(store, names, count, ends);
    for (size_t lane = 0, start = 0; lane < store->lane_count; start = ends[lane++]) {
        if (ends[lane] == start)
            continue;
        struct blocking_job *job =
            blocking_job_new(kind, names, sorted + start, ends[lane] - start, NULL);
        job->whole = whole;
        whole->parts_left++;
        submit(store, job, lane);
    }
    free(sorted);
}

static struct blocking_whole *whole_new(void *context)
{
    struct blocking_whole *whole = calloc(1, sizeof *whole);
    CHECK(whole != NULL);
    whole->context = context;
    return whole;
}

void blocking_store_heads(struct blocking_store *store, const ds_slice *names, size_t count,
                          ds_heads_done *done, void *context)
{
    static const int32_t none[1];
    const char *problem = refusal(store, blocking_job_bytes(names, count, NULL));
    if (problem != NULL || count == 0) {
        done(context, problem, problem == NULL ? none : NULL);
        return;
    }
    struct blocking_whole *whole = whole_new(context);
    whole->on_heads = done;
    whole->versions = malloc(count * sizeof *whole->versions);
    CHECK(whole->versions != NULL);
    submit_parts(store, BLOCKING_HEADS, names, count, whole);
}

void blocking_store_remove(struct blocking_store *store, const ds_slice *names, size_t count,
                           ds_done *done, void *context)
{
    const char *problem = refusal(store, blocking_job_bytes(names, count, NULL));
    if (problem != NULL || count == 0) {
        done(context, problem);
        return;
    }
    struct blocking_whole *whole = whole_new(context);
    whole->on_done = done;
    submit_parts(store, BLOCKING_REMOVE, names, count, whole);
}
