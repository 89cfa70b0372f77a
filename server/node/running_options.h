#pragma once
/* Options that may change while a node runs, as running_options.def lists them. */

#include "deepstream/plugin.h"

struct ds_node;

/* option: as in the configuration file, "rpc.ackTimeout". What begins from now on obeys. Returns
 * false and fills error when it cannot be changed, or not to this value. */
bool running_options_set(struct ds_node *node, const char *option, int64_t value,
                         struct ds_error *error);
