#pragma once
/* What valve_program_load makes of a file, and how a rule is found in it. Private to the runtime.
 */

#include "pattern/pattern.h"
#include "program.h"
#include "valve.h"

#include <stdatomic.h>

#define VALVE_RULE_NONE UINT32_MAX

struct regex;

/* The patterns of one section; their numbers here are not those of the program. */
struct program_section {
    const struct pattern **patterns;
    uint32_t count;
    struct pattern_index *index;
};

/* The rules of one kind, by the pattern's number in its section. */
struct program_kind {
    const struct pattern_index *index; /* of the section */
    uint32_t *rules;                   /* numbers in the program, or VALVE_RULE_NONE */
    uint64_t *wanted;                  /* bit set: which patterns have a rule of this kind */
    uint32_t root; /* the pattern `*` when it has a rule of this kind, or PATTERN_NONE */
    uint32_t rule_count;
};

/* All that deciding by a rule reads of it, in one cache line: with many rules in use, each further
 * place costs more than running the rule. */
struct rule_entry {
    slice path; /* text of its pattern */
    const struct pattern *pattern;
    const instruction *code;
    uint32_t number; /* of the rule in the program */
    uint32_t line, column;
    uint32_t code_length;
    uint32_t max_stack;
    uint32_t tail;    /* as of pattern_tail */
    uint8_t needs;    /* bits of enum rule_needs */
    bool is_constant; /* the rule does nothing but return `constant`, a boolean */
    bool constant;
};

_Static_assert(sizeof(struct rule_entry) == 64, "an entry should be one cache line");

struct valve_program {
    atomic_uint references;
    struct arena arena;
    struct program contents;
    struct rule_entry *entries; /* one for each rule of contents */
    struct regex **regexes;
    struct program_section sections[VALVE_SECTION_COUNT];
    struct program_kind kinds[VALVE_RULE_KIND_COUNT];
};

/* A prepared user: the value of `user` and the memory it lives in. */
struct valve_user {
    struct arena arena;
    valve_value value;
};
