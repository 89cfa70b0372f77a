#pragma once
/* Caches and storages: where records are. */

#include "deepstream/plugin/common.h"

/* What `expected` of a set may be besides a version or DS_MISSING. */
#define DS_ANY_VERSION (-2)

/* The outcome of a set: error NULL and conflict NULL when it was written; conflict is what stands
 * there when that is not the expected version, and nothing was written. */
typedef void ds_set_done(void *context, const char *error, const struct ds_record *conflict);

/* versions[i] belongs to names[i] of the call; DS_MISSING for those not there. */
typedef void ds_heads_done(void *context, const char *error, const int32_t *versions);

/* Where the newest state of records is: the place of truth for versions while records live there.
 * Sets and removals of one name take effect in the order of the calls, and a get after a set's done
 * sees it. */
struct ds_cache_operations {
    void (*get)(void *self, ds_slice name, ds_record_done *done, void *context);

    /* Writes record when the cache holds `expected` (a version, DS_MISSING or DS_ANY_VERSION);
     * atomically also against other nodes that share the cache. */
    void (*set)(void *self, ds_slice name, const struct ds_record *record, int32_t expected,
                ds_set_done *done, void *context);

    void (*heads)(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                  void *context);

    /* Removing what is not there succeeds. */
    void (*remove)(void *self, const ds_slice *names, size_t count, ds_done *done, void *context);

    /* The storage holds this version of the record now, so a cache with a bound may drop it: what
     * was not reported so has no other copy and must be kept. NULL when it never drops. */
    void (*stored)(void *self, ds_slice name, int32_t version);

    /* What it holds now; NULL when it does not know, or only others do. */
    void (*size)(void *self, uint64_t *records, uint64_t *bytes);
};

/* Where records survive a restart. `done` of set and remove means: it is on disk (or as safe as the
 * storage is configured to be). Operations on one name take effect in the order of the calls.
 *
 * A set of a version lower than the one that is stored changes nothing and succeeds; of an equal
 * one it overwrites. Atomically also against other nodes that share the storage: their writes may
 * come late, and must not undo newer ones.
 *
 * Data that a loaded storage gets and that is not JSON is an error to who asked for it. */
struct ds_storage_operations {
    void (*get)(void *self, ds_slice name, ds_record_done *done, void *context);
    void (*set)(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                void *context);
    void (*remove)(void *self, const ds_slice *names, size_t count, ds_done *done, void *context);
};
