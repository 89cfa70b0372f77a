#pragma once
/* Whose turn it is: of the operations on one name one is under way at a time, in the order in which
 * they came; those of one kind that wait in a row are joined to one (operation_join). */

#include "storage-elasticsearch/operation.h"

#include "base/hashmap.h"

struct turns {
    struct hashmap by_name;
};

void turns_init(struct turns *turns);
void turns_fini(struct turns *turns); /* nothing waits any more */

/* True when it is its turn already; else it waits. */
bool turns_enter(struct turns *turns, struct operation *operation);

/* The one under way of this name has ended: returns whose turn it is now, or NULL. */
struct operation *turns_leave(struct turns *turns, ds_slice name);
