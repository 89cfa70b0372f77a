/* The door of the rule engine: finds the rule that a request asks, runs it and judges the result.
 * Whatever goes wrong on the way is an error, and an error denies (valve.md 5.8). */

#include "valve_program.h"

#include "base/check.h"
#include "base/utf8.h"
#include "vm.h"

/* Stacks up to this size live on the C stack, larger ones in the arena. */
#define SMALL_STACK 16

struct selection {
    const struct pattern *pattern;
    uint32_t rule; /* or VALVE_RULE_NONE */
};

struct check {
    const struct valve_program *program;
    const struct valve_request *request;
    const struct valve_options *options;
    struct arena *arena;
    struct valve_result *result;
    struct selection selection;
    valve_value name;
};

struct valve_options valve_options_default(void)
{
    return (struct valve_options){
        .max_rule_iterations = 3,
        .max_loads = 32,
        .max_steps = 100000,
        .max_text_bytes = 1024 * 1024,
        .max_memory_bytes = (size_t)16 * 1024 * 1024,
        .max_json_depth = 128,
        .max_regex_steps = 100000,
        .max_computed_regex_units = 256,
    };
}

static struct selection select_number(const struct valve_program *program,
                                      enum valve_rule_kind kind, uint32_t number)
{
    if (number == PATTERN_NONE)
        return (struct selection){.rule = VALVE_RULE_NONE};
    enum valve_section section = valve_rule_kind_info(kind)->section;
    return (struct selection){.pattern = program->sections[section].patterns[number],
                              .rule = program->kinds[kind].rules[number]};
}

static struct selection select_by_name(const struct valve_program *program,
                                       enum valve_rule_kind kind, slice name, struct arena *scratch)
{
    enum valve_section section = valve_rule_kind_info(kind)->section;
    uint32_t number = pattern_index_find(program->sections[section].index, name,
                                         program->kinds[kind].wanted, scratch);
    return select_number(program, kind, number);
}

static void fail_at(struct check *check, uint32_t offset, slice message)
{
    const struct program_rule *rule = &check->program->contents.rules[check->selection.rule];
    check->result->decision = VALVE_ERROR;
    check->result->value = value_undefined();
    check->result->message = message;
    program_rule_position(rule, offset, &check->result->line, &check->result->column);
}

static void fail_vm(struct check *check, const struct vm *vm)
{
    fail_at(check, vm->rule->spans[vm->at].start, vm->evaluation.error);
}

static void judge(struct check *check, valve_value value)
{
    bool allowed = check->options->strict ? value.type == VALUE_BOOLEAN && value.as.boolean
                                          : value_truth(value);
    check->result->decision = allowed ? VALVE_ALLOW : VALVE_DENY;
    check->result->value = value;
}

/* The name may be a part of anything the rule has read, so the result gets a copy. */
static void ask_for_record(struct check *check, struct vm *vm)
{
    slice *need = evaluation_alloc(&vm->evaluation, sizeof *need + vm->needed.length);
    if (need == NULL) {
        fail_vm(check, vm);
        return;
    }
    char *name = (char *)(need + 1);
    if (vm->needed.length > 0)
        memcpy(name, vm->needed.at, vm->needed.length);
    *need = (slice){name, vm->needed.length};
    check->result->decision = VALVE_NEEDS;
    check->result->needs = need;
    check->result->need_count = 1;
}

static void run(struct check *check, struct vm *vm)
{
    bool ended = check->options->trace == NULL ? vm_run(vm) : vm_run_traced(vm);
    if (ended)
        judge(check, vm->value);
    else if (vm->is_suspended)
        ask_for_record(check, vm);
    else
        fail_vm(check, vm);
}

/* A payload that cannot be read is an error also where this run of the rule would not get to it
 * (valve.md 4.1, H5). */
static bool check_payload(struct vm *vm)
{
    valve_value data;
    return vm_read_data(vm, &data);
}

/* Jumps go forward only, so the length of the rule bounds its instructions: they are paid for at
 * once. */
static bool prepare(struct check *check, struct vm *vm, slice *captures)
{
    const struct program_rule *rule = vm->rule;
    if (!evaluation_spend(&vm->evaluation, rule->code_length))
        return false;
    if (rule->max_stack > SMALL_STACK) {
        vm->stack = evaluation_alloc(&vm->evaluation, rule->max_stack * sizeof *vm->stack);
        if (vm->stack == NULL)
            return false;
    }
    if ((rule->needs & RULE_NEEDS_VARIABLES) != 0) {
        if (!pattern_capture(check->selection.pattern, check->request->name, check->arena,
                             captures))
            return evaluation_fail(&vm->evaluation, "RangeError: the rule needs too much memory");
        vm->captures = captures;
    }
    return (rule->needs & RULE_NEEDS_DATA) == 0 || check_payload(vm);
}

