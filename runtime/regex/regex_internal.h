#pragma once
/* What a compiled regular expression holds, and how its two engines are asked. */

#include "regex/regex_cost.h"
#include "regex/regex_instruction.h"
#include "regex/regex_node.h"
#include "regex/regex_pcre.h"

struct regex {
    const struct regex_program *program; /* always there: the exact matcher */
    struct regex_pcre pcre;              /* where PCRE2 gives the same answer (regex_select.h) */
    struct regex_cost cost;              /* of a search by PCRE2 */
};

enum regex_engine {
    REGEX_BY_CHOICE, /* PCRE2 where it gives the same answer, else the exact matcher */
    REGEX_BY_EXACT,  /* for tests, which compare the two */
};

/* regex_match with a say in which engine answers. */
enum regex_status regex_match_by(const struct regex *regex, valve_value text,
                                 struct regex_budget budget, enum regex_engine engine,
                                 struct arena *arena, uint64_t *steps, valve_value *result);
