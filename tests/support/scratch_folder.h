#pragma once
/* A folder of a test's own: in TMPDIR, or /tmp where that is not set or too long for a socket's
 * path below it. */

#include <stddef.h>

/* Makes the folder, named after the first ten letters of `word`. */
void scratch_folder_make(char *path, size_t size, const char *word);

/* Removes it with all that is in it, however deep. */
void scratch_folder_remove(const char *path);
