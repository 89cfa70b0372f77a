#pragma once
/* The rules that a compiled program holds, as a rule file again: paths and expressions are stored in
 * it, comments and layout of the original file are not. */

#include "base/buf.h"
#include "program.h"

/* Appends the rules as JSON, in the order of the program and in the layout of `valvec fmt`. */
void program_text_append(const struct program *program, struct buf *out);
