#pragma once
/* The commands of the program, one line each in commands.def. A command is one file cmd_<name>.c
 * with one function; it prints results to standard output and complaints to standard error. */

#include "exit_code.h"

#include <stddef.h>

/* One row of commands.def. */
struct command {
    const char *name;
    enum exit_code (*run)(const struct command *command, char **arguments);
    const char *summary; /* one line of `valvec --help` */
    const char *usage;   /* what follows `valvec NAME` */
    const char *details; /* paragraphs below the usage, of `valvec NAME --help` */
};

/* All commands in the order of the list. */
const struct command *command_list(size_t *count);

/* arguments: what follows the command's name, ended by NULL. main checks afterwards whether
 * standard output could be written. */
#define COMMAND(name, function, summary, usage, details)                                           \
    enum exit_code function(const struct command *command, char **arguments);
#include "commands.def"
#undef COMMAND
