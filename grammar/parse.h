#pragma once
/* Expression text -> syntax tree. */

#include "ast.h"
#include "diag.h"

#define PARSE_MAX_NESTING 256             /* valve.md 5.9 */
#define PARSE_MAX_TEXT_BYTES (64u * 1024u) /* valve.md 5.9 */

/* Parses one rule expression. The tree lives in arena and borrows text. Reports everything wrong with
 * the syntax in diagnostics and returns NULL then. Never recurses, whatever the input. */
struct ast_node *parse_expression(const struct mapped_text *text, struct arena *arena,
                                  struct diagnostics *diagnostics);
