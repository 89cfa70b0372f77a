#pragma once
/* Where a logger writes: a descriptor that may be a file, a terminal, a pipe or a socket.
 *
 * A line is written at once when that needs no waiting. Otherwise it waits in a queue, which a
 * timer empties; when the queue is full, lines are dropped and counted, and a line says so. A
 * reader that is gone ends the writing, not the process. One thread: the loop's. */

#include "base/buf.h"

#include <stdint.h>
#include <uv.h>

#define OUTPUT_QUEUE_BYTES ((size_t)1 << 20)

struct log_output {
    int descriptor;
    bool is_gone;     /* nobody reads it any more */
    struct buf queue; /* from `written` on */
    size_t written;
    uint64_t dropped;
    uv_timer_t timer; /* runs while the queue holds something; does not keep the loop alive */
    void (*on_closed)(void *context);
    void *context;
};

/* descriptor stays the caller's. */
void log_output_open(struct log_output *output, uv_loop_t *loop, int descriptor);

/* line with its line ending. */
void log_output_write(struct log_output *output, slice line);

/* Writes what is queued, waiting for at most a second; then calls on_closed on the loop, after
 * which the memory of output is the caller's again. */
void log_output_close(struct log_output *output, void (*on_closed)(void *context), void *context);
