#include "writer.h"

#include "base/check.h"
#include "base/slice.h"

#include <signal.h>
#include <stdlib.h>

enum {
    BATCH_JOBS = 4096,   /* so that answers do not wait for ever under load */
    HOPELESS_AFTER = 16, /* failures in a row, after which the rest of a batch is not tried */
    MOST_RANGES = 32,    /* of halves of a batch; more than the logarithm of BATCH_JOBS */
};

/* ---- jobs ---- */

static char *copy_to(char *end, ds_slice bytes, ds_slice *copy)
{
    *copy = (ds_slice){end, bytes.length};
    if (bytes.length > 0)
        memcpy(end, bytes.at, bytes.length);
    return end + bytes.length;
}

size_t job_bytes(const ds_slice *names, size_t count, const struct ds_record *record)
{
    size_t bytes = sizeof(struct job) + count * sizeof(ds_slice);
    for (size_t i = 0; i < count; i++)
        bytes += names[i].length;
    return bytes + (record == NULL ? 0 : record->data.length);
}

struct job *job_new(enum job_kind kind, const ds_slice *names, size_t count,
                    const struct ds_record *record, void *context)
{
    size_t bytes = job_bytes(names, count, record);
    struct job *job = malloc(bytes);
    CHECK(job != NULL);
    *job = (struct job){.kind = kind, .bytes = bytes, .context = context, .name_count = count};
    char *end = (char *)(job->names + count);
    for (size_t i = 0; i < count; i++)
        end = copy_to(end, names[i], &job->names[i]);
    if (record != NULL) {
        job->record.version = record->version;
        copy_to(end, record->data, &job->record.data);
    }
    return job;
}

void job_free(struct job *job)
{
    free(job->owned_data);
    free(job);
}

static void append(struct job_list *list, struct job *first, struct job *last)
{
    if (first == NULL)
        return;
    if (list->first == NULL)
        list->first = first;
    else
        list->last->next = first;
    list->last = last;
    last->next = NULL;
}

static struct job_list take_all(struct job_list *list)
{
    struct job_list taken = *list;
    *list = (struct job_list){0};
    return taken;
}

/* ---- the worker: one batch ---- */

struct worker {
    struct writer *writer;
    struct database database;
    bool is_hopeless; /* the rest of the batch is not written */
    struct job *batch[BATCH_JOBS];
};

/* Jobs of a batch, from first to end. */
struct range {
    size_t first, end;
};

static const char *do_get(struct database *database, struct job *job)
{
    size_t length = 0;
    free(job->owned_data); /* of a try before */
    job->owned_data = NULL;
    const char *problem =
        database_get(database, job->names[0], &job->record.version, &job->owned_data, &length);
    job->record.data = (ds_slice){job->owned_data, length};
    return problem;
}

static const char *do_remove(struct database *database, struct job *job)
{
    const char *problem = NULL;
    for (size_t i = 0; i < job->name_count && problem == NULL; i++)
        problem = database_remove(database, job->names[i]);
    return problem;
}

static const char *do_job(struct database *database, struct job *job)
{
    switch (job->kind) {
    case JOB_GET:
        return do_get(database, job);
    case JOB_SET:
        return database_set(database, job->names[0], &job->record);
    default:
        return do_remove(database, job);
    }
}

static bool has_writes(const struct worker *worker, struct range range)
{
    for (size_t i = range.first; i < range.end; i++)
        if (worker->batch[i]->kind != JOB_GET)
            return true;
    return false;
}

static const char *do_jobs(struct worker *worker, struct range range)
{
    const char *problem = NULL;
    for (size_t i = range.first; i < range.end && problem == NULL; i++)
        problem = do_job(&worker->database, worker->batch[i]);
    return problem;
}

static const char *read_range(struct worker *worker, struct range range)
{
    database_begin_reading(&worker->database);
    const char *problem = do_jobs(worker, range);
    database_end_reading(&worker->database);
    return problem;
}

/* All of them or none. */
static const char *do_range(struct worker *worker, struct range range)
{
    if (!has_writes(worker, range))
        return read_range(worker, range);
    const char *problem = database_begin(&worker->database);
    worker->is_hopeless = problem != NULL; /* no job's fault */
    if (problem == NULL)
        problem = do_jobs(worker, range);
    if (problem == NULL)
        problem = database_commit(&worker->database);
    if (problem != NULL)
        database_rollback(&worker->database);
    return problem;
}

