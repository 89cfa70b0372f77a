#pragma once
/* The commands of the program, one line each in commands.def. A command is one file cmd_<name>.c
 * with one function; it prints results to standard output and complaints to standard error. */

#include <stdbool.h>
#include <stddef.h>

/* How a command ends. When several apply the largest wins. */
enum exit_status {
    EXIT_FINE = 0,
    EXIT_FINDINGS = 1, /* findings, failed tests, or a request that was not allowed */
    EXIT_USAGE = 2,
    EXIT_INVALID = 3, /* invalid rules */
    EXIT_IO = 4,      /* input or output failed */
};

static inline enum exit_status worse_status(enum exit_status a, enum exit_status b)
{
    return a > b ? a : b;
}

struct command {
    const char *name;
    const char *operands;                           /* "FILE...", as help shows them */
    const char *summary;                            /* one line of `valvec --help` */
    enum exit_status (*run)(int argc, char **argv); /* argv[0] is the name */
};

/* The commands in the order of the list; NULL behind the last. */
const struct command *command_at(size_t number);

/* The command of a name, or NULL. */
const struct command *command_find(const char *name);

#define COMMAND(name, operands, summary) enum exit_status cmd_##name(int argc, char **argv);
#include "commands.def"
#undef COMMAND
