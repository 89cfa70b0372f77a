/* The table of commands, made of commands.def. */

#include "command.h"

#include <string.h>

static const struct command COMMANDS[] = {
#define COMMAND(name, operands, summary) {#name, operands, summary, cmd_##name},
#include "commands.def"
#undef COMMAND
};

const struct command *command_at(size_t number)
{
    return number < sizeof COMMANDS / sizeof *COMMANDS ? &COMMANDS[number] : NULL;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; command_at(i) != NULL; i++) {
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    }
    return NULL;
}
