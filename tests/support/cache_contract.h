#pragma once
/* What every cache plugin promises (deepstream/plugin.h), as tests that run against any of them. */

#include "store_subject.h"

/* Runs them; returns how many failed. */
int cache_contract_run(const struct store_subject *subject);
