/* Proves a rule safe to run. Jumps go forward only, so one pass from the first instruction to the
 * last meets every jump before its target: the depth of the stack at a target is noted by the first
 * jump there, and every later way to the same place must agree. What is proven is what the loop of
 * the VM relies on: it checks no bound itself. */

#include "program.h"

#include "program_format.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH_UNKNOWN (-1)

struct verifier {
    const struct program *program;
    const struct program_rule *rule;
    uint32_t rule_number;
    uint32_t at;     /* the instruction looked at */
    int32_t *depths; /* of each instruction, as jumps to it have noted */
    int32_t depth;   /* before the instruction; DEPTH_UNKNOWN when nothing runs on to here */
    uint32_t max_depth;
    uint32_t needs;
    struct valve_load_error *error;
};

static bool refuse(struct verifier *verifier, const char *message)
{
    snprintf(verifier->error->message, sizeof verifier->error->message,
             "rule %u, instruction %u: %s", verifier->rule_number, verifier->at, message);
    return false;
}

static bool is_text_constant(const struct verifier *verifier, uint32_t number)
{
    return verifier->program->constants[number].type == VALUE_TEXT;
}

static bool verify_constant(struct verifier *verifier, enum opcode op, uint32_t operand)
{
    if (operand >= verifier->program->constant_count)
        return refuse(verifier, "there is no such constant");
    if ((op == OP_GET_MEMBER || op == OP_FAIL_UNKNOWN) && !is_text_constant(verifier, operand))
        return refuse(verifier, "the constant is not a text");
    return true;
}

static bool verify_label(struct verifier *verifier, uint32_t label)
{
    if (label <= verifier->at || label >= verifier->rule->code_length)
        return refuse(verifier, "the jump does not lead forward to an instruction of the rule");
    return true;
}

/* The word after a JUMP_IF_NO_METHOD is not run but read: it says where to jump. */
static bool verify_method_label(struct verifier *verifier, uint32_t operand)
{
    uint32_t next = verifier->at + 1;
    if (operand >= BUILTIN_COUNT)
        return refuse(verifier, "there is no such method");
    if (next >= verifier->rule->code_length || (verifier->rule->code[next] & 0xff) != OP_JUMP)
        return refuse(verifier, "the next word is not a JUMP");
    if (verifier->rule->code[next] >> 8 <= next)
        return refuse(verifier, "the jump does not lead forward to an instruction of the rule");
    return verify_label(verifier, verifier->rule->code[next] >> 8);
}

static bool verify_operand(struct verifier *verifier, enum opcode op, uint32_t operand)
{
    switch (opcode_info(op)->operand) {
    case OPERAND_NONE:
        return operand == 0 || refuse(verifier, "the instruction takes no operand");
    case OPERAND_CONSTANT:
        return verify_constant(verifier, op, operand);
    case OPERAND_LABEL:
        return verify_label(verifier, operand);
    case OPERAND_METHOD_LABEL:
        return verify_method_label(verifier, operand);
    case OPERAND_METHOD_COUNT:
        return (operand & 0xff) < BUILTIN_COUNT || refuse(verifier, "there is no such method");
    case OPERAND_REGEX:
        return operand < verifier->program->regex_count ||
               refuse(verifier, "there is no such regular expression");
    case OPERAND_DEPTH:
        return operand >= 1 || refuse(verifier, "a reference has a depth of at least 1");
    case OPERAND_COUNT:
        return operand >= 1 || op == OP_MAKE_ARRAY || op == OP_MAKE_OBJECT ||
               refuse(verifier, "a text made of nothing");
    case OPERAND_VARIABLE: /* counted against the parsed pattern by valve_program_load */
    case OPERAND_INTEGER:
        return true;
    }
    return refuse(verifier, "the operand is of no known kind");
}

static int64_t values_taken(enum opcode op, uint32_t operand)
{
    if (op == OP_CALL_METHOD)
        return (int64_t)(operand >> 8) + 1;
    if (op == OP_MAKE_OBJECT)
        return (int64_t)operand * 2;
    int pops = opcode_info(op)->pops;
    return pops == OP_VARIES ? (int64_t)operand : pops;
}

static bool note_jump(struct verifier *verifier, uint32_t label, int32_t depth)
{
    if (verifier->depths[label] != DEPTH_UNKNOWN && verifier->depths[label] != depth)
        return refuse(verifier, "two ways lead to one place with different stacks");
    verifier->depths[label] = depth;
    return true;
}

/* Follows the instruction's ways out; depth is that after it ran. */
static bool verify_flow(struct verifier *verifier, enum opcode op, uint32_t operand, int32_t depth)
{
    switch (op) {
    case OP_JUMP:
        verifier->depth = DEPTH_UNKNOWN;
        return note_jump(verifier, operand, depth);
    case OP_JUMP_IF_FALSE:
    case OP_JUMP_IF_ABSENT:
        verifier->depth = depth;
        return note_jump(verifier, operand, depth);
    case OP_JUMP_OR_POP_IF_FALSE:
    case OP_JUMP_OR_POP_IF_TRUE:
    case OP_JUMP_OR_POP_IF_PRESENT:
        verifier->depth = depth;
        return note_jump(verifier, operand, depth + 1);
    case OP_JUMP_IF_NO_METHOD:
        verifier->depth = depth;
        verifier->at++;
        if (verifier->depths[verifier->at] != DEPTH_UNKNOWN)
            return refuse(verifier, "a jump leads into the middle of an instruction");
        return note_jump(verifier, verifier->rule->code[verifier->at] >> 8, depth);
    case OP_RETURN:
        verifier->depth = DEPTH_UNKNOWN;
        return depth == 0 || refuse(verifier, "values are left on the stack at the end");
    default:
        verifier->depth = depth;
        return true;
    }
}

