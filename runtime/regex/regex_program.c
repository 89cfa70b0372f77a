/* Tree -> program of the exact matcher, in one walk. Inside a look-behind the terms of a sequence
 * are walked from last to first, because ECMAScript matches them so. */

#include "regex/regex_instruction.h"

#include "base/check.h"
#include "regex/regex_facts.h"

#define NO_ADDRESS UINT32_MAX

struct builder {
    struct instruction *code; /* with room for all of the tree */
    uint32_t count;
    uint32_t state_count;
};

static struct instruction *emit(struct builder *builder, enum instruction_kind kind,
                                const struct regex_node *node)
{
    struct instruction *instruction = &builder->code[builder->count++];
    *instruction = (struct instruction){.kind = (uint8_t)kind,
                                        .backward = node->backward,
                                        .lazy = node->lazy,
                                        .negative = node->negative};
    return instruction;
}

static uint32_t here(const struct builder *builder)
{
    return builder->count;
}

static void emit_run(struct builder *builder, const struct regex_node *node)
{
    const struct regex_node *single = node->first;
    bool set = single->kind == NODE_SET;
    struct instruction *run = emit(builder, set ? I_RUN_SET : I_RUN_CHARACTER, node);
    run->min = node->as.repeat.min;
    run->max = node->as.repeat.max;
    if (set)
        run->as.set = single->as.set;
    else
        run->as.a = single->as.character;
}

/* A loop that needs no registers: its iterations are never empty, and it counts to one at most. */
static bool is_plain_loop(const struct regex_node *node)
{
    uint32_t min = node->as.repeat.min, max = node->as.repeat.max;
    return !node->first->nullable &&
           ((max == REGEX_INFINITY && min <= 1) || (max == 1 && min == 0));
}

static void emit_unset_groups(struct builder *builder, const struct regex_node *node)
{
    const struct regex_node *body = node->first;
    if (body->end_group == body->first_group)
        return;
    struct instruction *unset = emit(builder, I_UNSET, node);
    unset->min = body->first_group;
    unset->max = body->end_group;
}

static void enter_plain_loop(struct builder *builder, struct regex_node *node)
{
    node->address = here(builder);
    if (node->as.repeat.min == 0)
        emit(builder, I_CHOICE, node);
    emit_unset_groups(builder, node);
}

static void leave_plain_loop(struct builder *builder, const struct regex_node *node)
{
    if (node->as.repeat.min == 1) {
        struct instruction *again = emit(builder, I_CHOICE, node);
        again->target = node->address;
        again->lazy = !node->lazy;
        return;
    }
    if (node->as.repeat.max > 1)
        emit(builder, I_JUMP, node)->target = node->address;
    builder->code[node->address].target = here(builder);
}

static void enter_counted_loop(struct builder *builder, struct regex_node *node)
{
    uint32_t counter = builder->state_count;
    builder->state_count += 2;
    emit(builder, I_LOOP_START, node)->as.a = counter;
    node->address = here(builder);
    struct instruction *loop = emit(builder, I_LOOP, node);
    loop->as.a = counter;
    loop->min = node->as.repeat.min;
    loop->max = node->as.repeat.max;
    emit(builder, I_LOOP_BODY, node)->as.a = counter;
    emit_unset_groups(builder, node);
}

static void leave_counted_loop(struct builder *builder, const struct regex_node *node)
{
    const struct instruction *loop = &builder->code[node->address];
    uint32_t counter = loop->as.a, min = loop->min;
    struct instruction *end = emit(builder, I_LOOP_END, node);
    end->as.a = counter;
    end->min = min;
    end->target = node->address;
    builder->code[node->address].target = here(builder);
}

/* Emits what a quantifier begins with; false when nothing of its body is needed. */
static bool enter_quantifier(struct builder *builder, struct regex_node *node)
{
    if (node->as.repeat.max == 0)
        return false;
    if (regex_is_run(node)) {
        emit_run(builder, node);
        return false;
    }
    if (is_plain_loop(node))
        enter_plain_loop(builder, node);
    else
        enter_counted_loop(builder, node);
    return true;
}

static void leave_quantifier(struct builder *builder, const struct regex_node *node)
{
    if (node->as.repeat.max == 0 || regex_is_run(node))
        return;
    if (is_plain_loop(node))
        leave_plain_loop(builder, node);
    else
        leave_counted_loop(builder, node);
}

