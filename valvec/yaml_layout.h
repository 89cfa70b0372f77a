#pragma once
/* A YAML file as it is written: like its tree, but with anchors, aliases, tags and styles, and
 * nothing resolved. What the formatter reads. Nodes live in the arena. */

#include "document/scalar.h"
#include "base/arena.h"

#define LAYOUT_MAX_DEPTH 64

enum layout_kind {
    LAYOUT_SCALAR,
    LAYOUT_ALIAS,
    LAYOUT_LIST,
    LAYOUT_MAP,
};

struct layout_node {
    enum layout_kind kind;
    enum scalar_style style;
    slice value;         /* SCALAR: decoded; ALIAS: the name */
    slice anchor;        /* empty when there is none */
    slice tag;           /* as a tag is shown: "!!str"; empty when there is none */
    uint32_t start, end; /* bytes of the file; of a list or map in block style `end` is of no use */
    struct layout_node *first, *last; /* items; of a map keys and values by turns */
    struct layout_node *next;
};

struct layout {
    struct layout_node *root; /* NULL when the file is empty */
    bool explicit_start;      /* has `---` */
    uint32_t start;           /* of `---`, or of the root */
    slice version;            /* "%YAML 1.2", or empty */
};

/* Returns false when text is not YAML, has several documents, or nests too deeply. */
bool yaml_layout_read(slice text, struct arena *arena, struct layout *layout);
