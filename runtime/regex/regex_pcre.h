#pragma once
/* The matcher that PCRE2 makes of a tree, in the widths that subjects come in. Only patterns to
 * which PCRE2 gives ECMAScript's answer are ever compiled (regex_select.h), only subjects that
 * cannot make it work long are ever given to it (regex_cost.h). */

#include "regex/regex_node.h"
#include "regex/regex_program.h"

struct regex_pcre {
    void *ascii; /* pcre2_code_8, or NULL */
    void *wide;  /* pcre2_code_16, or pcre2_code_32 with flag u, or NULL */
    bool unicode;
};

/* Compiles what can be compiled; what cannot stays NULL. */
void regex_pcre_init(struct regex_pcre *pcre, const struct regex_tree *tree);
void regex_pcre_fini(struct regex_pcre *pcre);

enum regex_pcre_result {
    PCRE_MATCHED,
    PCRE_NO_MATCH,
    PCRE_GAVE_UP, /* too deep for its stack or a limit: ask the exact matcher */
};

/* As regex_program_run, sticky by the flag of the tree. Memory comes from the arena, which the
 * caller resets. */
enum regex_pcre_result regex_pcre_run(const struct regex_pcre *pcre,
                                      const struct regex_subject *subject, uint32_t start,
                                      uint32_t group_count, struct arena *arena,
                                      uint32_t *captures);
