#pragma once
/* Sets of characters (UTF-16 units, or code points with flag u): sorted, disjoint, not touching
 * ranges. A set_builder collects them in an arena; regex_set_finish freezes it. */

#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

#define REGEX_MAX_UNIT 0xFFFFu
#define REGEX_MAX_CODE_POINT 0x10FFFFu

struct regex_range {
    uint32_t low, high; /* both inside */
};

struct regex_set {
    uint64_t ascii[2]; /* the members below 128 again, one bit each */
    uint32_t count;
    const struct regex_range *ranges;
};

/* Begin with {.arena = arena}. */
struct set_builder {
    struct arena *arena;
    VEC(struct regex_range) ranges;
    bool exhausted; /* the arena was: some ranges are missing, no set can be finished */
};

void set_builder_add(struct set_builder *builder, uint32_t low, uint32_t high);
void set_builder_add_ranges(struct set_builder *builder, const struct regex_range *ranges,
                            size_t count);

/* Adds everything up to max that is not in the ranges, which are those of a set. They may be the
 * builder's own, once its count is 0. */
void set_builder_add_others(struct set_builder *builder, const struct regex_range *ranges,
                            size_t count, uint32_t max);

/* Sorts and joins the ranges. */
void set_builder_normalise(struct set_builder *builder);

/* Everything up to max that was not in it; the result is normalised. */
void set_builder_invert(struct set_builder *builder, uint32_t max);

/* The built set in the arena, or NULL when that is exhausted. The builder is left normalised. */
const struct regex_set *regex_set_finish(struct set_builder *builder);

bool regex_set_has_slow(const struct regex_set *set, uint32_t character);

static inline bool regex_set_has(const struct regex_set *set, uint32_t character)
{
    if (character < 128)
        return set->ascii[character >> 6] >> (character & 63) & 1;
    return regex_set_has_slow(set, character);
}

/* Whether some character is in both. */
bool regex_set_overlap(const struct regex_set *a, const struct regex_set *b);
