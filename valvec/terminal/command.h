#pragma once
/* A program of several commands, `NAME COMMAND [ARGUMENT...]`: what it is called and what its
 * commands are. Each program that links this library defines `application`; its main is
 *
 *     return (int)application_run(argc, argv);
 *
 * A command is one function; it prints results to standard output and complaints to standard
 * error. */

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
    const char *summary;                            /* one line of `NAME --help` */
    enum exit_status (*run)(int argc, char **argv); /* options and operands from argv[1] on */
};

struct application {
    const char *name;
    const char *version;     /* what --version prints, without the end of the line */
    const char *about;       /* of help: the usage line and what the program does */
    const char *notes;       /* of help: behind the commands */
    const char *exit_status; /* of every help: what the program ends with */
    const struct command *commands;
    size_t command_count;
    const struct command *fallback; /* runs when no command is named, or NULL */
};

extern const struct application application;

/* The command of a name, or NULL. */
const struct command *command_find(const char *name);

/* Picks the command and runs it; --help, `help COMMAND` and --version are answered here. */
enum exit_status application_run(int argc, char **argv);
