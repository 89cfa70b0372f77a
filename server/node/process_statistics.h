#pragma once
/* What all nodes of a process have counted, gathered for one of them.
 *
 * Counters are plain numbers of their node's thread. Who wants those of the others wakes them; each
 * puts down a copy (snapshot.h) on its own thread and wakes who has asked. A node that does not
 * answer in time is shown as it was when it last did, so that no counter ever falls. */

#include "deepstream/plugin.h"

struct ds_node;
struct process_statistics; /* a node's part of it */

/* On the node's thread, as everything here. The node has a process. */
struct process_statistics *process_statistics_join(struct ds_node *node);

/* What was asked for is answered with what there is, and the node is shown to nobody any more.
 * Clears the pointer; handles close on the loop later. */
void process_statistics_leave(struct process_statistics **part);

/* See process_statistics of struct ds_services. */
void process_statistics_gather(struct process_statistics *part, ds_statistics_done *done,
                               void *context);
