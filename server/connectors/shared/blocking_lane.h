#pragma once
/* A thread of a blocking store and the queue that leads to it. The functions are for the loop's
 * thread. */

#include "shared/backoff.h"
#include "shared/blocking_job.h"

#include <uv.h>

/* Where all lanes put what they have done. */
struct blocking_results {
    uv_mutex_t mutex;
    uv_async_t *wake_loop;
    struct blocking_jobs finished;
    size_t ended_lanes;
};

struct blocking_lane {
    const struct blocking_backend *backend;
    const void *shared;
    bool waits_when_lost;
    struct blocking_results *results;
    uv_thread_t thread;
    bool has_thread;

    uv_mutex_t mutex; /* guards what follows */
    uv_cond_t wake;
    struct blocking_jobs queue;
    bool is_stopping;
    bool may_try_again; /* the backend is known to be back */
};

/* Returns 0, or why there is no thread (an error of libuv); then the lane is as if it had ended. */
int blocking_lane_start(struct blocking_lane *lane);
void blocking_lane_submit(struct blocking_lane *lane, struct blocking_job *job);
/* The backend is back: what waits for a moment to pass is tried at once. */
void blocking_lane_try_again(struct blocking_lane *lane);
/* Ends the thread when the queue is empty; it then counts in ended_lanes. */
void blocking_lane_stop(struct blocking_lane *lane);
/* After that. */
void blocking_lane_fini(struct blocking_lane *lane);
