/* Looks a name up in an index. First the part of the trie is walked where a node is reached at most
 * at one position; nearly all look-ups end there. Loops with a choice (a star, or a variable before
 * something that may be inside it) then go on in an agenda ordered by position. A loop stands in it
 * once however often it was entered, so the time is at most the length of the name times the number
 * of nodes, whatever the patterns are.
 *
 * Positions are byte offsets; the middle of a character of two UTF-16 units is two bytes after its
 * start. */

#include "pattern/pattern_index_node.h"

#include "base/utf8.h"

#define INLINE_ENTRIES 32
#define INLINE_LOOPS 16
#define MAX_NAME_BYTES (UINT32_MAX / 8)

enum step_kind {
    STEP_NODE,     /* go on at the node */
    STEP_VARIABLE, /* enter the variable that leads to the node */
    STEP_STAR,     /* enter the star that leads to the node */
    STEP_LOOP,     /* the loop that leads to the node may be left here, and goes on */
    STEP_REGEXES,  /* try the regular expressions that begin as the node does */
};

/* What is to be done: position, node, kind from the top bit down, so that order is by position. */
typedef uint64_t step;

struct step_list {
    step *items;
    uint32_t count;
    uint32_t capacity;
    step first_items[INLINE_ENTRIES];
};

/* Up to where a loop has been carried out: to enter it before, or there, adds nothing. */
struct loop_progress {
    uint32_t node; /* 0: free */
    uint32_t position;
};

struct search {
    const struct pattern_index *index;
    const char *name;
    uint32_t length;
    uint32_t best; /* rank, and the number that has it; PATTERN_NONE: nothing found yet */
    uint32_t best_number;
    const uint64_t *wanted;
    struct arena *scratch;
    bool exhausted;
    uint32_t stars_from;     /* a star from here on reaches the end; PATTERN_NONE: not known yet */
    uint32_t variables_from; /* the same of variables */
    struct step_list walk;   /* a stack */
    struct step_list agenda; /* a heap, the least step first */
    struct loop_progress *loops; /* hashed by node; NULL before the first */
    uint32_t loop_count, loop_capacity;
    struct loop_progress first_loops[INLINE_LOOPS];
    struct units units; /* of the name; at NULL: not decoded yet */
};

static step make_step(enum step_kind kind, uint32_t node, uint32_t position)
{
    return (uint64_t)position << 32 | (uint64_t)node << 3 | kind;
}

static enum step_kind step_kind(step s)
{
    return (enum step_kind)(s & 7);
}

static uint32_t step_node(step s)
{
    return (uint32_t)s >> 3;
}

static uint32_t step_position(step s)
{
    return (uint32_t)(s >> 32);
}

static bool grow(struct search *search, struct step_list *list)
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
    if (walk->count < walk->capacity || grow(search, walk))
        walk->items[walk->count++] = make_step(kind, node, position);
}

static void push_agenda(struct search *search, enum step_kind kind, uint32_t node,
                        uint32_t position)
{
    struct step_list *agenda = &search->agenda;
    step s = make_step(kind, node, position);
    if (agenda->count == agenda->capacity && !grow(search, agenda))
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

/* ---- the name ---- */

/* Length of the line terminator at i, or 0. */
static inline uint32_t terminator_length(const struct search *search, uint32_t i)
{
    const unsigned char *at = (const unsigned char *)search->name + i;
    if (*at == '\n' || *at == '\r')
        return 1;
    bool three =
        *at == 0xE2 && search->length - i >= 3 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9);
    return three ? 3 : 0;
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

static uint32_t next_unit(const struct search *search, uint32_t i)
{
    if (is_middle(search, i) || is_two_units(search, i))
        return i + 2;
    size_t after = i;
    utf8_next((slice){search->name, search->length}, &after);
    return (uint32_t)after;
}

static bool has_byte_below_or(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t control = (word - ones * 0x0E) & ~word;
    uint64_t lead = word ^ ones * 0xE2;
    return ((control | ((lead - ones) & ~lead)) & tops) != 0;
}

/* Whether any byte from i on may belong to a line terminator; sometimes true without reason. */
static bool may_have_terminator(const struct search *search)
{
    uint32_t i = 0;
    for (; search->length - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, search->name + i, 8);
        if (has_byte_below_or(word))
            return true;
    }
    for (; i < search->length; i++) {
        unsigned char byte = (unsigned char)search->name[i];
        if (byte < 0x0E || byte == 0xE2)
            return true;
    }
    return false;
}

