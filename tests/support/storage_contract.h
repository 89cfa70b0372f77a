#pragma once
/* What every storage plugin promises (deepstream/plugin.h), as tests that run against any of them.
 */

#include "deepstream/plugin.h"

/* Runs them; returns how many failed. The options must lead to the same store each time it is
 * opened; a relative path in them starts in a scratch folder of the test. */
int storage_contract_run(const struct ds_plugin *plugin, const char *options_json);
