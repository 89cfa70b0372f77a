#pragma once
/* An upper bound of the work that a backtracking matcher does, known before any subject is. PCRE2's
 * compiled code counts its work only roughly and anew at each start, so it gets only subjects that
 * are short enough for this bound; longer ones go to the exact matcher, which counts every step. */

#include "regex/regex_node.h"

/* coefficient * length ^ degree elementary steps, for subjects of one element or more. */
struct regex_cost {
    double coefficient;
    uint32_t degree; /* REGEX_COST_UNBOUNDED: no useful bound */
};

#define REGEX_COST_UNBOUNDED 16

/* Of a whole search. The tree must have its facts. */
struct regex_cost regex_cost_of(const struct regex_tree *tree);

static inline bool regex_cost_within(struct regex_cost cost, uint32_t length, double limit)
{
    double work = cost.coefficient;
    if (cost.degree >= REGEX_COST_UNBOUNDED)
        return false;
    for (uint32_t i = 0; i < cost.degree; i++)
        work *= length + 1.0;
    return work <= limit;
}