/* Reads what can be read, and tries no write. */
static void give_up(struct worker *worker, struct range range, const char *problem)
{
    for (size_t i = range.first; i < range.end; i++) {
        struct job *job = worker->batch[i];
        job->error = job->kind == JOB_GET ? do_get(&worker->database, job) : problem;
    }
}

/* Ranges that are still to be done lie on a stack, the first one on top, so that the order of jobs
 * is kept. */
static void do_batch(struct worker *worker, size_t count)
{
    struct range ranges[MOST_RANGES] = {{0, count}};
    size_t depth = 1;
    unsigned failures = 0;
    const char *problem = NULL;
    worker->is_hopeless = false;
    while (depth > 0) {
        struct range range = ranges[--depth];
        if (worker->is_hopeless) {
            give_up(worker, range, problem);
            continue;
        }
        problem = do_range(worker, range);
        size_t jobs = range.end - range.first;
        if (problem == NULL) {
            failures = 0;
        } else if (worker->is_hopeless) {
            give_up(worker, range, problem);
            continue;
        } else if (jobs > 1) {
            CHECK(depth + 2 <= MOST_RANGES);
            ranges[depth++] = (struct range){range.first + jobs / 2, range.end};
            ranges[depth++] = (struct range){range.first, range.first + jobs / 2};
            continue;
        } else {
            worker->is_hopeless = ++failures == HOPELESS_AFTER;
        }
        for (size_t i = range.first; i < range.end; i++)
            worker->batch[i]->error = problem;
    }
}

/* ---- the worker: its thread ---- */

/* Waits for jobs and takes the next batch; 0 when there will be none any more. */
static size_t next_batch(struct worker *worker)
{
    struct writer *writer = worker->writer;
    size_t count = 0;
    uv_mutex_lock(&writer->mutex);
    while (writer->queue.first == NULL && !writer->is_stopping)
        uv_cond_wait(&writer->wake_worker, &writer->mutex);
    for (struct job *job = writer->queue.first; job != NULL && count < BATCH_JOBS; job = job->next)
        worker->batch[count++] = job;
    if (count > 0)
        writer->queue.first = worker->batch[count - 1]->next;
    uv_mutex_unlock(&writer->mutex);
    return count;
}

/* A client is there as long as one of its jobs is. */
static void hand_over(struct worker *worker, size_t count)
{
    struct writer *writer = worker->writer;
    uv_mutex_lock(&writer->mutex);
    for (size_t i = 0; i < count; i++) {
        struct writer_client *client = worker->batch[i]->client;
        bool is_awake = client->finished.first != NULL;
        append(&client->finished, worker->batch[i], worker->batch[i]);
        if (!is_awake)
            uv_async_send(&client->wake);
    }
    uv_mutex_unlock(&writer->mutex);
}

static void wake_clients(struct writer *writer)
{
    for (struct list_link *at = writer->clients.next; at != &writer->clients; at = at->next)
        uv_async_send(&LIST_ITEM(at, struct writer_client, link)->wake);
}

static void tell_opened(struct writer *writer, const struct ds_error *error)
{
    uv_mutex_lock(&writer->mutex);
    writer->has_opened = true;
    writer->open_error = *error;
    wake_clients(writer);
    uv_mutex_unlock(&writer->mutex);
}

static void tell_ended(struct writer *writer)
{
    uv_mutex_lock(&writer->mutex);
    writer->has_ended = true;
    wake_clients(writer);
    uv_mutex_unlock(&writer->mutex);
}

static void work(void *argument)
{
    struct worker *worker = argument;
    struct writer *writer = worker->writer;
    struct ds_error error = {.text = ""};
    bool is_open = database_open(&worker->database, writer->path, writer->synchronous, &error);
    tell_opened(writer, &error);
    for (size_t count; is_open && (count = next_batch(worker)) > 0;) {
        do_batch(worker, count);
        hand_over(worker, count);
    }
    database_close(&worker->database);
    free(worker);
    tell_ended(writer);
}

