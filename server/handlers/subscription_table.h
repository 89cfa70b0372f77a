#pragma once
/* Which session is subscribed to which name: pairs of pointers, each with its places in the arrays
 * of both sides, in one open table. Private to subscriptions.c. */

#include <stddef.h>
#include <stdint.h>

struct subscribed_name;
struct session;

struct subscription {
    struct subscribed_name *name; /* NULL: an empty place of the table */
    struct session *session;
    uint32_t in_name;    /* index among the sessions of the name */
    uint32_t in_session; /* index among the names of the session */
};

struct subscription_table {
    struct subscription *entries;
    size_t count;
    size_t capacity; /* power of two, or 0 */
};

void subscription_table_fini(struct subscription_table *table);

/* The pair, until the table changes; or NULL. */
struct subscription *subscription_table_find(const struct subscription_table *table,
                                             const struct subscribed_name *name,
                                             const struct session *session);

/* The pair is not in the table yet. */
void subscription_table_add(struct subscription_table *table, struct subscription subscription);

/* Takes out what find returned. */
void subscription_table_remove(struct subscription_table *table, struct subscription *found);
