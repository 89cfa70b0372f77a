#pragma once
/* What `valvec lint --list` and `--explain` print. */

#include "base/buf.h"

#include <stdbool.h>

/* All lints, one a line, or as a JSON array. */
void lint_help_list(bool as_json, struct buf *out);

/* The page of a lint, or a word about an error. False when there is nothing of that name. */
bool lint_help_explain(const char *id, struct buf *out);
