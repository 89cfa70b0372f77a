#pragma once
/* The exact matcher: a program made from the tree, and its run. It gives ECMAScript's answer for
 * every pattern, with a backtracking stack of its own; budgets count precisely. */

#include "regex/regex_node.h"

/* The subject in one of three forms. Positions are in elements of it. */
struct regex_subject {
    const void *at;
    uint32_t length;
    uint8_t width; /* bytes of an element: 1 (ASCII), 2 (UTF-16 units) or 4 (code points) */
};

#define REGEX_UNSET UINT32_MAX

struct regex_program;

/* The program of a tree that has its facts, in the arena of the tree; NULL when that is exhausted.
 */
const struct regex_program *regex_program_build(const struct regex_tree *tree);

/* A copy that does not need the arena: one piece of the heap, for free(). */
struct regex_program *regex_program_copy(const struct regex_program *program);

struct regex_run {
    struct arena *arena; /* for the backtracking stack; reset by the caller */
    uint64_t steps, max_steps;
    size_t max_memory_bytes;
};

/* Finds the leftmost match that starts at `start` or, unless sticky, after it. captures has two
 * elements per group; those of groups that took no part are REGEX_UNSET. */
enum regex_status regex_program_run(const struct regex_program *program,
                                    const struct regex_subject *subject, uint32_t start,
                                    bool sticky, struct regex_run *run, uint32_t *captures,
                                    bool *matched);
