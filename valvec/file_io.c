/* Reading whole files, and replacing one by way of a new file beside it. */

#define _GNU_SOURCE

#include "file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 65536

static bool read_all(int file, size_t max_bytes, struct buf *out)
{
    for (;;) {
        char *piece = buf_extend(out, PIECE_BYTES);
        ssize_t got = read(file, piece, PIECE_BYTES);
        out->length -= PIECE_BYTES - (got > 0 ? (size_t)got : 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        if (out->length > max_bytes) {
            errno = EFBIG;
            return false;
        }
    }
}

bool file_read(const char *path, size_t max_bytes, struct buf *out)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, max_bytes, out);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    bool done = read_all(file, max_bytes, out);
    int error = errno;
    close(file);
    errno = error;
    return done;
}

static bool write_all(int file, slice bytes)
{
    while (bytes.length > 0) {
        ssize_t put = write(file, bytes.at, bytes.length);
        if (put < 0 && errno != EINTR)
            return false;
        if (put > 0)
            bytes = slice_part(bytes, (size_t)put, bytes.length);
    }
    return true;
}

static bool fill(int file, slice bytes, mode_t mode)
{
    return write_all(file, bytes) && fchmod(file, mode) == 0 && fsync(file) == 0;
}

/* Fills the new file and gives it the old one's name. */
static bool fill_and_rename(int file, const char *made, const char *target, slice bytes)
{
    struct stat info;
    bool done = stat(target, &info) == 0 && fill(file, bytes, info.st_mode & 07777);
    done = close(file) == 0 && done;
    done = done && rename(made, target) == 0;
    int error = errno;
    if (!done)
        unlink(made);
    errno = error;
    return done;
}

bool file_replace(const char *path, slice bytes)
{
    char *target = realpath(path, NULL);
    char *made = NULL;
    bool done = false;
    if (target != NULL && asprintf(&made, "%s.XXXXXX", target) >= 0) {
        int file = mkostemp(made, O_CLOEXEC);
        done = file >= 0 && fill_and_rename(file, made, target, bytes);
        free(made);
    }
    free(target);
    return done;
}

bool file_print(slice bytes)
{
    bool written = bytes.length == 0 || fwrite(bytes.at, 1, bytes.length, stdout) == bytes.length;
    return fflush(stdout) == 0 && written;
}
