#pragma once
/* The texts of `NAME --help`, `NAME COMMAND --help` and `NAME --version`, made of the application's
 * table and of the option tables. */

#include "option.h"

/* Print to standard output. */
enum exit_status help_print_program(void);
enum exit_status help_print_command(const struct command_line *line);
enum exit_status help_print_version(void);

/* ---- option.c ---- */

/* The options that every command takes. */
const struct option *common_options(size_t *count);
