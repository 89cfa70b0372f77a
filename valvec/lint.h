#pragma once
/* The linter: what is allowed by the language and still probably not what the author meant.
 *
 * Every lint is one line of lints.def (what it is), a message in grammar/diagnostics.def (what it
 * says), a page lints/<id>.md (why) and a check lint_<name>.c (how it is found). lint_run calls the
 * checks of lint_checks.def; lint_silence then takes out what comments or options silence. */

#include "passes.h"
#include "shape.h"
#include "types.h"

/* ---- the list of lints ---- */

struct lint_info {
    enum diagnostic_id diagnostic;
    bool by_default;
    const char *summary;
};

uint32_t lint_count(void);
const struct lint_info *lint_at(uint32_t i);
const char *lint_id(const struct lint_info *lint);

/* The lint of a name such as "always-true", or NULL. */
const struct lint_info *lint_find(slice id);

/* The page of explanation of a lint, Markdown. */
slice lint_page(const struct lint_info *lint);

/* ---- running them ---- */

struct lint_run {
    struct compilation *compilation;
    struct arena *arena;
    const struct rule *const *rules; /* all, grouped by path */
    const uint32_t *path_starts; /* rules of path i: from path_starts[i] to path_starts[i + 1] */
};

/* Runs every check on rules that resolve and check have passed and nothing has folded yet. Adds to
 * the compilation's diagnostics. */
void lint_run(struct compilation *compilation);

/* Adds what only folding shows: rules that turned out to be constant. After lint_run and fold. */
void lint_folded(struct compilation *compilation);

/* ---- comments that allow (lint_allow.c) ---- */

/* Takes warnings and notes out that a comment of the file allows:
 *
 *     write: "..."  # valvec: allow ID, ID reason     on the line of the finding or right above it
 *     # valvec: allow-file ID reason                  for the whole file
 *     "a === 1 / * valvec: allow ID * / && ..."       inside an expression (without the spaces)
 *
 * With with_unused, comments that allow nothing and unknown names are
 * notes of their own. The diagnostics must be sorted, and are so afterwards. */
void lint_silence(struct compilation *compilation, bool with_unused);

/* ---- what the checks share (lint_support.c) ---- */

/* The text of a part of a rule, with runs of space as one, cut when long; for messages. */
slice lint_source(const struct lint_run *run, const struct rule *rule, const struct ast_node *node);

/* A path text, cut when long. */
slice lint_path_text(const struct lint_run *run, slice text);

/* The rule of a path with this kind, or NULL. */
const struct rule *lint_rule_of(const struct lint_run *run, const struct rule_path *path,
                                enum valve_rule_kind kind);

/* Whether the rule allows every request as far as its text shows. */
bool lint_always_allows(const struct rule *rule);

/* A list in words, "a", "a and b", "a, b and c", that grows by one. */
slice lint_list(struct arena *arena, slice list, const char *item, bool last);

/* Reports a part of a rule. The arguments are those of the message and the hint. */
#define lint_report(run, rule, id, node, ...)                                                      \
    diagnose_text((run)->compilation->diagnostics, (id), (rule)->text, (node)->start,              \
                  (node)->end __VA_OPT__(, ) __VA_ARGS__)

/* ---- the checks ---- */

#define FILE_CHECK(name) void name(struct lint_run *run);
#define RULE_CHECK(name) void name(struct lint_run *run, const struct rule *rule);
#define NODE_CHECK(name)                                                                           \
    void name(struct lint_run *run, const struct rule *rule, const struct ast_node *node);
#include "lint_checks.def"
#undef FILE_CHECK
#undef RULE_CHECK
#undef NODE_CHECK
