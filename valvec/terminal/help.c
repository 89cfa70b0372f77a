/* Lays help texts out. */

#include "help.h"

#include "output.h"

#define HELP_COLUMN 24

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

/* letter: whether it is this option's alone. */
static void append_option(struct buf *out, const struct option *option, bool letter)
{
    size_t start = out->length;
    if (option->letter != 0 && letter)
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

/* Options of the command come before those that every command has. */
static bool is_letter_taken(const struct command_line *line, char letter)
{
    for (size_t i = 0; i < line->option_count; i++) {
        if (line->options[i].letter == letter)
            return true;
    }
    return false;
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
    const char *operands = command_find(line->command)->operands;
    buf_printf(out, "usage: %s %s [OPTION...]%s%s\n\n%s\nOptions:\n", application.name,
               line->command, operands[0] == '\0' ? "" : " ", operands, line->about);
    for (size_t i = 0; i < line->option_count; i++)
        append_option(out, &line->options[i], true);
    for (size_t i = 0; i < common_count; i++)
        append_option(out, &common[i], !is_letter_taken(line, common[i].letter));
    if (line->after != NULL)
        buf_printf(out, "\n%s", line->after);
    buf_printf(out, "\n%s", application.exit_status);
    return print(&output);
}

enum exit_status help_print_program(void)
{
    struct output output;
    output_open(&output, COLOUR_NEVER);
    struct buf *out = &output.text;
    buf_printf(out, "%s\nCommands:\n", application.about);
    for (size_t i = 0; i < application.command_count; i++)
        buf_printf(out, "  %-9s %s\n", application.commands[i].name,
                   application.commands[i].summary);
    buf_printf(out, "\n%s\n%s", application.notes, application.exit_status);
    return print(&output);
}

enum exit_status help_print_version(void)
{
    struct output output;
    output_open(&output, COLOUR_NEVER);
    buf_printf(&output.text, "%s\n", application.version);
    return print(&output);
}
