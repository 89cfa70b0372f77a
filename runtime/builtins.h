#pragma once
/* The methods of the language (valve.md 5.5), one function for each line of builtins.def. */

#include "evaluation.h"
#include "program.h"
#include "value.h"

/* receiver.method(arguments). Fails with JavaScript's TypeErrors; `match` with a computed pattern
 * compiles it under the options' limits (valve.md 5.6). */
bool builtin_call(struct evaluation *evaluation, enum builtin builtin, valve_value receiver,
                  const valve_value *arguments, uint32_t count, valve_value *result);

/* Whether reading receiver.method gives something other than null or undefined, for `v.m?.()`.
 * Fails when receiver is null or undefined. */
bool builtin_exists(struct evaluation *evaluation, enum builtin builtin, valve_value receiver,
                    bool *exists);

struct regex;

/* text.match(regex), under the options' budgets. */
bool builtin_match(struct evaluation *evaluation, valve_value text, const struct regex *regex,
                   valve_value *result);

/* Fails with the TypeError of a receiver that has no such method. */
bool builtin_fail_missing(struct evaluation *evaluation, enum builtin builtin,
                          valve_value receiver);

const char *builtin_name(enum builtin builtin);

/* Finds a builtin by name; false when there is none. */
bool builtin_find(slice name, enum builtin *builtin);
