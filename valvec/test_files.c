/* Walks folders with a list of those that are still to be read, not by recursion. */

#define _GNU_SOURCE

#include "test_files.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

struct walk {
    struct test_files *files;
    VEC(const char *) folders; /* the last one comes next */
};

void test_files_init(struct test_files *files)
{
    *files = (struct test_files){0};
    arena_init(&files->arena, 0);
}

void test_files_fini(struct test_files *files)
{
    VEC_FREE(&files->paths);
    arena_fini(&files->arena);
}

static bool ends_with(slice name, slice end)
{
    return name.length > end.length &&
           slice_equal(slice_part(name, name.length - end.length, name.length), end);
}

static bool is_test_file(slice name)
{
    return ends_with(name, SLICE(".test.yml")) || ends_with(name, SLICE(".test.yaml")) ||
           ends_with(name, SLICE(".test.json"));
}

static bool is_skipped(const char *name)
{
    return name[0] == '.' || strcmp(name, "node_modules") == 0;
}

static void add_path(struct test_files *files, const char *path)
{
    for (size_t i = 0; i < files->paths.count; i++) {
        if (strcmp(files->paths.items[i], path) == 0)
            return;
    }
    VEC_PUSH(&files->paths, path);
}

static const char *join(struct arena *arena, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool has_slash = length > 0 && folder[length - 1] == '/';
    return arena_printf(arena, "%s%s%s", folder, has_slash ? "" : "/", name).at;
}

static bool visit(struct walk *walk, const char *folder, const char *name, const char **failed)
{
    struct stat info;
    if (is_skipped(name))
        return true;
    const char *path = join(&walk->files->arena, folder, name);
    if (lstat(path, &info) != 0) {
        *failed = path;
        return errno == ENOENT; /* gone since the folder was read */
    }
    if (S_ISDIR(info.st_mode))
        VEC_PUSH(&walk->folders, path);
    else if (is_test_file(slice_of(name)))
        add_path(walk->files, path);
    return true;
}

/* Entries by name; the folders among them are pushed backwards, so that the first comes next. */
static bool read_folder(struct walk *walk, const char *folder, const char **failed)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) {
        *failed = folder;
        return false;
    }
    bool done = true;
    size_t first = walk->folders.count;
    for (int i = 0; i < count; i++) {
        done = done && visit(walk, folder, entries[i]->d_name, failed);
        free(entries[i]);
    }
    free(entries);
    for (size_t i = first, j = walk->folders.count; i + 1 < j; i++, j--) {
        const char *kept = walk->folders.items[i];
        walk->folders.items[i] = walk->folders.items[j - 1];
        walk->folders.items[j - 1] = kept;
    }
    return done;
}

bool test_files_add(struct test_files *files, const char *path, const char **failed)
{
    struct stat info;
    struct walk walk = {.files = files};
    bool done = true;
    if (stat(path, &info) != 0) {
        *failed = path;
        return false;
    }
    if (!S_ISDIR(info.st_mode)) {
        add_path(files, path);
        return true;
    }
    VEC_PUSH(&walk.folders, path);
    while (done && walk.folders.count > 0)
        done = read_folder(&walk, walk.folders.items[--walk.folders.count], failed);
    VEC_FREE(&walk.folders);
    return done;
}
