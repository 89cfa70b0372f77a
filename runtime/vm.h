#pragma once
/* The machine that runs one rule. Private to the runtime: valve.c prepares it, vm_loop.h is its
 * loop, the other vm_*.c hold what the loop rarely needs. A machine lives on the C stack for one
 * run. */

#include "evaluation.h"
#include "program.h"
#include "value.h"

struct regex;

/* A record that the rule has read. One value per name, so that the same record is the same value
 * however the rule got hold of it (valve.md 6.2). */
struct vm_record {
    struct vm_record *next;
    slice name;
    valve_value value;
};

struct vm {
    struct evaluation evaluation;
    const struct program *program;
    const struct program_rule *rule;
    const instruction *code; /* of the rule */
    const struct valve_request *request;
    struct regex *const *regexes;
    const slice *captures; /* of the pattern's variables; only when the rule needs them */
    const valve_value *user;
    valve_value name;   /* undefined when the request has none */
    valve_value *stack; /* rule->max_stack values */

    valve_value data; /* once data_is_read */
    struct vm_record *records;
    uint32_t record_count;
    bool data_is_read;
    bool is_suspended;

    /* outcome */
    const valve_value *value; /* of the rule, on the stack, when it ran to its end */
    slice needed;      /* name of the missing record, when is_suspended */
    uint32_t at;       /* the instruction that failed or suspended */
};

/* Run the rule from its start. True when it ran to its end. False when the evaluation failed or,
 * with is_suspended, when a record is missing. The one is spelt with label addresses and is fast,
 * the other with a switch and tells options->trace of every value; they are made of the same body.
 */
bool vm_run(struct vm *vm);
bool vm_run_traced(struct vm *vm);

/* ---- vm_input.c: what a rule reads; false as for vm_run ---- */

bool vm_read_data(struct vm *vm, valve_value *data);
bool vm_read_old_data(struct vm *vm, valve_value *old_data);

/* Replaces *top, the argument of `_`, by the record's data. */
bool vm_cross_reference(struct vm *vm, uint32_t depth, valve_value *top);

/* ---- vm_operation.c: instructions off the fast paths; top points behind the newest value. They
 * leave their result in the place of their first operand. ---- */

bool vm_get_member(struct vm *vm, valve_value *top, uint32_t constant);
bool vm_get_index(struct vm *vm, valve_value *top);
bool vm_to_number(struct vm *vm, const valve_value *v, double *number);
bool vm_two_numbers(struct vm *vm, const valve_value *top, double *a, double *b);
bool vm_add(struct vm *vm, valve_value *top);
bool vm_compare(struct vm *vm, enum opcode op, valve_value *top);
bool vm_equal(struct vm *vm, enum opcode op, valve_value *top);
bool vm_in(struct vm *vm, valve_value *top);
bool vm_make_array(struct vm *vm, valve_value *top, uint32_t count);
bool vm_make_object(struct vm *vm, valve_value *top, uint32_t count);
bool vm_join_text(struct vm *vm, valve_value *top, uint32_t count);
bool vm_sum_name(struct vm *vm, valve_value *top, uint32_t count);
bool vm_join_name(struct vm *vm, valve_value *top, uint32_t count);
bool vm_call_method(struct vm *vm, valve_value *top, uint32_t operand);
bool vm_match_regex(struct vm *vm, valve_value *top, uint32_t regex);
bool vm_has_method(struct vm *vm, const valve_value *top, uint32_t builtin, bool *exists);
bool vm_fail_unknown(struct vm *vm, uint32_t constant);
