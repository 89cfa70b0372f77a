#pragma once
/* Files that a command reads: bounded, and `-` for standard input. */

#include "base/arena.h"
#include "base/buf.h"

#define INPUT_MAX_BYTES ((size_t)64 * 1024 * 1024)

enum input_status {
    INPUT_READ,
    INPUT_FAILED,    /* errno says why */
    INPUT_TOO_LARGE, /* more than the bound */
};

/* Reads a whole file, up to max_bytes, and appends it to bytes. */
enum input_status input_read_file(const char *path, size_t max_bytes, struct buf *bytes);

/* Why reading failed, right after it did. */
const char *input_error(enum input_status status);

/* How messages name a path. */
slice input_name(const char *path);

/* ---- line by line ---- */

#define LINE_MAX_BYTES INPUT_MAX_BYTES

struct line_reader {
    int file;
    bool closes; /* the file at the end */
    bool ended;
    int error; /* errno, 0 while all is well */
    struct buf pending;
    size_t start,
        searched; /* in pending: of the next line, and up to where no line end was found */
    void (*before_wait)(void *context); /* called before a read that may take long, or NULL */
    void *context;
};

/* Opens a file or, for `-`, standard input. Returns false and leaves errno. */
bool line_reader_open(struct line_reader *reader, const char *path);

/* The next line without its line feed; valid until the next call. A line that is too long is cut at
 * LINE_MAX_BYTES + 1, the rest of it skipped. False at the end of the file or when reader->error is
 * set. */
bool line_reader_next(struct line_reader *reader, slice *line);
void line_reader_close(struct line_reader *reader);
