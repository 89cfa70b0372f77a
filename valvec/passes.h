#pragma once
/* The compiler's passes, in the order compile.c runs them, and what they hand to each other.
 * Private to valvec. One pass is one file. */

#include "ast.h"
#include "diag.h"
#include "pattern/pattern.h"
#include "program.h"
#include "regex_pool.h"
#include "rulefile.h"
#include "valvec.h"

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
    uint32_t file_offset; /* of the rule in the file */
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
    uint32_t rule_bytes;           /* of all rule texts */
    bool rules_are_too_large;      /* reported already */
    struct regex_pool regexes;     /* of the literals that `match` is called with */
};

static inline bool ast_is_reference(const struct ast_node *node)
{
    return node->kind == AST_CALL && node->first_child->symbol == SYMBOL_CROSS_REFERENCE;
}

/* ---- compile.c ---- */

/* Reads, validates, parses, resolves and checks: what the lints and valvec_compile start from.
 * Everything found is in diagnostics, not sorted. Close it in any case. */
void compilation_open(struct compilation *compilation, slice file_name, slice text,
                      const struct valvec_options *options, struct arena *arena,
                      struct diagnostics *diagnostics);
void compilation_close(struct compilation *compilation);

/* ---- validate.c ---- */

/* Fills paths and rules from the document; root is NULL when the file has none. */
void validate(struct compilation *compilation, const struct tree_node *root);

/* ---- resolve.c, check.c, fold.c: each walks the tree of one rule ---- */

void resolve(struct compilation *compilation, struct rule *rule);
void check(struct compilation *compilation, struct rule *rule);
void fold(struct compilation *compilation, struct rule *rule);

/* ---- emit.c, peephole.c, build.c ---- */

struct emitter;
struct constant_pool;

/* Appends the code of a rule that has a tree. */
void emit_tree(const struct rule *rule, struct constant_pool *constants,
               const struct regex_pool *regexes, struct emitter *out);
void peephole(struct emitter *code);
struct program *build_program(struct compilation *compilation);
