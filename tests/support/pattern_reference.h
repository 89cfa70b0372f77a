#pragma once
/* A second, deliberately simple way to match path patterns (valve.md 2.1), to compare the runtime's
 * with: the set of positions that each part of a path leads to, for names of at most 63 UTF-16
 * units. It recurses and is slow. It reads `$name`, `*`, `.`, [..], \d \w \s, groups, `|` and + ?
 * {n,m}; paths are assumed to be valid. */

#include "base/slice.h"

#include <stdint.h>

#define REFERENCE_MAX_UNITS 63

struct reference_name {
    uint16_t units[REFERENCE_MAX_UNITS];
    uint32_t offsets[REFERENCE_MAX_UNITS + 1]; /* byte where a unit's character starts */
    uint32_t count;
};

/* False when the name is too long. */
bool reference_name_init(struct reference_name *name, slice text);

bool reference_matches(slice path, const struct reference_name *name);

/* Whether path, which is valid, has nothing that this reference does not read. */
bool reference_reads(slice path);

/* Captures, in units, of a path that has no special characters but `$name`, `*` and `.`: what each
 * variable takes when every part takes as much as it can, the first part first. */
bool reference_captures(slice path, const struct reference_name *name, uint32_t (*captures)[2]);

/* Whether reference_captures can be used. */
bool reference_is_plain(slice path);
