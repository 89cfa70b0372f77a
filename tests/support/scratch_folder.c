#define _GNU_SOURCE /* nftw */
#include "support/scratch_folder.h"

#include "base/check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_PARENT = 40,
    MOST_OPEN_FOLDERS = 16,
};

void scratch_folder_make(char *path, size_t size, const char *word)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || strlen(parent) > LONGEST_PARENT)
        parent = "/tmp";
    int length = snprintf(path, size, "%s/%.10s-XXXXXX", parent, word);
    CHECK(length > 0 && (size_t)length < size && mkdtemp(path) != NULL);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

void scratch_folder_remove(const char *path)
{
    nftw(path, remove_one, MOST_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}
