/* Instructions that the loop does not carry out itself. */

#include "vm.h"

#include "builtins.h"
#include "convert.h"

bool vm_get_member(struct vm *vm, valve_value *top, uint32_t constant)
{
    return operate_get(&vm->evaluation, top[-1], vm->program->constants[constant], &top[-1]);
}

bool vm_get_index(struct vm *vm, valve_value *top)
{
    return operate_get(&vm->evaluation, top[-2], top[-1], &top[-2]);
}

bool vm_to_number(struct vm *vm, const valve_value *v, double *number)
{
    return convert_to_number(&vm->evaluation, *v, number);
}

bool vm_two_numbers(struct vm *vm, const valve_value *top, double *a, double *b)
{
    return convert_to_number(&vm->evaluation, top[-2], a) &&
           convert_to_number(&vm->evaluation, top[-1], b);
}

bool vm_add(struct vm *vm, valve_value *top)
{
    return operate_add(&vm->evaluation, top[-2], top[-1], &top[-2]);
}

static enum comparison comparison_of(enum opcode op)
{
    switch (op) {
    case OP_LESS:
        return COMPARE_LESS;
    case OP_LESS_EQUAL:
        return COMPARE_LESS_EQUAL;
    case OP_GREATER:
        return COMPARE_GREATER;
    default:
        return COMPARE_GREATER_EQUAL;
    }
}

bool vm_compare(struct vm *vm, enum opcode op, valve_value *top)
{
    bool holds;
    if (!operate_compare(&vm->evaluation, comparison_of(op), top[-2], top[-1], &holds))
        return false;
    top[-2] = value_boolean(holds);
    return true;
}

bool vm_equal(struct vm *vm, enum opcode op, valve_value *top)
{
    bool equal;
    if (!operate_loose_equal(&vm->evaluation, top[-2], top[-1], &equal))
        return false;
    top[-2] = value_boolean(equal == (op == OP_EQUAL));
    return true;
}

bool vm_in(struct vm *vm, valve_value *top)
{
    bool has;
    if (!operate_in(&vm->evaluation, top[-2], top[-1], &has))
        return false;
    top[-2] = value_boolean(has);
    return true;
}

static bool fail_memory(struct vm *vm)
{
    return evaluation_fail(&vm->evaluation, "RangeError: the rule needs too much memory");
}

bool vm_make_array(struct vm *vm, valve_value *top, uint32_t count)
{
    valve_value *items = top - count;
    const struct value_array *array = value_array_new(vm->evaluation.arena, items, count);
    if (array == NULL)
        return fail_memory(vm);
    items[0] = (valve_value){.as.array = array, .type = VALUE_ARRAY};
    return true;
}

bool vm_make_object(struct vm *vm, valve_value *top, uint32_t count)
{
    struct evaluation *evaluation = &vm->evaluation;
    struct value_member *members = evaluation_alloc(evaluation, count * sizeof *members);
    valve_value *pairs = top - 2 * (size_t)count;
    if (members == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!convert_to_text(evaluation, pairs[2 * i], &members[i].key))
            return false;
        members[i].value = pairs[2 * i + 1];
    }
    const struct value_object *object = value_object_new(evaluation->arena, members, count);
    if (object == NULL)
        return fail_memory(vm);
    pairs[0] = value_object(object);
    return true;
}

bool vm_join_text(struct vm *vm, valve_value *top, uint32_t count)
{
    valve_value *parts = top - count;
    valve_value text;
    if (!operate_join(&vm->evaluation, parts, count, &text))
        return false;
    parts[0] = text;
    return true;
}

static bool has_undefined(const valve_value *parts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].type == VALUE_UNDEFINED)
            return true;
    }
    return false;
}

bool vm_join_name(struct vm *vm, valve_value *top, uint32_t count)
{
    valve_value *parts = top - count;
    if (!has_undefined(parts, count))
        return vm_join_text(vm, top, count);
    parts[0] = value_undefined();
    return true;
}

bool vm_sum_name(struct vm *vm, valve_value *top, uint32_t count)
{
    valve_value *parts = top - count;
    if (has_undefined(parts, count)) {
        parts[0] = value_undefined();
        return true;
    }
    for (uint32_t i = 1; i < count; i++) {
        if (!operate_add(&vm->evaluation, parts[0], parts[i], &parts[0]))
            return false;
    }
    return true;
}

bool vm_call_method(struct vm *vm, valve_value *top, uint32_t operand)
{
    uint32_t count = operand >> 8;
    valve_value *receiver = top - count - 1;
    return builtin_call(&vm->evaluation, (enum builtin)(operand & 0xff), *receiver, receiver + 1,
                        count, receiver);
}

bool vm_match_regex(struct vm *vm, valve_value *top, uint32_t regex)
{
    if (top[-1].type != VALUE_TEXT)
        return builtin_fail_missing(&vm->evaluation, BUILTIN_MATCH, top[-1]);
    return builtin_match(&vm->evaluation, top[-1], vm->regexes[regex], &top[-1]);
}

bool vm_has_method(struct vm *vm, const valve_value *top, uint32_t builtin, bool *exists)
{
    return builtin_exists(&vm->evaluation, (enum builtin)builtin, top[-1], exists);
}

bool vm_fail_unknown(struct vm *vm, uint32_t constant)
{
    return evaluation_fail(&vm->evaluation, "ReferenceError: " SLICE_FORMAT " is not defined",
                           SLICE_ARGUMENTS(value_slice(vm->program->constants[constant])));
}
