/* A name is walked down level by level, in all places at once where it may be: a level leads from a
 * place to its child of that text and to its child `+`; a child `#` matches whatever is left. */

#include "handlers/filter_tree.h"

#include "message/mqtt.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <stdlib.h>

struct place {
    struct place *parent;
    struct hashmap children; /* level -> struct place, which holds the key */
    char *filter;            /* the one that ends here, or NULL */
    size_t filter_length;
    size_t length;
    char level[];
};

typedef VEC(struct place *) places;

struct filter_tree {
    struct place *root;
    places here, next; /* of the walk; empty otherwise, their memory is kept */
};

static struct place *place_new(struct place *parent, slice level)
{
    struct place *place = malloc(sizeof *place + level.length);
    CHECK(place != NULL);
    *place = (struct place){.parent = parent, .length = level.length};
    hashmap_init(&place->children);
    if (level.length > 0)
        memcpy(place->level, level.at, level.length);
    return place;
}

static slice level_of(const struct place *place)
{
    return (slice){place->level, place->length};
}

static void place_free(struct place *place)
{
    hashmap_fini(&place->children);
    free(place->filter);
    free(place);
}

struct filter_tree *filter_tree_new(void)
{
    struct filter_tree *tree = calloc(1, sizeof *tree);
    CHECK(tree != NULL);
    tree->root = place_new(NULL, SLICE(""));
    return tree;
}

/* Leaves first; a path is as long as a stranger's filter, so not by recursion. */
void filter_tree_free(struct filter_tree **tree)
{
    if (*tree == NULL)
        return;
    struct place *place = (*tree)->root;
    while (place != NULL) {
        size_t position = 0;
        const struct hashmap_entry *child = hashmap_next(&place->children, &position);
        if (child != NULL) {
            place = child->value;
            continue;
        }
        struct place *parent = place->parent;
        if (parent != NULL)
            hashmap_remove(&parent->children, level_of(place));
        place_free(place);
        place = parent;
    }
    VEC_FREE(&(*tree)->here);
    VEC_FREE(&(*tree)->next);
    free(*tree);
    *tree = NULL;
}

bool filter_tree_is_empty(const struct filter_tree *tree)
{
    return tree->root->children.count == 0;
}

/* ---- adding and taking out ---- */

void filter_tree_add(struct filter_tree *tree, slice filter)
{
    struct place *place = tree->root;
    for (size_t position = 0; position <= filter.length;) {
        slice level = mqtt_level_next(filter, &position);
        struct place *child = hashmap_find(&place->children, level);
        if (child == NULL) {
            child = place_new(place, level);
            hashmap_put(&place->children, level_of(child), child);
        }
        place = child;
    }
    if (place->filter != NULL)
        return;
    place->filter = slice_to_text(filter);
    place->filter_length = filter.length;
}

static struct place *find(const struct filter_tree *tree, slice filter)
{
    struct place *place = tree->root;
    for (size_t position = 0; position <= filter.length && place != NULL;)
        place = hashmap_find(&place->children, mqtt_level_next(filter, &position));
    return place;
}

void filter_tree_remove(struct filter_tree *tree, slice filter)
{
    struct place *place = find(tree, filter);
    if (place == NULL)
        return;
    free(place->filter);
    place->filter = NULL;
    while (place->parent != NULL && place->filter == NULL && place->children.count == 0) {
        struct place *parent = place->parent;
        hashmap_remove(&parent->children, level_of(place));
        place_free(place);
        place = parent;
    }
}

/* ---- matching ---- */

static void note_filter(const struct place *place, struct filter_matches *matches)
{
    if (place != NULL && place->filter != NULL)
        VEC_PUSH(&matches->filters, ((slice){place->filter, place->filter_length}));
}

static void step_to(places *next, struct place *child)
{
    if (child != NULL)
        VEC_PUSH(next, child);
}

/* A name may have levels that look like wildcards: each child is stepped to once. */
static void step(struct filter_tree *tree, const struct place *from, slice level)
{
    if (!slice_equal(level, SLICE("#")))
        step_to(&tree->next, hashmap_find(&from->children, level));
    if (!slice_equal(level, SLICE("+")))
        step_to(&tree->next, hashmap_find(&from->children, SLICE("+")));
}

/* Wildcards of the first level are not for names that begin with $ (4.7.2). */
static void first_step(struct filter_tree *tree, slice level, struct filter_matches *matches)
{
    const struct place *root = tree->root;
    if (level.length > 0 && level.at[0] == '$') {
        step_to(&tree->next, hashmap_find(&root->children, level));
        return;
    }
    note_filter(hashmap_find(&root->children, SLICE("#")), matches);
    step(tree, root, level);
}

static void take_step(struct filter_tree *tree)
{
    places walked = tree->here;
    tree->here = tree->next;
    tree->next = walked;
    tree->next.count = 0;
}

void filter_tree_match(struct filter_tree *tree, slice name, struct filter_matches *matches)
{
    size_t position = 0;
    matches->filters.count = 0;
    if (name.length == 0 || filter_tree_is_empty(tree))
        return;
    first_step(tree, mqtt_level_next(name, &position), matches);
    take_step(tree);
    while (tree->here.count > 0) {
        bool is_end = position > name.length;
        slice level = is_end ? SLICE("") : mqtt_level_next(name, &position);
        for (size_t i = 0; i < tree->here.count; i++) {
            const struct place *place = tree->here.items[i];
            note_filter(hashmap_find(&place->children, SLICE("#")), matches);
            if (is_end)
                note_filter(place, matches);
            else
                step(tree, place, level);
        }
        take_step(tree);
    }
}
