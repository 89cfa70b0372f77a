#pragma once
/* Compares the patterns of the runtime with the reference, for one name and one set of paths. Ends
 * the process at the first difference. */

#include "base/slice.h"

#include <stdint.h>

#define PATTERN_CHECK_MAX_PATHS 64

/* Bit i of wanted: whether path i may be found. Paths and name are well-formed; paths that are no
 * valid patterns, or more than the reference reads, are parsed and then left out. Returns how many
 * were compared. The text of each path ends with a zero byte. */
uint32_t pattern_check(slice name, uint64_t wanted, const slice *paths, uint32_t count);
