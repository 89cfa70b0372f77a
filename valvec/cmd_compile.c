/* valvec compile: a rule file becomes a program file. The same rules give the same bytes. */

#include "commands.h"
#include "load_rules.h"
#include "terminal/option.h"
#include "terminal/output.h"

#include "json.h"

#include <errno.h>
#include <sys/stat.h>

struct settings {
    const char *output;
    bool json;
    bool strict_names;
};

static const struct option OPTIONS[] = {
    {.letter = 'o',
     .name = "output",
     .argument = "OUT.vbc",
     .help = "where to write; - is standard output. Default: the name of FILE\n"
             "with the ending .vbc",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, output)},
    {.name = "json",
     .help = "print what was written as one JSON object",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, json)},
    {.name = "strict-names",
     .help = "a name that rules do not know is an error",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, strict_names)},
};

static const struct command_line LINE = {
    .command = "compile",
    .about = "Compiles the rules of FILE. The program file holds all that evaluation and\n"
             "explanation need; it replaces an older one in one step.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .least = 1,
    .most = 1,
};

static bool is_standard_output(const char *path)
{
    return strcmp(path, "-") == 0;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && S_ISREG(first.st_mode) &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* a/b.yml -> a/b.vbc */
static void default_path(const char *path, struct buf *out)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(file, '.');
    size_t length = dot == NULL || dot == file ? strlen(path) : (size_t)(dot - path);
    buf_append(out, (slice){path, length});
    buf_append(out, (slice){".vbc", 5});
}

static void describe(struct output *output, const char *path, const struct program *program,
                     size_t bytes, bool json)
{
    struct buf *out = &output->text;
    if (!json) {
        buf_printf(out, "%s: %u rules, %zu bytes\n", path, program->rule_count, bytes);
        return;
    }
    buf_append_text(out, "{\"output\":");
    json_write_text(out, slice_of(path));
    buf_printf(out, ",\"rules\":%u,\"patterns\":%u,\"bytes\":%zu,\"sourceHash\":\"",
               program->rule_count, program->pattern_count, bytes);
    for (size_t i = 0; i < sizeof program->source_hash; i++)
        buf_printf(out, "%02x", program->source_hash[i]);
    buf_append_text(out, "\"}\n");
}

static slice without_folders(slice path)
{
    size_t start = path.length;
    while (start > 0 && path.at[start - 1] != '/')
        start--;
    return slice_part(path, start, path.length);
}

/* The program names its rules without their folder, so that its bytes do not tell where it was
 * made. */
static enum exit_status write_program(const struct settings *settings, const char *path,
                                      const struct program *program, struct output *output)
{
    enum exit_status status = EXIT_FINE;
    struct buf bytes = BUF_EMPTY;
    struct program written = *program;
    written.file = without_folders(program->file);
    program_write(&written, &bytes);
    if (is_standard_output(path)) {
        buf_append(&output->text, buf_slice(&bytes));
    } else if (output_replace_file(path, buf_slice(&bytes))) {
        describe(output, path, program, bytes.length, settings->json);
    } else {
        fprintf(stderr, "valvec: cannot write %s: %s\n", path, strerror(errno));
        status = EXIT_IO;
    }
    buf_fini(&bytes);
    return status;
}

static enum exit_status compile_file(const struct settings *settings, const char *path,
                                     enum colour_choice colour)
{
    struct rules rules;
    struct output output;
    struct buf default_output = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    options.unknown_names_are_errors = settings->strict_names;
    output_open(&output, colour);
    enum exit_status status = rules_load(&rules, path, &options, colour);
    if (status == EXIT_FINE) {
        default_path(path, &default_output);
        status =
            write_program(settings, settings->output != NULL ? settings->output : default_output.at,
                          rules.contents, &output);
    }
    buf_fini(&default_output);
    rules_fini(&rules);
    return output_close(&output, status);
}

enum exit_status cmd_compile(int argc, char **argv)
{
    struct settings settings = {0};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    const char *path = arguments.operands.items[0];
    if (strcmp(path, "-") == 0 && settings.output == NULL)
        status = usage_error("compile", "rules of standard input need --output");
    else if (settings.output != NULL && is_same_file(path, settings.output))
        status = usage_error("compile", "the program would take the place of %s", path);
    else
        status = compile_file(&settings, path, arguments.colour);
    arguments_fini(&arguments);
    return status;
}
