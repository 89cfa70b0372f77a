/* storage `default`: records in an SQLite file, written in groups by a thread of its own
 * (writer.h).
 *
 * What waits for that thread is bounded in bytes: beyond, operations fail at once. Failures of the
 * file are logged when they begin and when they end, not each. */

#include "deepstream/plugin.h"

#include "writer.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_PATH "deepstream.sqlite"
#define DEFAULT_MAX_QUEUE_BYTES ((double)(64 << 20))
#define LEAST_QUEUE_BYTES 1024.0
#define MOST_QUEUE_BYTES 1099511627776.0 /* 1 TiB */

extern const struct ds_plugin ds_storage_default;

static const char queue_full[] = "storage queue is full";

struct storage {
    const struct ds_services *services;
    char *path;
    enum database_synchronous synchronous;
    size_t max_queue_bytes;
    size_t queued_bytes;    /* of jobs that are not answered yet */
    uint64_t failed_writes; /* since the last one that succeeded */
    struct writer *writer;  /* shared with other nodes of the process; NULL before the start */
    struct writer_client client;
    struct {
        ds_done *done;
        void *context;
    } start, close;
};

/* ---- answers ---- */

static void log_text(struct storage *storage, enum ds_log_level level, const char *event,
                     const char *text)
{
    storage->services->log(storage->services->host, level, event, slice_of(text));
}

/* One line when writes begin to fail, one when they work again. */
static void note_write(struct storage *storage, const char *error)
{
    char text[512];
    if (error != NULL) {
        if (storage->failed_writes++ > 0)
            return;
        snprintf(text, sizeof text, "%s: %s; writes are refused until that is mended",
                 storage->path, error);
        log_text(storage, DS_ERROR, "STORAGE_ERROR", text);
    } else if (storage->failed_writes > 0) {
        snprintf(text, sizeof text, "%s: writes work again, after %llu failed", storage->path,
                 (unsigned long long)storage->failed_writes);
        log_text(storage, DS_WARN, "STORAGE_ERROR", text);
        storage->failed_writes = 0;
    }
}

static void on_job(void *context, struct job *job)
{
    struct storage *storage = context;
    storage->queued_bytes -= job->bytes;
    if (job->kind == JOB_GET) {
        job->on_record(job->context, job->error, job->error == NULL ? &job->record : NULL);
    } else {
        note_write(storage, job->error);
        job->on_done(job->context, job->error);
    }
    job_free(job);
}

/* ---- operations ---- */

/* A single job may be larger than the whole queue. */
static bool has_room(const struct storage *storage, size_t bytes)
{
    return storage->queued_bytes == 0 ||
           (storage->queued_bytes <= storage->max_queue_bytes &&
            bytes <= storage->max_queue_bytes - storage->queued_bytes);
}

static void submit(struct storage *storage, struct job *job)
{
    storage->queued_bytes += job->bytes;
    writer_submit(&storage->client, job);
}

static void storage_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct storage *storage = self;
    if (!has_room(storage, job_bytes(&name, 1, NULL))) {
        done(context, queue_full, NULL);
        return;
    }
    struct job *job = job_new(JOB_GET, &name, 1, NULL, context);
    job->on_record = done;
    submit(storage, job);
}

static void write_job(struct storage *storage, enum job_kind kind, const ds_slice *names,
                      size_t count, const struct ds_record *record, ds_done *done, void *context)
{
    if (!has_room(storage, job_bytes(names, count, record))) {
        done(context, queue_full);
        return;
    }
    struct job *job = job_new(kind, names, count, record, context);
    job->on_done = done;
    submit(storage, job);
}

static void storage_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    write_job(self, JOB_SET, &name, 1, record, done, context);
}

static void storage_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                           void *context)
{
    write_job(self, JOB_REMOVE, names, count, NULL, done, context);
}

/* ---- options ---- */

static bool read_synchronous(const struct ds_value *option, enum database_synchronous *synchronous,
                             struct ds_error *error)
{
    static const struct {
        slice name;
        enum database_synchronous value;
    } levels[] = {
        {SLICE("full"), DATABASE_SYNC_FULL},
        {SLICE("normal"), DATABASE_SYNC_NORMAL},
        {SLICE("off"), DATABASE_SYNC_OFF},
    };
    slice wanted = ds_value_text(option, (slice){0});
    *synchronous = DATABASE_SYNC_FULL;
    if (ds_value_kind(option) == DS_VALUE_NULL)
        return true;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (slice_equal(wanted, levels[i].name)) {
            *synchronous = levels[i].value;
            return true;
        }
    snprintf(error->text, sizeof error->text, "synchronous must be full, normal or off");
    return false;
}

