#pragma once
/* Records: read, write, create, delete, notify, subscribe (behaviour.md 5).
 *
 * One queue per record name with work in progress: reads, creations, writes and deletions of a name
 * take effect in the order they came, each judged and computed on the outcome of those before it
 * (H28, B2, B17). A write is a compare-and-set at the cache. */

#include "handlers/handlers.h"

struct record_handler;

struct record_settings {
    uint32_t cache_timeout_ms;   /* cacheRetrievalTimeout */
    uint32_t storage_timeout_ms; /* storageRetrievalTimeout */
    const slice *storage_exclusion_prefixes;
    size_t storage_exclusion_count;
    const slice *storage_hot_path_prefixes;
    size_t storage_hot_path_count;
    uint32_t max_queue_per_record; /* steps waiting for one name; 10,000 */
    uint32_t max_json_depth;       /* 128 */
    const struct ds_cache_operations *cache;
    void *cache_self;
    const struct ds_storage_operations *storage; /* NULL: storage none */
    void *storage_self;
    struct listen_settings listen;
};

/* Settings are copied, what they point to is borrowed. */
struct record_handler *record_handler_new(const struct handler_services *services,
                                          const struct record_settings *settings);
/* Answers every pending operation with an error; stores nothing more. */
void record_handler_free(struct record_handler **handler);
const struct handler *record_handler_table(const struct record_handler *handler);

/* Its own: the timeouts may be changed while it runs; what begins from then on obeys. */
struct record_settings *record_handler_settings(struct record_handler *handler);
struct listen_settings *record_handler_listen_settings(struct record_handler *handler);

/* Writes that the storage has not confirmed yet, and their bytes. */
size_t record_handler_unstored(const struct record_handler *handler, size_t *bytes);

/* For services->read_record of plugins: the read path (behaviour.md 5.1), without a permission
 * check and not behind queued writes. */
void record_handler_read(struct record_handler *handler, slice name, ds_record_done *done,
                         void *context);

/* Calls done once no write is in progress any more: for the drain at shutdown. */
void record_handler_drain(struct record_handler *handler, void (*done)(void *context),
                          void *context);
