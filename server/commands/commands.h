#pragma once
/* The commands of deepstream, one line each in commands.def and one file cmd_<name>.c. */

#include "terminal/command.h"

#define COMMAND(name, operands, summary) enum exit_status cmd_##name(int argc, char **argv);
#include "commands.def"
#undef COMMAND
