#pragma once
/* The loop of the machine: one body, compiled once by each file that spells it (vm.c, vm_traced.c).
 * That file defines
 *
 *     VM_LOOP           name of the function
 *     VM_LABELS         1 when CASE makes labels, whose table the body then holds
 *     BEGIN, END        around the instructions
 *     CASE(NAME)        start of an instruction
 *     NEXT              go to the next instruction
 *     MADE              the same, after an instruction whose newest value is news to a watcher
 *
 * There is no bound to check: program_verify_rule has proven every operand, jump and stack depth.
 */

/* The body of an instruction on two numbers a and b. */
#define ON_NUMBERS(result)                                                                         \
    {                                                                                              \
        double a, b;                                                                               \
        if (sp[-2].type == VALUE_NUMBER && sp[-1].type == VALUE_NUMBER) {                          \
            a = sp[-2].as.number;                                                                  \
            b = sp[-1].as.number;                                                                  \
        } else if (!vm_two_numbers(vm, sp, &a, &b)) {                                              \
            goto failed;                                                                           \
        }                                                                                          \
        sp--;                                                                                      \
        sp[-1] = value_number(result);                                                             \
        MADE;                                                                                      \
    }

/* The body of an instruction on one number a. */
#define ON_NUMBER(result)                                                                          \
    {                                                                                              \
        double a;                                                                                  \
        if (sp[-1].type == VALUE_NUMBER)                                                           \
            a = sp[-1].as.number;                                                                  \
        else if (!vm_to_number(vm, &sp[-1], &a))                                                   \
            goto failed;                                                                           \
        sp[-1] = value_number(result);                                                             \
        MADE;                                                                                      \
    }

#define COMPARE(op, operator)                                                                      \
    {                                                                                              \
        if (sp[-2].type == VALUE_NUMBER && sp[-1].type == VALUE_NUMBER)                            \
            sp[-2] = value_boolean(sp[-2].as.number operator sp[-1].as.number);                    \
        else if (!vm_compare(vm, op, sp))                                                          \
            goto failed;                                                                           \
        sp--;                                                                                      \
        MADE;                                                                                      \
    }

/* An instruction whose work is a function that takes `used` values and leaves one. */
#define CALL(used, call)                                                                           \
    {                                                                                              \
        uint32_t values = (used);                                                                  \
        if (!(call))                                                                               \
            goto failed;                                                                           \
        sp = sp - values + 1;                                                                      \
        MADE;                                                                                      \
    }

#define OPERAND (word >> 8)

static inline bool is_true(const valve_value *v)
{
    return v->type == VALUE_BOOLEAN ? v->as.boolean : value_truth(*v);
}

static inline bool is_strictly_equal(valve_value a, valve_value b)
{
    if (a.type == VALUE_TEXT && b.type == VALUE_TEXT)
        return slice_equal(value_slice(a), value_slice(b));
    return operate_strict_equal(a, b);
}

/* The bits of `number` to 32 bits, without sign. */
static inline uint32_t to_bits(double number)
{
    return (uint32_t)convert_number_to_int32(number);
}

static inline double from_bits(uint32_t bits)
{
    return (double)(int32_t)bits;
}

/* The sign bit moves in on the left. */
static inline double shift_right(double number, double count)
{
    return (double)(convert_number_to_int32(number) >> (to_bits(count) & 31));
}

