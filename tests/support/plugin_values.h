#pragma once
/* Options of plugins for tests that have no configuration file: JSON text -> struct ds_value.
 * Link it in place of the configuration of the server, never beside it. */

#include "deepstream/plugin.h"

/* NULL for an empty text. Ends the process when it is not JSON. */
const struct ds_value *plugin_values_new(const char *json);
void plugin_values_free(const struct ds_value *values);
