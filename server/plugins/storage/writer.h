#pragma once
/* The thread that works on the database of the default storage, and the queue that leads to it.
 *
 *     loop: writer_submit(job) -> queue -> worker: a batch in one transaction -> results -> loop
 *
 * Group commit: everything that was queued while a batch was written is the next batch, so the cost
 * of making it durable is shared, and nobody is answered before his write is on disk. A batch that
 * fails is tried again in halves, so that one job that cannot be done does not fail the others.
 * The functions are for the loop's thread; jobs are answered there, in the order they came. */

#include "database.h"

#include <uv.h>

enum job_kind { JOB_GET, JOB_SET, JOB_REMOVE };

/* One block, with copies of all texts. Made by job_..., freed by who gets it back in on_job. */
struct job {
    struct job *next;
    enum job_kind kind;
    size_t bytes; /* of memory */
    void *context;
    union {
        ds_record_done *on_record; /* JOB_GET */
        ds_done *on_done;
    };
    const char *error;       /* result; static text */
    char *owned_data;        /* of a JOB_GET's result */
    struct ds_record record; /* to set, or the result */
    size_t name_count;
    ds_slice names[]; /* one, but for JOB_REMOVE */
};

/* The memory that such a job takes. */
size_t job_bytes(const ds_slice *names, size_t count, const struct ds_record *record);

struct job *job_new(enum job_kind kind, const ds_slice *names, size_t count,
                    const struct ds_record *record, void *context);
void job_free(struct job *job);

struct job_list {
    struct job *first, *last;
};

struct writer_owner {
    void *context;
    /* The database is open, or error says why not; then there is nothing but writer_stop. */
    void (*on_open)(void *context, const char *error);
    void (*on_job)(void *context, struct job *job);
    /* The worker has ended and the writer may be freed. */
    void (*on_stopped)(void *context);
};

struct writer {
    struct writer_owner owner;
    const char *path;
    enum database_synchronous synchronous;
    uv_async_t wake_loop;
    uv_thread_t thread;

    uv_mutex_t mutex; /* guards what follows */
    uv_cond_t wake_worker;
    struct job_list queue;
    struct job_list finished;
    bool has_opened;
    bool is_stopping;
    bool has_ended;
    struct ds_error open_error;

    bool has_thread; /* the rest is the loop's alone */
    bool is_open_told;
    bool is_closing;
};

/* Starts the worker, which opens the database. path lives as long as the writer. */
void writer_start(struct writer *writer, uv_loop_t *loop, const char *path,
                  enum database_synchronous synchronous, const struct writer_owner *owner);

void writer_submit(struct writer *writer, struct job *job);

/* Finishes what is queued, closes the database, ends. No job may be submitted any more. */
void writer_stop(struct writer *writer);