bool VM_LOOP(struct vm *vm)
{
    const instruction *const code = vm->code;
    const valve_value *const constants = vm->program->constants;
    const instruction *ip = code;
    valve_value *sp = vm->stack; /* the first free place */
    instruction word;

#if VM_LABELS
    static const void *const labels[OPCODE_COUNT] = {
#define OP(name, operand, pops, pushes, meaning) &&run_##name,
#include "opcodes.def"
#undef OP
    };
#endif

    BEGIN

    CASE(LOAD_CONSTANT)
    {
        *sp++ = constants[OPERAND];
        MADE;
    }
    CASE(LOAD_UNDEFINED)
    {
        *sp++ = value_undefined();
        MADE;
    }
    CASE(LOAD_NULL)
    {
        *sp++ = value_null();
        MADE;
    }
    CASE(LOAD_FALSE)
    {
        *sp++ = value_boolean(false);
        MADE;
    }
    CASE(LOAD_TRUE)
    {
        *sp++ = value_boolean(true);
        MADE;
    }
    CASE(LOAD_INTEGER)
    {
        *sp++ = value_number((double)((int32_t)word >> 8));
        MADE;
    }
    CASE(LOAD_USER)
    {
        *sp++ = *vm->user;
        MADE;
    }
    CASE(LOAD_DATA)
    {
        if (vm->data_is_read)
            *sp = vm->data;
        else if (!vm_read_data(vm, sp))
            goto failed;
        sp++;
        MADE;
    }
    CASE(LOAD_OLD_DATA)
    {
        if (!vm_read_old_data(vm, sp))
            goto failed;
        sp++;
        MADE;
    }
    CASE(LOAD_NOW)
    {
        *sp++ = value_number(vm->request->now_ms);
        MADE;
    }
    CASE(LOAD_ACTION)
    {
        *sp++ = value_number((double)vm->request->action);
        MADE;
    }
    CASE(LOAD_NAME)
    {
        *sp++ = vm->name;
        MADE;
    }
    CASE(LOAD_VARIABLE)
    {
        slice capture = vm->captures[OPERAND];
        *sp = capture.at == NULL ? value_undefined() : value_text(capture);
        sp->flags = vm->name.flags;
        sp++;
        MADE;
    }
    CASE(FAIL_UNKNOWN)
    {
        vm_fail_unknown(vm, OPERAND);
        goto failed;
    }
    CASE(POP)
    {
        sp--;
        NEXT;
    }

    CASE(GET_MEMBER)
    {
        if (sp[-1].type == VALUE_OBJECT) {
            const valve_value *member =
                value_object_find(sp[-1].as.object, value_slice(constants[OPERAND]));
            sp[-1] = member == NULL ? value_undefined() : *member;
        } else if (!vm_get_member(vm, sp, OPERAND)) {
            goto failed;
        }
        MADE;
    }
    CASE(GET_INDEX)
    CALL(2, vm_get_index(vm, sp))

    CASE(JUMP)
    {
        ip = code + OPERAND;
        NEXT;
    }
    CASE(JUMP_IF_FALSE)
    {
        if (!is_true(--sp))
            ip = code + OPERAND;
        NEXT;
    }
    CASE(JUMP_OR_POP_IF_FALSE)
    {
        if (!is_true(&sp[-1])) {
            ip = code + OPERAND;
            MADE;
        }
        sp--;
        NEXT;
    }
    CASE(JUMP_OR_POP_IF_TRUE)
    {
        if (is_true(&sp[-1])) {
            ip = code + OPERAND;
            MADE;
        }
        sp--;
        NEXT;
    }
    CASE(JUMP_OR_POP_IF_PRESENT)
    {
        if (!value_is_absent(sp[-1])) {
            ip = code + OPERAND;
            MADE;
        }
        sp--;
        NEXT;
    }
    CASE(JUMP_IF_ABSENT)
    {
        if (value_is_absent(sp[-1])) {
            sp[-1] = value_undefined();
            ip = code + OPERAND;
            MADE;
        }
        NEXT;
    }
    CASE(JUMP_IF_NO_METHOD)
    {
        bool exists;
        if (!vm_has_method(vm, sp, OPERAND, &exists))
            goto failed;
        if (!exists) {
            sp[-1] = value_undefined();
            ip = code + (*ip >> 8);
            MADE;
        }
        ip++;
        NEXT;
    }

    CASE(NOT)
    {
        sp[-1] = value_boolean(!is_true(&sp[-1]));
        MADE;
    }
    CASE(NEGATE)
    ON_NUMBER(-a)
    CASE(TO_NUMBER)
    ON_NUMBER(a)
    CASE(BIT_NOT)
    ON_NUMBER(from_bits(~to_bits(a)))
    CASE(TYPE_OF)
    {
        sp[-1] = value_text(value_type_of(sp[-1]));
        sp[-1].flags = VALUE_ASCII;
        MADE;
    }

    CASE(ADD)
    {
        if (sp[-2].type == VALUE_NUMBER && sp[-1].type == VALUE_NUMBER)
            sp[-2].as.number += sp[-1].as.number;
        else if (!vm_add(vm, sp))
            goto failed;
        sp--;
        MADE;
    }
    CASE(SUBTRACT)
    ON_NUMBERS(a - b)
    CASE(MULTIPLY)
    ON_NUMBERS(a * b)
    CASE(DIVIDE)
    ON_NUMBERS(a / b)
    CASE(REMAINDER)
    ON_NUMBERS(fmod(a, b))
    CASE(POWER)
    ON_NUMBERS(operate_power(a, b))
    CASE(SHIFT_LEFT)
    ON_NUMBERS(from_bits(to_bits(a) << (to_bits(b) & 31)))
    CASE(SHIFT_RIGHT)
    ON_NUMBERS(shift_right(a, b))
    CASE(SHIFT_RIGHT_UNSIGNED)
    ON_NUMBERS((double)(to_bits(a) >> (to_bits(b) & 31)))
    CASE(BIT_AND)
    ON_NUMBERS(from_bits(to_bits(a) & to_bits(b)))
    CASE(BIT_XOR)
    ON_NUMBERS(from_bits(to_bits(a) ^ to_bits(b)))
    CASE(BIT_OR)
    ON_NUMBERS(from_bits(to_bits(a) | to_bits(b)))

    CASE(LESS)
    COMPARE(OP_LESS, <)
    CASE(LESS_EQUAL)
    COMPARE(OP_LESS_EQUAL, <=)
    CASE(GREATER)
    COMPARE(OP_GREATER, >)
    CASE(GREATER_EQUAL)
    COMPARE(OP_GREATER_EQUAL, >=)
    CASE(IN)
    CALL(2, vm_in(vm, sp))
    CASE(EQUAL)
    CALL(2, vm_equal(vm, OP_EQUAL, sp))
    CASE(NOT_EQUAL)
    CALL(2, vm_equal(vm, OP_NOT_EQUAL, sp))
    CASE(STRICT_EQUAL)
    {
        sp--;
        sp[-1] = value_boolean(is_strictly_equal(sp[-1], sp[0]));
        MADE;
    }
    CASE(STRICT_NOT_EQUAL)
    {
        sp--;
        sp[-1] = value_boolean(!is_strictly_equal(sp[-1], sp[0]));
        MADE;
    }

    CASE(MAKE_ARRAY)
    CALL(OPERAND, vm_make_array(vm, sp, OPERAND))
    CASE(MAKE_OBJECT)
    CALL(OPERAND * 2, vm_make_object(vm, sp, OPERAND))
    CASE(JOIN_TEXT)
    CALL(OPERAND, vm_join_text(vm, sp, OPERAND))
    CASE(CALL_METHOD)
    CALL((OPERAND >> 8) + 1, vm_call_method(vm, sp, OPERAND))
    CASE(MATCH_REGEX)
    CALL(1, vm_match_regex(vm, sp, OPERAND))
    CASE(SUM_NAME)
    CALL(OPERAND, vm_sum_name(vm, sp, OPERAND))
    CASE(JOIN_NAME)
    CALL(OPERAND, vm_join_name(vm, sp, OPERAND))
    CASE(CROSS_REFERENCE)
    CALL(1, vm_cross_reference(vm, OPERAND, &sp[-1]))

    CASE(RETURN)
    {
        vm->value = &sp[-1];
        return true;
    }

    END

        failed : vm->at = (uint32_t)(ip - code) - 1;
    return false;
}

#undef ON_NUMBERS
#undef ON_NUMBER
#undef COMPARE
#undef CALL
#undef OPERAND
#undef BEGIN
#undef END
#undef CASE
#undef NEXT
#undef MADE
#undef VM_LOOP
#undef VM_LABELS
