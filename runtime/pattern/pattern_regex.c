/* Paths with regular-expression characters. Such a path is spelt out as JavaScript's expression,
 * parsed by regex/, and then lowered to elements where it needs no more than those (`a\.b/$x`), or
 * compiled to a program. */

#include "pattern/pattern_internal.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "base/vec.h"

#define VARIABLE_EXPRESSION SLICE("([^/]+)")
#define STAR_EXPRESSION SLICE(".*")

struct spelling {
    struct buf text;
    VEC(uint32_t) origins;                            /* per byte of text: the offset in the path */
    uint32_t variable_offsets[PATTERN_MAX_VARIABLES]; /* in text */
};

struct parse_state {
    struct pattern *pattern;
    const struct variable_place *places;
    struct spelling spelling;
    struct arena *arena;
    struct arena work; /* ends with the parse */
    struct regex_tree tree;
    uint32_t *variable_of_group;
    struct pattern_error *error;
};

static void spell(struct spelling *spelling, slice expression, size_t origin)
{
    for (size_t i = 0; i < expression.length; i++)
        VEC_PUSH(&spelling->origins, (uint32_t)origin);
    buf_append(&spelling->text, expression);
}

static void spell_path(struct parse_state *state)
{
    slice text = state->pattern->text;
    struct spelling *spelling = &state->spelling;
    uint32_t variable = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (variable < state->pattern->variable_count && i == state->places[variable].offset) {
            spelling->variable_offsets[variable] = (uint32_t)spelling->text.length;
            spell(spelling, VARIABLE_EXPRESSION, i);
            i += state->places[variable++].length - 1;
        } else if (text.at[i] == '*') {
            spell(spelling, STAR_EXPRESSION, i);
        } else {
            spell(spelling, slice_part(text, i, i + 1), i);
        }
    }
    VEC_PUSH(&spelling->origins, (uint32_t)text.length);
}

static bool fail_at(struct parse_state *state, size_t offset, size_t length, const char *message)
{
    size_t last = state->spelling.origins.count - 1;
    uint32_t start = state->spelling.origins.items[offset < last ? offset : last];
    uint32_t end = state->spelling.origins.items[offset + length < last ? offset + length : last];
    return pattern_fail(state->error, start, end > start ? end - start : 1, message);
}

static bool fail_out_of_memory(struct parse_state *state)
{
    return pattern_fail(state->error, 0, state->pattern->text.length, "out of memory");
}

static bool parse_tree(struct parse_state *state)
{
    struct regex_error error;
    if (regex_parse(buf_slice(&state->spelling.text), SLICE(""), &state->work, &state->tree,
                    &error))
        return true;
    return fail_at(state, error.offset, 1, error.message);
}

static void note_variable(struct parse_state *state, const struct regex_node *group)
{
    for (uint32_t i = 0; i < state->pattern->variable_count; i++)
        if (state->spelling.variable_offsets[i] == group->offset)
            state->variable_of_group[group->as.group] = i;
}

/* Refuses what an automaton cannot do and finds the groups that are variables. */
static bool check_tree(struct parse_state *state)
{
    struct regex_walk walk = {.node = state->tree.root};
    for (; walk.node != NULL; regex_walk_next(&walk, state->tree.root)) {
        const struct regex_node *node = walk.node;
        if (walk.leaving)
            continue;
        if (node->kind == NODE_LOOK)
            return fail_at(state, node->offset, node->length,
                           "look-around is not available in paths");
        if (node->kind == NODE_BACK_REFERENCE)
            return fail_at(state, node->offset, node->length,
                           "back references are not available in paths");
        if (node->kind == NODE_GROUP)
            note_variable(state, node);
    }
    return true;
}

static bool fail_hidden_variable(struct parse_state *state, uint32_t variable)
{
    const struct variable_place *place = &state->places[variable];
    return pattern_fail(state->error, place->offset, place->length,
                        "a variable can't stand inside [ ] or after \\");
}

/* A $name inside [ ] or after a backslash would be spelt out there too, and be something else. */
static bool check_places(struct parse_state *state)
{
    slice text = state->pattern->text;
    bool in_class = false, escaped = false;
    uint32_t variable = 0;
    for (size_t i = 0; i < text.length && variable < state->pattern->variable_count; i++) {
        bool starts = i == state->places[variable].offset;
        if (starts && (in_class || escaped))
            return fail_hidden_variable(state, variable);
        variable += starts;
        if (!escaped)
            in_class = in_class ? text.at[i] != ']' : text.at[i] == '[';
        escaped = !escaped && text.at[i] == '\\';
    }
    return true;
}

