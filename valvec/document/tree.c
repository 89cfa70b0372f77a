/* Lists and maps of a rule file, and the rule that a key stands once in a map. */

#include "document/tree.h"

#include "base/check.h"

#define INDEX_FROM 16 /* members; below that a look at each is faster than an index */

const struct tree_member *tree_find(const struct tree_node *map, slice key)
{
    for (uint32_t i = 0; map->kind == TREE_MAP && i < map->count; i++) {
        if (slice_equal(map->members[i].key.text, key))
            return &map->members[i];
    }
    return NULL;
}

const char *tree_kind_name(enum tree_kind kind)
{
    static const char *const NAMES[] = {
        [TREE_NULL] = "null",  [TREE_BOOLEAN] = "boolean", [TREE_NUMBER] = "number",
        [TREE_DATE] = "date",  [TREE_TEXT] = "string",     [TREE_LIST] = "list",
        [TREE_MAP] = "object",
    };
    return NAMES[kind];
}

void tree_builder_init(struct tree_builder *builder, struct tree_node *node)
{
    *builder = (struct tree_builder){.node = node};
}

void tree_builder_fini(struct tree_builder *builder)
{
    if (builder->members.count > INDEX_FROM)
        hashmap_fini(&builder->index);
    VEC_FREE(&builder->members);
    VEC_FREE(&builder->items);
}

static void *copy_items(struct arena *arena, const void *items, size_t size)
{
    return size == 0 ? NULL : memcpy(arena_alloc(arena, size), items, size);
}

void tree_builder_finish(struct tree_builder *builder, struct arena *arena)
{
    struct tree_node *node = builder->node;
    if (node->kind == TREE_MAP) {
        node->count = (uint32_t)builder->members.count;
        node->members =
            copy_items(arena, builder->members.items, node->count * sizeof *builder->members.items);
    } else {
        node->count = (uint32_t)builder->items.count;
        node->items =
            copy_items(arena, builder->items.items, node->count * sizeof *builder->items.items);
    }
    tree_builder_fini(builder);
}

void tree_builder_add_item(struct tree_builder *builder, struct tree_node *item)
{
    VEC_PUSH(&builder->items, item);
}

static void index_member(struct tree_builder *builder, size_t number)
{
    hashmap_put(&builder->index, builder->members.items[number].key.text,
                (void *)(uintptr_t)(number + 1));
}

static struct tree_member *find_member(struct tree_builder *builder, slice key)
{
    if (builder->members.count > INDEX_FROM) {
        uintptr_t number = (uintptr_t)hashmap_find(&builder->index, key);
        return number == 0 ? NULL : &builder->members.items[number - 1];
    }
    for (size_t i = 0; i < builder->members.count; i++) {
        if (slice_equal(builder->members.items[i].key.text, key))
            return &builder->members.items[i];
    }
    return NULL;
}

static void push_member(struct tree_builder *builder, struct tree_member member)
{
    VEC_PUSH(&builder->members, member);
    size_t count = builder->members.count;
    if (count == INDEX_FROM + 1) {
        hashmap_init(&builder->index);
        for (size_t i = 0; i < count; i++)
            index_member(builder, i);
    } else if (count > INDEX_FROM) {
        index_member(builder, count - 1);
    }
}

void tree_builder_add_member(struct tree_builder *builder, const struct tree_node *key_node,
                             struct mapped_text key, struct tree_node *value,
                             struct diagnostics *diagnostics)
{
    struct tree_member member = {key, key_node, value, false};
    struct tree_member *present = find_member(builder, key.text);
    if (present == NULL) {
        push_member(builder, member);
    } else if (present->merged) {
        *present = member;
    } else {
        struct source_position first = source_position(key.source, present->key_node->start);
        diagnose(diagnostics, DIAG_DUPLICATE_KEY, key.source, key_node->start, key_node->end,
                 SLICE_ARGUMENTS(key.text), first.line);
    }
}

void tree_builder_merge(struct tree_builder *builder, const struct tree_node *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        struct tree_member member = map->members[i];
        member.merged = true;
        if (find_member(builder, member.key.text) == NULL)
            push_member(builder, member);
    }
}
