#pragma once
/* From the bytes of a rule file to its tree (valve.md 1.2). */

#include "document/document.h"

/* Reads source, YAML or JSON, into a tree that lives in arena. With expand_environment, `${NAME}`
 * is replaced first. Everything wrong with the notation is reported in diagnostics. */
struct tree_document rulefile_read(const struct source *source, bool expand_environment,
                                   struct arena *arena, struct diagnostics *diagnostics);
