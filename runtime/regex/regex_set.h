#pragma once
/* Sets of characters (UTF-16 units, or code points with flag u): sorted, disjoint, not touching
 * ranges. A set_builder collects on the heap; regex_set_finish freezes it into an arena. */

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

struct set_builder {
    VEC(struct regex_range) ranges;
};

void set_builder_fini(struct set_builder *builder);
void set_builder_add(struct set_builder *builder, uint32_t low, uint32_t high);
void set_builder_add_set(struct set_builder *builder, const struct regex_set *set);

/* Sorts and joins the ranges. */
void set_builder_normalise(struct set_builder *builder);

/* Everything up to max that was not in it; the result is normalised. */
void set_builder_invert(struct set_builder *builder, uint32_t max);

/* The built set in the arena, or NULL when the arena is exhausted. The builder is left normalised.
 */
const struct regex_set *regex_set_finish(struct set_builder *builder, struct arena *arena);

bool regex_set_has_slow(const struct regex_set *set, uint32_t character);

static inline bool regex_set_has(const struct regex_set *set, uint32_t character)
{
    if (character < 128)
        return set->ascii[character >> 6] >> (character & 63) & 1;
    return regex_set_has_slow(set, character);
}

/* Whether some character is in both. */
bool regex_set_overlap(const struct regex_set *a, const struct regex_set *b);