static uint32_t find_stars_from(const struct search *search)
{
    uint32_t from = 0;
    if (!may_have_terminator(search))
        return 0;
    for (uint32_t i = 0; i < search->length; i++)
        if (terminator_length(search, i) > 0)
            from = i + 1;
    return from;
}

static bool star_reaches_end(struct search *search, uint32_t position)
{
    if (search->stars_from == PATTERN_NONE)
        search->stars_from = find_stars_from(search);
    return position >= search->stars_from;
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

/* ---- results ---- */

static bool is_wanted(const struct search *search, uint32_t number)
{
    return search->wanted[number / 64] >> (number % 64) & 1;
}

/* The whole name was consumed on the way to a node with these ends. */
static inline void accept(struct search *search, uint32_t ends)
{
    const struct index_end *end = search->index->ends + ends;
    for (; end->rank < search->best; end++)
        if (is_wanted(search, end->number)) {
            search->best = end->rank;
            search->best_number = end->number;
        }
}

static bool decode_name(struct search *search)
{
    slice name = {search->name, search->length};
    if (search->units.at == NULL && !pattern_units_decode(name, search->scratch, &search->units))
        search->exhausted = true;
    return !search->exhausted;
}

static void run_regexes(struct search *search, uint32_t regexes)
{
    const struct index_end *end = search->index->ends + regexes;
    for (; end->rank < search->best && decode_name(search); end++) {
        if (!is_wanted(search, end->number))
            continue;
        const struct pattern *pattern = search->index->patterns[end->number];
        enum run_status status =
            pattern_program_run(pattern->program, search->units, NULL, search->scratch);
        if (status == RUN_MATCH) {
            search->best = end->rank;
            search->best_number = end->number;
        }
        search->exhausted |= status == RUN_EXHAUSTED;
    }
}

/* ---- steps that both phases share ---- */

/* The position after the literal edge to node, whose first byte is known to match; PATTERN_NONE
 * when the others do not. */
static inline uint32_t after_label(const struct search *search, const struct index_node *node,
                                   uint32_t position)
{
    uint32_t length = node->label_length;
    if (length == 1)
        return position + 1;
    if (length > search->length - position)
        return PATTERN_NONE;
    const char *at = search->name + position;
    if (length > NODE_INLINE_LABEL)
        return memcmp(search->index->labels + node->label.offset, at, length) == 0
                   ? position + length
                   : PATTERN_NONE;
    for (uint32_t i = 1; i < length; i++)
        if (node->label.bytes[i] != at[i])
            return PATTERN_NONE;
    return position + length;
}

static inline uint32_t after_dot(const struct search *search, uint32_t position)
{
    if (position == search->length || terminator_length(search, position) > 0)
        return PATTERN_NONE;
    return next_unit(search, position);
}

/* ---- loops with a choice ---- */

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
    run_loop(search, loop, to, star ? position : next_unit(search, position));
}

static void continue_loop(struct search *search, uint32_t to, uint32_t position)
{
    struct loop_progress *loop = get_loop(search, to);
    if (loop != NULL && !stops_loop(search, &search->index->nodes[to], position))
        run_loop(search, loop, to, position + 1);
}

static void take_star(struct search *search, uint32_t to, uint32_t position)
{
    const struct index_node *node = &search->index->nodes[to];
    if (node->best >= search->best)
        return;
    if (node->ends != 0 && star_reaches_end(search, position))
        accept(search, node->ends);
    if (node->flags & INDEX_NODE_CONTINUES)
        enter_loop(search, to, position);
}

static void take_variable(struct search *search, uint32_t to, uint32_t position)
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
        take_star(search, node->star, position);
    if (node->variable != 0)
        take_variable(search, node->variable, position);
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

static void run_agenda(struct search *search)
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

/* ---- the part without choice ---- */

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

/* Puts off what leaves node by another way than a literal. */
static void put_off(struct search *search, uint32_t at, const struct index_node *node,
                    uint32_t position)
{
    if (node->regexes != 0)
        push_walk(search, STEP_REGEXES, at, position);
    if (node->star != 0)
        push_walk(search, STEP_STAR, node->star, position);
    if (node->variable != 0 && position < search->length && search->name[position] != '/')
        push_walk(search, STEP_VARIABLE, node->variable, position);
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
            take_variable(search, at, position);
        break;
    case STEP_STAR:
        take_star(search, at, position);
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
    run_agenda(&search);
    arena_reset(scratch, mark);
    return search.exhausted ? PATTERN_NONE : search.best_number;
}
