#pragma once
/* Reads the options of a command from one table, which is also its help. Options may stand anywhere
 * among the arguments, `--name=value` and `--name value` mean the same, `--` ends them, and `-`
 * alone is an argument. Every command has --help and --color besides its own. */

#include "command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exactly one of flag, text, number and real says where the option goes. */
struct option {
    const char *name;     /* "requests", without its dashes */
    const char *argument; /* "FILE"; NULL for a flag */
    const char *help;
    char letter; /* 'o' for -o; 0: none */
    bool *flag;
    const char **text;
    uint64_t *number; /* a whole number from least to most */
    double *real;     /* greater than 0 */
    uint64_t least, most;
};

struct command_line {
    char **arguments; /* those that are no options, ended by NULL */
    size_t count;
    bool colour_output; /* of standard output, and of standard error: */
    bool colour_errors; /* on a terminal without NO_COLOR, or as --color says */
};

/* Fills what the table points to, and line. Returns false when the command is to end at once with
 * *code: help was asked for and printed, or the usage was wrong and is explained on standard error.
 * Reorders the arguments in place. */
bool options_read(const struct command *command, const struct option *options, size_t count,
                  char **arguments, struct command_line *line, enum exit_code *code);

/* Says on standard error what is wrong with the use of a command, and how to get help. */
enum exit_code options_complain(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints one line "valvec: ..." on standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
