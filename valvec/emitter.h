#pragma once
/* The one way by which code comes into being: every instruction is checked against its line in
 * opcodes.def, the depth of the stack is followed, and each keeps the part of the rule it came
 * from. */

#include "program.h"
#include "base/vec.h"

struct emitter {
    VEC(instruction) code;
    VEC(struct span) spans;
    struct span span; /* of the instructions to come */
    uint32_t depth;
    uint32_t max_depth;
};

void emitter_init(struct emitter *emitter);
void emitter_fini(struct emitter *emitter);

/* Forgets the code, for the next rule. */
void emitter_clear(struct emitter *emitter);

/* Appends an instruction without operand, or with the operand its kind asks for. Not for jumps. */
void emit(struct emitter *emitter, enum opcode op);
void emit_operand(struct emitter *emitter, enum opcode op, uint32_t operand);
void emit_integer(struct emitter *emitter, int32_t integer);
void emit_method(struct emitter *emitter, enum builtin builtin, uint32_t arguments);

/* Appends a jump whose target is not known yet, and returns its number. */
uint32_t emit_jump(struct emitter *emitter, enum opcode op);

/* Appends JUMP_IF_NO_METHOD and its jump, whose number it returns. */
uint32_t emit_jump_if_no_method(struct emitter *emitter, enum builtin builtin);

/* Makes a jump lead to the instruction that comes next. */
void emit_target(struct emitter *emitter, uint32_t jump);

/* The value on top belongs to a branch that has ended: the other branch starts without it. */
void emit_other_branch(struct emitter *emitter);
