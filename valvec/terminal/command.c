/* Picks the command of a program and runs it. */

#include "command.h"

#include "help.h"
#include "document/suggest.h"

#include <stdio.h>

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < application.command_count; i++) {
        if (strcmp(application.commands[i].name, name) == 0)
            return &application.commands[i];
    }
    return NULL;
}

static enum exit_status report_unknown(const char *name)
{
    struct suggestion suggestion = suggestion_for(slice_of(name));
    for (size_t i = 0; i < application.command_count; i++)
        suggestion_consider(&suggestion, slice_of(application.commands[i].name));
    suggestion_consider(&suggestion, SLICE("--help"));
    suggestion_consider(&suggestion, SLICE("--version"));
    const char *kind = name[0] == '-' ? "option" : "command";
    fprintf(stderr, "%s: unknown %s '%s'", application.name, kind, name);
    if (suggestion.best.length > 0)
        fprintf(stderr, ", did you mean '" SLICE_FORMAT "'?", SLICE_ARGUMENTS(suggestion.best));
    fprintf(stderr, "\nsee: %s --help\n", application.name);
    return EXIT_USAGE;
}

/* `NAME help`, `NAME help COMMAND`. */
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

static enum exit_status run_fallback(int argc, char **argv)
{
    if (application.fallback != NULL)
        return application.fallback->run(argc, argv);
    fprintf(stderr, "%s: expected a command\nsee: %s --help\n", application.name, application.name);
    return EXIT_USAGE;
}

enum exit_status application_run(int argc, char **argv)
{
    if (argc < 2)
        return run_fallback(argc, argv);
    const struct command *command = command_find(argv[1]);
    if (command != NULL)
        return command->run(argc - 1, argv + 1);
    if (is_word(argv[1], "--help", "-h") || is_word(argv[1], "help", "help"))
        return run_help(argv[1][0] == '-' ? 2 : argc, argv);
    if (is_word(argv[1], "--version", "-V"))
        return help_print_version();
    if (argv[1][0] == '-' && application.fallback != NULL)
        return run_fallback(argc, argv);
    return report_unknown(argv[1]);
}
