#pragma once
/* Standard output of a command: collected, written in large pieces, and never lost silently. What
 * cannot be written ends the command with EXIT_IO and a message. */

#include "option.h"

#include "base/buf.h"

#include <stdio.h>

struct output {
    struct buf text; /* append here */
    bool colour;     /* whether to use colours */
    int error;       /* errno of the first write that failed; then the rest is dropped */
};

/* Whether colours go to a stream: on a terminal unless NO_COLOR is set, when the choice is auto. */
bool output_wants_colour(enum colour_choice choice, FILE *stream);

void output_open(struct output *output, enum colour_choice choice);

/* Writes what was collected. Returns false when that failed now or before. */
bool output_flush(struct output *output);

/* The same, once enough has been collected to be worth a write. */
bool output_flush_when_full(struct output *output);

/* Writes the rest and frees. Returns status, or EXIT_IO after saying what failed. */
enum exit_status output_close(struct output *output, enum exit_status status);

/* Writes text to standard error; what fails there can be told nobody. */
void error_output(slice text);

/* Writes bytes to a file in one step: readers see the old file or the whole new one, which
 * keeps the old one's mode. Returns false and leaves errno. */
bool output_replace_file(const char *path, slice bytes);
