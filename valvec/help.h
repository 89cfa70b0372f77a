#pragma once
/* The texts of `valvec --help`, `valvec COMMAND --help` and `valvec --version`, made of
 * commands.def and of the option tables. */

#include "option.h"

/* Print to standard output. */
enum exit_status help_print_program(void);
enum exit_status help_print_command(const struct command_line *line);
enum exit_status help_print_version(void);

/* ---- option.c ---- */

/* The options that every command takes. */
const struct option *common_options(size_t *count);
