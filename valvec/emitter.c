#include "emitter.h"

#include "base/check.h"

#define MAX_OPERAND 0xFFFFFFu
#define UNKNOWN_TARGET 0

void emitter_init(struct emitter *emitter)
{
    *emitter = (struct emitter){0};
}

void emitter_fini(struct emitter *emitter)
{
    VEC_FREE(&emitter->code);
    VEC_FREE(&emitter->spans);
}

void emitter_clear(struct emitter *emitter)
{
    emitter->code.count = emitter->spans.count = 0;
    emitter->depth = emitter->max_depth = 0;
}

/* How many values an instruction takes from the stack. */
static uint32_t pops_of(enum opcode op, uint32_t operand)
{
    const struct opcode_info *info = opcode_info(op);
    if (info->pops != OP_VARIES)
        return (uint32_t)info->pops;
    if (info->operand == OPERAND_METHOD_COUNT)
        return (operand >> 8) + 1;
    return op == OP_MAKE_OBJECT ? operand * 2 : operand;
}

static void append(struct emitter *emitter, enum opcode op, uint32_t operand)
{
    uint32_t pops = pops_of(op, operand);
    CHECK(operand <= MAX_OPERAND && pops <= emitter->depth);
    emitter->depth += (uint32_t)opcode_info(op)->pushes - pops;
    if (emitter->depth > emitter->max_depth)
        emitter->max_depth = emitter->depth;
    VEC_PUSH(&emitter->code, instruction_make(op, operand));
    VEC_PUSH(&emitter->spans, emitter->span);
}

void emit(struct emitter *emitter, enum opcode op)
{
    CHECK(opcode_info(op)->operand == OPERAND_NONE);
    append(emitter, op, 0);
}

void emit_operand(struct emitter *emitter, enum opcode op, uint32_t operand)
{
    enum operand_kind kind = opcode_info(op)->operand;
    CHECK(kind == OPERAND_CONSTANT || kind == OPERAND_VARIABLE || kind == OPERAND_COUNT ||
          kind == OPERAND_REGEX || kind == OPERAND_DEPTH);
    append(emitter, op, operand);
}

void emit_integer(struct emitter *emitter, int32_t integer)
{
    CHECK(integer >= -(1 << 23) && integer < 1 << 23);
    append(emitter, OP_LOAD_INTEGER, (uint32_t)integer & MAX_OPERAND);
}

void emit_method(struct emitter *emitter, enum builtin builtin, uint32_t arguments)
{
    CHECK(arguments <= UINT16_MAX);
    append(emitter, OP_CALL_METHOD, (uint32_t)builtin | arguments << 8);
}

uint32_t emit_jump(struct emitter *emitter, enum opcode op)
{
    CHECK(opcode_info(op)->operand == OPERAND_LABEL);
    append(emitter, op, UNKNOWN_TARGET);
    return (uint32_t)emitter->code.count - 1;
}

uint32_t emit_jump_if_no_method(struct emitter *emitter, enum builtin builtin)
{
    append(emitter, OP_JUMP_IF_NO_METHOD, (uint32_t)builtin);
    return emit_jump(emitter, OP_JUMP);
}

void emit_target(struct emitter *emitter, uint32_t jump)
{
    enum opcode op = (enum opcode)(emitter->code.items[jump] & 0xFF);
    CHECK(opcode_info(op)->operand == OPERAND_LABEL && emitter->code.count <= MAX_OPERAND);
    emitter->code.items[jump] = instruction_make(op, (uint32_t)emitter->code.count);
}

void emit_other_branch(struct emitter *emitter)
{
    CHECK(emitter->depth > 0);
    emitter->depth--;
}
