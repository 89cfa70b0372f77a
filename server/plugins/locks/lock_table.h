#pragma once
/* Who holds which lock, for the node that leads. Knows no bus and no clock.
 *
 * All locks are held for the same time, so that they end in the order in which they were got or
 * held on to. */

#include "base/hashmap.h"
#include "base/list.h"

struct held_lock {
    struct list_link link; /* from the one that ends first */
    uint64_t ends_ms;
    double id; /* of the request that got it; 0: it had none */
    slice name, holder;
    char bytes[];
};

struct lock_table {
    struct hashmap by_name; /* -> struct held_lock */
    struct list_link in_order;
    uint64_t hold_ms;
};

void lock_table_init(struct lock_table *table, uint64_t hold_ms);
void lock_table_fini(struct lock_table *table);

/* Whether the holder has it now; not when somebody, itself included, has it already. */
bool lock_table_take(struct lock_table *table, slice name, slice holder, double id,
                     uint64_t now_ms);

/* Both do nothing when somebody else holds it; nor when an id is given, not 0, and it was got by
 * another request. */
void lock_table_renew(struct lock_table *table, slice name, slice holder, double id,
                      uint64_t now_ms);
void lock_table_release(struct lock_table *table, slice name, slice holder, double id);

void lock_table_drop_holder(struct lock_table *table, slice holder);
void lock_table_drop_all(struct lock_table *table);

/* The one that ends first, or NULL; and its end. */
const struct held_lock *lock_table_first(const struct lock_table *table);
void lock_table_end_first(struct lock_table *table);
