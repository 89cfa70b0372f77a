#pragma once
/* What all nodes of a process have counted, also when there is only one in it. */

#include "deepstream/plugin.h"

/* done: this node's first, and never none; perhaps before this returns. */
void look_at_nodes(const struct ds_services *services, ds_statistics_done *done, void *context);
