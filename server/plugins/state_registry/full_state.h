#pragma once
/* All names that one server has of a set, as messages of the bus, and from them. A bus has a limit
 * for one message, so that many names are sent as several: each has "part", counted from 0, and
 * "more" unless it is the last. Without them it is whole, as that of the Node.js server. The last
 * one says how many nodes its sender knows. */

#include "plugins/bus_message.h"
#include "plugins/state_registry/state_sets.h"

/* Calls send with each message, in order. */
void full_state_write(const struct state_sets *sets, unsigned set,
                      void (*send)(void *context, slice message), void *context);

/* What came of one server's set until its last part. */
struct full_state {
    struct arena arena;
    struct hashmap names;
    uint32_t next_part;
};

enum full_state_news {
    FULL_STATE_COMPLETE,
    FULL_STATE_MORE,   /* there are more parts to come */
    FULL_STATE_BROKEN, /* a part is missing, or it is too large: all of it is to be asked for again
                        */
};

struct full_state *full_state_new(void);
void full_state_free(struct full_state **state);
enum full_state_news full_state_add(struct full_state *state, const struct value_object *message);
