/* Looks a name up in an index. First the part of the trie is walked where a node is reached at most
 * at one position; nearly all look-ups end there. What comes behind a loop with a choice (a star,
 * or a variable before something that may be inside it) is left to pattern_loops.c. */

#include "pattern/pattern_search.h"

#define MAX_NAME_BYTES (UINT32_MAX / 8)

bool search_grow(struct search *search, struct step_list *list)
{
    size_t bytes = list->capacity * sizeof *list->items;
    step *items = arena_try_alloc(search->scratch, 2 * bytes);
    if (items == NULL) {
        search->exhausted = true;
        return false;
    }
    memcpy(items, list->items, bytes);
    list->items = items;
    list->capacity *= 2;
    return true;
}

static inline void push_walk(struct search *search, enum step_kind kind, uint32_t node,
                             uint32_t position)
{
    struct step_list *walk = &search->walk;
    if (walk->count < walk->capacity || search_grow(search, walk))
        walk->items[walk->count++] = make_step(kind, node, position);
}

static bool decode_name(struct search *search)
{
    slice name = {search->name, search->length};
    if (search->units.at == NULL && !pattern_units_decode(name, search->scratch, &search->units))
        search->exhausted = true;
    return !search->exhausted;
}

static bool ends_with(const struct search *search, slice suffix)
{
    return suffix.length <= search->length &&
           memcmp(search->name + search->length - suffix.length, suffix.at, suffix.length) == 0;
}

static void run_regexes(struct search *search, uint32_t regexes)
{
    const struct index_end *end = search->index->ends + regexes;
    for (; end->rank < search->best; end++) {
        const struct pattern *pattern = search->index->patterns[end->number];
        if (!is_wanted(search, end->number) || !ends_with(search, pattern->suffix))
            continue;
        if (!decode_name(search))
            return;
        enum run_status status =
            pattern_program_run(pattern->program, search->units, NULL, search->scratch);
        if (status == RUN_MATCH) {
            search->best = end->rank;
            search->best_number = end->number;
        }
        search->exhausted |= status == RUN_EXHAUSTED;
    }
}

/* A variable that only ends before a slash: goes on there, or ends with the name. */
static void walk_variable(struct search *search, uint32_t to, uint32_t position)
{
    const struct index_node *node = &search->index->nodes[to];
    const char *start = search->name + position;
    const char *slash = memchr(start, '/', search->length - position);
    if (slash == NULL) {
        accept(search, node->ends);
        return;
    }
    if (node->child_count == 0)
        return;
    uint32_t end = position + (uint32_t)(slash - start);
    uint32_t after = after_label(search, &search->index->nodes[node->children], end);
    if (after != PATTERN_NONE)
        push_walk(search, STEP_NODE, node->children, after);
}

/* A variable that nothing follows. */
static void accept_variable(struct search *search, uint32_t ends, uint32_t position)
{
    if (memchr(search->name + position, '/', search->length - position) == NULL)
        accept(search, ends);
}

static void meet_star(struct search *search, uint32_t to, uint32_t position)
{
    const struct index_node *star = &search->index->nodes[to];
    if (star->flags & INDEX_NODE_CONTINUES)
        push_walk(search, STEP_STAR, to, position);
    else if (star->best < search->best && star_reaches_end(search, position))
        accept(search, star->ends);
}

/* Puts off what leaves node by another way than a literal, unless it ends at once. */
static void put_off(struct search *search, uint32_t at, const struct index_node *node,
                    uint32_t position)
{
    if (node->regexes != 0)
        push_walk(search, STEP_REGEXES, at, position);
    if (node->star != 0)
        meet_star(search, node->star, position);
    if (node->variable != 0 && position < search->length && search->name[position] != '/') {
        if (node->variable_ends != 0)
            accept_variable(search, node->variable_ends, position);
        else
            push_walk(search, STEP_VARIABLE, node->variable, position);
    }
    uint32_t after = node->dot != 0 ? after_dot(search, position) : PATTERN_NONE;
    if (after != PATTERN_NONE)
        push_walk(search, STEP_NODE, node->dot, after);
}

static void walk_literals(struct search *search, uint32_t at, uint32_t position)
{
    for (;;) {
        const struct index_node *node = &search->index->nodes[at];
        if (node->best >= search->best)
            return;
        if (node->flags & INDEX_NODE_FORKS)
            put_off(search, at, node, position);
        if (position == search->length) {
            accept(search, node->ends);
            return;
        }
        at = index_node_child(search->index, node, search->name[position]);
        if (at == 0)
            return;
        position = after_label(search, &search->index->nodes[at], position);
        if (position == PATTERN_NONE)
            return;
    }
}

static void take_walk_step(struct search *search, step s)
{
    uint32_t at = step_node(s), position = step_position(s);
    const struct index_node *node = &search->index->nodes[at];
    if (node->best >= search->best)
        return;
    switch (step_kind(s)) {
    case STEP_NODE:
        walk_literals(search, at, position);
        break;
    case STEP_VARIABLE:
        if (node->flags & INDEX_NODE_ONCE)
            walk_variable(search, at, position);
        else
            search_take_variable(search, at, position);
        break;
    case STEP_STAR:
        search_take_star(search, at, position);
        break;
    case STEP_REGEXES:
        run_regexes(search, node->regexes);
        break;
    case STEP_LOOP:
        break;
    }
}

/* Only what must be: the lists are large and most of them stays unused. */
static void begin(struct search *search)
{
    search->best = search->best_number = PATTERN_NONE;
    search->exhausted = false;
    search->stars_from = search->variables_from = PATTERN_NONE;
    search->walk.items = search->walk.first_items;
    search->agenda.items = search->agenda.first_items;
    search->walk.count = search->agenda.count = 0;
    search->walk.capacity = search->agenda.capacity = INLINE_ENTRIES;
    search->loops = NULL;
    search->loop_count = 0;
    search->units.at = NULL;
}

uint32_t pattern_index_find(const struct pattern_index *index, slice name, const uint64_t *wanted,
                            struct arena *scratch)
{
    struct search search;
    if (name.length > MAX_NAME_BYTES)
        return PATTERN_NONE;
    begin(&search);
    search.index = index;
    search.name = name.length > 0 ? name.at : "";
    search.length = (uint32_t)name.length;
    search.wanted = wanted;
    search.scratch = scratch;
    struct arena_mark mark = arena_mark(scratch);
    walk_literals(&search, 0, 0);
    while (search.walk.count > 0 && !search.exhausted)
        take_walk_step(&search, search.walk.items[--search.walk.count]);
    if (search.agenda.count > 0)
        search_run_agenda(&search);
    arena_reset(scratch, mark);
    return search.exhausted ? PATTERN_NONE : search.best_number;
}

bool pattern_star_matches(slice name)
{
    return name.length <= MAX_NAME_BYTES && !may_have_terminator(name);
}
