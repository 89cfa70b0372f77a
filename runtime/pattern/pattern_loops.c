/* The part of a look-up that has a choice: loops stand in an agenda that is ordered by position. A
 * loop stands in it once however often it was entered, so the time is at most the length of the
 * name times the number of nodes, whatever the patterns are. */

#include "pattern/pattern_search.h"

#include "base/utf8.h"

static void push_agenda(struct search *search, enum step_kind kind, uint32_t node,
                        uint32_t position)
{
    struct step_list *agenda = &search->agenda;
    step s = make_step(kind, node, position);
    if (agenda->count == agenda->capacity && !search_grow(search, agenda))
        return;
    uint32_t i = agenda->count++;
    for (; i > 0 && agenda->items[(i - 1) / 2] > s; i = (i - 1) / 2)
        agenda->items[i] = agenda->items[(i - 1) / 2];
    agenda->items[i] = s;
}

static step pop_agenda(struct step_list *agenda)
{
    step first = agenda->items[0], last = agenda->items[--agenda->count];
    uint32_t i = 0, child;
    while ((child = 2 * i + 1) < agenda->count) {
        if (child + 1 < agenda->count && agenda->items[child + 1] < agenda->items[child])
            child++;
        if (agenda->items[child] >= last)
            break;
        agenda->items[i] = agenda->items[child];
        i = child;
    }
    agenda->items[i] = last;
    return first;
}

