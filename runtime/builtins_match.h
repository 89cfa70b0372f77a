#pragma once
/* `match` with a pattern that is computed by the rule. Private to builtins.c. */

#include "evaluation.h"
#include "value.h"

/* text.match(pattern): compiles pattern, which must be a text of bounded length, for this one use.
 */
bool builtin_match_computed(struct evaluation *evaluation, valve_value text, valve_value pattern,
                            valve_value *result);
