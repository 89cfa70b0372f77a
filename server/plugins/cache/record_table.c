#include "record_table.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <stdlib.h>

enum {
    FIRST_BUCKETS = 256,
    BUCKETS_PER_MOVE = 4, /* two would do: the table doubles after as many puts as it has buckets */
};

static struct record_buckets new_buckets(size_t count)
{
    /* Large ones come from the system as zeros, and cost nothing until they are used. */
    struct record_buckets buckets = {calloc(count, sizeof *buckets.at), count - 1};
    CHECK(buckets.at != NULL);
    return buckets;
}

void record_table_init(struct record_table *table)
{
    *table =
        (struct record_table){.buckets = new_buckets(FIRST_BUCKETS), .seed = hash_random_seed()};
}

static void release_all(struct record_buckets *buckets)
{
    for (size_t i = 0; buckets->at != NULL && i <= buckets->mask; i++)
        for (struct cached_record *record = buckets->at[i], *next; record != NULL; record = next) {
            next = record->next;
            cached_record_release(record);
        }
    free(buckets->at);
}

void record_table_fini(struct record_table *table)
{
    release_all(&table->buckets);
    release_all(&table->old);
    *table = (struct record_table){0};
}

static uint32_t hash_of(const struct record_table *table, slice name)
{
    return (uint32_t)hash_bytes(name, table->seed);
}

static void link_record(struct record_buckets *buckets, struct cached_record *record)
{
    struct cached_record **bucket = &buckets->at[record->hash & buckets->mask];
    record->next = *bucket;
    *bucket = record;
}

static void move_bucket(struct record_table *table)
{
    struct cached_record *record = table->old.at[table->moved];
    table->old.at[table->moved++] = NULL;
    for (struct cached_record *next; record != NULL; record = next) {
        next = record->next;
        link_record(&table->buckets, record);
    }
}

static void move_some(struct record_table *table)
{
    for (int i = 0; i < BUCKETS_PER_MOVE && table->old.at != NULL; i++) {
        move_bucket(table);
        if (table->moved > table->old.mask) {
            free(table->old.at);
            table->old = (struct record_buckets){0};
        }
    }
}

static void grow_when_full(struct record_table *table)
{
    if (table->count <= table->buckets.mask || table->old.at != NULL)
        return;
    table->old = table->buckets;
    table->moved = 0;
    table->buckets = new_buckets((table->old.mask + 1) * 2);
}

/* The pointer that leads to the record, or NULL. */
static struct cached_record **find_in(const struct record_buckets *buckets, slice name,
                                      uint32_t hash)
{
    if (buckets->at == NULL)
        return NULL;
    struct cached_record **at = &buckets->at[hash & buckets->mask];
    for (; *at != NULL; at = &(*at)->next)
        if ((*at)->hash == hash && slice_equal(cached_record_name(*at), name))
            return at;
    return NULL;
}

static struct cached_record **find_place(struct record_table *table, slice name, uint32_t hash)
{
    struct cached_record **at = find_in(&table->buckets, name, hash);
    return at != NULL ? at : find_in(&table->old, name, hash);
}

struct cached_record *record_table_find(struct record_table *table, slice name)
{
    struct cached_record **at = find_place(table, name, hash_of(table, name));
    return at == NULL ? NULL : *at;
}

struct cached_record *record_table_put(struct record_table *table, struct cached_record *record)
{
    move_some(table);
    struct cached_record **at = find_place(table, cached_record_name(record), record->hash);
    if (at != NULL) {
        struct cached_record *before = *at;
        record->next = before->next;
        *at = record;
        return before;
    }
    link_record(&table->buckets, record);
    table->count++;
    grow_when_full(table);
    return NULL;
}

struct cached_record *record_table_take(struct record_table *table, slice name)
{
    move_some(table);
    struct cached_record **at = find_place(table, name, hash_of(table, name));
    if (at == NULL)
        return NULL;
    struct cached_record *record = *at;
    *at = record->next;
    table->count--;
    return record;
}

struct cached_record *cached_record_try_new(const struct record_table *table, slice name,
                                            const struct ds_record *content)
{
    struct cached_record *record = malloc(sizeof *record + name.length + content->data.length);
    if (record == NULL)
        return NULL;
    *record = (struct cached_record){
        .hash = hash_of(table, name),
        .references = 1,
        .version = content->version,
        .name_length = (uint32_t)name.length,
        .data_length = (uint32_t)content->data.length,
    };
    list_init(&record->link);
    if (name.length > 0)
        memcpy(record->bytes, name.at, name.length);
    if (content->data.length > 0)
        memcpy(record->bytes + name.length, content->data.at, content->data.length);
    return record;
}

void cached_record_release(struct cached_record *record)
{
    if (--record->references == 0)
        free(record);
}
