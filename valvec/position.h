#pragma once
/* Where the stretches of a rule's text stand in its file. */

#include "program.h"
#include "source.h"

/* The list that struct program_rule keeps; it lives in arena. */
const struct text_position *position_list(const struct mapped_text *text, struct arena *arena,
                                          uint32_t *count);
