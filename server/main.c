/* The program deepstream. */

#include "commands/commands.h"

int main(int argc, char **argv)
{
    return (int)application_run(argc, argv);
}
