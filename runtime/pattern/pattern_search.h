#pragma once
/* The state of one look-up, and the small steps that its two halves share. Positions are byte
 * offsets; the middle of a character of two UTF-16 units is two bytes after its start. */

#include "pattern/pattern_index_node.h"

#define INLINE_ENTRIES 32
#define INLINE_LOOPS 16

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

static inline step make_step(enum step_kind kind, uint32_t node, uint32_t position)
{
    return (uint64_t)position << 32 | (uint64_t)node << 3 | kind;
}

static inline enum step_kind step_kind(step s)
{
    return (enum step_kind)(s & 7);
}

static inline uint32_t step_node(step s)
{
    return (uint32_t)s >> 3;
}

static inline uint32_t step_position(step s)
{
    return (uint32_t)(s >> 32);
}

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

static inline bool is_wanted(const struct search *search, uint32_t number)
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

/* The position after the unit at position, which is not the end. */
uint32_t search_next_unit(const struct search *search, uint32_t position);

/* The position after a dot at position, or PATTERN_NONE. */
static inline uint32_t after_dot(const struct search *search, uint32_t position)
{
    if (position == search->length || terminator_length(search, position) > 0)
        return PATTERN_NONE;
    return search_next_unit(search, position);
}

/* Where the last line terminator ends, or 0. */
uint32_t search_find_stars_from(const struct search *search);

/* Whether a byte is a control or may begin U+2028 or U+2029; sometimes true without reason. */
static inline bool may_hold_terminator(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t control = (word - ones * 0x0E) & ~word;
    uint64_t lead = word ^ ones * 0xE2;
    return ((control | ((lead - ones) & ~lead)) & tops) != 0;
}

/* Whether any byte may belong to a line terminator; sometimes true without reason. */
static inline bool may_have_terminator(slice name)
{
    const char *at = name.at;
    size_t rest = name.length;
    uint64_t word;
    if (rest == 0)
        return false;
    for (; rest > 8; at += 8, rest -= 8) {
        memcpy(&word, at, sizeof word);
        if (may_hold_terminator(word))
            return true;
    }
    return may_hold_terminator(bytes_of_short(at, rest));
}

static inline bool star_reaches_end(struct search *search, uint32_t position)
{
    if (search->stars_from == PATTERN_NONE)
        search->stars_from = may_have_terminator((slice){search->name, search->length})
                                 ? search_find_stars_from(search)
                                 : 0;
    return position >= search->stars_from;
}

/* pattern_find.c */

/* Doubles the room of a list; false: scratch is exhausted. */
bool search_grow(struct search *search, struct step_list *list);

/* pattern_loops.c: everything that is reached through a loop with a choice. */

/* Takes the star, or the variable, that leads to a node; what follows waits in the agenda. */
void search_take_star(struct search *search, uint32_t to, uint32_t position);
void search_take_variable(struct search *search, uint32_t to, uint32_t position);

/* Carries out the agenda. */
void search_run_agenda(struct search *search);
