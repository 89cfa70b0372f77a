#pragma once
/* Options that are a number of milliseconds. */

#include "deepstream/plugin.h"

/* Reads the option, or the fallback when it is not set. Returns false, and says so in error, when
 * it is below least or too large for a timer. */
bool option_milliseconds(const struct ds_value *options, const char *key, double fallback,
                         double least, uint64_t *milliseconds, struct ds_error *error);
