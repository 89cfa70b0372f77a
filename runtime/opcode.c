/* The table of opcodes.def. */

#include "program.h"

#include "base/check.h"

#define VARIES OP_VARIES

static const struct opcode_info OPCODES[OPCODE_COUNT] = {
#define OP(name, operand, pops, pushes, meaning) {#name, OPERAND_##operand, pops, pushes, meaning},
#include "opcodes.def"
#undef OP
};

#undef VARIES

_Static_assert(OPCODE_COUNT <= 256, "an opcode is the low byte of an instruction");

const struct opcode_info *opcode_info(enum opcode op)
{
    CHECK(op < OPCODE_COUNT);
    return &OPCODES[op];
}

uint32_t opcode_needs(enum opcode op)
{
    switch (op) {
    case OP_LOAD_DATA:
        return RULE_NEEDS_DATA;
    case OP_LOAD_OLD_DATA:
        return RULE_NEEDS_OLD_DATA;
    case OP_CROSS_REFERENCE:
        return RULE_NEEDS_RECORDS;
    case OP_LOAD_NOW:
        return RULE_NEEDS_NOW;
    case OP_LOAD_VARIABLE:
        return RULE_NEEDS_VARIABLES;
    default:
        return 0;
    }
}
