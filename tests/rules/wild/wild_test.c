/* Compiles rule files that people have published, and expects what the notes beside them say.
 *
 *     wild_test FOLDER
 *
 * The folder holds as-found/ with ORIGINS.md, a table whose last column says what the original
 * makes of each file, and completed/, where all files load but those named below. The files are not
 * part of this project: without the folder the test is skipped. The variable VALVE_WILD_RULES names
 * another folder. */

#include "valvec.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define SKIPPED 77

struct expectation {
    bool loads;
    slice message; /* of one of the errors; empty: any */
};

struct run {
    const char *folder;
    unsigned passed, failed;
};

static bool read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    char bytes[4096];
    size_t length;
    while ((length = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_append(out, (slice){bytes, length});
    fclose(file);
    return true;
}

static bool holds_message(const struct diagnostics *diagnostics, slice message)
{
    for (size_t i = 0; i < diagnostics->list.count; i++) {
        const struct diagnostic *item = &diagnostics->list.items[i];
        if (diagnostic_info(item->id)->severity == SEVERITY_ERROR &&
            slice_starts_with(item->message, message))
            return true;
    }
    return false;
}

static bool is_as_expected(const struct program *program, const struct diagnostics *diagnostics,
                           struct expectation expected)
{
    if (expected.loads)
        return program != NULL;
    return program == NULL && holds_message(diagnostics, expected.message);
}

static void report(const char *path, const struct diagnostics *diagnostics)
{
    struct buf shown = BUF_EMPTY;
    buf_printf(&shown, "%s is not treated as its notes say:\n", path);
    for (size_t i = 0; i < diagnostics->list.count; i++)
        diagnostic_print(&diagnostics->list.items[i], &shown, false);
    fwrite(shown.at, 1, shown.length, stderr);
    buf_fini(&shown);
}

static void try_file(struct run *run, const char *folder, slice name, struct expectation expected)
{
    char path[1024];
    struct buf text = BUF_EMPTY;
    struct arena arena;
    struct diagnostics diagnostics;
    struct valvec_options options = valvec_options_default();
    snprintf(path, sizeof path, "%s/%s/" SLICE_FORMAT, run->folder, folder, SLICE_ARGUMENTS(name));
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    bool good = read_file(path, &text);
    if (good) {
        const struct program *program =
            valvec_compile(slice_of(path), buf_slice(&text), &options, &arena, &diagnostics);
        good = is_as_expected(program, &diagnostics, expected);
    }
    if (!good)
        report(path, &diagnostics);
    *(good ? &run->passed : &run->failed) += 1;
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
    buf_fini(&text);
}

static bool holds(slice text, const char *part)
{
    size_t length = strlen(part);
    for (size_t i = 0; i + length <= text.length; i++) {
        if (memcmp(text.at + i, part, length) == 0)
            return true;
    }
    return false;
}

static slice trim(slice text)
{
    while (text.length > 0 && text.at[0] == ' ')
        text = slice_part(text, 1, text.length);
    while (text.length > 0 && text.at[text.length - 1] == ' ')
        text.length--;
    return text;
}

/* Takes what stands before the next separator off the text. */
static slice take_until(slice *text, char separator)
{
    const char *at = text->length == 0 ? NULL : memchr(text->at, separator, text->length);
    size_t length = at == NULL ? text->length : (size_t)(at - text->at);
    slice taken = slice_part(*text, 0, length);
    *text = slice_part(*text, at == NULL ? length : length + 1, text->length);
    return trim(taken);
}

static struct expectation expectation_of(slice note)
{
    if (holds(note, "missing `presence`"))
        return (struct expectation){false, SLICE("missing configuration section \"presence\"")};
    if (holds(note, "not YAML"))
        return (struct expectation){false, SLICE("invalid YAML")};
    return (struct expectation){slice_starts_with(note, SLICE("accepted")), {0}};
}

/* | file, file | where from | version | what the original says | */
static void try_row(struct run *run, slice row)
{
    take_until(&row, '|');
    slice names = take_until(&row, '|');
    take_until(&row, '|');
    take_until(&row, '|');
    struct expectation expected = expectation_of(take_until(&row, '|'));
    while (names.length > 0)
        try_file(run, "as-found", take_until(&names, ','), expected);
}

static bool try_as_found(struct run *run)
{
    char path[1024];
    struct buf notes = BUF_EMPTY;
    snprintf(path, sizeof path, "%s/as-found/ORIGINS.md", run->folder);
    if (!read_file(path, &notes))
        return false;
    slice rest = buf_slice(&notes);
    while (rest.length > 0) {
        slice line = take_until(&rest, '\n');
        bool is_row = holds(line, ".yml |") || holds(line, ".json |");
        if (slice_starts_with(line, SLICE("|")) && is_row)
            try_row(run, line);
    }
    buf_fini(&notes);
    return true;
}

static bool try_completed(struct run *run)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/completed", run->folder);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        slice name = slice_of(entry->d_name);
        struct expectation expected = {.loads = true};
        if (slice_equal(name, SLICE("issue-java-103.yml")))
            expected =
                (struct expectation){false, SLICE("missing root entry \"*\" for section record")};
        if (holds(name, ".yml"))
            try_file(run, "completed", name, expected);
    }
    closedir(folder);
    return true;
}

int main(int argument_count, char **arguments)
{
    const char *other = getenv("VALVE_WILD_RULES");
    struct run run = {.folder = other != NULL ? other : argument_count > 1 ? arguments[1] : "."};
    if (!try_as_found(&run) || !try_completed(&run)) {
        printf("skipped: there are no rule files in %s\n", run.folder);
        return SKIPPED;
    }
    printf("%u passed, %u failed\n", run.passed, run.failed);
    return run.failed == 0 && run.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
