#pragma once
/* Filters of MQTT (3.1.1, 4.7) as a tree of levels: which of them match a name costs what the name
 * and the matches cost, however many others there are. Texts are copied. */

#include "base/slice.h"
#include "base/vec.h"

struct filter_tree;

struct filter_tree *filter_tree_new(void);
void filter_tree_free(struct filter_tree **tree);

/* One that is there already stays; one that is not there is not taken out. */
void filter_tree_add(struct filter_tree *tree, slice filter);
void filter_tree_remove(struct filter_tree *tree, slice filter);

bool filter_tree_is_empty(const struct filter_tree *tree);

/* Filters, until the tree changes. */
struct filter_matches {
    VEC(slice) filters;
};

/* The filters that a name is among, in place of those that were in matches. */
void filter_tree_match(struct filter_tree *tree, slice name, struct filter_matches *matches);
