#include "shared/blocking_job.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

size_t blocking_job_bytes(const ds_slice *names, size_t count, const struct ds_record *record)
{
    size_t bytes =
        sizeof(struct blocking_job) + count * (sizeof(ds_slice) + sizeof(size_t) + sizeof(int32_t));
    for (size_t i = 0; i < count; i++)
        bytes += names[i].length;
    return bytes + (record == NULL ? 0 : record->data.length);
}

static char *copy_to(char *end, ds_slice bytes, ds_slice *copy)
{
    *copy = (ds_slice){end, bytes.length};
    if (bytes.length > 0)
        memcpy(end, bytes.at, bytes.length);
    return end + bytes.length;
}

static size_t bytes_of(const ds_slice *names, const size_t *positions, size_t count,
                       const struct ds_record *record)
{
    if (positions == NULL)
        return blocking_job_bytes(names, count, record);
    size_t bytes = blocking_job_bytes(NULL, 0, record);
    for (size_t i = 0; i < count; i++)
        bytes += blocking_job_bytes(&names[positions[i]], 1, NULL) - sizeof(struct blocking_job);
    return bytes;
}

struct blocking_job *blocking_job_new(enum blocking_kind kind, const ds_slice *names,
                                      const size_t *positions, size_t count,
                                      const struct ds_record *record)
{
    size_t bytes = bytes_of(names, positions, count, record);
    struct blocking_job *job = malloc(bytes);
    CHECK(job != NULL);
    *job = (struct blocking_job){.kind = kind, .bytes = bytes, .name_count = count};
    job->positions = (size_t *)(job->names + count);
    job->versions = (int32_t *)(job->positions + count);
    char *end = (char *)(job->versions + count);
    for (size_t i = 0; i < count; i++) {
        job->positions[i] = positions == NULL ? i : positions[i];
        job->versions[i] = DS_MISSING;
        end = copy_to(end, names[job->positions[i]], &job->names[i]);
    }
    if (record != NULL) {
        job->record.version = record->version;
        copy_to(end, record->data, &job->record.data);
    }
    return job;
}

void blocking_job_free(struct blocking_job *job)
{
    buf_fini(&job->found.data);
    free(job);
}

void blocking_jobs_append(struct blocking_jobs *jobs, struct blocking_job *job)
{
    job->next = NULL;
    if (jobs->first == NULL)
        jobs->first = job;
    else
        jobs->last->next = job;
    jobs->last = job;
}

struct blocking_jobs blocking_jobs_take_all(struct blocking_jobs *jobs)
{
    struct blocking_jobs taken = *jobs;
    *jobs = (struct blocking_jobs){0};
    return taken;
}
