/* The program valvec: picks the command and runs it. */

#include "command.h"
#include "help.h"
#include "suggest.h"

#include <signal.h>
#include <stdio.h>

static enum exit_status report_unknown(const char *name)
{
    struct suggestion suggestion = suggestion_for(slice_of(name));
    for (size_t i = 0; command_at(i) != NULL; i++)
        suggestion_consider(&suggestion, slice_of(command_at(i)->name));
    suggestion_consider(&suggestion, SLICE("--help"));
    suggestion_consider(&suggestion, SLICE("--version"));
    const char *kind = name[0] == '-' ? "option" : "command";
    fprintf(stderr, "valvec: unknown %s '%s'", kind, name);
    if (suggestion.best.length > 0)
        fprintf(stderr, ", did you mean '" SLICE_FORMAT "'?", SLICE_ARGUMENTS(suggestion.best));
    fputs("\nsee: valvec --help\n", stderr);
    return EXIT_USAGE;
}

/* `valvec help`, `valvec help COMMAND`. */
static enum exit_status run_help(int argc, char **argv)
{
    if (argc < 3)
        return help_print_program();
    const struct command *command = command_find(argv[2]);
    if (command == NULL)
        return report_unknown(argv[2]);
    char help_option[] = "--help";
    char *help_argv[] = {argv[2], help_option, NULL};
    return command->run(2, help_argv);
}

static bool is_word(const char *argument, const char *a, const char *b)
{
    return strcmp(argument, a) == 0 || strcmp(argument, b) == 0;
}

static enum exit_status run(int argc, char **argv)
{
    if (argc < 2) {
        fputs("valvec: expected a command\nsee: valvec --help\n", stderr);
        return EXIT_USAGE;
    }
    const struct command *command = command_find(argv[1]);
    if (command != NULL)
        return command->run(argc - 1, argv + 1);
    if (is_word(argv[1], "--help", "-h") || is_word(argv[1], "help", "help"))
        return run_help(argv[1][0] == '-' ? 2 : argc, argv);
    if (is_word(argv[1], "--version", "-V"))
        return help_print_version();
    return report_unknown(argv[1]);
}

int main(int argc, char **argv)
{
    /* A reader that has gone away is an error of write, not a silent end. */
    signal(SIGPIPE, SIG_IGN);
    return (int)run(argc, argv);
}
