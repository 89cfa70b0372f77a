#include "ast.h"

#include "base/check.h"

struct kind_info {
    const char *name;
    int least, most;
};

static const struct kind_info KINDS[] = {
#define AST(name, least, most, meaning) {#name, least, most},
#include "ast_nodes.def"
#undef AST
};

const char *ast_kind_name(enum ast_kind kind)
{
    CHECK(kind < AST_KIND_COUNT);
    return KINDS[kind].name;
}

const char *ast_operator_text(enum ast_operator op)
{
    static const char *const texts[] = {
        "",
#define OPERATOR(name, text, kind, instruction) text,
#include "operators.def"
#undef OPERATOR
    };
    CHECK(op < AST_OPERATOR_COUNT);
    return texts[op];
}

struct ast_node *ast_new(struct arena *arena, enum ast_kind kind, uint32_t start, uint32_t end)
{
    struct ast_node *node = arena_alloc_zeroed(arena, sizeof *node);
    node->kind = kind;
    node->start = start;
    node->end = end;
    return node;
}

void ast_append(struct ast_node *parent, struct ast_node *child)
{
    child->parent = parent;
    if (parent->last_child == NULL)
        parent->first_child = child;
    else
        parent->last_child->next = child;
    parent->last_child = child;
}

uint32_t ast_child_count(const struct ast_node *node)
{
    uint32_t count = 0;
    for (const struct ast_node *child = node->first_child; child != NULL; child = child->next)
        count++;
    return count;
}

static bool enter(const struct ast_visitor *visitor, struct ast_node *node)
{
    return visitor->enter == NULL || visitor->enter(visitor->context, node);
}

void ast_walk(struct ast_node *root, const struct ast_visitor *visitor)
{
    struct ast_node *node = root;
    for (;;) {
        if (enter(visitor, node) && node->first_child != NULL) {
            node = node->first_child;
            continue;
        }
        for (;;) {
            struct ast_node *parent = node->parent, *next = node->next;
            if (visitor->leave != NULL)
                visitor->leave(visitor->context, node);
            if (node == root)
                return;
            if (next != NULL) {
                if (visitor->between != NULL)
                    visitor->between(visitor->context, parent, node);
                node = next;
                break;
            }
            node = parent;
        }
    }
}
