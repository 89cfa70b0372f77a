#include "regex/regex_automaton.h"

#include "base/check.h"

#define MANY_REPETITIONS 20
#define MAX_NODES 8192

/* The states that a node can begin and end with. */
struct ends {
    struct state_set first, last;
    bool nullable;
};

struct doubled_edge {
    uint32_t from, to;
    const struct regex_node *by;
};

struct automaton_builder {
    struct automaton *automaton;
    struct ends *ends; /* by node number */
    VEC(struct doubled_edge) doubled;
};

bool automaton_is_loop(const struct regex_node *node)
{
    return node->kind == NODE_QUANTIFIER && node->as.repeat.max >= MANY_REPETITIONS;
}

static void unite(struct state_set *set, const struct state_set *more)
{
    for (size_t i = 0; i < sizeof set->bits / sizeof *set->bits; i++)
        set->bits[i] |= more->bits[i];
}

static void connect(struct automaton_builder *builder, const struct state_set *from,
                    const struct state_set *to, const struct regex_node *by)
{
    struct automaton *automaton = builder->automaton;
    for (uint32_t state = 0; state < automaton->count; state++) {
        if (!state_set_has(from, state))
            continue;
        for (uint32_t next = 0; next < automaton->count; next++)
            if (state_set_has(to, next) && state_set_has(&automaton->edges[state], next))
                VEC_PUSH(&builder->doubled, ((struct doubled_edge){state, next, by}));
        unite(&automaton->edges[state], to);
    }
}

static bool add_state(struct automaton_builder *builder, const struct regex_node *node)
{
    struct automaton *automaton = builder->automaton;
    struct ends *ends = &builder->ends[node->number];
    if (automaton->count == AUTOMATON_MAX_STATES)
        return false;
    automaton->states[automaton->count] = node;
    state_set_add(&ends->first, automaton->count);
    state_set_add(&ends->last, automaton->count);
    automaton->count++;
    return true;
}

static void add_sequence(struct automaton_builder *builder, const struct regex_node *node)
{
    struct ends all = {.nullable = true};
    for (const struct regex_node *child = node->first; child != NULL; child = child->next) {
        const struct ends *ends = &builder->ends[child->number];
        connect(builder, &all.last, &ends->first, child);
        if (all.nullable)
            unite(&all.first, &ends->first);
        if (!ends->nullable)
            all.last = ends->last;
        else
            unite(&all.last, &ends->last);
        all.nullable = all.nullable && ends->nullable;
    }
    builder->ends[node->number] = all;
}

static void add_alternation(struct automaton_builder *builder, const struct regex_node *node)
{
    struct ends all = {.nullable = false};
    for (const struct regex_node *child = node->first; child != NULL; child = child->next) {
        const struct ends *ends = &builder->ends[child->number];
        unite(&all.first, &ends->first);
        unite(&all.last, &ends->last);
        all.nullable = all.nullable || ends->nullable;
    }
    builder->ends[node->number] = all;
}

static bool add_node(struct automaton_builder *builder, const struct regex_node *node)
{
    struct ends *ends = &builder->ends[node->number];
    switch (node->kind) {
    case NODE_CHARACTER:
    case NODE_SET:
        return add_state(builder, node);
    case NODE_SEQUENCE:
        add_sequence(builder, node);
        return true;
    case NODE_ALTERNATION:
        add_alternation(builder, node);
        return true;
    case NODE_GROUP:
        *ends = builder->ends[node->first->number];
        return true;
    case NODE_QUANTIFIER:
        *ends = builder->ends[node->first->number];
        if (automaton_is_loop(node))
            connect(builder, &ends->last, &ends->first, node);
        ends->nullable = ends->nullable || node->as.repeat.min == 0;
        return true;
    default:
        ends->nullable = true;
        return true;
    }
}

static bool accept_common(const struct regex_node *a, const struct regex_node *b)
{
    if (a->kind == NODE_CHARACTER)
        return b->kind == NODE_CHARACTER ? a->as.character == b->as.character
                                         : regex_set_has(b->as.set, a->as.character);
    if (b->kind == NODE_CHARACTER)
        return regex_set_has(a->as.set, b->as.character);
    return regex_set_overlap(a->as.set, b->as.set);
}

static void fill_overlap(struct automaton *automaton)
{
    for (uint32_t i = 0; i < automaton->count; i++)
        for (uint32_t k = 0; k < automaton->count; k++)
            if (accept_common(automaton->states[i], automaton->states[k]))
                state_set_add(&automaton->overlap[i], k);
}

static void fill_reach(struct automaton *automaton)
{
    memcpy(automaton->reach, automaton->edges, sizeof automaton->reach);
    for (uint32_t through = 0; through < automaton->count; through++)
        for (uint32_t from = 0; from < automaton->count; from++)
            if (state_set_has(&automaton->reach[from], through))
                unite(&automaton->reach[from], &automaton->reach[through]);
}

static void find_doubled(struct automaton_builder *builder)
{
    struct automaton *automaton = builder->automaton;
    for (size_t i = 0; i < builder->doubled.count && automaton->doubled == NULL; i++) {
        struct doubled_edge edge = builder->doubled.items[i];
        if (state_set_has(&automaton->reach[edge.to], edge.from))
            automaton->doubled = edge.by;
    }
}

bool automaton_build(const struct regex_tree *tree, struct automaton *automaton)
{
    *automaton = (struct automaton){.count = 0};
    if (tree->node_count > MAX_NODES)
        return false;
    struct automaton_builder builder = {.automaton = automaton};
    builder.ends = calloc(tree->node_count, sizeof *builder.ends);
    CHECK(builder.ends != NULL);
    bool fits = true;
    for (struct regex_walk walk = {.node = tree->root}; walk.node != NULL && fits;
         regex_walk_next(&walk, tree->root))
        if (walk.leaving)
            fits = add_node(&builder, walk.node);
    fill_overlap(automaton);
    fill_reach(automaton);
    find_doubled(&builder);
    free(builder.ends);
    VEC_FREE(&builder.doubled);
    return fits;
}
