/* Elements, or the tree of a regular expression, -> program. Repetitions are unrolled, within
 * PATTERN_MAX_INSTRUCTIONS. What is still to be done lies on a stack of tasks, so nothing recurses.
 */

#include "pattern/pattern_internal.h"

#include "base/utf8.h"
#include "base/vec.h"

#define MAX_TASKS_RUN (8 * PATTERN_MAX_INSTRUCTIONS)

enum task_kind {
    TASK_NODE,            /* node */
    TASK_SIBLINGS,        /* node and those after it */
    TASK_ALTERNATIVE,     /* node and the alternatives after it */
    TASK_ALTERNATIVE_END, /* after node; `number` is its split */
    TASK_REPEAT,          /* iteration `number` and later ones of the quantifier node */
    TASK_LOOP_END,        /* back to the split `number` */
    TASK_ITERATION_END,   /* after iteration `number`, which may be left out */
    TASK_SAVE,            /* slot `number` */
};

struct task {
    enum task_kind kind;
    const struct regex_node *node;
    uint32_t number;
    uint32_t chain; /* jumps that wait for their target, linked through `next` */
};

struct compiler {
    VEC(struct instruction) code;
    VEC(struct task) tasks;
    uint32_t next_slot;
    uint32_t slot_count;
    const uint32_t *variable_of_group;
    bool has_boundaries;
};

static uint32_t here(const struct compiler *compiler)
{
    return (uint32_t)compiler->code.count;
}

static uint32_t emit(struct compiler *compiler, enum instruction_op op, uint32_t operand)
{
    uint32_t at = here(compiler);
    struct instruction instruction = {.op = op, .next = at + 1, .operand = operand};
    VEC_PUSH(&compiler->code, instruction);
    return at;
}

static void emit_set(struct compiler *compiler, const struct regex_set *set)
{
    uint32_t at = emit(compiler, INSTRUCTION_SET, 0);
    compiler->code.items[at].set = set;
}

/* Gives a split, whose one way is the instruction after it, its other way. */
static void split_to(struct compiler *compiler, uint32_t split, uint32_t target, bool preferred)
{
    struct instruction *instruction = &compiler->code.items[split];
    instruction->operand = preferred ? instruction->next : target;
    if (preferred)
        instruction->next = target;
}

static uint32_t emit_waiting_jump(struct compiler *compiler, uint32_t chain)
{
    uint32_t jump = emit(compiler, INSTRUCTION_JUMP, 0);
    compiler->code.items[jump].next = chain;
    return jump;
}

static void land_jumps(struct compiler *compiler, uint32_t chain)
{
    while (chain != PATTERN_NONE) {
        uint32_t following = compiler->code.items[chain].next;
        compiler->code.items[chain].next = here(compiler);
        chain = following;
    }
}

static void push(struct compiler *compiler, enum task_kind kind, const struct regex_node *node,
                 uint32_t number, uint32_t chain)
{
    VEC_PUSH(&compiler->tasks, ((struct task){kind, node, number, chain}));
}

static void begin_alternative(struct compiler *compiler, struct task task)
{
    uint32_t split = PATTERN_NONE;
    if (task.node->next != NULL)
        split = emit(compiler, INSTRUCTION_SPLIT, 0);
    push(compiler, TASK_ALTERNATIVE_END, task.node, split, task.chain);
    push(compiler, TASK_NODE, task.node, 0, PATTERN_NONE);
}

static void end_alternative(struct compiler *compiler, struct task task)
{
    if (task.node->next == NULL) {
        land_jumps(compiler, task.chain);
        return;
    }
    uint32_t chain = emit_waiting_jump(compiler, task.chain);
    split_to(compiler, task.number, here(compiler), false);
    push(compiler, TASK_ALTERNATIVE, task.node->next, 0, chain);
}

/* Variables inside a repetition forget what they were in the iteration before. */
static void begin_body(struct compiler *compiler, const struct regex_node *quantifier)
{
    for (uint32_t g = quantifier->first_group; g < quantifier->end_group; g++)
        if (compiler->variable_of_group[g] != PATTERN_NONE)
            emit(compiler, INSTRUCTION_CLEAR, 2 * compiler->variable_of_group[g]);
    push(compiler, TASK_NODE, quantifier->first, 0, PATTERN_NONE);
}

