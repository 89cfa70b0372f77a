/* valvec fmt: lays rule files out. */

#define _GNU_SOURCE

#include "commands.h"
#include "diff.h"
#include "format.h"
#include "load_rules.h"
#include "terminal/option.h"
#include "terminal/output.h"

#include <errno.h>
#include <stdlib.h>

#define LIMIT_BYTES ((size_t)2 << 30) /* of memory for one file */

struct settings {
    bool check;
    bool diff;
    bool write;
};

static const struct option OPTIONS[] = {
    {.name = "check",
     .help = "print the names of files whose layout is another, and nothing else",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, check)},
    {.name = "diff",
     .help = "print what would change",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, diff)},
    {.name = "write",
     .help = "replace the files",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, write)},
};

static const struct command_line LINE = {
    .command = "fmt",
    .about =
        "Prints each FILE in the canonical layout. Comments, order, anchors and meaning stay: the\n"
        "result is compiled and compared with the original before anything is done with it.\n"
        "Of a compiled program it prints the rules that it holds, as JSON.\n",
    .after = "--check and --diff end with 1 when a file would change.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .least = 1,
};

struct formatting {
    const struct settings *settings;
    enum colour_choice colour;
    struct output output;
};

/* Follows symbolic links: the file they lead to is replaced, not the link. */
static enum exit_status replace_file(const char *path, slice text)
{
    char *target = realpath(path, NULL);
    bool done = target != NULL && output_replace_file(target, text);
    if (!done)
        fprintf(stderr, "valvec: cannot write '%s': %s\n", path, strerror(errno));
    free(target);
    return done ? EXIT_FINE : EXIT_IO;
}

static enum exit_status deliver(struct formatting *formatting, const char *path, slice before,
                                slice after)
{
    const struct settings *settings = formatting->settings;
    struct buf *out = &formatting->output.text;
    bool writes = settings->write && strcmp(path, "-") != 0;
    if (!settings->check && !settings->diff && !writes) {
        buf_append(out, after);
        return EXIT_FINE;
    }
    if (slice_equal(before, after))
        return EXIT_FINE;
    if (settings->check)
        buf_printf(out, "%s\n", path);
    if (settings->diff)
        diff_unified(slice_of(path), before, after, out);
    return writes ? replace_file(path, after) : EXIT_FINDINGS;
}

static enum exit_status format_text(struct formatting *formatting, const char *path,
                                    const struct rules *rules)
{
    struct arena arena;
    struct diagnostics diagnostics;
    struct buf formatted = BUF_EMPTY;
    enum exit_status status = EXIT_INVALID;
    slice text = buf_slice(&rules->bytes);
    arena_init(&arena, LIMIT_BYTES);
    diagnostics_init(&diagnostics, &arena);
    switch (format_rules(rules->name, text, &arena, &diagnostics, &formatted)) {
    case FORMAT_DONE:
        status = deliver(formatting, path, text, buf_slice(&formatted));
        break;
    case FORMAT_INVALID:
        print_errors(&diagnostics, formatting->colour);
        break;
    case FORMAT_REFUSED:
        fprintf(stderr, "valvec: '%s' uses YAML in a way that cannot be laid out safely\n", path);
        break;
    }
    buf_fini(&formatted);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
    return status;
}

static enum exit_status format_file(struct formatting *formatting, const char *path)
{
    struct rules rules;
    enum exit_status status = rules_read(&rules, path);
    const struct settings *settings = formatting->settings;
    if (status == EXIT_FINE && rules.was_compiled &&
        (settings->check || settings->diff || settings->write))
        status =
            usage_error("fmt", "'%s' is a compiled program: its rules can only be printed", path);
    else if (status == EXIT_FINE)
        status = rules_take_text(&rules) ? format_text(formatting, path, &rules) : EXIT_INVALID;
    rules_fini(&rules);
    return status;
}

static enum exit_status format_files(const struct settings *settings,
                                     const struct arguments *arguments)
{
    struct formatting formatting = {.settings = settings, .colour = arguments->colour};
    enum exit_status status = EXIT_FINE;
    if (settings->write && (settings->check || settings->diff))
        return usage_error("fmt", "--write goes with neither --check nor --diff");
    output_open(&formatting.output, arguments->colour);
    for (size_t i = 0; i < arguments->operands.count; i++) {
        enum exit_status file_status = format_file(&formatting, arguments->operands.items[i]);
        status = worse_status(status, file_status);
        output_flush_when_full(&formatting.output);
    }
    return output_close(&formatting.output, status);
}

enum exit_status cmd_fmt(int argc, char **argv)
{
    struct settings settings = {0};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    status = format_files(&settings, &arguments);
    arguments_fini(&arguments);
    return status;
}
