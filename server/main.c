/* The program deepstream. */

#include "commands/commands.h"

#include <signal.h>

int main(int argc, char **argv)
{
    /* A reader that has gone away is an error of write, not a silent end. */
    signal(SIGPIPE, SIG_IGN);
    return (int)application_run(argc, argv);
}
