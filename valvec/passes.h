#pragma once
/* The compiler's passes, in the order compile.c runs them, and what they hand to each other. Private
 * to valvec. One pass is one file. */

#include "ast.h"
#include "diag.h"
#include "pattern/pattern.h"
#include "program.h"
#include "rulefile.h"

/* What a NAME stands for. */
enum symbol {
    SYMBOL_UNRESOLVED,
    SYMBOL_USER,
    SYMBOL_DATA,
    SYMBOL_OLD_DATA,
    SYMBOL_NOW,
    SYMBOL_ACTION,
    SYMBOL_NAME,
    SYMBOL_VARIABLE, /* node->variable */
    SYMBOL_UNDEFINED,
    SYMBOL_NAN,
    SYMBOL_INFINITY,
    SYMBOL_CROSS_REFERENCE, /* `_` as the callee of a call */
    SYMBOL_UNKNOWN,         /* a ReferenceError when reached */
};

/* One rule on its way through the passes. */
struct rule {
    enum valve_rule_kind kind;
    struct rule_path *path;
    const struct mapped_text *text; /* expression; NULL when the rule is a boolean */
    bool boolean;
    uint32_t file_offset;  /* of the rule in the file */
    uint32_t file_end;
    struct ast_node *tree; /* NULL for a boolean, or when the rule has errors */
    uint32_t needs;        /* bits of enum rule_needs */
};

struct rule_path {
    enum valve_section section;
    slice text;
    struct mapped_text mapped;
    struct pattern *pattern; /* NULL when the path has errors */
    uint32_t number;
};

/* A rule file after the front passes; what emit and the lints read. */
struct compilation {
    struct arena *arena;
    struct source *source;
    struct diagnostics *diagnostics;
    const struct valvec_options *options;
    VEC(struct rule_path *) paths; /* file order */
    VEC(struct rule *) rules;      /* file order */
};
