/* What valvec says of itself, and the table of its commands, made of commands.def. */

#include "commands.h"

#include "program_format.h"

#define TEXT_OF(number) #number
#define FORMAT_TEXT(number) TEXT_OF(number)

static const struct command COMMANDS[] = {
#define COMMAND(name, operands, summary) {#name, operands, summary, cmd_##name},
#include "commands.def"
#undef COMMAND
};

const struct application application = {
    .name = "valvec",
    .version = "valvec " VALVEC_VERSION " (program format " FORMAT_TEXT(PROGRAM_FORMAT_VERSION) ")",
    .about = "usage: valvec COMMAND [ARGUMENT...]\n\n"
             "Checks, compiles, tests and explains Valve permission rules.\n",
    .notes = "A FILE holds rules, as YAML or JSON, or a compiled program; `-` is "
             "standard input.\n\n"
             "  valvec help COMMAND   the options of a command\n"
             "  valvec --version      the version of the program and of its files\n",
    .exit_status =
        "Exit status: 0 fine; 1 findings, failed tests or a denied request; 2 wrong usage;\n"
        "3 invalid rules; 4 a file could not be read or written.\n",
    .commands = COMMANDS,
    .command_count = sizeof COMMANDS / sizeof *COMMANDS,
};
