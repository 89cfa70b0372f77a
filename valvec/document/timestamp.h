#pragma once
/* Dates as YAML writes them -> milliseconds since 1970. */

#include "base/slice.h"

/* text has the form of a date (scalar.h, TREE_DATE): 2026-05-01, or 2026-05-01T12:00:00.5+02:00;
 * without a zone it is UTC. False when there is no such day or time. */
bool timestamp_read(slice text, double *ms);