static bool verify_instruction(struct verifier *verifier)
{
    uint32_t word = verifier->rule->code[verifier->at];
    uint32_t operand = word >> 8;
    if ((word & 0xff) >= OPCODE_COUNT)
        return refuse(verifier, "there is no such instruction");
    enum opcode op = (enum opcode)(word & 0xff);
    if (!verify_operand(verifier, op, operand))
        return false;

    int64_t taken = values_taken(op, operand);
    if (taken > verifier->depth)
        return refuse(verifier, "the stack holds too few values");
    int32_t depth = verifier->depth - (int32_t)taken + opcode_info(op)->pushes;
    if ((uint32_t)depth > verifier->max_depth)
        verifier->max_depth = (uint32_t)depth;
    verifier->needs |= opcode_needs(op);
    return verify_flow(verifier, op, operand, depth);
}

static bool arrive(struct verifier *verifier)
{
    int32_t noted = verifier->depths[verifier->at];
    if (noted == DEPTH_UNKNOWN)
        return verifier->depth != DEPTH_UNKNOWN ||
               refuse(verifier, "nothing leads to this instruction");
    if (verifier->depth != DEPTH_UNKNOWN && verifier->depth != noted)
        return refuse(verifier, "two ways lead to one place with different stacks");
    verifier->depth = noted;
    return true;
}

static bool verify_code(struct verifier *verifier)
{
    for (; verifier->at < verifier->rule->code_length; verifier->at++) {
        if (!arrive(verifier) || !verify_instruction(verifier))
            return false;
    }
    verifier->at = verifier->rule->code_length;
    return verifier->depth == DEPTH_UNKNOWN || refuse(verifier, "the code runs past its end");
}

static bool verify_spans(struct verifier *verifier)
{
    const struct program_rule *rule = verifier->rule;
    for (uint32_t i = 0; i < rule->code_length; i++) {
        if (rule->spans[i].start > rule->spans[i].end || rule->spans[i].end > rule->source.length)
            return refuse(verifier, "a span lies outside the text of the rule");
    }
    return true;
}

static bool verify_positions(struct verifier *verifier)
{
    const struct program_rule *rule = verifier->rule;
    for (uint32_t i = 0; i < rule->position_count; i++) {
        uint32_t offset = rule->positions[i].offset;
        if (i == 0 ? offset != 0 : offset <= rule->positions[i - 1].offset)
            return refuse(verifier, "the positions are not in order");
        if (offset > rule->source.length)
            return refuse(verifier, "a position lies outside the text of the rule");
    }
    return true;
}

static bool verify_place(struct verifier *verifier)
{
    const struct program *program = verifier->program;
    const struct program_rule *rule = verifier->rule;
    if (rule->pattern >= program->pattern_count)
        return refuse(verifier, "there is no such pattern");
    const struct valve_rule_kind_info *kind = valve_rule_kind_info(rule->kind);
    if (program->patterns[rule->pattern].section != kind->section)
        return refuse(verifier, "the rule's kind and pattern are of different sections");
    return true;
}

static bool verify_needs(struct verifier *verifier)
{
    const struct program_rule *rule = verifier->rule;
    const struct valve_rule_kind_info *kind = valve_rule_kind_info(rule->kind);
    uint32_t allowed = RULE_NEEDS_RECORDS | RULE_NEEDS_NOW | RULE_NEEDS_VARIABLES |
                       (kind->may_use_data ? RULE_NEEDS_DATA : 0u) |
                       (kind->may_use_old_data ? RULE_NEEDS_OLD_DATA : 0u);
    if ((rule->needs & ~allowed) != 0)
        return refuse(verifier, "the rule needs what its kind does not have");
    if ((verifier->needs & ~rule->needs) != 0)
        return refuse(verifier, "the code uses what the rule does not say it needs");
    return true;
}

static bool verify_stack(struct verifier *verifier)
{
    if (verifier->max_depth != verifier->rule->max_stack)
        return refuse(verifier, "the stack size is not what the code uses");
    return verifier->max_depth <= PROGRAM_MAX_STACK ||
           refuse(verifier, "the rule needs too large a stack");
}

static int32_t *new_depths(uint32_t count)
{
    int32_t *depths = malloc((count + 1) * sizeof *depths);
    for (uint32_t i = 0; depths != NULL && i < count; i++)
        depths[i] = DEPTH_UNKNOWN;
    return depths;
}

bool program_verify_rule(const struct program *program, uint32_t rule,
                         struct valve_load_error *error)
{
    struct verifier verifier = {
        .program = program, .rule = &program->rules[rule], .rule_number = rule, .error = error};
    if (verifier.rule->code_length > PROGRAM_MAX_CODE)
        return refuse(&verifier, "the rule is too long");
    verifier.depths = new_depths(verifier.rule->code_length);
    if (verifier.depths == NULL)
        return refuse(&verifier, "no memory to verify the rule");
    bool proven = verify_place(&verifier) && verify_spans(&verifier) &&
                  verify_positions(&verifier) && verify_code(&verifier) &&
                  verify_needs(&verifier) && verify_stack(&verifier);
    free(verifier.depths);
    return proven;
}