static void begin_loop(struct compiler *compiler, const struct regex_node *quantifier)
{
    push(compiler, TASK_LOOP_END, quantifier, emit(compiler, INSTRUCTION_SPLIT, 0), PATTERN_NONE);
    begin_body(compiler, quantifier);
}

static void end_loop(struct compiler *compiler, struct task task)
{
    uint32_t jump = emit(compiler, INSTRUCTION_JUMP, 0);
    compiler->code.items[jump].next = task.number;
    split_to(compiler, task.number, here(compiler), task.node->lazy);
}

/* An iteration beyond the minimum does not count when it matched nothing. */
static void begin_optional(struct compiler *compiler, struct task task)
{
    uint32_t split = emit(compiler, INSTRUCTION_SPLIT, 0);
    uint32_t chain = emit_waiting_jump(compiler, task.chain);
    split_to(compiler, split, here(compiler), !task.node->lazy);
    emit(compiler, INSTRUCTION_SAVE, compiler->next_slot++);
    if (compiler->slot_count < compiler->next_slot)
        compiler->slot_count = compiler->next_slot;
    push(compiler, TASK_ITERATION_END, task.node, task.number, chain);
    begin_body(compiler, task.node);
}

static void end_optional(struct compiler *compiler, struct task task)
{
    emit(compiler, INSTRUCTION_PROGRESS, --compiler->next_slot);
    push(compiler, TASK_REPEAT, task.node, task.number + 1, task.chain);
}

static void repeat(struct compiler *compiler, struct task task)
{
    const struct regex_node *node = task.node;
    if (task.number < node->as.repeat.min) {
        push(compiler, TASK_REPEAT, node, task.number + 1, task.chain);
        begin_body(compiler, node);
    } else if (node->as.repeat.max == REGEX_INFINITY) {
        begin_loop(compiler, node);
    } else if (task.number < node->as.repeat.max) {
        begin_optional(compiler, task);
    } else {
        land_jumps(compiler, task.chain);
    }
}

static void compile_group(struct compiler *compiler, const struct regex_node *node)
{
    uint32_t variable = compiler->variable_of_group[node->as.group];
    if (variable != PATTERN_NONE) {
        emit(compiler, INSTRUCTION_SAVE, 2 * variable);
        push(compiler, TASK_SAVE, NULL, 2 * variable + 1, PATTERN_NONE);
    }
    push(compiler, TASK_NODE, node->first, 0, PATTERN_NONE);
}

static void compile_boundary(struct compiler *compiler, enum instruction_op op)
{
    emit(compiler, op, 0);
    compiler->has_boundaries = true;
}

static void compile_node(struct compiler *compiler, const struct regex_node *node)
{
    switch (node->kind) {
    case NODE_CHARACTER:
        emit(compiler, INSTRUCTION_UNIT, node->as.character);
        break;
    case NODE_SET:
        emit_set(compiler, node->as.set);
        break;
    case NODE_START:
        emit(compiler, INSTRUCTION_START, 0);
        break;
    case NODE_END:
        emit(compiler, INSTRUCTION_END, 0);
        break;
    case NODE_WORD_BOUNDARY:
        compile_boundary(compiler, INSTRUCTION_BOUNDARY);
        break;
    case NODE_NOT_WORD_BOUNDARY:
        compile_boundary(compiler, INSTRUCTION_NOT_BOUNDARY);
        break;
    case NODE_SEQUENCE:
        if (node->first != NULL)
            push(compiler, TASK_SIBLINGS, node->first, 0, PATTERN_NONE);
        break;
    case NODE_ALTERNATION:
        push(compiler, TASK_ALTERNATIVE, node->first, 0, PATTERN_NONE);
        break;
    case NODE_GROUP:
        compile_group(compiler, node);
        break;
    case NODE_QUANTIFIER:
        push(compiler, TASK_REPEAT, node, 0, PATTERN_NONE);
        break;
    default: /* refused before, or of flags that a path does not have */
        CHECK(false);
    }
}