/* ---- the loops' side ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct writer_client *client = handle->data;
    client->owner.on_left(client->owner.context);
}

static void leave_list(struct writer_client *client)
{
    uv_mutex_lock(&client->writer->mutex);
    list_remove(&client->link);
    uv_mutex_unlock(&client->writer->mutex);
}

/* The last one stays until the worker has ended, which wakes it. */
static void leave_when_done(struct writer_client *client, bool has_ended)
{
    struct writer *writer = client->writer;
    if (!client->is_leaving || client->is_closing || client->pending > 0 ||
        (client->is_last && !has_ended))
        return;
    client->is_closing = true;
    leave_list(client);
    if (client->is_last && writer->has_thread)
        CHECK(uv_thread_join(&writer->thread) == 0);
    uv_close((uv_handle_t *)&client->wake, on_handle_closed);
}

/* Once it has nothing to wait for, a client that leaves stops the worker if it is the last. */
static void stop_when_last(struct writer_client *client)
{
    struct writer *writer = client->writer;
    if (!client->is_leaving || client->pending > 0 || client->is_last)
        return;
    uv_mutex_lock(&writer->mutex);
    client->is_last =
        writer->clients.next == &client->link && client->link.next == &writer->clients;
    if (client->is_last) {
        writer->is_stopping = true;
        uv_cond_signal(&writer->wake_worker);
    }
    uv_mutex_unlock(&writer->mutex);
}

static void tell_open(struct writer_client *client)
{
    const char *error = client->writer->open_error.text;
    client->is_open_told = true;
    client->owner.on_open(client->owner.context, error[0] == '\0' ? NULL : error);
}

static void on_wake(uv_async_t *handle)
{
    struct writer_client *client = handle->data;
    struct writer *writer = client->writer;
    uv_mutex_lock(&writer->mutex);
    struct job_list finished = take_all(&client->finished);
    bool has_opened = writer->has_opened, has_ended = writer->has_ended;
    uv_mutex_unlock(&writer->mutex);

    if (has_opened && !client->is_open_told)
        tell_open(client);
    for (struct job *job = finished.first, *next; job != NULL; job = next) {
        next = job->next;
        client->pending--;
        client->owner.on_job(client->owner.context, job);
    }
    stop_when_last(client);
    leave_when_done(client, has_ended);
}

/* Signals are the business of the loop's thread: the worker, which inherits the mask, gets none. */
static bool start_thread(struct writer *writer, struct worker *worker)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = uv_thread_create(&writer->thread, work, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}

static void start_worker(struct writer *writer)
{
    struct worker *worker = calloc(1, sizeof *worker);
    CHECK(worker != NULL);
    worker->writer = writer;
    writer->has_thread = start_thread(writer, worker);
    if (writer->has_thread)
        return;
    free(worker);
    tell_opened(writer, &(struct ds_error){.text = "there is no thread for the storage"});
    tell_ended(writer);
}

struct writer *writer_new(const char *path, enum database_synchronous synchronous)
{
    struct writer *writer = calloc(1, sizeof *writer);
    CHECK(writer != NULL);
    writer->path = strdup(path);
    writer->synchronous = synchronous;
    list_init(&writer->clients);
    CHECK(writer->path != NULL && uv_mutex_init(&writer->mutex) == 0 &&
          uv_cond_init(&writer->wake_worker) == 0);
    return writer;
}

void writer_free(struct writer *writer)
{
    CHECK(list_is_empty(&writer->clients));
    uv_mutex_destroy(&writer->mutex);
    uv_cond_destroy(&writer->wake_worker);
    free(writer->path);
    free(writer);
}

void writer_join(struct writer *writer, struct writer_client *client, uv_loop_t *loop,
                 const struct writer_owner *owner)
{
    *client = (struct writer_client){.writer = writer, .owner = *owner};
    CHECK(uv_async_init(loop, &client->wake, on_wake) == 0);
    client->wake.data = client;
    uv_mutex_lock(&writer->mutex);
    bool is_first = !writer->has_started;
    writer->has_started = true;
    list_append(&writer->clients, &client->link);
    if (writer->has_opened)
        uv_async_send(&client->wake);
    uv_mutex_unlock(&writer->mutex);
    if (is_first)
        start_worker(writer);
}

void writer_submit(struct writer_client *client, struct job *job)
{
    struct writer *writer = client->writer;
    CHECK(!client->is_leaving);
    job->client = client;
    client->pending++;
    uv_mutex_lock(&writer->mutex);
    append(&writer->queue, job, job);
    uv_cond_signal(&writer->wake_worker);
    uv_mutex_unlock(&writer->mutex);
}

void writer_leave(struct writer_client *client)
{
    client->is_leaving = true;
    uv_async_send(&client->wake);
}
