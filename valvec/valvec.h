#pragma once
/* Compiles Valve rule files. The public header of the compiler library: the command line and the
 * server's permission plugin use it; so do tests. */

#include "diag.h"
#include "program.h"

struct valvec_options {
    uint32_t max_rule_iterations;  /* 3; for the warning about references nested too deeply */
    bool unknown_names_are_errors; /* false (valve.md 5.7) */
    bool optimise;                 /* true; false: no folding and no peephole, for explain */
    bool lint;               /* false: errors and the warnings of the compiler; true: all lints */
    bool expand_environment; /* true: ${NAME} as valve.md 1.2 says */
};

struct valvec_options valvec_options_default(void);

/* Compiles the rule file whose name and bytes are given (YAML or JSON). Everything found is added
 * to diagnostics, sorted by position. Returns NULL when there are errors, else a program that lives
 * in arena, like the messages. Reentrant; any thread. */
struct program *valvec_compile(slice file_name, slice text, const struct valvec_options *options,
                               struct arena *arena, struct diagnostics *diagnostics);