static bool read_max_queue_bytes(const struct ds_value *option, size_t *bytes,
                                 struct ds_error *error)
{
    double number = ds_value_kind(option) == DS_VALUE_NULL ? DEFAULT_MAX_QUEUE_BYTES
                                                           : ds_value_number(option, -1);
    bool is_sane = number >= LEAST_QUEUE_BYTES && number <= MOST_QUEUE_BYTES;
    *bytes = is_sane ? (size_t)number : 0;
    if (!is_sane)
        snprintf(error->text, sizeof error->text,
                 "maxQueueBytes must be a number of bytes from %.0f to %.0f", LEAST_QUEUE_BYTES,
                 MOST_QUEUE_BYTES);
    return is_sane;
}

/* The path of the file, on the heap; NULL when the option makes no sense. */
static char *read_path(const struct ds_value *option, const char *folder, struct ds_error *error)
{
    bool is_set = ds_value_kind(option) != DS_VALUE_NULL;
    slice path = is_set ? ds_value_text(option, (slice){0}) : SLICE(DEFAULT_PATH);
    if (path.length == 0 || memchr(path.at, '\0', path.length) != NULL) {
        snprintf(error->text, sizeof error->text, "path must be the path of a file");
        return NULL;
    }
    struct buf whole = BUF_EMPTY;
    if (path.at[0] != '/')
        buf_printf(&whole, "%s/", folder);
    buf_append(&whole, path);
    buf_append_byte(&whole, '\0');
    return whole.at;
}

/* ---- lifecycle ---- */

static void *storage_create(const struct ds_services *services, const struct ds_value *options,
                            struct ds_error *error)
{
    struct storage *storage = calloc(1, sizeof *storage);
    CHECK(storage != NULL);
    storage->services = services;
    bool is_sane =
        read_synchronous(ds_value_member(options, "synchronous"), &storage->synchronous, error) &&
        read_max_queue_bytes(ds_value_member(options, "maxQueueBytes"), &storage->max_queue_bytes,
                             error);
    if (is_sane)
        storage->path = read_path(ds_value_member(options, "path"), services->config_dir, error);
    if (storage->path != NULL)
        return storage;
    free(storage);
    return NULL;
}

static void end(struct storage *storage)
{
    ds_done *done = storage->close.done;
    void *context = storage->close.context;
    free(storage->path);
    free(storage);
    done(context, NULL);
}

static void on_open(void *context, const char *error)
{
    struct storage *storage = context;
    storage->start.done(storage->start.context, error);
}

/* Nodes of one process that have the same file share what writes it. */
static struct buf share_key(const struct storage *storage)
{
    struct buf key = BUF_EMPTY;
    buf_printf(&key, "storage default %s", storage->path);
    buf_append_byte(&key, '\0');
    return key;
}

static void *make_writer(void *context)
{
    const struct storage *storage = context;
    return writer_new(storage->path, storage->synchronous);
}

static void free_writer(void *writer)
{
    writer_free(writer);
}

static struct writer *acquire_writer(struct storage *storage)
{
    const struct ds_services *services = storage->services;
    if (services->share == NULL)
        return make_writer(storage);
    struct buf key = share_key(storage);
    struct writer *writer = services->share(services->host, key.at, make_writer, storage);
    buf_fini(&key);
    return writer;
}

static void on_left(void *context)
{
    struct storage *storage = context;
    const struct ds_services *services = storage->services;
    if (services->share == NULL) {
        free_writer(storage->writer);
    } else {
        struct buf key = share_key(storage);
        services->unshare(services->host, key.at, free_writer);
        buf_fini(&key);
    }
    end(storage);
}

static void storage_start(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    storage->start.done = done;
    storage->start.context = context;
    const struct writer_owner owner = {storage, on_open, on_job, on_left};
    storage->writer = acquire_writer(storage);
    writer_join(storage->writer, &storage->client, storage->services->loop, &owner);
}

static void storage_close(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    storage->close.done = done;
    storage->close.context = context;
    if (storage->writer != NULL)
        writer_leave(&storage->client);
    else
        end(storage);
}

static const struct ds_storage_operations operations = {
    .get = storage_get,
    .set = storage_set,
    .remove = storage_remove,
};

const struct ds_plugin ds_storage_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "default",
    .description = "records in an SQLite file",
    .create = storage_create,
    .start = storage_start,
    .close = storage_close,
    .operations = &operations,
};
