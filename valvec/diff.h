#pragma once
/* The difference of two texts, line by line. */

#include "base/buf.h"

/* Appends a unified diff with three lines of context; nothing when the texts are equal. */
void diff_unified(slice name, slice before, slice after, struct buf *out);
