#pragma once
/* Instructions of the exact matcher. `backward` ones stand in look-behinds: they consume the
 * element before the position and move left.
 *
 * The state of a run is one array of numbers: two per group (start, end), then the registers. A
 * loop has two registers: iterations done, and position where the present one began. A look has
 * one: the height of the stack when it began. */

#include "regex/regex_program.h"

enum instruction_kind {
    I_MATCH,
    I_CHARACTER, /* a: character */
    I_SET,       /* set */
    I_START,
    I_END,
    I_LINE_START,
    I_LINE_END,
    I_WORD_BOUNDARY,
    I_NOT_WORD_BOUNDARY,
    I_BACK_REFERENCE, /* a: group */
    I_SAVE,           /* a: slot that takes the position */
    I_JUMP,           /* target */
    I_CHOICE,         /* go on, on failure at target; lazy: the other way round */
    I_UNSET,          /* unsets the groups min <= g < max */
    I_RUN_CHARACTER,  /* a: character, min, max, lazy: as a quantifier of one character */
    I_RUN_SET,        /* set, min, max, lazy */
    I_LOOP_START,     /* a: register */
    I_LOOP,           /* a: register, min, max, lazy; the body follows; target: after the loop */
    I_LOOP_BODY,      /* a: register; begins an iteration */
    I_LOOP_END,       /* a: register, min; target: I_LOOP */
    I_LOOK,           /* a: register; negative; target: where a negative one goes on */
    I_LOOK_END,       /* a: register; negative */
};

struct instruction {
    uint8_t kind;
    bool backward, lazy, negative;
    uint32_t target;
    union {
        uint32_t a;
        const struct regex_set *set;
    } as;
    uint32_t min, max;
};

struct regex_program {
    const struct instruction *code;
    uint32_t instruction_count;
    bool consumes; /* every match consumes something, first one of these: */
    struct regex_chars begin;
    const struct regex_set *word;
    uint32_t state_count, group_count; /* with group 0 */
    const struct regex_name *names;    /* in the order of the groups */
    uint32_t name_count;
    struct regex_flags flags;
};
