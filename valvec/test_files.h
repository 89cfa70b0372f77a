#pragma once
/* Which files `valvec test` runs: those that are named, and those with the right ending in folders
 * that are named. */

#include "base/arena.h"
#include "base/vec.h"

struct test_files {
    struct arena arena;      /* of the paths */
    VEC(const char *) paths; /* each once, in the order they were found; a folder's by name */
};

void test_files_init(struct test_files *files);
void test_files_fini(struct test_files *files);

/* Adds a file, or all *.test.yml, *.test.yaml and *.test.json of a folder and the folders in it,
 * except hidden ones and node_modules; links to folders are not followed. Returns false with errno
 * when something cannot be read, and *failed is its path. */
bool test_files_add(struct test_files *files, const char *path, const char **failed);
