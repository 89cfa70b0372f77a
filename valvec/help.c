/* Lays help texts out. */

#include "help.h"

#include "output.h"
#include "program_format.h"

#define HELP_COLUMN 24

static const char EXIT_STATUS_TEXT[] =
    "Exit status: 0 fine; 1 findings, failed tests or a denied request; 2 wrong usage;\n"
    "3 invalid rules; 4 a file could not be read or written.\n";

static void pad_from(struct buf *out, size_t line_start, size_t column)
{
    while (out->length < line_start + column)
        buf_append_byte(out, ' ');
}

/* The lines of a text, all after the first indented as far as the help column. */
static void append_help(struct buf *out, const char *help)
{
    for (; *help != '\0'; help++) {
        buf_append_byte(out, *help);
        if (*help == '\n')
            pad_from(out, out->length, HELP_COLUMN);
    }
    buf_append_byte(out, '\n');
}

static void append_option(struct buf *out, const struct option *option)
{
    size_t start = out->length;
    if (option->letter != 0)
        buf_printf(out, "  -%c, --%s", option->letter, option->name);
    else
        buf_printf(out, "      --%s", option->name);
    if (option->argument != NULL)
        buf_printf(out, " %s", option->argument);
    if (out->length + 2 > start + HELP_COLUMN) {
        buf_append_byte(out, '\n');
        start = out->length;
    }
    pad_from(out, start, HELP_COLUMN);
    append_help(out, option->help);
}

static enum exit_status print(struct output *output)
{
    return output_close(output, EXIT_FINE);
}

enum exit_status help_print_command(const struct command_line *line)
{
    struct output output;
    output_open(&output, COLOUR_NEVER);
    struct buf *out = &output.text;
    size_t common_count;
    const struct option *common = common_options(&common_count);
    buf_printf(out, "usage: valvec %s [OPTION...] %s\n\n%s\nOptions:\n", line->command,
               command_find(line->command)->operands, line->about);
    for (size_t i = 0; i < line->option_count; i++)
        append_option(out, &line->options[i]);
    for (size_t i = 0; i < common_count; i++)
        append_option(out, &common[i]);
    if (line->after != NULL)
        buf_printf(out, "\n%s", line->after);
    buf_printf(out, "\n%s", EXIT_STATUS_TEXT);
    return print(&output);
}

enum exit_status help_print_program(void)
{
    struct output output;
    output_open(&output, COLOUR_NEVER);
    struct buf *out = &output.text;
    buf_append_text(out, "usage: valvec COMMAND [ARGUMENT...]\n\n"
                         "Checks, compiles, tests and explains Valve permission rules.\n\n"
                         "Commands:\n");
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        buf_printf(out, "  %-9s %s\n", command->name, command->summary);
    buf_append_text(out, "\nA FILE holds rules, as YAML or JSON, or a compiled program; `-` is "
                         "standard input.\n\n"
                         "  valvec help COMMAND   the options of a command\n"
                         "  valvec --version      the version of the program and of its files\n\n");
    buf_append_text(out, EXIT_STATUS_TEXT);
    return print(&output);
}

enum exit_status help_print_version(void)
{
    struct output output;
    output_open(&output, COLOUR_NEVER);
    buf_printf(&output.text, "valvec %s (program format %d)\n", VALVEC_VERSION,
               (int)PROGRAM_FORMAT_VERSION);
    return print(&output);
}
