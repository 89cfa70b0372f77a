#pragma once
/* JavaScript's conversions, comparisons and arithmetic on values (valve.md 5.3), to the letter.
 * Functions that return bool can fail (object with an own key `toString`, a budget): see
 * evaluation.h. No recursion, however deeply arrays nest. */

#include "evaluation.h"
#include "value.h"

bool convert_to_number(struct evaluation *evaluation, valve_value v, double *number);
bool convert_to_text(struct evaluation *evaluation, valve_value v, valve_value *text);

/* Whether an object has a text. An own key `toString` hides the conversion that all objects
 * inherit, and is never a function itself. */
bool convert_has_text(valve_value object);

/* To a signed 32-bit integer; see valve.md 5.3 "to 32 bits". */
int32_t convert_number_to_int32(double number);

/* Binary operators. operate_strict_equal cannot fail. */
bool operate_strict_equal(valve_value a, valve_value b);
bool operate_loose_equal(struct evaluation *evaluation, valve_value a, valve_value b, bool *equal);
bool operate_add(struct evaluation *evaluation, valve_value a, valve_value b, valve_value *sum);
bool operate_in(struct evaluation *evaluation, valve_value key, valve_value v, bool *has);

enum comparison { COMPARE_LESS, COMPARE_LESS_EQUAL, COMPARE_GREATER, COMPARE_GREATER_EQUAL };
bool operate_compare(struct evaluation *evaluation, enum comparison comparison, valve_value a,
                     valve_value b, bool *holds);

/* v[key] of valve.md 5.4; false with "TypeError: Cannot read properties of null (reading 'k')". */
bool operate_get(struct evaluation *evaluation, valve_value v, valve_value key,
                 valve_value *member);

/* Joins the texts of count values into one. */
bool operate_join(struct evaluation *evaluation, const valve_value *parts, uint32_t count,
                  valve_value *text);

/* a ** b as JavaScript defines it (1 ** NaN is NaN ...). */
double operate_power(double a, double b);
