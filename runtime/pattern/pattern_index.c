/* Builds an index: patterns are added, best first, to a trie on the heap, which is then laid out in
 * the arena. */

#include "pattern/pattern_index_node.h"

#include "base/vec.h"

struct rank_list {
    uint32_t first, last; /* in builder->links; PATTERN_NONE: empty */
};

struct rank_link {
    uint32_t rank, next;
};

struct build_node {
    slice label;
    uint32_t best;
    uint32_t first_child, next_sibling; /* literal ones; 0: none */
    uint32_t variable, star, dot;
    struct rank_list ends, regexes;
};

struct builder {
    VEC(struct build_node) nodes; /* 0 is the root */
    VEC(struct rank_link) links;
    VEC(uint32_t) order; /* breadth first: number in the index -> number here */
    struct arena *arena;
    const uint32_t *number_of_rank;
    struct pattern_index *index;
    struct index_node *laid_out;
    struct child_table *tables;
    uint32_t table_count;
    char *labels;
    uint32_t label_bytes;
    struct index_end *ends;
    uint32_t end_count;
};

static uint32_t new_node(struct builder *builder, slice label, uint32_t best)
{
    const struct rank_list none = {PATTERN_NONE, PATTERN_NONE};
    VEC_PUSH(&builder->nodes,
             ((struct build_node){.label = label, .best = best, .ends = none, .regexes = none}));
    return (uint32_t)builder->nodes.count - 1;
}

static void append_rank(struct builder *builder, struct rank_list *list, uint32_t rank)
{
    uint32_t link = (uint32_t)builder->links.count;
    VEC_PUSH(&builder->links, ((struct rank_link){rank, PATTERN_NONE}));
    if (list->last == PATTERN_NONE)
        list->first = link;
    else
        builder->links.items[list->last].next = link;
    list->last = link;
}

static size_t common_length(slice a, slice b)
{
    size_t i = 0;
    while (i < a.length && i < b.length && a.at[i] == b.at[i])
        i++;
    return i;
}

/* Where the link to the literal child stands whose label begins as text does, or to which a new one
 * may be added: the first child of node, or the next sibling of *previous. */
static uint32_t find_child(const struct builder *builder, uint32_t node, slice text,
                           uint32_t *previous)
{
    *previous = 0;
    uint32_t child = builder->nodes.items[node].first_child;
    while (child != 0 && builder->nodes.items[child].label.at[0] != text.at[0]) {
        *previous = child;
        child = builder->nodes.items[child].next_sibling;
    }
    return child;
}

/* Cuts the label of a node after `length` bytes: the node keeps the first part, a new child below
 * it everything else. */
static void split(struct builder *builder, uint32_t node, size_t length)
{
    uint32_t below = new_node(builder, SLICE(""), 0);
    struct build_node *upper = &builder->nodes.items[node], *lower = &builder->nodes.items[below];
    slice label = upper->label;
    *lower = *upper;
    lower->label = slice_part(label, length, label.length);
    lower->next_sibling = 0;
    *upper = (struct build_node){.label = slice_part(label, 0, length),
                                 .best = lower->best,
                                 .first_child = below,
                                 .next_sibling = upper->next_sibling,
                                 .ends = {PATTERN_NONE, PATTERN_NONE},
                                 .regexes = {PATTERN_NONE, PATTERN_NONE}};
}

static uint32_t add_child(struct builder *builder, uint32_t node, uint32_t previous, slice text,
                          uint32_t rank)
{
    uint32_t child = new_node(builder, text, rank);
    if (previous == 0)
        builder->nodes.items[node].first_child = child;
    else
        builder->nodes.items[previous].next_sibling = child;
    return child;
}

static uint32_t add_literal(struct builder *builder, uint32_t node, slice text, uint32_t rank)
{
    while (text.length > 0) {
        uint32_t previous, child = find_child(builder, node, text, &previous);
        if (child == 0)
            return add_child(builder, node, previous, text, rank);
        size_t common = common_length(builder->nodes.items[child].label, text);
        if (common < builder->nodes.items[child].label.length)
            split(builder, child, common);
        text = slice_part(text, common, text.length);
        node = child;
    }
    return node;
}

static uint32_t *edge(struct build_node *node, enum element_kind kind)
{
    return kind == ELEMENT_VARIABLE ? &node->variable
           : kind == ELEMENT_STAR   ? &node->star
                                    : &node->dot;
}

static uint32_t add_element(struct builder *builder, uint32_t node, const struct element *element,
                            uint32_t rank)
{
    if (element->kind == ELEMENT_LITERAL)
        return add_literal(builder, node, element->text, rank);
    uint32_t child = *edge(&builder->nodes.items[node], element->kind);
    if (child == 0) {
        child = new_node(builder, SLICE(""), rank);
        *edge(&builder->nodes.items[node], element->kind) = child;
    }
    return child;
}

static void add_pattern(struct builder *builder, const struct pattern *pattern, uint32_t rank)
{
    uint32_t node = 0;
    if (pattern->program != NULL) {
        node = add_literal(builder, node, pattern->prefix, rank);
        append_rank(builder, &builder->nodes.items[node].regexes, rank);
        return;
    }
    for (uint32_t i = 0; i < pattern->element_count; i++)
        node = add_element(builder, node, &pattern->elements[i], rank);
    append_rank(builder, &builder->nodes.items[node].ends, rank);
}

