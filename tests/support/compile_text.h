#pragma once
/* Compiles rule files that stand in a test, and shows what came out as text that a test can quote.
 */

#include "diag.h"
#include "program.h"
#include "valvec.h"

struct compiled {
    struct arena arena;
    struct diagnostics diagnostics;
    struct program *program; /* NULL when there were errors */
};

/* Compiles a whole file of that name. */
void compile_file(struct compiled *compiled, slice name, slice text,
                  const struct valvec_options *options);
void compiled_fini(struct compiled *compiled);

/* A complete rule file with one more record path, `path`, that has one rule; all sections and roots
 * are there. The path stands in line 3, the rule in line 4 from column 4 + length of type + 2.
 * Lives in arena. */
slice rule_file(struct arena *arena, const char *path, const char *type, const char *rule);

/* Every diagnostic, one line each:
 *
 *     4:13-4:16 error unknown-name: message | hint
 */
void show_diagnostics(const struct diagnostics *diagnostics, struct buf *out);

/* The instructions of a rule, separated by semicolons: `LOAD_USER; GET_MEMBER 'id'; RETURN`. Jumps
 * show the number of the instruction that they lead to. */
void show_code(const struct program *program, uint32_t rule, struct buf *out);
