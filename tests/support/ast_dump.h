#pragma once
/* The tree of an expression as text: one node a line, children indented below it. */

#include "ast.h"

#include "base/buf.h"

void ast_dump(const struct ast_node *root, struct buf *out);
