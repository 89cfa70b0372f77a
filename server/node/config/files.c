/* Paths and whole files. */

#include "internal.h"

#include "document/document.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 65536

slice path_below(slice folder, slice path, struct arena *arena)
{
    bool is_absolute = path.length > 0 && path.at[0] == '/';
    if (is_absolute || slice_equal(folder, SLICE(".")))
        return arena_copy(arena, path);
    const char *between = folder.at[folder.length - 1] == '/' ? "" : "/";
    return arena_printf(arena, SLICE_FORMAT "%s" SLICE_FORMAT, SLICE_ARGUMENTS(folder), between,
                        SLICE_ARGUMENTS(path));
}

slice path_folder(slice path, struct arena *arena)
{
    size_t end = path.length;
    while (end > 0 && path.at[end - 1] != '/')
        end--;
    if (end == 0)
        return SLICE(".");
    return arena_copy(arena, slice_part(path, 0, end > 1 ? end - 1 : 1));
}

bool path_ends_with(slice path, const char *end)
{
    slice wanted = slice_of(end);
    return path.length >= wanted.length &&
           slice_equal(slice_part(path, path.length - wanted.length, path.length), wanted);
}

bool path_is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

bool path_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static const char *read_bytes(int descriptor, struct buf *out)
{
    for (;;) {
        char *piece = buf_extend(out, PIECE_BYTES);
        out->length -= PIECE_BYTES;
        ssize_t count = read(descriptor, piece, PIECE_BYTES);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return strerror(errno);
        if (count == 0)
            return NULL;
        out->length += (size_t)count;
        if (out->length > DOCUMENT_MAX_BYTES)
            return "it is larger than 16 MiB";
    }
}

const char *path_read_file(const char *path, struct arena *arena, slice *bytes)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return strerror(errno);
    struct buf read = BUF_EMPTY;
    const char *error = read_bytes(descriptor, &read);
    close(descriptor);
    *bytes = error == NULL ? arena_copy(arena, buf_slice(&read)) : (slice){0};
    buf_fini(&read);
    return error;
}
