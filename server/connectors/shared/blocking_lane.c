#include "shared/blocking_lane.h"

#include "base/check.h"

#include <signal.h>
#include <string.h>

#define FIRST_WAIT_MS 50
#define MOST_WAIT_MS 5000
#define NANOS_PER_MS 1000000u

/* What the thread alone knows. */
struct work {
    struct blocking_lane *lane;
    void *own;
    struct backoff backoff;
    uint64_t retry_at_nanos; /* 0: it is not known to be lost */
    struct ds_error reason;
};

static enum blocking_outcome do_job(struct work *work, struct blocking_job *job)
{
    const struct blocking_backend *backend = work->lane->backend;
    const void *shared = work->lane->shared;
    switch (job->kind) {
    case BLOCKING_GET:
        return backend->get(shared, work->own, job->names[0], &job->found, &job->error);
    case BLOCKING_SET:
        return backend->set(shared, work->own, job->names[0], &job->record, job->expected,
                            &job->found, &job->error);
    case BLOCKING_HEADS:
        return backend->heads(shared, work->own, job->names, job->name_count, job->versions,
                              &job->error);
    case BLOCKING_REMOVE:
        return backend->remove(shared, work->own, job->names, job->name_count, &job->error);
    default:
        return backend->probe(shared, work->own, &job->error);
    }
}

static void note(struct work *work, const struct blocking_job *job)
{
    if (job->outcome != BLOCKING_LOST) {
        work->retry_at_nanos = 0;
        backoff_reset(&work->backoff);
    } else if (work->lane->waits_when_lost) {
        uint64_t wait_ms = backoff_next(&work->backoff);
        work->retry_at_nanos = uv_hrtime() + wait_ms * NANOS_PER_MS;
        work->reason = job->error;
    }
}

/* A probe is tried always: its own backoff is the store's. */
static void try_job(struct work *work, struct blocking_job *job)
{
    if (job->kind != BLOCKING_PROBE && uv_hrtime() < work->retry_at_nanos) {
        job->outcome = BLOCKING_LOST;
        job->error = work->reason;
        return;
    }
    job->outcome = do_job(work, job);
    note(work, job);
}

static void hand_over(struct blocking_results *results, struct blocking_job *job)
{
    uv_mutex_lock(&results->mutex);
    blocking_jobs_append(&results->finished, job);
    uv_mutex_unlock(&results->mutex);
    uv_async_send(results->wake_loop);
}

static void tell_ended(struct blocking_results *results)
{
    uv_mutex_lock(&results->mutex);
    results->ended_lanes++;
    uv_async_send(results->wake_loop); /* under the lock: it is closed once all have ended */
    uv_mutex_unlock(&results->mutex);
}

/* Waits for jobs; an empty list when there will be none any more. */
static struct blocking_jobs next_jobs(struct work *work)
{
    struct blocking_lane *lane = work->lane;
    uv_mutex_lock(&lane->mutex);
    while (lane->queue.first == NULL && !lane->is_stopping)
        uv_cond_wait(&lane->wake, &lane->mutex);
    struct blocking_jobs jobs = blocking_jobs_take_all(&lane->queue);
    if (lane->may_try_again)
        work->retry_at_nanos = 0;
    lane->may_try_again = false;
    uv_mutex_unlock(&lane->mutex);
    return jobs;
}

static void run(void *context)
{
    struct blocking_lane *lane = context;
    struct work work = {.lane = lane,
                        .backoff = {.first_ms = FIRST_WAIT_MS, .most_ms = MOST_WAIT_MS}};
    work.own = lane->backend->open(lane->shared);
    for (struct blocking_jobs jobs; (jobs = next_jobs(&work)).first != NULL;) {
        for (struct blocking_job *job = jobs.first, *next; job != NULL; job = next) {
            next = job->next;
            try_job(&work, job);
            hand_over(lane->results, job);
        }
    }
    lane->backend->close(lane->shared, work.own);
    tell_ended(lane->results);
}

/* Signals are the business of the loop's thread: this one, which inherits the mask, gets none. */
static int start_thread(struct blocking_lane *lane)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = uv_thread_create(&lane->thread, run, lane);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return problem;
}

int blocking_lane_start(struct blocking_lane *lane)
{
    CHECK(uv_mutex_init(&lane->mutex) == 0 && uv_cond_init(&lane->wake) == 0);
    int problem = start_thread(lane);
    lane->has_thread = problem == 0;
    if (problem != 0)
        tell_ended(lane->results);
    return problem;
}

void blocking_lane_submit(struct blocking_lane *lane, struct blocking_job *job)
{
    uv_mutex_lock(&lane->mutex);
    CHECK(!lane->is_stopping);
    blocking_jobs_append(&lane->queue, job);
    uv_cond_signal(&lane->wake);
    uv_mutex_unlock(&lane->mutex);
}

void blocking_lane_try_again(struct blocking_lane *lane)
{
    uv_mutex_lock(&lane->mutex);
    lane->may_try_again = true;
    uv_mutex_unlock(&lane->mutex);
}

void blocking_lane_stop(struct blocking_lane *lane)
{
    uv_mutex_lock(&lane->mutex);
    lane->is_stopping = true;
    uv_cond_signal(&lane->wake);
    uv_mutex_unlock(&lane->mutex);
}

void blocking_lane_fini(struct blocking_lane *lane)
{
    if (lane->has_thread)
        CHECK(uv_thread_join(&lane->thread) == 0);
    uv_mutex_destroy(&lane->mutex);
    uv_cond_destroy(&lane->wake);
}
