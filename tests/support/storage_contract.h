#pragma once
/* What every storage plugin promises (deepstream/plugin.h), as tests that run against any of them.
 */

#include "store_subject.h"

/* Runs them; returns how many failed. The options must lead to the same store each time it is
 * opened. */
int storage_contract_run(const struct store_subject *subject);
