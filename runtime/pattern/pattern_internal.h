#pragma once
/* Shared by the files of this folder. A pattern is either plain, a sequence of elements, which
 * nearly all are; or it has regular-expression characters that need more, and then a program. Both
 * are immutable after pattern_parse. */

#include "pattern/pattern.h"
#include "regex/regex_node.h"

#define PATTERN_MAX_TEXT_BYTES 8192
#define PATTERN_MAX_INSTRUCTIONS 8192

enum element_kind {
    ELEMENT_LITERAL,
    ELEMENT_VARIABLE, /* [^/]+ */
    ELEMENT_STAR,     /* any run without line terminators */
    ELEMENT_DOT,      /* one unit that is no line terminator */
};

struct element {
    enum element_kind kind;
    slice text; /* ELEMENT_LITERAL: what to match, whole characters */
};

struct pattern {
    slice text;
    uint32_t utf16_length;
    uint32_t variable_count;
    const slice *variable_names;
    const struct element *elements; /* no two stars and no two literals are neighbours */
    uint32_t element_count;
    slice suffix; /* of a pattern with a program: bytes with which names end */
    slice prefix; /* bytes with which every matched name begins */
    const struct pattern_program *program;  /* NULL when the pattern is plain */
    const struct pattern_program *captures; /* of a plain pattern: finds its variables in names
                                               whose bytes leave a choice; NULL when none can */
};

/* pattern.c */

bool pattern_fail(struct pattern_error *error, size_t offset, size_t length, const char *message);

/* pattern_capture.c */

/* Whether finding the variables of a plain pattern may take a program. */
bool pattern_leaves_choice(const struct pattern *pattern);

/* pattern_regex.c: patterns with regular-expression characters. */

struct variable_place {
    size_t offset, length; /* in the path text */
};

/* Parses pattern->text as a regular expression and fills elements or program, and prefix. */
bool pattern_parse_regex(struct pattern *pattern, const struct variable_place *places,
                         struct arena *arena, struct pattern_error *error);

/* pattern_compile.c: programs are what pattern_run.c carries out. */

enum instruction_op {
    INSTRUCTION_UNIT,     /* one UTF-16 unit, `operand` */
    INSTRUCTION_SET,      /* one unit of `set` */
    INSTRUCTION_SPLIT,    /* go on at `next`, or else at `operand` */
    INSTRUCTION_JUMP,     /* go on at `next` */
    INSTRUCTION_SAVE,     /* slot `operand` = position */
    INSTRUCTION_CLEAR,    /* slot `operand` = SLOT_UNSET */
    INSTRUCTION_PROGRESS, /* go on when position is not slot `operand` */
    INSTRUCTION_START,    /* go on at the start of the name */
    INSTRUCTION_END,      /* go on at its end */
    INSTRUCTION_BOUNDARY, /* go on between a word character and another */
    INSTRUCTION_NOT_BOUNDARY,
    INSTRUCTION_MATCH, /* the name matches, if this is its end */
};

#define SLOT_UNSET UINT32_MAX

struct instruction {
    enum instruction_op op;
    uint32_t next;
    uint32_t operand;
    const struct regex_set *set;
};

/* Slots 2i and 2i+1 are start and end of variable i; further ones serve INSTRUCTION_PROGRESS. */
struct pattern_program {
    struct instruction *instructions;
    uint32_t count;
    uint32_t slot_count;
    bool has_boundaries;
};

extern const struct regex_set pattern_set_not_slash;
extern const struct regex_set pattern_set_not_terminator;

/* Both return NULL when the arena or the bound of instructions is exhausted. variable_of_group maps
 * a group number to its variable, or PATTERN_NONE. */
struct pattern_program *pattern_program_from_elements(const struct element *elements,
                                                      uint32_t count, uint32_t variable_count,
                                                      struct arena *arena);
struct pattern_program *pattern_program_from_tree(const struct regex_tree *tree,
                                                  const uint32_t *variable_of_group,
                                                  uint32_t variable_count, struct arena *arena);

/* pattern_run.c */

struct units {
    const uint16_t *at;
    uint32_t count;
};

enum run_status { RUN_NO_MATCH, RUN_MATCH, RUN_EXHAUSTED };

/* The UTF-16 units of name, in scratch; false when that is exhausted. */
bool pattern_units_decode(slice name, struct arena *scratch, struct units *units);

/* Whether all of units match. slots, of program->slot_count entries in units, are those of the way
 * that JavaScript prefers; NULL when nobody wants them. */
enum run_status pattern_program_run(const struct pattern_program *program, struct units units,
                                    uint32_t *slots, struct arena *scratch);

static inline bool is_word_unit(uint32_t unit)
{
    return unit - '0' < 10 || (unit | 0x20) - 'a' < 26 || unit == '_';
}
