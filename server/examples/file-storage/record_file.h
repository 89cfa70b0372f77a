#pragma once
/* One record in one file. Blocks; any thread. error is a buffer that is empty at first and gets a
 * text when something failed. Names are those of record_file_name. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_FILE_ERROR_BYTES 256

/* The file's name for a record's, with folders for long ones, on the heap: letters, digits, `-` and
 * `_` as they are, other bytes as `%` and two digits, and a `/` after each 200 characters. */
char *record_file_name(const char *name, size_t length);

bool record_file_make_folder(const char *folder);

/* *version is -1 when there is no such file. *data is on the heap, the caller frees it. */
void record_file_read(const char *folder, const char *name, int32_t *version, char **data,
                      size_t *length, char *error);

/* Leaves a file with a higher version as it is. */
void record_file_write(const char *folder, const char *name, int32_t version, const char *data,
                       size_t length, char *error);

/* Removing what is not there succeeds. */
void record_file_remove(const char *folder, const char *name, char *error);
