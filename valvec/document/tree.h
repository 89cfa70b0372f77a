#pragma once
/* The tree of a rule file, whichever notation it is written in: yaml_tree.c and json_tree.c make
 * it. Nodes live in the arena of the compilation and know where they stand in the file. Aliases
 * share nodes, so the tree is a graph without cycles. */

#include "diag.h"
#include "source.h"
#include "base/hashmap.h"
#include "base/vec.h"

#define TREE_MAX_DEPTH 64
#define TREE_MAX_NODES 1000000u /* with everything counted as often as aliases repeat it */

enum tree_kind {
    TREE_NULL,
    TREE_BOOLEAN,
    TREE_NUMBER,
    TREE_DATE,
    TREE_TEXT,
    TREE_LIST,
    TREE_MAP,
};

struct tree_node {
    enum tree_kind kind;
    bool boolean;                /* BOOLEAN */
    bool plain;                  /* a scalar without quotes */
    uint32_t start, end;         /* bytes of the file */
    uint32_t weight;             /* nodes in it, repeated ones counted each time */
    struct mapped_text text;     /* of a scalar, decoded */
    struct tree_member *members; /* MAP, file order */
    struct tree_node **items;    /* LIST */
    uint32_t count;              /* of members or items */
};

struct tree_member {
    struct mapped_text key; /* as text, whatever it was */
    const struct tree_node *key_node;
    struct tree_node *value;
    bool merged; /* came through `<<`; a member of the map itself may replace it */
};

/* The member of a key, or NULL: of anything but a MAP always. */
const struct tree_member *tree_find(const struct tree_node *map, slice key);

/* "string", "number", ... as messages of valve.md 1.4 name it. */
const char *tree_kind_name(enum tree_kind kind);

/* Collects the parts of one list or map. */
struct tree_builder {
    struct tree_node *node;
    VEC(struct tree_member) members;
    VEC(struct tree_node *) items;
    struct hashmap index; /* key -> member number + 1; only used for maps that have become large */
};

void tree_builder_init(struct tree_builder *builder, struct tree_node *node);
void tree_builder_fini(struct tree_builder *builder);

/* Moves what was collected into the node. */
void tree_builder_finish(struct tree_builder *builder, struct arena *arena);

void tree_builder_add_item(struct tree_builder *builder, struct tree_node *item);

/* Adds a member. A key that the map has already is reported, and its value ignored. */
void tree_builder_add_member(struct tree_builder *builder, const struct tree_node *key_node,
                             struct mapped_text key, struct tree_node *value,
                             struct diagnostics *diagnostics);

/* Adds the members of another map that the map does not have yet (`<<`). */
void tree_builder_merge(struct tree_builder *builder, const struct tree_node *map);
