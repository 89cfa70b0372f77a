/* Linear probing at most three quarters full; taking out closes the gap. */

#include "handlers/subscription_table.h"

#include "base/check.h"

#include <stdlib.h>

/* Addresses are not chosen by strangers, so mixing them well is enough. */
static size_t hash(const struct subscribed_name *name, const struct session *session)
{
    uint64_t mixed = (uint64_t)(uintptr_t)name * 0x9E3779B97F4A7C15u ^ (uint64_t)(uintptr_t)session;
    mixed = (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93u;
    mixed = (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93u;
    return (size_t)(mixed ^ mixed >> 32);
}

static struct subscription *place(const struct subscription_table *table,
                                  const struct subscribed_name *name, const struct session *session)
{
    size_t mask = table->capacity - 1;
    for (size_t i = hash(name, session) & mask;; i = (i + 1) & mask) {
        struct subscription *at = &table->entries[i];
        if (at->name == NULL || (at->name == name && at->session == session))
            return at;
    }
}

static void grow(struct subscription_table *table)
{
    struct subscription_table old = *table;
    table->capacity = old.capacity == 0 ? 16 : old.capacity * 2;
    table->entries = calloc(table->capacity, sizeof *table->entries);
    CHECK(table->entries != NULL);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.entries[i].name != NULL)
            *place(table, old.entries[i].name, old.entries[i].session) = old.entries[i];
    free(old.entries);
}

void subscription_table_fini(struct subscription_table *table)
{
    free(table->entries);
    *table = (struct subscription_table){0};
}

struct subscription *subscription_table_find(const struct subscription_table *table,
                                             const struct subscribed_name *name,
                                             const struct session *session)
{
    if (table->count == 0)
        return NULL;
    struct subscription *at = place(table, name, session);
    return at->name == NULL ? NULL : at;
}

void subscription_table_add(struct subscription_table *table, struct subscription subscription)
{
    if ((table->count + 1) * 4 > table->capacity * 3)
        grow(table);
    *place(table, subscription.name, subscription.session) = subscription;
    table->count++;
}

void subscription_table_remove(struct subscription_table *table, struct subscription *found)
{
    size_t mask = table->capacity - 1, hole = (size_t)(found - table->entries);
    for (size_t i = (hole + 1) & mask; table->entries[i].name != NULL; i = (i + 1) & mask) {
        size_t home = hash(table->entries[i].name, table->entries[i].session) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->entries[hole] = table->entries[i];
            hole = i;
        }
    }
    table->entries[hole] = (struct subscription){0};
    table->count--;
}