/* Field by field: clearing the whole costs more than running a short rule. What is not set here is
 * the outcome, or is told to be set by another field. */
static void vm_init(struct vm *vm, const struct check *check)
{
    const struct valve_program *program = check->program;
    vm->evaluation.arena = check->arena;
    vm->evaluation.options = check->options;
    vm->evaluation.steps = 0;
    vm->evaluation.error = (slice){NULL, 0};
    vm->program = &program->contents;
    vm->rule = &program->contents.rules[check->selection.rule];
    vm->request = check->request;
    vm->regexes = program->regexes;
    vm->user = check->request->user->value;
    vm->name = check->name;
    vm->records = NULL;
    vm->record_count = 0;
    vm->data_is_read = false;
    vm->is_suspended = false;
}

static void run_rule(struct check *check)
{
    slice captures[PATTERN_MAX_VARIABLES];
    valve_value small_stack[SMALL_STACK];
    struct valve_result *result = check->result;
    struct vm vm;
    vm_init(&vm, check);
    vm.stack = small_stack;
    result->rule = check->selection.rule;
    result->pattern = vm.program->patterns[vm.rule->pattern].text;
    result->line = vm.rule->line;
    result->column = vm.rule->column;
    if (prepare(check, &vm, captures))
        run(check, &vm);
    else
        fail_at(check, 0, vm.evaluation.error);
    result->steps = vm.evaluation.steps;
}

static bool is_ascii(slice text)
{
    uint64_t seen = 0;
    size_t i = 0;
    for (; i + 8 <= text.length; i += 8) {
        uint64_t word;
        memcpy(&word, text.at + i, sizeof word);
        seen |= word;
    }
    for (; i < text.length; i++)
        seen |= (uint8_t)text.at[i];
    return (seen & 0x8080808080808080u) == 0;
}

static bool prepare_name(struct check *check)
{
    const struct valve_request *request = check->request;
    check->name = value_undefined();
    if (!request->has_name)
        return true;
    bool ascii = is_ascii(request->name);
    if (request->name.length >= UINT32_MAX || (!ascii && !utf8_valid(request->name, true)))
        return false;
    check->name = value_text(request->name);
    check->name.flags = ascii ? VALUE_ASCII : 0;
    return true;
}

static void decide(struct check *check)
{
    const struct valve_request *request = check->request;
    if (!prepare_name(check)) {
        check->result->decision = VALVE_ERROR;
        check->result->message = SLICE("the name is not UTF-8");
        return;
    }
    check->selection = request->has_name ? select_by_name(check->program, request->kind,
                                                          request->name, check->arena)
                                         : select_number(check->program, request->kind,
                                                         check->program->kinds[request->kind].root);
    if (check->selection.rule != VALVE_RULE_NONE)
        run_rule(check);
}

static void result_init(struct valve_result *result)
{
    result->decision = VALVE_DENY;
    result->value = value_undefined();
    result->pattern = (slice){NULL, 0};
    result->rule = VALVE_RULE_NONE;
    result->line = 0;
    result->column = 0;
    result->message = (slice){NULL, 0};
    result->needs = NULL;
    result->need_count = 0;
    result->steps = 0;
}

/* Lowers the arena's limit to what one evaluation may take; returns the limit to put back. */
static size_t limit_memory(struct arena *arena, size_t max_bytes)
{
    size_t before = arena->limit_bytes;
    size_t limit =
        max_bytes < SIZE_MAX - arena->used_bytes ? arena->used_bytes + max_bytes : SIZE_MAX;
    if (limit == 0)
        limit = 1; /* 0 would mean no limit at all */
    if (before == 0 || limit < before)
        arena->limit_bytes = limit;
    return before;
}

void valve_evaluate(const struct valve_program *program, const struct valve_request *request,
                    const struct valve_options *options, struct arena *arena,
                    struct valve_result *result)
{
    CHECK(request->kind < VALVE_RULE_KIND_COUNT && request->user != NULL);
    result_init(result);
    size_t limit_before = limit_memory(arena, options->max_memory_bytes);
    struct check check = {
        .program = program,
        .request = request,
        .options = options,
        .arena = arena,
        .result = result,
    };
    decide(&check);
    arena->limit_bytes = limit_before;
}

struct valve_needs valve_program_needs(const struct valve_program *program,
                                       enum valve_rule_kind kind, slice name, struct arena *scratch)
{
    struct selection selection = select_by_name(program, kind, name, scratch);
    if (selection.rule == VALVE_RULE_NONE)
        return (struct valve_needs){0};
    uint32_t needs = program->contents.rules[selection.rule].needs;
    return (struct valve_needs){
        .data = (needs & RULE_NEEDS_DATA) != 0,
        .old_data = (needs & RULE_NEEDS_OLD_DATA) != 0,
        .records = (needs & RULE_NEEDS_RECORDS) != 0,
        .now = (needs & RULE_NEEDS_NOW) != 0,
    };
}
