#pragma once
/* The rules a command works with: a rule file that is compiled at once, or a compiled program,
 * recognised by its first bytes. */

#include "exit_code.h"
#include "valve.h"
#include "valvec.h"
#include "base/buf.h"

struct rules {
    const char *path; /* borrowed */
    struct buf bytes; /* of the file */
    struct arena arena;
    struct diagnostics diagnostics;
    struct valve_program *program;  /* ready to run */
    const struct program *contents; /* what is in it */
    bool was_compiled;              /* the file is a program */
};

/* Whether bytes begin like a compiled program. */
bool rules_is_program(slice bytes);

/* Reads, compiles and loads. Errors are printed on standard error. Free rules in any case. */
enum exit_code rules_load(struct rules *rules, const char *path,
                          const struct valvec_options *options, bool colour_errors);
void rules_free(struct rules *rules);

/* Prints findings of at least this severity on standard error. */
void rules_print_diagnostics(const struct diagnostics *diagnostics, enum severity least,
                             bool colour_errors);
