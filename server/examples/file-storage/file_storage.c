/* A storage of one file for each record: the version in the first line, then the data. A file is
 * written beside its place, flushed to the disk and then moved there, so that a crash leaves the
 * old one or the new one and nothing between.
 *
 * The disk is slow, so one worker thread at a time does the operations, in the order in which they
 * came; that keeps the order of those on one name, which is all that plugin.h asks for. */

#include <deepstream/plugin.h>

#include "record_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum operation { GET, SET, REMOVE };

struct job {
    struct job *next;
    struct storage *storage;
    enum operation operation;
    char **names;
    size_t name_count;
    int32_t version;
    char *data;
    size_t data_length;
    char error[RECORD_FILE_ERROR_BYTES]; /* empty: none */
    ds_done *done;
    ds_record_done *record_done;
    void *context;
};

struct storage {
    const struct ds_services *services;
    char *folder;
    struct job *first, *last; /* the first one is being done */
    uv_work_t work;
    ds_done *closed; /* set: it is closing */
    void *closed_context;
};

static char *copy_of(ds_slice text)
{
    char *copy = malloc(text.length + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

/* ---- on a worker thread ---- */

static void do_job(uv_work_t *work)
{
    struct job *job = ((struct storage *)work->data)->first;
    const char *folder = job->storage->folder;
    switch (job->operation) {
    case GET:
        record_file_read(folder, job->names[0], &job->version, &job->data, &job->data_length,
                         job->error);
        break;
    case SET:
        record_file_write(folder, job->names[0], job->version, job->data, job->data_length,
                          job->error);
        break;
    case REMOVE:
        for (size_t i = 0; i < job->name_count && job->error[0] == '\0'; i++)
            record_file_remove(folder, job->names[i], job->error);
        break;
    }
}

/* ---- on the loop ---- */

static void answer(const struct job *job)
{
    const char *error = job->error[0] == '\0' ? NULL : job->error;
    struct ds_record record = {job->version,
                               {job->data == NULL ? "" : job->data, job->data_length}};
    if (job->operation == GET)
        job->record_done(job->context, error, error == NULL ? &record : NULL);
    else
        job->done(job->context, error);
}

static void free_job(struct job *job)
{
    for (size_t i = 0; i < job->name_count; i++)
        free(job->names[i]);
    free(job->names);
    free(job->data);
    free(job);
}

static void close_if_idle(struct storage *storage)
{
    ds_done *closed = storage->closed;
    void *context = storage->closed_context;
    if (storage->first != NULL || closed == NULL)
        return;
    free(storage->folder);
    free(storage);
    closed(context, NULL);
}

static void do_next(struct storage *storage);

static void on_done(uv_work_t *work, int status)
{
    struct storage *storage = work->data;
    struct job *job = storage->first;
    (void)status; /* nobody cancels it */
    storage->first = job->next;
    if (storage->first == NULL)
        storage->last = NULL;
    else
        do_next(storage);
    answer(job);
    free_job(job);
    close_if_idle(storage);
}

static void do_next(struct storage *storage)
{
    storage->work.data = storage;
    if (uv_queue_work(storage->services->loop, &storage->work, do_job, on_done) != 0)
        abort();
}

static void push(struct storage *storage, struct job *job)
{
    bool was_idle = storage->first == NULL;
    if (was_idle)
        storage->first = job;
    else
        storage->last->next = job;
    storage->last = job;
    if (was_idle)
        do_next(storage);
}

static struct job *job_new(struct storage *storage, enum operation operation, const ds_slice *names,
                           size_t count, void *context)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL || (job->names = calloc(count + 1, sizeof(char *))) == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        job->names[i] = record_file_name(names[i].at, names[i].length);
    job->storage = storage;
    job->operation = operation;
    job->name_count = count;
    job->context = context;
    return job;
}

static void get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct job *job = job_new(self, GET, &name, 1, context);
    job->record_done = done;
    push(self, job);
}

static void set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                void *context)
{
    struct job *job = job_new(self, SET, &name, 1, context);
    job->version = record->version;
    job->data = copy_of(record->data);
    job->data_length = record->data.length;
    job->done = done;
    push(self, job);
}

static void remove_names(void *self, const ds_slice *names, size_t count, ds_done *done,
                         void *context)
{
    struct job *job = job_new(self, REMOVE, names, count, context);
    job->done = done;
    push(self, job);
}

/* ---- its life ---- */

/* Relative to the folder of the configuration file. */
static char *folder_of(const struct ds_services *services, const struct ds_value *options)
{
    ds_slice folder = ds_value_text(ds_value_member(options, "folder"), (ds_slice){"records", 7});
    size_t size = strlen(services->config_dir) + folder.length + 2;
    char *path = malloc(size);
    if (path == NULL)
        abort();
    if (folder.length > 0 && folder.at[0] == '/')
        snprintf(path, size, "%.*s", (int)folder.length, folder.at);
    else
        snprintf(path, size, "%s/%.*s", services->config_dir, (int)folder.length, folder.at);
    return path;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct storage *storage = calloc(1, sizeof *storage);
    if (storage == NULL)
        abort();
    storage->services = services;
    storage->folder = folder_of(services, options);
    if (!record_file_make_folder(storage->folder)) {
        snprintf(error->text, sizeof error->text, "cannot make the folder %.400s", storage->folder);
        free(storage->folder);
        free(storage);
        return NULL;
    }
    return storage;
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct storage *storage = self;
    storage->closed = done;
    storage->closed_context = context;
    close_if_idle(storage);
}

static const struct ds_storage_operations operations = {
    .get = get, .set = set, .remove = remove_names};
static const char *const options[] = {"folder", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "files",
    .description = "a file for each record",
    .create = create,
    .close = close_it,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
