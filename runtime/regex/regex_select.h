#pragma once
/* Which engine may carry out a pattern. */

#include "regex/regex_node.h"

/* Why only the exact matcher gives ECMAScript's answer, in a few words; NULL when PCRE2 gives it
 * too. The tree must have its facts (regex_facts.h). */
const char *regex_needs_exact(const struct regex_tree *tree);