static void emit_save(struct builder *builder, const struct regex_node *group, bool second)
{
    emit(builder, I_SAVE, group)->as.a = group->as.group * 2 + second;
}

/* An alternative but the last begins with a choice, and ends with a jump to the end. Until that is
 * known the jumps form a chain, whose head is the address of the alternation. */
static void enter_sequence(struct builder *builder, struct regex_node *node)
{
    if (node->next != NULL) {
        node->address = here(builder);
        emit(builder, I_CHOICE, node);
    }
}

static void leave_sequence(struct builder *builder, const struct regex_node *node)
{
    if (node->next == NULL)
        return;
    struct regex_node *alternation = node->parent;
    uint32_t jump = here(builder);
    emit(builder, I_JUMP, node)->target = alternation->address;
    alternation->address = jump;
    builder->code[node->address].target = here(builder);
}

static void leave_alternation(struct builder *builder, const struct regex_node *node)
{
    for (uint32_t jump = node->address; jump != NO_ADDRESS;) {
        uint32_t next = builder->code[jump].target;
        builder->code[jump].target = here(builder);
        jump = next;
    }
}

static void enter_look(struct builder *builder, struct regex_node *node)
{
    node->address = here(builder);
    emit(builder, I_LOOK, node)->as.a = builder->state_count++;
}

static void leave_look(struct builder *builder, const struct regex_node *node)
{
    uint32_t height = builder->code[node->address].as.a;
    emit(builder, I_LOOK_END, node)->as.a = height;
    builder->code[node->address].target = here(builder);
}

static void emit_simple(struct builder *builder, const struct regex_node *node)
{
    static const enum instruction_kind kinds[] = {
        [NODE_CHARACTER] = I_CHARACTER,
        [NODE_SET] = I_SET,
        [NODE_START] = I_START,
        [NODE_END] = I_END,
        [NODE_LINE_START] = I_LINE_START,
        [NODE_LINE_END] = I_LINE_END,
        [NODE_WORD_BOUNDARY] = I_WORD_BOUNDARY,
        [NODE_NOT_WORD_BOUNDARY] = I_NOT_WORD_BOUNDARY,
        [NODE_BACK_REFERENCE] = I_BACK_REFERENCE,
    };
    struct instruction *instruction = emit(builder, kinds[node->kind], node);
    if (node->kind == NODE_CHARACTER)
        instruction->as.a = node->as.character;
    else if (node->kind == NODE_SET)
        instruction->as.set = node->as.set;
    else if (node->kind == NODE_BACK_REFERENCE)
        instruction->as.a = node->as.group;
}

/* Emits what stands before the children; false to leave them out. */
static bool enter(struct builder *builder, struct regex_node *node)
{
    const struct regex_node *parent = node->parent;
    node->backward =
        parent != NULL && (parent->kind == NODE_LOOK ? parent->behind : parent->backward);
    switch (node->kind) {
    case NODE_ALTERNATION:
        node->address = NO_ADDRESS;
        return true;
    case NODE_SEQUENCE:
        enter_sequence(builder, node);
        return true;
    case NODE_GROUP:
        emit_save(builder, node, node->backward);
        return true;
    case NODE_LOOK:
        enter_look(builder, node);
        return true;
    case NODE_QUANTIFIER:
        return enter_quantifier(builder, node);
    default:
        emit_simple(builder, node);
        return true;
    }
}

static void leave(struct builder *builder, struct regex_node *node)
{
    switch (node->kind) {
    case NODE_ALTERNATION:
        leave_alternation(builder, node);
        break;
    case NODE_SEQUENCE:
        leave_sequence(builder, node);
        break;
    case NODE_GROUP:
        emit_save(builder, node, !node->backward);
        break;
    case NODE_LOOK:
        leave_look(builder, node);
        break;
    case NODE_QUANTIFIER:
        leave_quantifier(builder, node);
        break;
    default:
        break;
    }
}

static bool is_reversed(const struct regex_node *node)
{
    return node->kind == NODE_SEQUENCE && node->backward;
}

/* The node to enter after `node` was left, or NULL: then its parent is left. */
static struct regex_node *sibling(const struct regex_node *node)
{
    return node->parent != NULL && is_reversed(node->parent) ? node->previous : node->next;
}

