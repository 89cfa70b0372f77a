#pragma once
/* `${NAME}` in a rule file (valve.md 1.2). */

#include "diag.h"
#include "source.h"

/* Replaces `${NAME}` by the environment variable NAME where it is set, and returns the new text,
 * mapped to the file. A name that is unset stays as it is; that, and a name set to nothing, is
 * reported as a warning. Lines that are comments are left alone, and so is `${...}` of a template
 * literal unless NAME is set and is no variable of rules. Values are read with getenv: the host
 * must not change its environment meanwhile. */
struct mapped_text environment_expand(const struct source *source, struct arena *arena,
                                      struct diagnostics *diagnostics);
