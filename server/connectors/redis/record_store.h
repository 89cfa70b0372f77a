#pragma once
/* Records in Redis, for the cache and for the storage: record_keys.h says how they lie there. What
 * decides on the version that is stored, and writes, is one step of Redis: a script in Lua.
 *
 * Functions have the contracts of struct ds_cache_operations and struct ds_storage_operations. */

#include "redis/client.h"

enum record_store_kind {
    RECORD_STORE_CACHE,   /* writes over the version that is expected */
    RECORD_STORE_STORAGE, /* writes over the same and older versions */
};

struct record_store;

/* Returns NULL and fills error when the options make no sense. */
struct record_store *record_store_new(const struct ds_services *services,
                                      const struct ds_value *options, enum record_store_kind kind,
                                      struct ds_error *error);
void record_store_start(void *store, ds_done *done, void *context);
/* Waits for what is under way, then frees it. */
void record_store_close(void *store, ds_done *done, void *context);

void record_store_get(void *store, ds_slice name, ds_record_done *done, void *context);
void record_store_heads(void *store, const ds_slice *names, size_t count, ds_heads_done *done,
                        void *context);
void record_store_remove(void *store, const ds_slice *names, size_t count, ds_done *done,
                         void *context);

/* Of a cache, and of a storage. */
void record_store_compare_and_set(void *store, ds_slice name, const struct ds_record *record,
                                  int32_t expected, ds_set_done *done, void *context);
void record_store_set_newer(void *store, ds_slice name, const struct ds_record *record,
                            ds_done *done, void *context);
