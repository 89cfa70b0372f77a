#pragma once
/* ECMAScript's Canonicalize, which defines flag i. Without u: upper-casing of one UTF-16 unit to
 * one unit, never from non-ASCII to ASCII. With u: simple case folding. */

#include "regex/regex_set.h"

/* Makes the tables that the others need beyond ASCII, once per process. To be called before a match
 * that may ask for the canonical form of a character, so that no match takes memory for them. */
void regex_case_prepare(void);

uint32_t regex_canonicalize(uint32_t character, bool unicode);

/* Adds every character whose canonical form is that of a character of the set. */
void regex_case_close(struct set_builder *builder, bool unicode);
