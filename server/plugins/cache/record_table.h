#pragma once
/* Records in memory, found by name: a chained hash table that grows bit by bit.
 *
 * A record is one block with its name and data, and never changes: writing one puts another in its
 * place (B15). It is counted, so that who reads it may go on while it is replaced; the table holds
 * one reference of each. Growing never stops the loop for long: the old buckets are moved a few at
 * a time, by the operations that follow. */

#include "deepstream/plugin.h"

#include "base/list.h"
#include "base/slice.h"

struct cached_record {
    struct cached_record *next; /* in its bucket */
    struct list_link link;      /* of the table's owner */
    uint32_t hash;
    uint32_t references;
    int32_t version;
    uint32_t name_length;
    uint32_t data_length;
    char bytes[]; /* name, data */
};

struct record_buckets {
    struct cached_record **at;
    size_t mask; /* their number - 1 */
};

struct record_table {
    struct record_buckets buckets;
    struct record_buckets old; /* at NULL: there are none */
    size_t moved;              /* old buckets that are empty already */
    size_t count;
    uint64_t seed;
};

void record_table_init(struct record_table *table);
/* Releases every record. */
void record_table_fini(struct record_table *table);

/* The record, or NULL. Borrowed from the table. */
struct cached_record *record_table_find(struct record_table *table, slice name);

/* Puts a new record in, with a link in no list. Returns what had its name before and is now the
 * caller's, or NULL. */
struct cached_record *record_table_put(struct record_table *table, struct cached_record *record);

/* Takes a record out, which is then the caller's; NULL when there is none. */
struct cached_record *record_table_take(struct record_table *table, slice name);

/* What fits into a record. */
static inline bool cached_record_fits(slice name, slice data)
{
    return name.length <= UINT32_MAX && data.length <= UINT32_MAX;
}

/* A record with one reference; NULL when the system has no memory for it. */
struct cached_record *cached_record_try_new(const struct record_table *table, slice name,
                                            const struct ds_record *content);
/* Ends one reference, and with the last one the record. */
void cached_record_release(struct cached_record *record);

static inline slice cached_record_name(const struct cached_record *record)
{
    return (slice){record->bytes, record->name_length};
}

static inline struct ds_record cached_record_content(const struct cached_record *record)
{
    slice data = {record->bytes + record->name_length, record->data_length};
    return (struct ds_record){.version = record->version, .data = data};
}

/* About what a record takes of memory, with its bucket and what malloc adds. */
static inline size_t cached_record_bytes(size_t name_length, size_t data_length)
{
    return sizeof(struct cached_record) + 2 * sizeof(void *) + name_length + data_length;
}
