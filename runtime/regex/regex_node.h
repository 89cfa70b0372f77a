#pragma once
/* The tree of a regular expression, as regex_parse.c makes it. It is free of flags i and s:
 * characters and classes are already closed over case, `.` and escapes are sets. Nodes live in the
 * arena of the tree. Walk with regex_walk_next: nesting is bounded, yet nothing recurses over it.
 */

#include "base/arena.h"
#include "regex/regex.h"
#include "regex/regex_set.h"

#define REGEX_MAX_PATTERN_BYTES 65536
#define REGEX_MAX_NESTING 250
#define REGEX_MAX_TREE_BYTES ((size_t)32 << 20)
#define REGEX_INFINITY 0x7FFFFFFFu

struct regex_flags {
    bool indices, global, ignore_case, multiline, dot_all, unicode, sticky;
};

/* Characters, coarsely: those beyond ASCII count as one. Never fewer than there are. */
struct regex_chars {
    uint64_t ascii[2];
    bool other;
};

enum regex_node_kind {
    NODE_CHARACTER,
    NODE_SET,
    NODE_START,      /* ^ without m */
    NODE_END,        /* $ without m */
    NODE_LINE_START, /* ^ with m */
    NODE_LINE_END,   /* $ with m */
    NODE_WORD_BOUNDARY,
    NODE_NOT_WORD_BOUNDARY,
    NODE_BACK_REFERENCE,
    NODE_SEQUENCE,    /* children one after the other */
    NODE_ALTERNATION, /* children by preference */
    NODE_GROUP,       /* one child, capturing */
    NODE_LOOK,        /* one child */
    NODE_QUANTIFIER,  /* one child */
};

struct regex_node {
    enum regex_node_kind kind;
    uint32_t number;         /* below the node_count of the tree, unique in it */
    uint32_t offset, length; /* bytes of the pattern */
    struct regex_node *parent, *first, *last, *next, *previous;
    uint32_t first_group, end_group; /* groups captured inside: first_group <= g < end_group */
    bool lazy;                       /* NODE_QUANTIFIER */
    bool negative, behind;           /* NODE_LOOK */
    bool backward;             /* regex_program.c: the innermost look around it is a look-behind */
    uint32_t address;          /* regex_program.c: an instruction of the node */
    bool nullable;             /* regex_facts.c: may match without consuming anything */
    struct regex_chars begin;  /* regex_facts.c: what the first consumed character may be */
    struct regex_chars follow; /* regex_facts.c: what may be consumed next after it */
    union {
        uint32_t character;
        const struct regex_set *set;
        uint32_t group; /* NODE_GROUP, NODE_BACK_REFERENCE; 0 is the whole match */
        struct {
            uint32_t min, max; /* max REGEX_INFINITY: unbounded */
        } repeat;
    } as;
};

struct regex_name {
    slice text;
    uint32_t group;
};

struct regex_tree {
    struct arena *arena;
    struct regex_flags flags;
    struct regex_node *root;
    uint32_t group_count; /* with group 0 */
    uint32_t node_count;
    const struct regex_name *names; /* in the order of the groups */
    uint32_t name_count;
    const struct regex_set *word; /* what \b calls a word character; NULL when there is no \b */
};

/* Parses; everything goes to the arena, names included. False, with error filled, when JavaScript
 * would refuse the pattern or the arena is exhausted. */
bool regex_parse(slice pattern, slice flags, struct arena *arena, struct regex_tree *tree,
                 struct regex_error *error);

/* Formats a failure; always returns false. */
bool regex_fail(struct regex_error *error, size_t offset, const char *message);

/* As regex_fail, of an arena that is exhausted. */
bool regex_fail_exhausted(struct regex_error *error);

/* One step through a tree: first a node is entered, then its children are walked, then it is left.
 * Start with {.node = root}; the walk is over when node is NULL. */
struct regex_walk {
    struct regex_node *node;
    bool leaving;
};

static inline void regex_walk_next(struct regex_walk *walk, const struct regex_node *root)
{
    struct regex_node *node = walk->node;
    if (!walk->leaving) {
        if (node->first != NULL)
            walk->node = node->first;
        else
            walk->leaving = true;
        return;
    }
    if (node == root) {
        walk->node = NULL;
    } else if (node->next != NULL) {
        walk->node = node->next;
        walk->leaving = false;
    } else {
        walk->node = node->parent;
    }
}
