#pragma once
/* The trie that all patterns of an index share. An edge consumes a run of bytes (the label of the
 * child), or a variable, a star or a dot. Numbers of patterns appear as ranks: 0 has priority over
 * all others. Nodes are numbered breadth first; literal children of a node follow one another, in
 * the order of their first bytes. */

#include "pattern/pattern_internal.h"

#define NODE_INLINE_CHILDREN 8
#define NODE_INLINE_LABEL 16
#define INDEX_MAX_NODES (UINT32_MAX >> 3) /* a search keeps the kind of a step beside the node */

enum index_node_flag {
    /* At most one position of a name leads here, because no loop above has a choice. */
    INDEX_NODE_ONCE = 1,
    /* A variable that only ends where the name or its segment ends. */
    INDEX_NODE_ENDS_AT_SLASH = 2,
    /* There are edges. */
    INDEX_NODE_CONTINUES = 4,
    /* There are edges that any unit may begin. */
    INDEX_NODE_ANY_UNIT = 8,
    /* The edge to here is a star. */
    INDEX_NODE_STAR = 16,
    /* There are regexes, or edges other than literal ones. */
    INDEX_NODE_FORKS = 32,
    /* The first bytes of the literal children follow one another without a gap. */
    INDEX_NODE_DENSE = 64,
};

struct index_node {
    uint32_t best;         /* rank of the best pattern here or below */
    uint32_t label_length; /* of the edge to here; 0: it is no literal */
    uint32_t children;     /* first literal child */
    uint32_t variable;     /* 0: none, as for the next two */
    uint32_t star;
    uint32_t dot;
    uint32_t ends;    /* patterns that are complete here: from index->ends[ends] on, up to the one
                         with rank PATTERN_NONE */
    uint32_t regexes; /* the same for patterns that have their literal prefix up to here */
    uint32_t variable_ends; /* of the variable, when nothing follows it and one position leads to
                               it, so that nobody need look at its node; 0: look there */
    uint16_t child_count;
    uint16_t flags;
    union {
        unsigned char child_bytes[NODE_INLINE_CHILDREN]; /* the first of them always, when dense */
        uint32_t table; /* of many children that are not dense: index->tables[table] */
    };
    union {
        char bytes[NODE_INLINE_LABEL];
        uint32_t offset; /* of a longer label: in index->labels */
    } label;
};

_Static_assert(sizeof(struct index_node) == 64, "a node should be one cache line");

struct index_end {
    uint32_t rank;
    uint32_t number;
};

struct child_table {
    uint16_t child_of[256]; /* literal child by first byte, counted from 1; 0: none */
};

struct pattern_index {
    const struct index_node *nodes;
    const struct child_table *tables;
    const char *labels;
    const struct index_end *ends;
    const struct pattern *const *patterns; /* by number */
};

/* The literal child whose label begins with byte, or 0. */
static inline uint32_t index_node_child(const struct pattern_index *index,
                                        const struct index_node *node, char byte)
{
    unsigned char first = (unsigned char)byte;
    if (node->flags & INDEX_NODE_DENSE) {
        uint32_t child = (uint32_t)first - node->child_bytes[0];
        return child < node->child_count ? node->children + child : 0;
    }
    if (node->child_count > NODE_INLINE_CHILDREN) {
        uint32_t child = index->tables[node->table].child_of[first];
        return child == 0 ? 0 : node->children + child - 1;
    }
    for (uint32_t i = 0; i < node->child_count; i++)
        if (node->child_bytes[i] == first)
            return node->children + i;
    return 0;
}
