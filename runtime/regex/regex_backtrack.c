/* Runs a program of the exact matcher. The stack holds, newest last, choices that are still open
 * and old values of the state to put back on the way to them. It lives in the arena and doubles
 * within its budget. Steps are counted where work can multiply: on each failure, iteration and
 * start. */

#include "regex/regex_case.h"
#include "regex/regex_facts.h"
#include "regex/regex_instruction.h"

#define INSTRUCTIONS_PER_STEP 16

enum entry_kind {
    ENTRY_RESUME,     /* go on at pc, position */
    ENTRY_UNDO,       /* state[pc] = value */
    ENTRY_RUN_GREEDY, /* give back one element while position has not reached value */
    ENTRY_RUN_LAZY,   /* take one more element, at most value times */
    ENTRY_LOOK,       /* the look at pc found nothing */
};

struct entry {
    uint32_t kind, pc, position, value;
};

struct machine {
    const struct regex_program *program;
    const struct regex_subject *subject;
    struct regex_run *run;
    uint32_t *state;
    struct entry *stack;
    size_t height, capacity;
    enum regex_status status;
    uint32_t pc, position;
    uint32_t instructions; /* carried out so far */
};

static inline uint32_t element(const struct regex_subject *subject, uint32_t position)
{
    if (subject->width == 1)
        return ((const uint8_t *)subject->at)[position];
    if (subject->width == 2)
        return ((const uint16_t *)subject->at)[position];
    return ((const uint32_t *)subject->at)[position];
}

static bool stop(struct machine *machine, enum regex_status status)
{
    machine->status = status;
    return false;
}

static bool spend(struct machine *machine, uint64_t steps)
{
    machine->run->steps += steps;
    return machine->run->steps <= machine->run->max_steps || stop(machine, REGEX_TOO_COSTLY);
}

static bool grow_stack(struct machine *machine)
{
    size_t capacity = machine->capacity * 2;
    if (capacity * sizeof(struct entry) > machine->run->max_memory_bytes)
        return stop(machine, REGEX_TOO_COSTLY);
    struct entry *stack = arena_try_alloc(machine->run->arena, capacity * sizeof *stack);
    if (stack == NULL)
        return stop(machine, REGEX_OUT_OF_MEMORY);
    memcpy(stack, machine->stack, machine->height * sizeof *stack);
    machine->stack = stack;
    machine->capacity = capacity;
    return true;
}

static bool push(struct machine *machine, struct entry entry)
{
    if (machine->height == machine->capacity && !grow_stack(machine))
        return false;
    machine->stack[machine->height++] = entry;
    return true;
}

static bool set_state(struct machine *machine, uint32_t slot, uint32_t value)
{
    uint32_t old = machine->state[slot];
    machine->state[slot] = value;
    return old == value || push(machine, (struct entry){ENTRY_UNDO, slot, 0, old});
}

static bool is_word_at(const struct machine *machine, uint32_t position)
{
    return position < machine->subject->length &&
           regex_set_has(machine->program->word, element(machine->subject, position));
}

static bool is_boundary(const struct machine *machine)
{
    bool before = machine->position > 0 && is_word_at(machine, machine->position - 1);
    return before != is_word_at(machine, machine->position);
}

