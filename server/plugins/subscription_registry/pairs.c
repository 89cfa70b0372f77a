/* Linear probing at most three quarters full; taking out closes the gap. */

#include "pairs.h"

#include "base/check.h"

#include <stdlib.h>

/* Addresses are not chosen by strangers, so mixing them well is enough. */
static size_t hash(const struct registry_name *name, const void *subscriber)
{
    uint64_t mixed =
        (uint64_t)(uintptr_t)name * 0x9E3779B97F4A7C15u ^ (uint64_t)(uintptr_t)subscriber;
    mixed = (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93u;
    mixed = (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93u;
    return (size_t)(mixed ^ mixed >> 32);
}

static struct pair *place(const struct pairs *table, const struct registry_name *name,
                          const void *subscriber)
{
    size_t mask = table->capacity - 1;
    for (size_t i = hash(name, subscriber) & mask;; i = (i + 1) & mask) {
        struct pair *at = &table->entries[i];
        if (at->name == NULL || (at->name == name && at->subscriber == subscriber))
            return at;
    }
}

static void grow(struct pairs *table)
{
    struct pairs old = *table;
    table->capacity = old.capacity == 0 ? 16 : old.capacity * 2;
    table->entries = calloc(table->capacity, sizeof *table->entries);
    CHECK(table->entries != NULL);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.entries[i].name != NULL)
            *place(table, old.entries[i].name, old.entries[i].subscriber) = old.entries[i];
    free(old.entries);
}

void pairs_fini(struct pairs *table)
{
    free(table->entries);
    *table = (struct pairs){0};
}

struct pair *pairs_find(const struct pairs *table, const struct registry_name *name,
                        const void *subscriber)
{
    if (table->count == 0)
        return NULL;
    struct pair *at = place(table, name, subscriber);
    return at->name == NULL ? NULL : at;
}

void pairs_add(struct pairs *table, struct pair pair)
{
    if ((table->count + 1) * 4 > table->capacity * 3)
        grow(table);
    *place(table, pair.name, pair.subscriber) = pair;
    table->count++;
}

void pairs_remove(struct pairs *table, struct pair *found)
{
    size_t mask = table->capacity - 1, hole = (size_t)(found - table->entries);
    for (size_t i = (hole + 1) & mask; table->entries[i].name != NULL; i = (i + 1) & mask) {
        size_t home = hash(table->entries[i].name, table->entries[i].subscriber) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->entries[hole] = table->entries[i];
            hole = i;
        }
    }
    table->entries[hole] = (struct pair){0};
    table->count--;
}
