#pragma once
/* The tree of a file -> JSON text. */

#include "document/tree.h"
#include "base/buf.h"

/* Appends node as JSON. Dates are texts as they are written. Returns NULL, or the part that JSON
 * cannot say (an infinity, or what is not a number), or the part at which max_bytes were passed. */
const struct tree_node *tree_to_json(const struct tree_node *node, size_t max_bytes,
                                     struct buf *out);
