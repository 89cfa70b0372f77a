#pragma once
/* The position automaton of a pattern, for the analysis of ambiguity: one state per character or
 * set in the pattern, an edge where one can be consumed right after another. Bodies of look-arounds
 * are parts of their own. Small repetition counts are taken for one, large ones for infinity. */

#include "regex/regex_node.h"

#define AUTOMATON_MAX_STATES 256

struct state_set {
    uint64_t bits[AUTOMATON_MAX_STATES / 64];
};

static inline bool state_set_has(const struct state_set *set, uint32_t state)
{
    return set->bits[state >> 6] >> (state & 63) & 1;
}

static inline void state_set_add(struct state_set *set, uint32_t state)
{
    set->bits[state >> 6] |= (uint64_t)1 << (state & 63);
}

struct automaton {
    uint32_t count;
    const struct regex_node *states[AUTOMATON_MAX_STATES];
    struct state_set edges[AUTOMATON_MAX_STATES];
    struct state_set reach[AUTOMATON_MAX_STATES];   /* by one edge or more */
    struct state_set overlap[AUTOMATON_MAX_STATES]; /* accept some character in common */

    /* The first edge that two iterations make in different ways, on a cycle; NULL: none. It is the
     * outer of the quantifiers that make it. */
    const struct regex_node *doubled;
};

/* Whether a quantifier can repeat very often. */
bool automaton_is_loop(const struct regex_node *node);

/* False when the pattern has too many positions. */
bool automaton_build(const struct regex_tree *tree, struct automaton *automaton);
