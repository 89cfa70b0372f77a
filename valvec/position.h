#pragma once
/* Lines and columns for many offsets that mostly ascend: a file of one long line would make
 * counting from its start anew for each of them slow. */

#include "program.h"
#include "source.h"

struct position_cursor {
    const struct source *source;
    uint32_t offset; /* known position */
    struct source_position position;
};

void position_cursor_init(struct position_cursor *cursor, const struct source *source);
struct source_position position_cursor_find(struct position_cursor *cursor, uint32_t offset);

/* Where the stretches of a rule's text stand (struct text_position of program.h). */
const struct text_position *position_list(struct position_cursor *cursor,
                                          const struct mapped_text *text, struct arena *arena,
                                          uint32_t *count);