static void emit_tree(struct builder *builder, struct regex_node *root)
{
    struct regex_node *node = root;
    while (node != NULL) {
        struct regex_node *child = NULL;
        if (enter(builder, node))
            child = is_reversed(node) ? node->last : node->first;
        if (child != NULL) {
            node = child;
            continue;
        }
        leave(builder, node);
        while (node != NULL && sibling(node) == NULL) {
            node = node->parent;
            if (node != NULL)
                leave(builder, node);
        }
        if (node != NULL)
            node = sibling(node);
    }
}

/* At most how many instructions a node makes, its children left out. */
static size_t instructions_of(const struct regex_node *node)
{
    switch (node->kind) {
    case NODE_ALTERNATION:
        return 0;
    case NODE_SEQUENCE:
    case NODE_GROUP:
    case NODE_LOOK:
        return 2;
    case NODE_QUANTIFIER:
        return 5;
    default:
        return 1;
    }
}

static size_t count_instructions(const struct regex_tree *tree)
{
    size_t count = 1;
    for (struct regex_walk walk = {.node = tree->root}; walk.node != NULL;
         regex_walk_next(&walk, tree->root))
        if (!walk.leaving)
            count += instructions_of(walk.node);
    return count;
}

const struct regex_program *regex_program_build(const struct regex_tree *tree)
{
    size_t most = count_instructions(tree);
    struct builder builder = {.code = arena_try_alloc(tree->arena, most * sizeof *builder.code),
                              .state_count = tree->group_count * 2};
    struct regex_program *program = arena_try_alloc(tree->arena, sizeof *program);
    if (builder.code == NULL || program == NULL)
        return NULL;
    emit_tree(&builder, tree->root);
    emit(&builder, I_MATCH, tree->root);
    CHECK(builder.count <= most);
    *program = (struct regex_program){.code = builder.code,
                                      .instruction_count = builder.count,
                                      .consumes = !tree->root->nullable,
                                      .begin = tree->root->begin,
                                      .word = tree->word,
                                      .state_count = builder.state_count,
                                      .group_count = tree->group_count,
                                      .names = tree->names,
                                      .name_count = tree->name_count,
                                      .flags = tree->flags};
    return program;
}

/* The parts of a program, laid out one after the other in one piece; at NULL it only counts. */
struct layout {
    char *at;
    size_t used;
};

static void *place(struct layout *layout, const void *part, size_t bytes)
{
    char *copy = layout->at == NULL ? NULL : layout->at + layout->used;
    layout->used += (bytes + 15) & ~(size_t)15;
    if (copy != NULL && bytes > 0)
        memcpy(copy, part, bytes);
    return copy;
}

static const struct regex_set *place_set(struct layout *layout, const struct regex_set *set)
{
    struct regex_set *copy = place(layout, set, sizeof *set);
    struct regex_range *ranges = place(layout, set->ranges, set->count * sizeof *set->ranges);
    if (copy != NULL)
        copy->ranges = ranges;
    return copy;
}

static const struct instruction *place_code(struct layout *layout,
                                            const struct regex_program *program)
{
    uint32_t count = program->instruction_count;
    struct instruction *code = place(layout, program->code, count * sizeof *code);
    for (uint32_t i = 0; i < count; i++) {
        const struct instruction *original = &program->code[i];
        if (original->kind != I_SET && original->kind != I_RUN_SET)
            continue;
        const struct regex_set *set = place_set(layout, original->as.set);
        if (code != NULL)
            code[i].as.set = set;
    }
    return code;
}

static const struct regex_name *place_names(struct layout *layout,
                                            const struct regex_program *program)
{
    uint32_t count = program->name_count;
    struct regex_name *names = place(layout, program->names, count * sizeof *names);
    for (uint32_t i = 0; i < count; i++) {
        slice text = program->names[i].text;
        const char *copy = place(layout, text.at, text.length);
        if (names != NULL)
            names[i].text.at = copy;
    }
    return names;
}

static struct regex_program *place_program(struct layout *layout,
                                           const struct regex_program *program)
{
    struct regex_program *copy = place(layout, program, sizeof *program);
    const struct regex_set *word = program->word == NULL ? NULL : place_set(layout, program->word);
    const struct instruction *code = place_code(layout, program);
    const struct regex_name *names = place_names(layout, program);
    if (copy != NULL) {
        copy->word = word;
        copy->code = code;
        copy->names = names;
    }
    return copy;
}

struct regex_program *regex_program_copy(const struct regex_program *program)
{
    struct layout layout = {NULL, 0};
    place_program(&layout, program);
    layout = (struct layout){malloc(layout.used), 0};
    CHECK(layout.at != NULL);
    return place_program(&layout, program);
}