static bool check_variables(struct parse_state *state)
{
    bool found[PATTERN_MAX_VARIABLES] = {false};
    for (uint32_t g = 0; g < state->tree.group_count; g++)
        if (state->variable_of_group[g] != PATTERN_NONE)
            found[state->variable_of_group[g]] = true;
    for (uint32_t i = 0; i < state->pattern->variable_count; i++)
        if (!found[i])
            return fail_hidden_variable(state, i);
    return true;
}

static bool map_groups(struct parse_state *state)
{
    uint32_t count = state->tree.group_count;
    state->variable_of_group = arena_try_alloc(&state->work, (count + 1) * sizeof(uint32_t));
    if (state->variable_of_group == NULL)
        return fail_out_of_memory(state);
    for (uint32_t g = 0; g < count; g++)
        state->variable_of_group[g] = PATTERN_NONE;
    return check_tree(state) && check_variables(state);
}

static bool sets_equal(const struct regex_set *a, const struct regex_set *b)
{
    return a->count == b->count && memcmp(a->ranges, b->ranges, a->count * sizeof *a->ranges) == 0;
}

static bool is_dot(const struct regex_node *node)
{
    return node->kind == NODE_SET && sets_equal(node->as.set, &pattern_set_not_terminator);
}

static bool is_star(const struct regex_node *node)
{
    return node->kind == NODE_QUANTIFIER && is_dot(node->first) && !node->lazy &&
           node->as.repeat.min == 0 && node->as.repeat.max == REGEX_INFINITY;
}

/* The only sequence of the tree, or NULL when there are alternatives. */
static const struct regex_node *only_sequence(const struct regex_tree *tree)
{
    return tree->root->first->next == NULL ? tree->root->first : NULL;
}

/* Reads a run of characters that starts at *node, which then is the node after it. False when they
 * end in, or begin with, half of a surrogate pair; what came before that stands in text. */
static bool read_literal(const struct regex_node **node, struct buf *text)
{
    while (*node != NULL && (*node)->kind == NODE_CHARACTER) {
        uint32_t c = (*node)->as.character;
        const struct regex_node *next = (*node)->next;
        if (c >= 0xD800 && c < 0xE000) {
            bool pair = c < 0xDC00 && next != NULL && next->kind == NODE_CHARACTER &&
                        next->as.character >= 0xDC00 && next->as.character < 0xE000;
            if (!pair)
                return false;
            c = ((c - 0xD7C0) << 10) + (next->as.character - 0xDC00);
            next = next->next;
        }
        char bytes[4];
        buf_append(text, (slice){bytes, utf8_encode(c, bytes)});
        *node = next;
    }
    return true;
}

static bool take_bytes(struct buf *text, struct arena *arena, slice *bytes)
{
    char *copy = arena_try_alloc(arena, text->length + 1);
    if (copy == NULL)
        return false;
    if (text->length > 0)
        memcpy(copy, text->at, text->length);
    *bytes = (slice){copy, text->length};
    buf_fini(text);
    return true;
}

static bool take_prefix(struct parse_state *state)
{
    const struct regex_node *sequence = only_sequence(&state->tree);
    if (sequence == NULL)
        return true;
    const struct regex_node *node = sequence->first;
    struct buf text = BUF_EMPTY;
    if (node != NULL && node->kind == NODE_START)
        node = node->next;
    read_literal(&node, &text);
    return take_bytes(&text, state->arena, &state->pattern->prefix);
}

static bool is_whole_character(const struct regex_node *node)
{
    return node != NULL && node->kind == NODE_CHARACTER &&
           (node->as.character < 0xD800 || node->as.character > 0xDFFF);
}

static bool take_suffix(struct parse_state *state)
{
    const struct regex_node *sequence = only_sequence(&state->tree), *first = NULL;
    const struct regex_node *node = sequence != NULL ? sequence->last : NULL;
    struct buf text = BUF_EMPTY;
    if (node != NULL && node->kind == NODE_END)
        node = node->previous;
    for (; is_whole_character(node); node = node->previous)
        first = node;
    read_literal(&first, &text);
    return take_bytes(&text, state->arena, &state->pattern->suffix);
}

typedef VEC(struct element) element_list;

static bool lower_character(struct parse_state *state, const struct regex_node **node,
                            element_list *elements)
{
    struct buf text = BUF_EMPTY;
    struct element element = {.kind = ELEMENT_LITERAL};
    if (!read_literal(node, &text) || !take_bytes(&text, state->arena, &element.text)) {
        buf_fini(&text);
        return false;
    }
    VEC_PUSH(elements, element);
    return true;
}

