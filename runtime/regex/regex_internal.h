#pragma once
/* What a compiled regular expression holds, and how its two engines are asked. */

#include "regex/regex_node.h"
#include "regex/regex_pcre.h"
#include "regex/regex_program.h"

struct regex {
    struct arena arena; /* of everything below but PCRE2's own memory */
    struct regex_tree tree;
    const struct regex_program *program; /* always there: the exact matcher */
    struct regex_pcre pcre;              /* where PCRE2 gives the same answer; see regex_select.c */
};

#define REGEX_MAX_COMPILED_BYTES ((size_t)32 << 20)
