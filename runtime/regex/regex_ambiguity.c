/* Finds parts of a pattern that a subject can be divided among in very many ways, which a
 * backtracking matcher tries one by one before it fails:
 *
 * - exponentially many, where a cycle of the automaton can be walked in two ways over the same
 * text: (a+)+  (a|a)*  (\w+\s?)*  (x+x+)+
 * - polynomially many, where a repeated character passes into another over the same text with
 * nothing between them, and something after them can fail:  \s*\s*$  \d+\.?\d*x
 *
 * The first is a search over the pairs of states that the same text leads to. That every pattern is
 * tried at each place of the subject is not counted against it. */

#include "regex/regex_automaton.h"

#include "base/check.h"

#define MAX_WORK 20000000u /* edges looked at; beyond it nothing is reported */

#define PAIR_COUNT ((size_t)AUTOMATON_MAX_STATES * AUTOMATON_MAX_STATES)

struct search {
    const struct automaton *automaton;
    uint32_t work;
    uint8_t *marks; /* per pair */
    VEC(uint32_t) queue;
};

enum { MARK_FORWARD = 1, MARK_BACKWARD = 2 };

static bool same_cycle(const struct automaton *automaton, uint32_t a, uint32_t b)
{
    return state_set_has(&automaton->reach[a], b) && state_set_has(&automaton->reach[b], a);
}

static bool is_cyclic(const struct automaton *automaton, uint32_t state)
{
    return state_set_has(&automaton->reach[state], state);
}

static uint32_t pair_of(uint32_t a, uint32_t b)
{
    return a * AUTOMATON_MAX_STATES + b;
}

static void visit(struct search *search, uint32_t a, uint32_t b, uint8_t mark)
{
    uint8_t *marks = &search->marks[pair_of(a, b)];
    if ((*marks & mark) == 0) {
        *marks |= mark;
        VEC_PUSH(&search->queue, pair_of(a, b));
    }
}

static bool has_edge(const struct automaton *automaton, uint32_t from, uint32_t to, bool forward)
{
    return forward ? state_set_has(&automaton->edges[from], to)
                   : state_set_has(&automaton->edges[to], from);
}

/* Marks the pairs on a cycle that can be reached from two equal states, or that can reach them. */
static bool spread(struct search *search, bool forward)
{
    const struct automaton *automaton = search->automaton;
    uint8_t mark = forward ? MARK_FORWARD : MARK_BACKWARD;
    for (uint32_t state = 0; state < automaton->count; state++)
        if (is_cyclic(automaton, state))
            visit(search, state, state, mark);
    while (search->queue.count > 0) {
        uint32_t pair = search->queue.items[--search->queue.count];
        uint32_t a = pair / AUTOMATON_MAX_STATES, b = pair % AUTOMATON_MAX_STATES;
        for (uint32_t x = 0; x < automaton->count; x++) {
            if (!has_edge(automaton, a, x, forward) || !same_cycle(automaton, a, x))
                continue;
            search->work += automaton->count;
            for (uint32_t y = 0; y < automaton->count; y++)
                if (has_edge(automaton, b, y, forward) && same_cycle(automaton, b, y) &&
                    state_set_has(&automaton->overlap[x], y))
                    visit(search, x, y, mark);
        }
        if (search->work > MAX_WORK)
            return false;
    }
    return true;
}

static const struct regex_node *loop_around(const struct regex_node *node)
{
    while (node != NULL && !automaton_is_loop(node))
        node = node->parent;
    return node;
}

/* The innermost loop around both. */
static const struct regex_node *loop_around_both(const struct regex_node *a,
                                                 const struct regex_node *b)
{
    const struct regex_node *loop = loop_around(a);
    while (loop != NULL && (b->offset < loop->offset || b->offset >= loop->offset + loop->length))
        loop = loop_around(loop->parent);
    return loop;
}

static const struct regex_node *find_exponential(struct search *search)
{
    const struct automaton *automaton = search->automaton;
    if (automaton->doubled != NULL)
        return loop_around(automaton->doubled);
    if (!spread(search, true) || !spread(search, false))
        return NULL;
    for (uint32_t a = 0; a < automaton->count; a++)
        for (uint32_t b = a + 1; b < automaton->count; b++)
            if (search->marks[pair_of(a, b)] == (MARK_FORWARD | MARK_BACKWARD))
                return loop_around_both(automaton->states[a], automaton->states[b]);
    return NULL;
}