static void run_task(struct compiler *compiler, struct task task)
{
    switch (task.kind) {
    case TASK_NODE:
        compile_node(compiler, task.node);
        break;
    case TASK_SIBLINGS:
        if (task.node->next != NULL)
            push(compiler, TASK_SIBLINGS, task.node->next, 0, PATTERN_NONE);
        compile_node(compiler, task.node);
        break;
    case TASK_ALTERNATIVE:
        begin_alternative(compiler, task);
        break;
    case TASK_ALTERNATIVE_END:
        end_alternative(compiler, task);
        break;
    case TASK_REPEAT:
        repeat(compiler, task);
        break;
    case TASK_LOOP_END:
        end_loop(compiler, task);
        break;
    case TASK_ITERATION_END:
        end_optional(compiler, task);
        break;
    case TASK_SAVE:
        emit(compiler, INSTRUCTION_SAVE, task.number);
        break;
    }
}

static bool run_tasks(struct compiler *compiler)
{
    for (uint32_t i = 0; compiler->tasks.count > 0; i++) {
        if (i > MAX_TASKS_RUN || compiler->code.count > PATTERN_MAX_INSTRUCTIONS)
            return false;
        run_task(compiler, compiler->tasks.items[--compiler->tasks.count]);
    }
    return true;
}

static struct pattern_program *finish(struct compiler *compiler, struct arena *arena)
{
    emit(compiler, INSTRUCTION_MATCH, 0);
    size_t bytes = compiler->code.count * sizeof *compiler->code.items;
    struct pattern_program *program = arena_try_alloc(arena, sizeof *program);
    struct instruction *instructions = arena_try_alloc(arena, bytes);
    if (program == NULL || instructions == NULL)
        return NULL;
    memcpy(instructions, compiler->code.items, bytes);
    *program = (struct pattern_program){.instructions = instructions,
                                        .count = (uint32_t)compiler->code.count,
                                        .slot_count = compiler->slot_count,
                                        .has_boundaries = compiler->has_boundaries};
    return program;
}

struct pattern_program *pattern_program_from_tree(const struct regex_tree *tree,
                                                  const uint32_t *variable_of_group,
                                                  uint32_t variable_count, struct arena *arena)
{
    struct compiler compiler = {.next_slot = 2 * variable_count,
                                .slot_count = 2 * variable_count,
                                .variable_of_group = variable_of_group};
    push(&compiler, TASK_NODE, tree->root, 0, PATTERN_NONE);
    struct pattern_program *program = run_tasks(&compiler) ? finish(&compiler, arena) : NULL;
    VEC_FREE(&compiler.tasks);
    VEC_FREE(&compiler.code);
    return program;
}

static void emit_literal(struct compiler *compiler, slice text)
{
    for (size_t i = 0; i < text.length;) {
        uint32_t c = utf8_next(text, &i);
        if (c > REGEX_MAX_UNIT) {
            emit(compiler, INSTRUCTION_UNIT, 0xD7C0 + (c >> 10));
            c = 0xDC00 + (c & 0x3FF);
        }
        emit(compiler, INSTRUCTION_UNIT, c);
    }
}

static void emit_variable(struct compiler *compiler, uint32_t variable)
{
    emit(compiler, INSTRUCTION_SAVE, 2 * variable);
    uint32_t body = here(compiler);
    emit_set(compiler, &pattern_set_not_slash);
    split_to(compiler, emit(compiler, INSTRUCTION_SPLIT, 0), body, true);
    emit(compiler, INSTRUCTION_SAVE, 2 * variable + 1);
}

static void emit_star(struct compiler *compiler)
{
    uint32_t split = emit(compiler, INSTRUCTION_SPLIT, 0);
    emit_set(compiler, &pattern_set_not_terminator);
    uint32_t jump = emit(compiler, INSTRUCTION_JUMP, 0);
    compiler->code.items[jump].next = split;
    split_to(compiler, split, here(compiler), false);
}

struct pattern_program *pattern_program_from_elements(const struct element *elements,
                                                      uint32_t count, uint32_t variable_count,
                                                      struct arena *arena)
{
    struct compiler compiler = {.slot_count = 2 * variable_count};
    uint32_t variable = 0;
    for (uint32_t i = 0; i < count; i++) {
        switch (elements[i].kind) {
        case ELEMENT_LITERAL:
            emit_literal(&compiler, elements[i].text);
            break;
        case ELEMENT_VARIABLE:
            emit_variable(&compiler, variable++);
            break;
        case ELEMENT_STAR:
            emit_star(&compiler);
            break;
        case ELEMENT_DOT:
            emit_set(&compiler, &pattern_set_not_terminator);
            break;
        }
    }
    struct pattern_program *program = finish(&compiler, arena);
    VEC_FREE(&compiler.code);
    return program;
}
