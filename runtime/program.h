#pragma once
/* A compiled rule file in memory: what the compiler fills, the writer stores as a .vbc file, the
 * loader verifies and the VM runs. The host sees none of this; valve.h is its door.
 *
 * All arrays are numbered from 0. Everything is borrowed by whoever holds the struct and lives in
 * one arena: the compiler's, or that of the loaded program. */

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "valve.h"
#include "value.h"

#include <stdint.h>

enum operand_kind {
    OPERAND_NONE,
    OPERAND_CONSTANT, /* number of a constant */
    OPERAND_INTEGER,  /* signed 24-bit number */
    OPERAND_VARIABLE, /* number of a variable of the rule's pattern */
    OPERAND_LABEL,    /* number of an instruction of the same rule, greater than the present one */
    OPERAND_COUNT,
    OPERAND_METHOD_COUNT, /* builtin in the low byte, argument count in the upper 16 bits */
    OPERAND_METHOD_LABEL, /* builtin; the next word is a JUMP */
    OPERAND_REGEX,        /* number of a regular expression */
    OPERAND_DEPTH,        /* nesting depth of a cross reference, from 1 */
};

enum opcode {
#define OP(name, operand, pops, pushes, meaning) OP_##name,
#include "opcodes.def"
#undef OP
    OPCODE_COUNT,
};

#define OP_VARIES (-1)

struct opcode_info {
    const char *name;
    enum operand_kind operand;
    int pops; /* or OP_VARIES */
    int pushes;
    const char *meaning;
};

const struct opcode_info *opcode_info(enum opcode op); /* op < OPCODE_COUNT */

typedef uint32_t instruction;

static inline instruction instruction_make(enum opcode op, uint32_t operand)
{
    return (uint32_t)op | operand << 8;
}

enum builtin {
#define BUILTIN(name, text, on_text, on_array) BUILTIN_##name,
#include "builtins.def"
#undef BUILTIN
    BUILTIN_COUNT,
};

/* Half-open range of bytes of a rule's expression text. */
struct span {
    uint32_t start, end;
};

enum rule_needs {
    RULE_NEEDS_DATA = 1,
    RULE_NEEDS_OLD_DATA = 2,
    RULE_NEEDS_RECORDS = 4, /* cross references */
    RULE_NEEDS_NOW = 8,
    RULE_NEEDS_VARIABLES = 16, /* captures of the pattern */
};

/* What an instruction reads, as bits of enum rule_needs. */
uint32_t opcode_needs(enum opcode op);

/* Where a stretch of a rule's expression text stands in the file. The text between two entries runs
 * on one line, one column per character. */
struct text_position {
    uint32_t offset;       /* of the expression text */
    uint32_t line, column; /* from 1 */
};

struct program_rule {
    enum valve_rule_kind kind;
    uint32_t pattern;                      /* number of its pattern */
    uint32_t line, column;                 /* of the rule in the file */
    slice source;                          /* expression text; "true" or "false" for a boolean */
    const struct text_position *positions; /* ascending by offset, the first at 0 */
    uint32_t position_count;
    const instruction *code;
    const struct span *spans; /* one for each instruction */
    uint32_t code_length;
    uint32_t max_stack;
    uint32_t needs; /* bits of enum rule_needs */
};

struct program_pattern {
    enum valve_section section;
    slice text;
    uint32_t line, column;
};

struct program_regex {
    slice pattern;
    slice flags;
};

struct program {
    slice file;                   /* name of the rule file, for messages */
    uint8_t source_hash[32];      /* SHA-256 of the rule file */
    const valve_value *constants; /* numbers and texts, each once */
    uint32_t constant_count;
    const struct program_regex *regexes;
    uint32_t regex_count;
    const struct program_pattern *patterns; /* in file order */
    uint32_t pattern_count;
    const struct program_rule *rules; /* in file order; at most one per pattern and kind */
    uint32_t rule_count;
};

/* Writes the file form: the same program gives the same bytes. */
void program_write(const struct program *program, struct buf *out);

/* Reads the file form: checks header, version, checksum, every offset, count, text and instruction.
 * Regular expressions and patterns are compiled later, by valve_program_load. */
bool program_read(slice bytes, struct arena *arena, struct program *program,
                  struct valve_load_error *error);

/* Proves of one rule that every instruction, operand and jump is valid, that the stack never
 * underflows and never exceeds max_stack, and that the run ends with RETURN. */
bool program_verify_rule(const struct program *program, uint32_t rule,
                         struct valve_load_error *error);

/* What valve_program_load made of a file; for tools that print it. Lives as long as the program. */
const struct program *valve_program_contents(const struct valve_program *program);

/* The file position of a byte of the rule's expression text. */
void program_rule_position(const struct program_rule *rule, uint32_t offset, uint32_t *line,
                           uint32_t *column);

/* Appends a listing of one rule: per instruction its number, name, operand in words, and the source
 * text that it came from. */
void program_disassemble(const struct program *program, uint32_t rule, struct buf *out);
