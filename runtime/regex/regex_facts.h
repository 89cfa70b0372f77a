#pragma once
/* Facts about each node that several passes need: nullable, begin and follow of regex_node.h. */

#include "regex/regex_node.h"

void regex_facts_compute(struct regex_tree *tree);

static inline bool regex_chars_overlap(struct regex_chars a, struct regex_chars b)
{
    return (a.ascii[0] & b.ascii[0]) != 0 || (a.ascii[1] & b.ascii[1]) != 0 || (a.other && b.other);
}

static inline struct regex_chars regex_chars_join(struct regex_chars a, struct regex_chars b)
{
    return (struct regex_chars){{a.ascii[0] | b.ascii[0], a.ascii[1] | b.ascii[1]},
                                a.other || b.other};
}

static inline bool regex_chars_has(struct regex_chars chars, uint32_t character)
{
    return character < 128 ? chars.ascii[character >> 6] >> (character & 63) & 1 : chars.other;
}

/* A quantifier whose body is one character or set. */
static inline bool regex_is_run(const struct regex_node *node)
{
    return node->kind == NODE_QUANTIFIER &&
           (node->first->kind == NODE_CHARACTER || node->first->kind == NODE_SET);
}
