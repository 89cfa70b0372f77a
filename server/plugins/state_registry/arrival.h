#pragma once
/* Whether a node that has joined knows enough of the others to let clients in. Knows no clock and
 * no bus: time is an argument.
 *
 *     discovery   who is there answers, or asks; a node that is alone waits for this long
 *     stragglers  nodes that others count, and that were not heard of, have a little longer
 *     the rest    what was heard of has to be known, or the time is up */

#include "base/hashmap.h"

struct arrival {
    bool is_under_way;
    uint64_t begun_ms, discovery_ms, timeout_ms;
    size_t nodes;           /* that others know, with themselves */
    struct hashmap unknown; /* heard of, and no members yet: name -> its bytes */
};

void arrival_init(struct arrival *arrival, uint64_t discovery_ms, uint64_t timeout_ms);
void arrival_fini(struct arrival *arrival);

void arrival_begin(struct arrival *arrival, uint64_t now_ms);

/* A server that is no member has asked this node for what it has, so that it is one soon. */
void arrival_hear_of(struct arrival *arrival, slice server);
/* It is a member now, or is gone. */
void arrival_forget(struct arrival *arrival, slice server);
/* Another node says how many there are. */
void arrival_count(struct arrival *arrival, size_t nodes);

/* When to look again, if nothing happens; 0: the wait is over. seen: nodes, with this one;
 * all_known: what all of them have. */
uint64_t arrival_look(const struct arrival *arrival, uint64_t now_ms, size_t seen, bool all_known);
