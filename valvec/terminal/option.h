#pragma once
/* Options of the command line, parsed by a table. Each command has one table: it is what is parsed
 * and what `--help` prints.
 *
 *     struct settings { bool json; uint64_t rounds; };
 *     static const struct option OPTIONS[] = {
 *         {.name = "json", .help = "print one JSON object", .kind = OPTION_SWITCH,
 *          .offset = offsetof(struct settings, json)},
 *         ...
 *     };
 *     static const struct command_line LINE = {.command = "bench", .about = "...",
 *         .options = OPTIONS, .option_count = 2, .least = 1, .most = 1};
 *
 *     struct settings settings = {.rounds = 15};
 *     struct arguments arguments;
 *     enum exit_status status;
 *     if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
 *         return status;                // help was printed, or what is wrong
 *     ...
 *     arguments_fini(&arguments);
 *
 * Options and operands mix; `--` ends the options; `-` is an operand. Every command also takes
 * --help and --color. */

#include "command.h"

#include "base/vec.h"

#include <stdint.h>

enum option_kind {
    OPTION_SWITCH, /* sets a bool to true */
    OPTION_TEXT,   /* const char * */
    OPTION_CHOICE, /* unsigned: number of the word in choices */
    OPTION_NUMBER, /* uint64_t from least to most */
    OPTION_REAL,   /* double from least to most */
};

struct option {
    char letter;          /* or 0 */
    const char *name;     /* without the dashes */
    const char *argument; /* how help names the value; NULL for a switch */
    const char *if_alone; /* of TEXT: the value when none stands with it; NULL: it needs one */
    const char *help;     /* lines are broken by hand */
    enum option_kind kind;
    size_t offset;              /* in the settings of the command */
    const char *const *choices; /* of CHOICE, NULL behind the last */
    uint64_t least, most;       /* of NUMBER and REAL */
};

struct command_line {
    const char *command; /* a name of the application's commands */
    const char *about;   /* paragraphs of help between the usage line and the options */
    const char *after;   /* paragraphs behind the options, or NULL */
    const struct option *options;
    size_t option_count;
    size_t least, most; /* number of operands; most 0: no bound, of a command that takes any */
};

enum colour_choice { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct arguments {
    VEC(const char *) operands; /* pointers into argv */
    enum colour_choice colour;
};

/* Parses argv[1..]. Returns false when the command has nothing to do: help was printed, or the
 * arguments are wrong and standard error says why; *status is then what to end with, and arguments
 * need no arguments_fini. */
bool command_line_parse(const struct command_line *line, int argc, char **argv, void *settings,
                        struct arguments *arguments, enum exit_status *status);
void arguments_fini(struct arguments *arguments);

/* Prints "NAME COMMAND: TEXT" and where to find help to standard error; returns EXIT_USAGE. */
enum exit_status usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
