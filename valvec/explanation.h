#pragma once
/* What explain_text and explain_json print. Private to explain*.c. */

#include "ast.h"
#include "decide.h"
#include "load_rules.h"

#include "base/vec.h"

/* ---- parts of the rule ---- */

enum part_state {
    PART_HIDDEN,     /* says nothing that another part does not say: a callee, a property */
    PART_LITERAL,    /* its value is its text */
    PART_VALUE,      /* ran, and has this value */
    PART_SKIPPED,    /* did not run */
    PART_FAILED,     /* ran into the error */
    PART_UNFINISHED, /* waited for a part that failed */
};

/* Parts are in source order, each followed by its own parts. */
struct explain_part {
    const struct ast_node *node;
    uint32_t parent; /* number, or PART_NONE */
    uint32_t next;   /* number behind the last of its own parts */
    enum part_state state;
    bool decided;    /* the outcome of the whole rule is the outcome of this part */
    bool ran_inside; /* some part of it ran */
    valve_value value;
};

#define PART_NONE UINT32_MAX

/* ---- paths that match ---- */

enum path_outcome {
    PATH_WINS,
    PATH_LACKS_RULE, /* matches, but has no rule of the kind that is asked */
    PATH_SHORTER,    /* a longer path matches too */
    PATH_EARLIER,    /* of two paths of one length the later counts */
};

struct explain_path {
    const struct program_pattern *pattern;
    const struct program_rule *rule; /* of the kind that is asked, or NULL */
    enum path_outcome outcome;
};

struct explanation {
    struct arena arena;
    const struct rules *rules;
    const struct request *request;
    struct decision decision;
    const struct program_rule *rule; /* the one that decided, or NULL */
    struct valve_program *watched;   /* that rule alone, not optimised */
    VEC(struct explain_part) parts;  /* empty when there is no rule */
    VEC(struct explain_path) paths;
};

/* explain.c */
void explanation_make(struct explanation *explanation, const struct rules *rules,
                      const struct request *request, const struct valve_options *options);
void explanation_free(struct explanation *explanation);
slice explanation_part_source(const struct explanation *explanation, uint32_t part);

/* Whether the part is shown: literals only where the whole rule is one. The whole of an optional
 * chain is shown where its last member was not reached. */
bool explanation_is_shown(const struct explanation *explanation, uint32_t part);

/* How many parts that are shown it is inside of. */
uint32_t explanation_depth(const struct explanation *explanation, uint32_t part);

/* explain_parts.c: fills parts. */
void explanation_find_parts(struct explanation *explanation, const struct valve_options *options);

/* explain_paths.c: fills paths. */
void explanation_find_paths(struct explanation *explanation);
