#pragma once
/* Texts as JavaScript sees them: sequences of UTF-16 units, whatever the storage (utf8.h). Offsets
 * and lengths here are in units. Texts known to be ASCII (VALUE_ASCII) take the short way. */

#include "evaluation.h"
#include "value.h"

/* Length in UTF-16 units. */
uint32_t text_length(valve_value text);

/* The unit at index as a text of one unit (a surrogate on its own when it is half of a pair);
 * undefined when the text is not that long. */
bool text_unit_at(struct evaluation *evaluation, valve_value text, uint32_t index,
                  valve_value *unit);

/* Order by UTF-16 units: below, equal to or above 0. */
int text_compare(valve_value a, valve_value b);

/* First index >= from where needle starts in text, or -1; units. An empty needle is found at
 * min(from, length). */
bool text_index_of(struct evaluation *evaluation, valve_value text, valve_value needle,
                   uint32_t from, double *index);

/* Whether the units of needle stand in text from `start` on. */
bool text_has_at(valve_value text, valve_value needle, uint32_t start);

/* Counts the work of reading `bytes` bytes of text: one step per 16. */
static inline bool text_spend(struct evaluation *evaluation, size_t bytes)
{
    return bytes < 16 || evaluation_spend(evaluation, bytes / 16);
}

bool text_to_upper(struct evaluation *evaluation, valve_value text, valve_value *upper);
bool text_to_lower(struct evaluation *evaluation, valve_value text, valve_value *lower);
valve_value text_trim(valve_value text);

/* text -> number of valve.md 5.3; NaN when it is none. */
double text_to_number(slice text);

/* number -> text of valve.md 5.3; out holds NUMBER_TEXT_BYTES; returns the length. */
#define NUMBER_TEXT_BYTES 32
size_t number_to_text(double number, char *out);

/* A text as UTF-16 units, for regular expressions: fills out (NULL: only counts), returns how many.
 */
size_t text_to_units(slice text, uint16_t *out);

/* The text of units; surrogate pairs join. Fails when memory runs out. */
bool text_from_units(struct evaluation *evaluation, const uint16_t *units, size_t count,
                     valve_value *text);
