#pragma once
/* What a scalar of a YAML file means, and where its text stands. */

#include "document/tree.h"

/* The kind of a scalar without quotes (valve.md 1.2); *boolean is set for a BOOLEAN. */
enum tree_kind scalar_kind(slice text, bool *boolean);

/* What the text of a NUMBER stands for. */
double scalar_number(slice text);

/* The text a scalar becomes when it is a key: 0x10 is 16, True is true. */
slice scalar_key_text(const struct tree_node *scalar, struct arena *arena);

enum scalar_style {
    SCALAR_PLAIN,
    SCALAR_SINGLE_QUOTED,
    SCALAR_DOUBLE_QUOTED,
    SCALAR_LITERAL,
    SCALAR_FOLDED,
};

/* The decoded text of a scalar with the place of each of its bytes. The scalar stands in origin
 * from `start` to `end`, possibly after an anchor or a tag. Where the file is too strange to
 * follow, the rest of the text is said to stand at the last place that was certain. */
struct mapped_text scalar_map(const struct mapped_text *origin, uint32_t start, uint32_t end,
                              enum scalar_style style, slice decoded, struct arena *arena);
