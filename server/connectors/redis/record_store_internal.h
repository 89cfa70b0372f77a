#pragma once
/* The inside of record_store.h, for the files that implement it: the store, and what one call of
 * it asks Redis for. */

#include "redis/record_keys.h"
#include "redis/record_store.h"

#include "base/buf.h"

#define RECORD_SCRIPT_DIGITS 40 /* of SHA-1 */

struct record_store {
    struct redis_settings settings;
    struct record_layout layout;
    struct redis_client *client;
    const char *script;
    char script_sha[RECORD_SCRIPT_DIGITS + 1];
    struct buf greeting; /* which makes the script known */
    char ttl[12];        /* seconds; empty: for ever */
    size_t under_way;
    ds_done *closed; /* NULL: it is not being closed */
    void *closed_context;
};

/* What one call asks for; its last answer ends it. */
struct record_operation {
    struct record_store *store;
    union {
        ds_record_done *record;
        ds_set_done *set;
        ds_heads_done *heads;
        ds_done *plain;
    } done;
    void *context;
    size_t answers; /* still to come */
    char error[300];
    int32_t *versions; /* of heads */
};

/* ---- record_store.c ---- */

void record_operation_begin(struct record_operation *operation, struct record_store *store,
                            void *context);
struct record_operation *record_operation_new(struct record_store *store, void *context);

/* Behind the answer of an operation, which is freed by then. */
void record_operation_over(struct record_store *store);

/* Keeps the first error; NULL when there is none. */
void record_operation_note_error(struct record_operation *operation, const char *error);
const char *record_operation_error(const struct record_operation *operation);

/* Whether all can be kept; otherwise record_name_refused says why not. */
bool record_names_fit(const struct record_store *store, const ds_slice *names, size_t count);
extern const char record_name_refused[];
extern const char record_not_a_record[];

/* What `version` and `data` of a reply are; false: no record. */
bool record_reply_read(const redisReply *version, const redisReply *data, struct ds_record *record);

/* ---- record_set.c ---- */

/* The script by which a store of this kind sets, and the greeting that makes it known. */
void record_script_init(struct record_store *store, enum record_store_kind kind);