static int compare_keys(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Fills number_of_rank: the longer text first, then the higher number. */
static void rank_patterns(const struct pattern *const *patterns, uint32_t count,
                          uint32_t *number_of_rank)
{
    uint64_t *keys = malloc(((size_t)count + 1) * sizeof *keys);
    CHECK(keys != NULL);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (uint64_t)~patterns[i]->utf16_length << 32 | (uint32_t)~i;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (uint32_t i = 0; i < count; i++)
        number_of_rank[i] = ~(uint32_t)keys[i];
    free(keys);
}

static uint32_t enqueue(struct builder *builder, uint32_t node)
{
    VEC_PUSH(&builder->order, node);
    return (uint32_t)builder->order.count - 1;
}

static uint32_t lay_out_ends(struct builder *builder, struct rank_list list)
{
    if (list.first == PATTERN_NONE)
        return 0;
    uint32_t start = builder->end_count;
    for (uint32_t i = list.first; i != PATTERN_NONE; i = builder->links.items[i].next) {
        uint32_t rank = builder->links.items[i].rank;
        builder->ends[builder->end_count++] =
            (struct index_end){rank, builder->number_of_rank[rank]};
    }
    builder->ends[builder->end_count++] = (struct index_end){PATTERN_NONE, PATTERN_NONE};
    return start;
}

struct sorted_children {
    uint32_t count;
    uint32_t lowest; /* first byte; 256: there are no children */
    bool dense;
    uint32_t by_byte[256]; /* number in the builder, or 0 */
};

static void sort_children(const struct builder *builder, const struct build_node *node,
                          struct sorted_children *children)
{
    uint32_t highest = 0;
    *children = (struct sorted_children){.lowest = 256};
    for (uint32_t i = node->first_child; i != 0; i = builder->nodes.items[i].next_sibling) {
        unsigned char first = (unsigned char)builder->nodes.items[i].label.at[0];
        children->by_byte[first] = i;
        children->count++;
        children->lowest = first < children->lowest ? first : children->lowest;
        highest = first > highest ? first : highest;
    }
    children->dense = children->count == 0 || highest - children->lowest + 1 == children->count;
}

static bool needs_table(const struct sorted_children *children)
{
    return !children->dense && children->count > NODE_INLINE_CHILDREN;
}

static void lay_out_children(struct builder *builder, const struct build_node *from,
                             struct index_node *to)
{
    struct sorted_children children;
    struct child_table table = {{0}};
    sort_children(builder, from, &children);
    to->children = (uint32_t)builder->order.count;
    for (uint32_t first = children.lowest; first < 256; first++) {
        if (children.by_byte[first] == 0)
            continue;
        if (to->child_count < NODE_INLINE_CHILDREN)
            to->child_bytes[to->child_count] = (unsigned char)first;
        table.child_of[first] = ++to->child_count;
        enqueue(builder, children.by_byte[first]);
    }
    if (children.dense)
        to->flags |= INDEX_NODE_DENSE;
    if (needs_table(&children)) {
        to->table = builder->table_count;
        builder->tables[builder->table_count++] = table;
    }
}

static void lay_out_label(struct builder *builder, slice label, struct index_node *to)
{
    char *bytes = to->label.bytes;
    to->label_length = (uint32_t)label.length;
    if (label.length > NODE_INLINE_LABEL) {
        to->label.offset = builder->label_bytes;
        bytes = builder->labels + builder->label_bytes;
        builder->label_bytes += (uint32_t)label.length;
    }
    memcpy(bytes, label.at, label.length);
}

static uint16_t edge_flags(const struct builder *builder, const struct build_node *node)
{
    uint16_t flags = 0;
    bool any_unit = node->variable != 0 || node->star != 0 || node->dot != 0;
    if (any_unit)
        flags |= INDEX_NODE_ANY_UNIT;
    if (any_unit || node->first_child != 0)
        flags |= INDEX_NODE_CONTINUES;
    const struct build_node *child = &builder->nodes.items[node->first_child];
    bool slash = node->first_child == 0 || (child->next_sibling == 0 && child->label.at[0] == '/');
    if (!any_unit && slash)
        flags |= INDEX_NODE_ENDS_AT_SLASH;
    return flags;
}

static void lay_out_edge(struct builder *builder, uint32_t node, uint32_t *link, uint16_t flags)
{
    if (node == 0)
        return;
    *link = enqueue(builder, node);
    builder->laid_out[*link].flags = flags;
}

static void lay_out_node(struct builder *builder, uint32_t number)
{
    const struct build_node *from = &builder->nodes.items[builder->order.items[number]];
    struct index_node *to = &builder->laid_out[number];
    uint16_t once = to->flags & INDEX_NODE_ONCE;
    to->best = from->best;
    to->flags |= edge_flags(builder, from);
    to->ends = lay_out_ends(builder, from->ends);
    to->regexes = lay_out_ends(builder, from->regexes);
    lay_out_label(builder, from->label, to);
    lay_out_children(builder, from, to);
    for (uint32_t i = 0; i < to->child_count; i++)
        builder->laid_out[to->children + i].flags = once;
    const struct build_node *variable = &builder->nodes.items[from->variable];
    bool decided = edge_flags(builder, variable) & INDEX_NODE_ENDS_AT_SLASH;
    lay_out_edge(builder, from->variable, &to->variable, decided ? once : 0);
    lay_out_edge(builder, from->star, &to->star, INDEX_NODE_STAR);
    lay_out_edge(builder, from->dot, &to->dot, once);
    if (to->variable != 0 || to->star != 0 || to->dot != 0 || to->regexes != 0)
        to->flags |= INDEX_NODE_FORKS;
}

static size_t total_label_bytes(const struct builder *builder)
{
    size_t total = 0;
    for (size_t i = 0; i < builder->nodes.count; i++)
        total += builder->nodes.items[i].label.length;
    return total;
}

static size_t count_tables(const struct builder *builder)
{
    size_t tables = 0;
    for (size_t i = 0; i < builder->nodes.count; i++) {
        struct sorted_children children;
        sort_children(builder, &builder->nodes.items[i], &children);
        tables += needs_table(&children);
    }
    return tables;
}

static struct index_node *alloc_nodes(struct arena *arena, size_t count)
{
    size_t bytes = count * sizeof(struct index_node);
    struct index_node *nodes = arena_try_alloc_lines(arena, bytes);
    return nodes == NULL ? NULL : memset(nodes, 0, bytes);
}

static bool alloc_layout(struct builder *builder)
{
    struct arena *arena = builder->arena;
    size_t ends = 2 * builder->links.count + 1;
    if (builder->nodes.count > INDEX_MAX_NODES)
        return false;
    builder->laid_out = alloc_nodes(arena, builder->nodes.count);
    builder->tables = arena_try_alloc(arena, count_tables(builder) * sizeof *builder->tables + 1);
    builder->labels = arena_try_alloc(arena, total_label_bytes(builder) + 1);
    builder->ends = arena_try_alloc(arena, ends * sizeof *builder->ends);
    return builder->laid_out != NULL && builder->tables != NULL && builder->labels != NULL &&
           builder->ends != NULL;
}

/* After all nodes are laid out: what the look-up may take from a node for its variable. */
static void join_variable(const struct builder *builder, struct index_node *node)
{
    const struct index_node *variable = &builder->laid_out[node->variable];
    bool leaf = !(variable->flags & (INDEX_NODE_CONTINUES | INDEX_NODE_FORKS));
    if (node->variable != 0 && leaf && (variable->flags & INDEX_NODE_ONCE))
        node->variable_ends = variable->ends;
}

static bool lay_out(struct builder *builder)
{
    if (!alloc_layout(builder))
        return false;
    builder->ends[builder->end_count++] = (struct index_end){PATTERN_NONE, PATTERN_NONE};
    builder->laid_out[0].flags = INDEX_NODE_ONCE;
    enqueue(builder, 0);
    for (uint32_t i = 0; i < builder->order.count; i++)
        lay_out_node(builder, i);
    for (uint32_t i = 0; i < builder->order.count; i++)
        join_variable(builder, &builder->laid_out[i]);
    builder->index->nodes = builder->laid_out;
    builder->index->tables = builder->tables;
    builder->index->labels = builder->labels;
    builder->index->ends = builder->ends;
    return true;
}

static bool build(struct builder *builder, const struct pattern *const *patterns, uint32_t count)
{
    size_t bytes = ((size_t)count + 1) * sizeof(uint32_t);
    uint32_t *number_of_rank = malloc(bytes);
    CHECK(number_of_rank != NULL);
    rank_patterns(patterns, count, number_of_rank);
    builder->number_of_rank = number_of_rank;
    new_node(builder, SLICE(""), count > 0 ? 0 : PATTERN_NONE);
    for (uint32_t rank = 0; rank < count; rank++)
        add_pattern(builder, patterns[number_of_rank[rank]], rank);
    bool done = lay_out(builder);
    free(number_of_rank);
    return done;
}

static const struct pattern *const *copy_patterns(const struct pattern *const *patterns,
                                                  uint32_t count, struct arena *arena)
{
    const struct pattern **copy = arena_try_alloc(arena, ((size_t)count + 1) * sizeof *copy);
    for (uint32_t i = 0; i < count && copy != NULL; i++)
        copy[i] = patterns[i];
    return copy;
}

struct pattern_index *pattern_index_new(const struct pattern *const *patterns, uint32_t count,
                                        struct arena *arena)
{
    struct builder builder = {.arena = arena};
    builder.index = arena_try_alloc(arena, sizeof *builder.index);
    bool built = builder.index != NULL &&
                 (builder.index->patterns = copy_patterns(patterns, count, arena)) != NULL &&
                 build(&builder, patterns, count);
    VEC_FREE(&builder.nodes);
    VEC_FREE(&builder.links);
    VEC_FREE(&builder.order);
    return built ? builder.index : NULL;
}
