/* Runs a program over the UTF-16 units of a name: all ways at once, in order of preference, so the
 * time is the length of the name times the length of the program whatever they are. Of two ways at
 * the same instruction the less preferred one is dropped; that also ends repetitions of nothing. */

#include "pattern/pattern_internal.h"

#include "base/utf8.h"

struct thread_list {
    uint32_t count;
    uint32_t *instructions;
    uint32_t *slots; /* slot_count per thread */
};

/* An instruction to go on at; or, with `slot`, a slot to set back to a value. */
struct pending {
    uint32_t slot;
    uint32_t value;
};

#define GO_ON PATTERN_NONE

struct run {
    const struct pattern_program *program;
    struct units units;
    uint32_t position;
    uint32_t slot_count; /* 0: nobody wants them */
    uint32_t *slots;     /* of the way being followed */
    uint32_t *seen_at;   /* per instruction: position + 1 where it was reached last */
    struct pending *pending;
    uint32_t pending_count;
    struct thread_list threads, following;
};

bool pattern_units_decode(slice name, struct arena *scratch, struct units *units)
{
    if (name.length > UINT32_MAX / 8)
        return false;
    uint16_t *at = arena_try_alloc(scratch, (name.length + 1) * sizeof *at);
    if (at == NULL)
        return false;
    uint32_t count = 0;
    for (size_t i = 0; i < name.length;) {
        uint32_t c = utf8_next(name, &i);
        if (c > REGEX_MAX_UNIT) {
            at[count++] = (uint16_t)(0xD7C0 + (c >> 10));
            c = 0xDC00 + (c & 0x3FF);
        }
        at[count++] = (uint16_t)c;
    }
    *units = (struct units){at, count};
    return true;
}

static bool alloc_list(struct thread_list *list, const struct run *run, struct arena *scratch)
{
    size_t count = run->program->count;
    list->count = 0;
    list->instructions = arena_try_alloc(scratch, count * sizeof *list->instructions);
    list->slots = arena_try_alloc(scratch, count * run->slot_count * sizeof *list->slots + 1);
    return list->instructions != NULL && list->slots != NULL;
}

static bool alloc_run(struct run *run, struct arena *scratch)
{
    size_t count = run->program->count;
    run->seen_at = arena_try_alloc(scratch, count * sizeof *run->seen_at);
    run->pending = arena_try_alloc(scratch, (3 * count + 2) * sizeof *run->pending);
    run->slots = arena_try_alloc(scratch, run->slot_count * sizeof *run->slots + 1);
    if (run->seen_at == NULL || run->pending == NULL || run->slots == NULL)
        return false;
    memset(run->seen_at, 0, count * sizeof *run->seen_at);
    return alloc_list(&run->threads, run, scratch) && alloc_list(&run->following, run, scratch);
}

static bool at_boundary(const struct run *run)
{
    uint32_t position = run->position;
    bool before = position > 0 && is_word_unit(run->units.at[position - 1]);
    bool after = position < run->units.count && is_word_unit(run->units.at[position]);
    return before != after;
}

static bool holds(const struct run *run, const struct instruction *instruction)
{
    switch (instruction->op) {
    case INSTRUCTION_START:
        return run->position == 0;
    case INSTRUCTION_END:
        return run->position == run->units.count;
    case INSTRUCTION_BOUNDARY:
        return at_boundary(run);
    case INSTRUCTION_NOT_BOUNDARY:
        return !at_boundary(run);
    case INSTRUCTION_PROGRESS:
        return run->slot_count == 0 || run->slots[instruction->operand] != run->position;
    default:
        return true;
    }
}

static void push(struct run *run, uint32_t slot, uint32_t value)
{
    run->pending[run->pending_count++] = (struct pending){slot, value};
}

static void set_slot(struct run *run, uint32_t slot, uint32_t value)
{
    if (slot >= run->slot_count)
        return;
    push(run, slot, run->slots[slot]);
    run->slots[slot] = value;
}