static bool is_tail_byte(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static bool is_two_units(const struct search *search, uint32_t i)
{
    if ((unsigned char)search->name[i] < 0xF0)
        return false;
    size_t after = i;
    return utf8_next((slice){search->name, search->length}, &after) > REGEX_MAX_UNIT;
}

static bool is_middle(const struct search *search, uint32_t i)
{
    return i >= 2 && i < search->length && is_tail_byte(search->name[i]) &&
           is_two_units(search, i - 2);
}

uint32_t search_next_unit(const struct search *search, uint32_t i)
{
    if (is_middle(search, i) || is_two_units(search, i))
        return i + 2;
    size_t after = i;
    utf8_next((slice){search->name, search->length}, &after);
    return (uint32_t)after;
}

uint32_t search_find_stars_from(const struct search *search)
{
    uint32_t from = 0;
    for (uint32_t i = 0; i < search->length; i++)
        if (terminator_length(search, i) > 0)
            from = i + 1;
    return from;
}

static bool variable_reaches_end(struct search *search, uint32_t position)
{
    if (search->variables_from == PATTERN_NONE) {
        uint32_t i = search->length;
        while (i > 0 && search->name[i - 1] != '/')
            i--;
        search->variables_from = i;
    }
    return position >= search->variables_from;
}

static struct loop_progress *find_loop(struct loop_progress *loops, uint32_t capacity,
                                       uint32_t node)
{
    uint32_t i = node * 0x9E3779B1u >> 7 & (capacity - 1);
    while (loops[i].node != 0 && loops[i].node != node)
        i = (i + 1) & (capacity - 1);
    return &loops[i];
}

static bool grow_loops(struct search *search)
{
    uint32_t capacity = search->loop_capacity * 2;
    struct loop_progress *loops = arena_try_alloc(search->scratch, capacity * sizeof *loops);
    if (loops == NULL) {
        search->exhausted = true;
        return false;
    }
    memset(loops, 0, capacity * sizeof *loops);
    for (uint32_t i = 0; i < search->loop_capacity; i++)
        if (search->loops[i].node != 0)
            *find_loop(loops, capacity, search->loops[i].node) = search->loops[i];
    search->loops = loops;
    search->loop_capacity = capacity;
    return true;
}

/* The progress of the loop that leads to node, new with position PATTERN_NONE; NULL: exhausted. */
static struct loop_progress *get_loop(struct search *search, uint32_t node)
{
    if (search->loops == NULL) {
        memset(search->first_loops, 0, sizeof search->first_loops);
        search->loops = search->first_loops;
        search->loop_capacity = INLINE_LOOPS;
    }
    struct loop_progress *loop = find_loop(search->loops, search->loop_capacity, node);
    if (loop->node != 0)
        return loop;
    if (2 * ++search->loop_count > search->loop_capacity) {
        if (!grow_loops(search))
            return NULL;
        loop = find_loop(search->loops, search->loop_capacity, node);
    }
    *loop = (struct loop_progress){node, PATTERN_NONE};
    return loop;
}

/* Whether some edge of node may begin at position. */
static bool may_leave(const struct search *search, const struct index_node *node, uint32_t position)
{
    if (node->flags & INDEX_NODE_ANY_UNIT)
        return position == search->length || !is_tail_byte(search->name[position]) ||
               is_middle(search, position);
    return position < search->length &&
           index_node_child(search->index, node, search->name[position]) != 0;
}

/* Whether the loop that leads to node can't consume what is at position. */
static bool stops_loop(const struct search *search, const struct index_node *node,
                       uint32_t position)
{
    if (position == search->length)
        return true;
    if (node->flags & INDEX_NODE_STAR)
        return terminator_length(search, position) > 0;
    return search->name[position] == '/';
}

/* Carries the loop that leads to `to` on from position, to where it may be left or ends. */
static void run_loop(struct search *search, struct loop_progress *loop, uint32_t to,
                     uint32_t position)
{
    const struct index_node *node = &search->index->nodes[to];
    for (;; position++) {
        if (may_leave(search, node, position)) {
            push_agenda(search, STEP_LOOP, to, position);
            break;
        }
        if (stops_loop(search, node, position))
            break;
    }
    loop->position = position;
}

static void enter_loop(struct search *search, uint32_t to, uint32_t position)
{
    bool star = search->index->nodes[to].flags & INDEX_NODE_STAR;
    struct loop_progress *loop = get_loop(search, to);
    if (loop == NULL || (loop->position != PATTERN_NONE && position <= loop->position))
        return;
    run_loop(search, loop, to, star ? position : search_next_unit(search, position));
}

static void continue_loop(struct search *search, uint32_t to, uint32_t position)
{
    struct loop_progress *loop = get_loop(search, to);
    if (loop != NULL && !stops_loop(search, &search->index->nodes[to], position))
        run_loop(search, loop, to, position + 1);
}

void search_take_star(struct search *search, uint32_t to, uint32_t position)
{
    const struct index_node *node = &search->index->nodes[to];
    if (node->best >= search->best)
        return;
    if (node->ends != 0 && star_reaches_end(search, position))
        accept(search, node->ends);
    if (node->flags & INDEX_NODE_CONTINUES)
        enter_loop(search, to, position);
}

void search_take_variable(struct search *search, uint32_t to, uint32_t position)
{
    const struct index_node *node = &search->index->nodes[to];
    if (node->best >= search->best || position == search->length || search->name[position] == '/')
        return;
    if (node->ends != 0 && variable_reaches_end(search, position))
        accept(search, node->ends);
    if (node->flags & INDEX_NODE_CONTINUES)
        enter_loop(search, to, position);
}

static void arrive(struct search *search, uint32_t at, uint32_t position)
{
    const struct index_node *node = &search->index->nodes[at];
    if (node->best >= search->best)
        return;
    if (position == search->length)
        accept(search, node->ends);
    if (node->star != 0)
        search_take_star(search, node->star, position);
    if (node->variable != 0)
        search_take_variable(search, node->variable, position);
    uint32_t after = node->dot != 0 ? after_dot(search, position) : PATTERN_NONE;
    if (after != PATTERN_NONE)
        push_agenda(search, STEP_NODE, node->dot, after);
    uint32_t child = position < search->length
                         ? index_node_child(search->index, node, search->name[position])
                         : 0;
    after = child != 0 ? after_label(search, &search->index->nodes[child], position) : PATTERN_NONE;
    if (after != PATTERN_NONE)
        push_agenda(search, STEP_NODE, child, after);
}

void search_run_agenda(struct search *search)
{
    while (search->agenda.count > 0 && !search->exhausted) {
        step s = pop_agenda(&search->agenda);
        uint32_t node = step_node(s), position = step_position(s);
        if (search->index->nodes[node].best >= search->best)
            continue;
        arrive(search, node, position);
        if (step_kind(s) == STEP_LOOP)
            continue_loop(search, node, position);
    }
}
