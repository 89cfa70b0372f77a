#pragma once
/* The thread that works on the database of the default storage, and the queue that leads to it.
 *
 *     loop: writer_submit(job) -> queue -> worker: a batch in one transaction -> results -> loop
 *
 * Group commit: everything that was queued while a batch was written is the next batch, so the cost
 * of making it durable is shared, and nobody is answered before his write is on disk. A batch that
 * fails is tried again in halves, so that one job that cannot be done does not fail the others.
 * Nodes of one process share one worker: what they submit is done in the order of all. The
 * functions of a client are for its loop's thread; jobs are answered there, in the order they came.
 */

#include "database.h"

#include "base/list.h"

#include <uv.h>

enum job_kind { JOB_GET, JOB_SET, JOB_REMOVE };

/* One block, with copies of all texts. Made by job_..., freed by who gets it back in on_job. */
struct job {
    struct job *next;
    struct writer_client *client; /* who gets it back */
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
    /* The database is open, or error says why not; then there is nothing but writer_leave. */
    void (*on_open)(void *context, const char *error);
    void (*on_job)(void *context, struct job *job);
    /* It is no client any more; of the last one: the worker has ended. */
    void (*on_left)(void *context);
};

/* A loop that the worker works for. All but `finished` is the loop's alone. */
struct writer_client {
    struct list_link link; /* under the writer's mutex */
    struct writer *writer;
    struct writer_owner owner;
    uv_async_t wake;
    struct job_list finished; /* under the writer's mutex */
    size_t pending;           /* jobs that have not come back */
    bool is_open_told, is_leaving, is_last, is_closing;
};

struct writer {
    char *path;
    enum database_synchronous synchronous;
    uv_thread_t thread;
    bool has_thread;

    uv_mutex_t mutex; /* guards what follows */
    uv_cond_t wake_worker;
    struct list_link clients;
    struct job_list queue;
    bool has_started;
    bool has_opened;
    bool is_stopping;
    bool has_ended;
    struct ds_error open_error;
};

/* path is copied. */
struct writer *writer_new(const char *path, enum database_synchronous synchronous);
/* All clients have left. */
void writer_free(struct writer *writer);

/* The first client starts the worker, which opens the database. Each on its own loop. */
void writer_join(struct writer *writer, struct writer_client *client, uv_loop_t *loop,
                 const struct writer_owner *owner);

void writer_submit(struct writer_client *client, struct job *job);

/* What it has submitted is finished first. The last one closes the database. No job may be
 * submitted any more. */
void writer_leave(struct writer_client *client);
