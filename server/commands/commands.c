/* What deepstream says of itself, and the table of its commands, made of commands.def. */

#include "commands.h"

static const struct command COMMANDS[] = {
#define COMMAND(name, operands, summary) {#name, operands, summary, cmd_##name},
#include "commands.def"
#undef COMMAND
};

const struct application application = {
    .name = "deepstream",
    .version = DEEPSTREAM_VERSION,
    .about = "usage: deepstream [COMMAND] [ARGUMENT...]\n\n"
             "A server for data that changes while people look: records, events, calls, presence.\n"
             "Without a command it starts a server.\n",
    .notes =
        "  deepstream -c FILE           start a server with a configuration\n"
        "  deepstream -c FILE --check-config\n"
        "                               say what is wrong with it\n"
        "  deepstream help COMMAND      the options of a command\n"
        "  deepstream --version         the version of the program\n\n"
        "A running server stops on SIGTERM and SIGINT once it has answered what it accepted; a\n"
        "second signal ends it at once. SIGHUP makes it read its rules, its\n"
        "certificates and its log level again.\n",
    .exit_status =
        "Exit status: 0 fine; 1 the server could not start or the command failed, or\n"
        "--check-config has found something; 2 wrong usage, or a file that cannot be read;\n"
        "4 output could not be written.\n",
    .commands = COMMANDS,
    .command_count = sizeof COMMANDS / sizeof *COMMANDS,
    .fallback = &COMMANDS[0],
};
