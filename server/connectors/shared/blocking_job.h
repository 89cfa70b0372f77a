#pragma once
/* One operation of a blocking store, or the part of one that a thread does: a block of memory with
 * copies of all texts, and the answer. The loop makes it, a lane works on it, the loop answers and
 * frees it; so it is never seen by two threads at once. */

#include "shared/blocking_store.h"

enum blocking_kind { BLOCKING_GET, BLOCKING_SET, BLOCKING_HEADS, BLOCKING_REMOVE, BLOCKING_PROBE };

/* An operation on several names, whose parts are done by different threads. The loop's alone. */
struct blocking_whole {
    size_t parts_left;
    int32_t *versions; /* of heads */
    struct ds_error error;
    bool has_failed;
    union {
        ds_heads_done *on_heads;
        ds_done *on_done;
    };
    void *context;
};

struct blocking_job {
    struct blocking_job *next;
    enum blocking_kind kind;
    size_t bytes; /* of memory */

    union {
        ds_record_done *on_record; /* BLOCKING_GET */
        ds_set_done *on_set;       /* BLOCKING_SET of a cache */
        ds_done *on_done;          /* of a storage */
    };
    void *context;
    bool is_conditional;          /* which of the two */
    struct blocking_whole *whole; /* BLOCKING_HEADS, BLOCKING_REMOVE */

    enum blocking_outcome outcome;
    struct ds_error error;
    struct blocking_record found; /* what was got, or the conflict */
    int32_t *versions;            /* of heads: one for each name */

    int32_t expected;
    struct ds_record record; /* to set */
    size_t *positions;       /* of each name in the whole operation */
    size_t name_count;
    ds_slice names[];
};

/* The memory that such a job takes. */
size_t blocking_job_bytes(const ds_slice *names, size_t count, const struct ds_record *record);

/* Of names[positions[0]], names[positions[1]] and so on; of all of them when positions is NULL.
 * record may be NULL. */
struct blocking_job *blocking_job_new(enum blocking_kind kind, const ds_slice *names,
                                      const size_t *positions, size_t count,
                                      const struct ds_record *record);
void blocking_job_free(struct blocking_job *job);

struct blocking_jobs {
    struct blocking_job *first, *last;
};

void blocking_jobs_append(struct blocking_jobs *jobs, struct blocking_job *job);
struct blocking_jobs blocking_jobs_take_all(struct blocking_jobs *jobs);
