/* Shortens the way through code that exists already; no instruction comes or goes, so labels and
 * spans stay. One rule: a jump that leads to a jump which is sure to be taken, or sure not to be,
 * leads to where that one ends. Chains of && and || end in one step that way, however long they
 * are. */

#include "passes.h"

#include "emitter.h"

static enum opcode op_at(const struct emitter *code, uint32_t i)
{
    return (enum opcode)(code->code.items[i] & 0xFF);
}

static uint32_t target_at(const struct emitter *code, uint32_t i)
{
    return code->code.items[i] >> 8;
}

/* Where to go instead when `op` has jumped to instruction i. The operation may change: one that
 * keeps its value for a jump which then drops it becomes one that drops it at once. */
static instruction shorten(const struct emitter *code, enum opcode op, uint32_t i)
{
    enum opcode there = op_at(code, i);
    uint32_t beyond = target_at(code, i);
    if (there == OP_JUMP)
        return instruction_make(op, beyond);
    if (there == op && op != OP_JUMP_IF_FALSE)
        return instruction_make(op, beyond);
    if (op == OP_JUMP_OR_POP_IF_FALSE && there == OP_JUMP_IF_FALSE)
        return instruction_make(OP_JUMP_IF_FALSE, beyond);
    if (op == OP_JUMP_OR_POP_IF_FALSE && there == OP_JUMP_OR_POP_IF_TRUE)
        return instruction_make(OP_JUMP_IF_FALSE, i + 1);
    return instruction_make(op, i);
}

/* From the last jump to the first, since jumps lead forward: what a jump leads to is short already.
 */
void peephole(struct emitter *code)
{
    for (size_t i = code->code.count; i > 0; i--) {
        uint32_t at = (uint32_t)(i - 1);
        enum opcode op = op_at(code, at);
        if (opcode_info(op)->operand == OPERAND_LABEL)
            code->code.items[at] = shorten(code, op, target_at(code, at));
    }
}
