/* Reads files and lines. */

#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 * 1024)

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

slice input_name(const char *path)
{
    return is_standard_input(path) ? SLICE("<stdin>") : slice_of(path);
}

/* Appends what one read gives. Returns its result; interrupted reads go on. */
static ssize_t read_more(int file, struct buf *bytes)
{
    char *room = buf_extend(bytes, READ_BYTES);
    ssize_t count;
    do {
        count = read(file, room, READ_BYTES);
    } while (count < 0 && errno == EINTR);
    bytes->length -= READ_BYTES - (count > 0 ? (size_t)count : 0);
    return count;
}

static enum input_status read_all(int file, size_t max_bytes, struct buf *bytes)
{
    size_t start = bytes->length;
    ssize_t count;
    while ((count = read_more(file, bytes)) > 0) {
        if (bytes->length - start > max_bytes)
            return INPUT_TOO_LARGE;
    }
    return count == 0 ? INPUT_READ : INPUT_FAILED;
}

static int open_input(const char *path)
{
    return is_standard_input(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
}

enum input_status input_read_file(const char *path, size_t max_bytes, struct buf *bytes)
{
    int file = open_input(path);
    if (file < 0)
        return INPUT_FAILED;
    enum input_status status = read_all(file, max_bytes, bytes);
    int error = errno;
    if (file != STDIN_FILENO)
        close(file);
    errno = error;
    return status;
}

const char *input_error(enum input_status status)
{
    return status == INPUT_TOO_LARGE ? "the file is too large" : strerror(errno);
}

/* ---- lines ---- */

bool line_reader_open(struct line_reader *reader, const char *path)
{
    *reader = (struct line_reader){.file = open_input(path), .closes = !is_standard_input(path)};
    return reader->file >= 0;
}

static void read_on(struct line_reader *reader)
{
    if (reader->start > 0) {
        size_t rest = reader->pending.length - reader->start;
        memmove(reader->pending.at, reader->pending.at + reader->start, rest);
        reader->pending.length = rest;
        reader->searched -= reader->start;
        reader->start = 0;
    }
    if (reader->before_wait != NULL)
        reader->before_wait(reader->context);
    ssize_t count = read_more(reader->file, &reader->pending);
    if (count < 0)
        reader->error = errno;
    reader->ended = count <= 0;
}

/* Keeps only what the caller sees of a line that is too long, while the rest of it is read. */
static void drop_excess(struct line_reader *reader)
{
    size_t length = reader->pending.length - reader->start;
    if (length > LINE_MAX_BYTES + 1)
        reader->pending.length -= length - (LINE_MAX_BYTES + 1);
    reader->searched = reader->pending.length;
}

/* Whether the next line is complete, and where it ends. */
static bool find_end(struct line_reader *reader, size_t *end)
{
    struct buf *pending = &reader->pending;
    const char *feed =
        pending->length == reader->searched
            ? NULL
            : memchr(pending->at + reader->searched, '\n', pending->length - reader->searched);
    *end = feed == NULL ? pending->length : (size_t)(feed - pending->at);
    return feed != NULL;
}

bool line_reader_next(struct line_reader *reader, slice *line)
{
    size_t end;
    while (!find_end(reader, &end)) {
        if (reader->ended)
            break;
        drop_excess(reader);
        read_on(reader);
    }
    if (reader->error != 0 || reader->start >= reader->pending.length)
        return false;
    *line = slice_part(buf_slice(&reader->pending), reader->start, end);
    if (line->length > LINE_MAX_BYTES + 1)
        line->length = LINE_MAX_BYTES + 1;
    reader->start = end + 1;
    reader->searched =
        reader->start < reader->pending.length ? reader->start : reader->pending.length;
    return true;
}

void line_reader_close(struct line_reader *reader)
{
    if (reader->closes && reader->file >= 0)
        close(reader->file);
    buf_fini(&reader->pending);
}
