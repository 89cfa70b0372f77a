#pragma once
/* Tree -> source text for PCRE2, in ASCII, free of anything that depends on its options but that
 * `.` matches everything. Only for trees that regex_needs_exact lets pass. */

#include "base/buf.h"
#include "regex/regex_node.h"

/* Appends to out. max is the largest character of the subjects: 0x7F, REGEX_MAX_UNIT or
 * REGEX_MAX_CODE_POINT. False when the text would be very large. */
bool regex_translate(const struct regex_tree *tree, uint32_t max, struct buf *out);