static bool lower_other(struct parse_state *state, const struct regex_node *node,
                        element_list *elements)
{
    bool after_star =
        elements->count > 0 && elements->items[elements->count - 1].kind == ELEMENT_STAR;
    struct element element = {.kind = ELEMENT_DOT};
    if (node->kind == NODE_GROUP && state->variable_of_group[node->as.group] != PATTERN_NONE)
        element.kind = ELEMENT_VARIABLE;
    else if (is_star(node))
        element.kind = ELEMENT_STAR;
    else if (!is_dot(node))
        return false;
    if (element.kind != ELEMENT_STAR || !after_star)
        VEC_PUSH(elements, element);
    return true;
}

/* Turns the tree into elements; false when it is more than that. */
static bool lower(struct parse_state *state, element_list *elements)
{
    const struct regex_node *sequence = only_sequence(&state->tree);
    const struct regex_node *node = sequence != NULL ? sequence->first : NULL;
    if (sequence == NULL)
        return false;
    if (node != NULL && node->kind == NODE_START)
        node = node->next;
    while (node != NULL && !(node->kind == NODE_END && node->next == NULL)) {
        if (node->kind == NODE_CHARACTER) {
            if (!lower_character(state, &node, elements))
                return false;
        } else {
            if (!lower_other(state, node, elements))
                return false;
            node = node->next;
        }
    }
    return true;
}

static bool keep_elements(struct parse_state *state, const element_list *elements)
{
    size_t bytes = elements->count * sizeof *elements->items;
    struct element *kept = arena_try_alloc(state->arena, bytes + 1);
    if (kept == NULL)
        return fail_out_of_memory(state);
    if (bytes > 0)
        memcpy(kept, elements->items, bytes);
    state->pattern->elements = kept;
    state->pattern->element_count = (uint32_t)elements->count;
    return true;
}

static const struct regex_set *keep_set(const struct regex_set *set, struct arena *arena)
{
    if (sets_equal(set, &pattern_set_not_terminator))
        return &pattern_set_not_terminator;
    if (sets_equal(set, &pattern_set_not_slash))
        return &pattern_set_not_slash;
    struct regex_set *kept = arena_try_alloc(arena, sizeof *kept);
    struct regex_range *ranges = arena_try_alloc(arena, set->count * sizeof *ranges + 1);
    if (kept == NULL || ranges == NULL)
        return NULL;
    if (set->count > 0)
        memcpy(ranges, set->ranges, set->count * sizeof *ranges);
    *kept = *set;
    kept->ranges = ranges;
    return kept;
}

/* The sets of the tree end with the parse; those of the program stay. */
static bool keep_sets(const struct pattern_program *program, struct instruction *instructions,
                      struct arena *arena)
{
    const struct regex_set *from = NULL, *kept = NULL;
    for (uint32_t i = 0; i < program->count; i++) {
        if (instructions[i].op != INSTRUCTION_SET)
            continue;
        if (instructions[i].set != from) {
            from = instructions[i].set;
            kept = keep_set(from, arena);
        }
        if (kept == NULL)
            return false;
        instructions[i].set = kept;
    }
    return true;
}

static bool compile(struct parse_state *state)
{
    struct pattern_program *program = pattern_program_from_tree(
        &state->tree, state->variable_of_group, state->pattern->variable_count, state->arena);
    if (program == NULL)
        return pattern_fail(state->error, 0, state->pattern->text.length,
                            "too many repetitions for a path");
    if (!keep_sets(program, program->instructions, state->arena))
        return fail_out_of_memory(state);
    state->pattern->program = program;
    return true;
}

static bool lower_or_compile(struct parse_state *state)
{
    element_list elements = {0};
    bool lowered = lower(state, &elements);
    bool done = lowered ? keep_elements(state, &elements) : compile(state);
    VEC_FREE(&elements);
    return done && ((take_prefix(state) && take_suffix(state)) || fail_out_of_memory(state));
}

bool pattern_parse_regex(struct pattern *pattern, const struct variable_place *places,
                         struct arena *arena, struct pattern_error *error)
{
    struct parse_state state = {
        .pattern = pattern, .places = places, .arena = arena, .error = error};
    arena_init(&state.work, (size_t)16 << 20);
    spell_path(&state);
    bool parsed = check_places(&state) && parse_tree(&state) && map_groups(&state) &&
                  lower_or_compile(&state);
    arena_fini(&state.work);
    VEC_FREE(&state.spelling.origins);
    buf_fini(&state.spelling.text);
    return parsed;
}
