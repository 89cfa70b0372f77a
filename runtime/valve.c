/* The door of the rule engine: finds the rule that a request asks, runs it and judges the result.
 * Whatever goes wrong on the way is an error, and an error denies (valve.md 5.8). */

#include "valve_program.h"

#include "base/check.h"
#include "base/utf8.h"
#include "vm.h"

/* Stacks up to this size live on the C stack, larger ones in the arena. */
#define SMALL_STACK 16

struct check {
    const struct valve_program *program;
    const struct valve_request *request;
    const struct valve_options *options;
    struct arena *arena;
    struct valve_result *result;
    const struct rule_entry *entry;
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

/* The rule of a kind for a path, by the path's number in its section; NULL for PATTERN_NONE. */
static const struct rule_entry *entry_at(const struct valve_program *program,
                                         enum valve_rule_kind kind, uint32_t number)
{
    return number == PATTERN_NONE ? NULL : &program->entries[program->kinds[kind].rules[number]];
}

/* As in the rules that a server starts with. */
static bool has_only_root(const struct program_kind *rules)
{
    return rules->rule_count == 1 && rules->root != PATTERN_NONE;
}

static const struct rule_entry *find_entry(const struct valve_program *program,
                                           enum valve_rule_kind kind, slice name,
                                           struct arena *scratch)
{
    const struct program_kind *rules = &program->kinds[kind];
    if (has_only_root(rules) && pattern_star_matches(name))
        return entry_at(program, kind, rules->root);
    return entry_at(program, kind, pattern_index_find(rules->index, name, rules->wanted, scratch));
}

static void fail_at(struct check *check, uint32_t offset, slice message)
{
    const struct program_rule *rule = &check->program->contents.rules[check->entry->number];
    check->result->decision = VALVE_ERROR;
    check->result->value = value_undefined();
    check->result->message = message;
    program_rule_position(rule, offset, &check->result->line, &check->result->column);
}

static void fail_vm(struct check *check, const struct vm *vm)
{
    fail_at(check, vm->rule->spans[vm->at].start, vm->evaluation.error);
}

static void judge(struct check *check, const valve_value *value)
{
    bool allowed = value->type == VALUE_BOOLEAN ? value->as.boolean
                                                : !check->options->strict && value_truth(*value);
    check->result->decision = allowed ? VALVE_ALLOW : VALVE_DENY;
    check->result->value = *value;
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

static bool find_captures(struct check *check, struct vm *vm, slice *captures)
{
    slice name = check->request->name;
    uint32_t tail = check->entry->tail;
    vm->captures = captures;
    if (tail != PATTERN_NONE) {
        captures[0] = slice_part(name, tail, name.length);
        return true;
    }
    return pattern_capture(check->entry->pattern, name, check->arena, captures) ||
           evaluation_fail(&vm->evaluation, "RangeError: the rule needs too much memory");
}

/* Jumps go forward only, so the length of the rule bounds its instructions: they are paid for at
 * once. */
static bool prepare(struct check *check, struct vm *vm, slice *captures)
{
    const struct rule_entry *entry = check->entry;
    if (!evaluation_spend(&vm->evaluation, entry->code_length))
        return false;
    if (entry->max_stack > SMALL_STACK) {
        vm->stack = evaluation_alloc(&vm->evaluation, entry->max_stack * sizeof *vm->stack);
        if (vm->stack == NULL)
            return false;
    }
    if ((entry->needs & RULE_NEEDS_VARIABLES) != 0 && !find_captures(check, vm, captures))
        return false;
    return (entry->needs & RULE_NEEDS_DATA) == 0 || check_payload(vm);
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
    vm->rule = &program->contents.rules[check->entry->number];
    vm->code = check->entry->code;
    vm->request = check->request;
    vm->regexes = program->regexes;
    vm->user = &check->request->user->value;
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
    struct vm vm;
    vm_init(&vm, check);
    vm.stack = small_stack;
    if (prepare(check, &vm, captures))
        run(check, &vm);
    else
        fail_at(check, 0, vm.evaluation.error);
    check->result->steps = vm.evaluation.steps;
}

/* Whether the rule needs no machine. It takes its steps all the same. */
static bool is_constant(const struct check *check)
{
    return check->entry->is_constant && check->options->trace == NULL &&
           check->entry->code_length <= check->options->max_steps;
}

static void apply_rule(struct check *check)
{
    if (!is_constant(check)) {
        run_rule(check);
        return;
    }
    valve_value value = value_boolean(check->entry->constant);
    judge(check, &value);
    check->result->steps = check->entry->code_length;
}

static bool is_ascii(slice text)
{
    uint64_t seen = 0;
    uint64_t word;
    if (text.length == 0)
        return true;
    if (text.length <= sizeof word)
        return (bytes_of_short(text.at, text.length) & 0x8080808080808080u) == 0;
    for (size_t i = 0; i + sizeof word <= text.length; i += sizeof word) {
        memcpy(&word, text.at + i, sizeof word);
        seen |= word;
    }
    memcpy(&word, text.at + text.length - sizeof word, sizeof word);
    seen |= word;
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

static void name_rule(struct valve_result *result, const struct rule_entry *entry)
{
    result->pattern = entry->path;
    result->rule = entry->number;
    result->line = entry->line;
    result->column = entry->column;
}

static void decide(struct check *check)
{
    const struct valve_program *program = check->program;
    const struct valve_request *request = check->request;
    if (!prepare_name(check)) {
        check->result->decision = VALVE_ERROR;
        check->result->message = SLICE("the name is not UTF-8");
        return;
    }
    check->entry = request->has_name
                       ? find_entry(program, request->kind, request->name, check->arena)
                       : entry_at(program, request->kind, program->kinds[request->kind].root);
    if (check->entry == NULL)
        return;
    name_rule(check->result, check->entry);
    apply_rule(check);
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
    const struct rule_entry *entry = find_entry(program, kind, name, scratch);
    uint32_t needs = entry == NULL ? 0 : entry->needs;
    return (struct valve_needs){
        .data = (needs & RULE_NEEDS_DATA) != 0,
        .old_data = (needs & RULE_NEEDS_OLD_DATA) != 0,
        .records = (needs & RULE_NEEDS_RECORDS) != 0,
        .now = (needs & RULE_NEEDS_NOW) != 0,
    };
}
