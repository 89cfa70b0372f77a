#pragma once
/* Whole files, bounded. */

#include "base/buf.h"

#define READ_FILE_MAX_BYTES ((size_t)64 << 20)

/* Reads a file, or standard input for "-". Returns false after it has said on standard error what
 * went wrong: it cannot be read, or has more than READ_FILE_MAX_BYTES. Frees nothing: *bytes is the
 * caller's in any case. */
bool read_file(const char *path, struct buf *bytes);