static void add_thread(struct run *run, struct thread_list *list, uint32_t at)
{
    if (run->slot_count > 0)
        memcpy(list->slots + (size_t)list->count * run->slot_count, run->slots,
               run->slot_count * sizeof *run->slots);
    list->instructions[list->count++] = at;
}

static void reach(struct run *run, struct thread_list *list, uint32_t at)
{
    const struct instruction *instruction = &run->program->instructions[at];
    if (run->seen_at[at] == run->position + 1)
        return;
    run->seen_at[at] = run->position + 1;
    switch (instruction->op) {
    case INSTRUCTION_UNIT:
    case INSTRUCTION_SET:
    case INSTRUCTION_MATCH:
        add_thread(run, list, at);
        break;
    case INSTRUCTION_SPLIT:
        push(run, GO_ON, instruction->operand);
        push(run, GO_ON, instruction->next);
        break;
    case INSTRUCTION_SAVE:
    case INSTRUCTION_CLEAR:
        set_slot(run, instruction->operand,
                 instruction->op == INSTRUCTION_SAVE ? run->position : SLOT_UNSET);
        push(run, GO_ON, instruction->next);
        break;
    default:
        if (holds(run, instruction))
            push(run, GO_ON, instruction->next);
    }
}

/* Adds to list all consuming instructions that are reached from `at` without consuming. */
static void follow(struct run *run, struct thread_list *list, uint32_t at)
{
    push(run, GO_ON, at);
    while (run->pending_count > 0) {
        struct pending pending = run->pending[--run->pending_count];
        if (pending.slot == GO_ON)
            reach(run, list, pending.value);
        else
            run->slots[pending.slot] = pending.value;
    }
}

static bool consumes(const struct instruction *instruction, uint32_t unit)
{
    if (instruction->op == INSTRUCTION_UNIT)
        return instruction->operand == unit;
    return instruction->op == INSTRUCTION_SET && regex_set_has(instruction->set, unit);
}

static void load_slots(struct run *run, const struct thread_list *list, uint32_t thread)
{
    if (run->slot_count > 0)
        memcpy(run->slots, list->slots + (size_t)thread * run->slot_count,
               run->slot_count * sizeof *run->slots);
}

static void step(struct run *run)
{
    uint32_t unit = run->units.at[run->position++];
    run->following.count = 0;
    for (uint32_t i = 0; i < run->threads.count; i++) {
        uint32_t at = run->threads.instructions[i];
        const struct instruction *instruction = &run->program->instructions[at];
        if (!consumes(instruction, unit))
            continue;
        load_slots(run, &run->threads, i);
        follow(run, &run->following, instruction->next);
    }
    struct thread_list spent = run->threads;
    run->threads = run->following;
    run->following = spent;
}

static bool find_match(struct run *run)
{
    for (uint32_t i = 0; i < run->threads.count; i++) {
        uint32_t at = run->threads.instructions[i];
        if (run->program->instructions[at].op == INSTRUCTION_MATCH) {
            load_slots(run, &run->threads, i);
            return true;
        }
    }
    return false;
}

static enum run_status run_all(struct run *run, struct arena *scratch)
{
    if (!alloc_run(run, scratch))
        return RUN_EXHAUSTED;
    for (uint32_t i = 0; i < run->slot_count; i++)
        run->slots[i] = SLOT_UNSET;
    follow(run, &run->threads, 0);
    while (run->position < run->units.count && run->threads.count > 0)
        step(run);
    return find_match(run) ? RUN_MATCH : RUN_NO_MATCH;
}

enum run_status pattern_program_run(const struct pattern_program *program, struct units units,
                                    uint32_t *slots, struct arena *scratch)
{
    struct run run = {
        .program = program, .units = units, .slot_count = slots != NULL ? program->slot_count : 0};
    struct arena_mark mark = arena_mark(scratch);
    enum run_status status = run_all(&run, scratch);
    if (status == RUN_MATCH && run.slot_count > 0)
        memcpy(slots, run.slots, run.slot_count * sizeof *slots);
    arena_reset(scratch, mark);
    return status;
}
