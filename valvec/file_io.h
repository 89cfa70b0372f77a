#pragma once
/* Whole files, for the commands. On failure errno says why. */

#include "base/buf.h"

#include <stdbool.h>

/* Appends the bytes of a file, or of standard input for "-", to out. Fails with EFBIG above
 * max_bytes. */
bool file_read(const char *path, size_t max_bytes, struct buf *out);

/* Replaces the bytes of a file at once: readers see the old or the new ones, and after a failure
 * the old ones. Keeps its permissions; follows a symbolic link. */
bool file_replace(const char *path, slice bytes);

/* Writes to standard output. */
bool file_print(slice bytes);
