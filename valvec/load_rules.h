#pragma once
/* Rules for a command, from whatever file the user named: YAML, JSON, or a compiled program, which
 * is known by its first bytes. */

#include "terminal/option.h"
#include "report.h"
#include "valvec.h"

struct rules {
    struct arena arena;
    struct buf bytes; /* of the file */
    slice name;       /* as messages show it */
    bool was_compiled;
    struct diagnostics diagnostics;
    struct valve_program *program;  /* ready to run */
    const struct program *contents; /* the same, to look into */
};

/* Reads only: fills bytes, name and was_compiled. Says on standard error what failed and returns
 * EXIT_IO then. Call rules_fini in any case. */
enum exit_status rules_read(struct rules *rules, const char *path);

/* Reads, and makes a program of it. Prints errors, and only them, to standard error. Call
 * rules_fini in any case. */
enum exit_status rules_load(struct rules *rules, const char *path,
                            const struct valvec_options *options, enum colour_choice colour);

/* Makes contents and program of what rules_read has read, without printing anything: false when
 * there are errors, in diagnostics, or in *error for a compiled file. */
bool rules_build(struct rules *rules, const struct valvec_options *options,
                 struct valve_load_error *error);

/* For commands that look at the text of rules: puts the text of a compiled file (program_text.h) in
 * the place of its bytes. Other files are left as they are. False when the program cannot be
 * loaded, which has been said on standard error then. */
bool rules_take_text(struct rules *rules);

/* Prints "valvec: FILE: what is wrong" about a compiled file to standard error. */
void rules_report_program(const struct rules *rules, const struct valve_load_error *error);

/* Adds the errors among diagnostics to a report. */
void report_add_errors(struct report *report, const struct diagnostics *diagnostics);

/* Prints the errors among diagnostics to standard error. */
void print_errors(const struct diagnostics *diagnostics, enum colour_choice colour);

void rules_fini(struct rules *rules);
