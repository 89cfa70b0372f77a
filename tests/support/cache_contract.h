#pragma once
/* What every cache plugin promises (deepstream/plugin.h), as tests that run against any of them. */

#include "deepstream/plugin.h"

/* Runs them; returns how many failed. */
int cache_contract_run(const struct ds_plugin *plugin, const char *options_json);
