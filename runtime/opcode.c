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