/* Whether the loop of one character set p can hand over to that of q at any place of the same text.
 */
static bool passes_over(struct search *search, uint32_t p, uint32_t q)
{
    const struct automaton *automaton = search->automaton;
    search->work += automaton->count;
    return state_set_has(&automaton->edges[p], p) && state_set_has(&automaton->edges[q], q) &&
           state_set_has(&automaton->edges[p], q) && state_set_has(&automaton->overlap[p], q);
}

static bool can_fail_after(const struct regex_node *node, const bool *may_fail)
{
    for (; node != NULL; node = node->parent) {
        if (node->kind == NODE_LOOK)
            return true;
        if (node->parent == NULL || node->parent->kind != NODE_SEQUENCE)
            continue;
        for (const struct regex_node *next = node->next; next != NULL; next = next->next)
            if (may_fail[next->number])
                return true;
    }
    return false;
}

/* For each node whether it may fail to match: assertions, and what must consume. */
static void fill_may_fail(const struct regex_tree *tree, bool *may_fail)
{
    for (struct regex_walk walk = {.node = tree->root}; walk.node != NULL;
         regex_walk_next(&walk, tree->root)) {
        const struct regex_node *node = walk.node;
        if (!walk.leaving)
            continue;
        bool any = false, all = true;
        for (const struct regex_node *child = node->first; child != NULL; child = child->next) {
            any = any || may_fail[child->number];
            all = all && may_fail[child->number];
        }
        bool result = any;
        if (node->kind == NODE_ALTERNATION)
            result = all;
        else if (node->kind == NODE_QUANTIFIER)
            result = any && node->as.repeat.min > 0;
        else if (node->kind != NODE_SEQUENCE && node->kind != NODE_GROUP)
            result = true;
        may_fail[node->number] = result;
    }
}

struct span {
    size_t offset, length;
};

/* From the one part to the other, each with the brackets around it alone. */
static struct span span_over(const struct regex_node *from, const struct regex_node *to)
{
    while (to->parent != NULL && to->parent->offset > from->offset)
        to = to->parent;
    while (from->parent != NULL && from->parent->offset + from->parent->length <= to->offset)
        from = from->parent;
    return (struct span){from->offset, to->offset + to->length - from->offset};
}

static bool find_polynomial(struct search *search, const bool *may_fail, struct span *span)
{
    const struct automaton *automaton = search->automaton;
    for (uint32_t p = 0; p < automaton->count; p++)
        for (uint32_t q = 0; q < automaton->count; q++) {
            const struct regex_node *last = automaton->states[q];
            if (p == q || !passes_over(search, p, q) ||
                !can_fail_after(loop_around(last), may_fail))
                continue;
            *span = span_over(loop_around(automaton->states[p]), loop_around(last));
            return true;
        }
    return false;
}

static bool find(struct search *search, const struct regex_tree *tree, struct span *span)
{
    const struct regex_node *loop = find_exponential(search);
    if (loop != NULL) {
        *span = (struct span){loop->offset, loop->length};
        return true;
    }
    bool *may_fail = calloc(tree->node_count, sizeof *may_fail);
    CHECK(may_fail != NULL);
    fill_may_fail(tree, may_fail);
    bool found = find_polynomial(search, may_fail, span);
    free(may_fail);
    return found;
}

static bool analyse(const struct regex_tree *tree, struct span *span)
{
    struct automaton *automaton = malloc(sizeof *automaton);
    struct search search = {.automaton = automaton, .marks = calloc(PAIR_COUNT, 1)};
    CHECK(automaton != NULL && search.marks != NULL);
    bool found = automaton_build(tree, automaton) && find(&search, tree, span);
    VEC_FREE(&search.queue);
    free(search.marks);
    free(automaton);
    return found;
}

bool regex_is_catastrophic(slice pattern, slice flags, size_t *offset, size_t *length)
{
    struct arena arena;
    struct regex_tree tree;
    struct regex_error error;
    struct span span = {0, 0};
    arena_init(&arena, REGEX_MAX_TREE_BYTES);
    bool found = regex_parse(pattern, flags, &arena, &tree, &error) && analyse(&tree, &span);
    arena_fini(&arena);
    *offset = span.offset;
    *length = span.length;
    return found;
}
