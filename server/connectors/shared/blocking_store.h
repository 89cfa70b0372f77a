#pragma once
/* Makes a cache or a storage out of functions that block, for libraries that know nothing else:
 * each of a few threads has its own state (a connection), operations wait in queues, answers are
 * given on the loop.
 *
 *     loop: operation -> queue of a lane -> its thread: backend->set(...) -> loop: answer
 *
 * A name always goes to the same lane, so operations on it take effect in the order of the calls.
 * An operation on several names is done in parts, one for each lane that has some of them, at the
 * same time. What waits is bounded in bytes: beyond, operations fail at once.
 *
 * A backend that is lost is asked again and again (backoff.h) by a probe; the log tells once that
 * it is away and once that it is back (outage.h). Meanwhile operations fail with the reason, and
 * each lane lets pass a moment before it tries to connect again. */

#include "deepstream/plugin.h"

#include "base/buf.h"

struct blocking_store;

enum blocking_outcome {
    BLOCKING_DONE,
    BLOCKING_CONFLICT, /* of a set: another version stands there */
    BLOCKING_FAILED,   /* this operation; the backend is well */
    BLOCKING_LOST,     /* the backend does not answer: try again later */
    BLOCKING_UNFIT,    /* of a probe: it answers, and will never do */
};

/* A record as the backend has it: a missing one when it is not filled in. */
struct blocking_record {
    bool is_there;
    int32_t version;
    struct buf data;
};

/* All are called on threads, `open` first and `close` last on the thread of that lane. `shared` is
 * what blocking_store_new got, and is not changed by any thread; `own` is what open returned.
 * Unless a function returns BLOCKING_DONE or BLOCKING_CONFLICT it fills error. */
struct blocking_backend {
    /* Connects nowhere yet, so it cannot fail. */
    void *(*open)(const void *shared);
    void (*close)(const void *shared, void *own);

    /* Whether all of the backend is there and does what is needed. */
    enum blocking_outcome (*probe)(const void *shared, void *own, struct ds_error *error);

    enum blocking_outcome (*get)(const void *shared, void *own, ds_slice name,
                                 struct blocking_record *found, struct ds_error *error);

    /* As the set of a cache, where `found` gets what stands there when that is a conflict; of a
     * storage, where expected is DS_ANY_VERSION. */
    enum blocking_outcome (*set)(const void *shared, void *own, ds_slice name,
                                 const struct ds_record *record, int32_t expected,
                                 struct blocking_record *found, struct ds_error *error);

    /* versions hold DS_MISSING when it is called. NULL of a storage. */
    enum blocking_outcome (*heads)(const void *shared, void *own, const ds_slice *names,
                                   size_t count, int32_t *versions, struct ds_error *error);
    enum blocking_outcome (*remove)(const void *shared, void *own, const ds_slice *names,
                                    size_t count, struct ds_error *error);
};

struct blocking_settings {
    const char *backend; /* for the log: "memcached at localhost:11211"; copied */
    size_t lanes;        /* 1 to BLOCKING_MOST_LANES */
    size_t max_queue_bytes;
    bool waits_when_lost; /* false: a part of the backend may be away, try each operation */
};

#define BLOCKING_MOST_LANES ((size_t)64)

/* shared lives until the store is closed. Starts nothing. */
struct blocking_store *blocking_store_new(const struct ds_services *services,
                                          const struct blocking_settings *settings,
                                          const struct blocking_backend *backend,
                                          const void *shared);

/* What the plugin's functions of the same names do. */
void blocking_store_start(struct blocking_store *store, ds_done *done, void *context);
void blocking_store_get(struct blocking_store *store, ds_slice name, ds_record_done *done,
                        void *context);
void blocking_store_set_expected(struct blocking_store *store, ds_slice name,
                                 const struct ds_record *record, int32_t expected,
                                 ds_set_done *done, void *context);
void blocking_store_set(struct blocking_store *store, ds_slice name, const struct ds_record *record,
                        ds_done *done, void *context);
void blocking_store_heads(struct blocking_store *store, const ds_slice *names, size_t count,
                          ds_heads_done *done, void *context);
void blocking_store_remove(struct blocking_store *store, const ds_slice *names, size_t count,
                           ds_done *done, void *context);

/* Does what waits, ends the threads and frees the store, then calls done. */
void blocking_store_close(struct blocking_store *store, ds_done *done, void *context);
