#pragma once
/* Looks that all nodes of a process share (since.h): whichever node is asked, what happened is
 * shown once. */

#include "since.h"

struct shared_since;

/* key: of those who look together. */
struct shared_since *shared_since_open(const struct ds_services *services, const char *key);
void shared_since_close(const struct ds_services *services, const char *key,
                        struct shared_since *shared);

/* Appends {"from":1,"to":2,...} of all nodes and takes the look. */
void shared_since_write(struct shared_since *shared, const struct ds_statistics *const *nodes,
                        size_t count, struct buf *out);