static bool is_line_end(uint32_t c)
{
    return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

static bool holds(const struct machine *machine, enum instruction_kind kind)
{
    const struct regex_subject *subject = machine->subject;
    uint32_t position = machine->position;
    switch (kind) {
    case I_START:
        return position == 0;
    case I_END:
        return position == subject->length;
    case I_LINE_START:
        return position == 0 || is_line_end(element(subject, position - 1));
    case I_LINE_END:
        return position == subject->length || is_line_end(element(subject, position));
    case I_WORD_BOUNDARY:
        return is_boundary(machine);
    default:
        return !is_boundary(machine);
    }
}

static bool accepts(const struct instruction *instruction, uint32_t c)
{
    if (instruction->kind == I_SET || instruction->kind == I_RUN_SET)
        return regex_set_has(instruction->as.set, c);
    return c == instruction->as.a;
}

/* Moves over one element that the instruction accepts. */
static bool take(struct machine *machine, const struct instruction *instruction)
{
    uint32_t position = machine->position;
    if (instruction->backward) {
        if (position == 0 || !accepts(instruction, element(machine->subject, position - 1)))
            return false;
        machine->position = position - 1;
        return true;
    }
    if (position == machine->subject->length ||
        !accepts(instruction, element(machine->subject, position)))
        return false;
    machine->position = position + 1;
    return true;
}

static uint32_t moved(const struct instruction *instruction, uint32_t position, uint32_t by)
{
    return instruction->backward ? position - by : position + by;
}

/* A quantified character: greedy takes all it can and leaves one entry to give them back from. */
static bool take_run(struct machine *machine, const struct instruction *instruction)
{
    uint32_t start = machine->position, taken = 0;
    uint32_t wanted = instruction->lazy ? instruction->min : instruction->max;
    while (taken < wanted && take(machine, instruction))
        taken++;
    if (!spend(machine, taken / 16) || taken < instruction->min)
        return false;
    if (instruction->lazy) {
        uint32_t more = instruction->max - taken;
        return more == 0 ||
               push(machine, (struct entry){ENTRY_RUN_LAZY, machine->pc, machine->position, more});
    }
    uint32_t least = moved(instruction, start, instruction->min);
    return machine->position == least ||
           push(machine, (struct entry){ENTRY_RUN_GREEDY, machine->pc, machine->position, least});
}

static bool same_character(const struct machine *machine, uint32_t a, uint32_t b)
{
    struct regex_flags flags = machine->program->flags;
    return a == b || (flags.ignore_case &&
                      regex_canonicalize(a, flags.unicode) == regex_canonicalize(b, flags.unicode));
}

static bool take_reference(struct machine *machine, const struct instruction *instruction)
{
    const struct regex_subject *subject = machine->subject;
    const uint32_t *slots = machine->state + (size_t)instruction->as.a * 2;
    if (slots[0] == REGEX_UNSET || slots[1] == REGEX_UNSET)
        return true;
    uint32_t length = slots[1] - slots[0], position = machine->position;
    uint32_t room = instruction->backward ? position : subject->length - position;
    if (!spend(machine, length / 16) || length > room)
        return false;
    uint32_t start = instruction->backward ? position - length : position;
    for (uint32_t i = 0; i < length; i++)
        if (!same_character(machine, element(subject, slots[0] + i), element(subject, start + i)))
            return false;
    machine->position = moved(instruction, position, length);
    return true;
}

static bool step_loop(struct machine *machine, const struct instruction *loop)
{
    uint32_t done = machine->state[loop->as.a], body = machine->pc + 1;
    if (done < loop->min)
        return true;
    if (done >= loop->max) {
        machine->pc = loop->target - 1;
        return true;
    }
    uint32_t second = loop->lazy ? body : loop->target;
    if (loop->lazy)
        machine->pc = loop->target - 1;
    return push(machine, (struct entry){ENTRY_RESUME, second, machine->position, 0});
}

static bool begin_iteration(struct machine *machine, const struct instruction *body)
{
    uint32_t counter = body->as.a, done = machine->state[counter];
    return spend(machine, 1) &&
           set_state(machine, counter, done < REGEX_INFINITY - 1 ? done + 1 : done) &&
           set_state(machine, counter + 1, machine->position);
}

static bool unset_groups(struct machine *machine, const struct instruction *unset)
{
    for (uint32_t slot = unset->min * 2; slot < unset->max * 2; slot++)
        if (!set_state(machine, slot, REGEX_UNSET))
            return false;
    return spend(machine, (unset->max - unset->min) / 8);
}

static bool choose(struct machine *machine, const struct instruction *choice)
{
    uint32_t other = choice->target;
    if (choice->lazy) {
        other = machine->pc + 1;
        machine->pc = choice->target - 1;
    }
    return spend(machine, 1) &&
           push(machine, (struct entry){ENTRY_RESUME, other, machine->position, 0});
}

/* An iteration beyond the minimum must not be empty. */
static bool end_iteration(struct machine *machine, const struct instruction *end)
{
    bool empty = machine->state[end->as.a + 1] == machine->position;
    if (empty && machine->state[end->as.a] > end->min)
        return false;
    machine->pc = end->target - 1;
    return true;
}

static bool begin_look(struct machine *machine, const struct instruction *look)
{
    machine->state[look->as.a] = (uint32_t)machine->height;
    return push(machine, (struct entry){ENTRY_LOOK, machine->pc, machine->position, 0});
}

static void undo(struct machine *machine, const struct entry *entry)
{
    machine->state[entry->pc] = entry->value;
}

/* The body of a look has matched. A negative one fails, all undone. A positive one goes on where it
 * began: its choices are dropped, what undoes its captures stays. */
static bool end_look(struct machine *machine, const struct instruction *end)
{
    size_t base = machine->state[end->as.a], kept = base;
    machine->position = machine->stack[base].position;
    if (end->negative) {
        while (machine->height > base)
            if (machine->stack[--machine->height].kind == ENTRY_UNDO)
                undo(machine, &machine->stack[machine->height]);
        return false;
    }
    for (size_t i = base; i < machine->height; i++)
        if (machine->stack[i].kind == ENTRY_UNDO)
            machine->stack[kept++] = machine->stack[i];
    machine->height = kept;
    return true;
}

/* Carries out the instruction at pc; false: failed, or stopped. On success the caller adds 1 to pc.
 */
static bool step(struct machine *machine, const struct instruction *instruction)
{
    switch ((enum instruction_kind)instruction->kind) {
    case I_CHARACTER:
    case I_SET:
        return take(machine, instruction);
    case I_RUN_CHARACTER:
    case I_RUN_SET:
        return take_run(machine, instruction);
    case I_BACK_REFERENCE:
        return take_reference(machine, instruction);
    case I_SAVE:
        return set_state(machine, instruction->as.a, machine->position);
    case I_JUMP:
        machine->pc = instruction->target - 1;
        return true;
    case I_CHOICE:
        return choose(machine, instruction);
    case I_UNSET:
        return unset_groups(machine, instruction);
    case I_LOOP_START:
        return set_state(machine, instruction->as.a, 0);
    case I_LOOP:
        return step_loop(machine, instruction);
    case I_LOOP_BODY:
        return begin_iteration(machine, instruction);
    case I_LOOP_END:
        return end_iteration(machine, instruction);
    case I_LOOK:
        return begin_look(machine, instruction);
    case I_LOOK_END:
        return end_look(machine, instruction);
    default:
        return holds(machine, (enum instruction_kind)instruction->kind);
    }
}

static bool resume_greedy(struct machine *machine, const struct entry *entry)
{
    const struct instruction *run = &machine->program->code[entry->pc];
    uint32_t position = run->backward ? entry->position + 1 : entry->position - 1;
    machine->position = position;
    machine->pc = entry->pc + 1;
    return position == entry->value ||
           push(machine, (struct entry){ENTRY_RUN_GREEDY, entry->pc, position, entry->value});
}

static bool resume_lazy(struct machine *machine, const struct entry *entry)
{
    machine->position = entry->position;
    machine->pc = entry->pc + 1;
    return take(machine, &machine->program->code[entry->pc]) &&
           (entry->value == 1 ||
            push(machine,
                 (struct entry){ENTRY_RUN_LAZY, entry->pc, machine->position, entry->value - 1}));
}

/* Goes back to the newest open choice; false when there is none, or when stopped. */
static bool backtrack(struct machine *machine)
{
    while (machine->height > 0 && machine->status == REGEX_OK) {
        struct entry entry = machine->stack[--machine->height];
        if (entry.kind == ENTRY_UNDO) {
            undo(machine, &entry);
            continue;
        }
        if (!spend(machine, 1))
            return false;
        if (entry.kind == ENTRY_RESUME) {
            machine->pc = entry.pc;
            machine->position = entry.position;
            return true;
        }
        if (entry.kind == ENTRY_RUN_GREEDY)
            return resume_greedy(machine, &entry);
        if (entry.kind == ENTRY_RUN_LAZY && resume_lazy(machine, &entry))
            return true;
        const struct instruction *look = &machine->program->code[entry.pc];
        if (entry.kind == ENTRY_LOOK && look->negative) {
            machine->pc = look->target;
            machine->position = entry.position;
            return true;
        }
    }
    return false;
}

/* Whether the program matches at the position; what it captured is then in the state. When it does
 * not, everything is undone, so that the captures are unset again. */
static bool match_here(struct machine *machine, uint32_t position)
{
    const struct instruction *code = machine->program->code;
    machine->pc = 0;
    machine->position = position;
    while (code[machine->pc].kind != I_MATCH) {
        bool passed = ++machine->instructions % INSTRUCTIONS_PER_STEP != 0 || spend(machine, 1);
        if (passed && step(machine, &code[machine->pc]))
            machine->pc++;
        else if (!backtrack(machine))
            return false;
    }
    machine->state[0] = position;
    machine->state[1] = machine->position;
    return true;
}

static bool prepare(struct machine *machine)
{
    struct arena *arena = machine->run->arena;
    uint32_t state_count = machine->program->state_count;
    machine->capacity = 64;
    machine->stack = arena_try_alloc(arena, machine->capacity * sizeof *machine->stack);
    machine->state = arena_try_alloc(arena, state_count * sizeof *machine->state);
    if (machine->stack == NULL || machine->state == NULL)
        return stop(machine, REGEX_OUT_OF_MEMORY);
    for (uint32_t i = 0; i < state_count; i++)
        machine->state[i] = REGEX_UNSET;
    return spend(machine, state_count / INSTRUCTIONS_PER_STEP);
}

static bool can_start(const struct machine *machine, uint32_t position)
{
    if (!machine->program->consumes)
        return true;
    return position < machine->subject->length &&
           regex_chars_has(machine->program->begin, element(machine->subject, position));
}

enum regex_status regex_program_run(const struct regex_program *program,
                                    const struct regex_subject *subject, uint32_t start,
                                    bool sticky, struct regex_run *run, uint32_t *captures,
                                    bool *matched)
{
    struct machine machine = {.program = program, .subject = subject, .run = run};
    *matched = false;
    if (!prepare(&machine))
        return machine.status;
    uint32_t last = sticky ? start : subject->length;
    for (uint32_t position = start; position <= last; position++) {
        if (!can_start(&machine, position))
            continue;
        if (!spend(&machine, 1))
            break;
        *matched = match_here(&machine, position);
        if (*matched || machine.status != REGEX_OK)
            break;
    }
    if (*matched)
        memcpy(captures, machine.state, (size_t)program->group_count * 2 * sizeof *captures);
    return machine.status;
}
