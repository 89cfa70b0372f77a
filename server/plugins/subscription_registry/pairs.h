#pragma once
/* Which subscriber is subscribed to which name: pairs of pointers, each with its places in the
 * arrays of both sides, in one open table. Private to this folder. */

#include <stddef.h>
#include <stdint.h>

struct registry_name;

struct pair {
    struct registry_name *name; /* NULL: an empty place of the table */
    void *subscriber;
    uint32_t in_name;       /* index among the subscribers of the name */
    uint32_t in_subscriber; /* index among the names of the subscriber */
};

struct pairs {
    struct pair *entries;
    size_t count;
    size_t capacity; /* power of two, or 0 */
};

void pairs_fini(struct pairs *table);

/* The pair, until the table changes; or NULL. */
struct pair *pairs_find(const struct pairs *table, const struct registry_name *name,
                        const void *subscriber);

/* The pair is not in the table yet. */
void pairs_add(struct pairs *table, struct pair pair);

/* Takes out what find returned. */
void pairs_remove(struct pairs *table, struct pair *found);
