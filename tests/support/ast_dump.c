#include "support/ast_dump.h"

#include <inttypes.h>

struct dump {
    struct buf *out;
    unsigned depth;
};

static void append_detail(const struct ast_node *node, struct buf *out)
{
    switch (node->kind) {
    case AST_NUMBER:
        buf_printf(out, " %.17g", node->number);
        break;
    case AST_UNARY:
    case AST_BINARY:
    case AST_LOGICAL:
        buf_printf(out, " %s", ast_operator_text(node->op));
        break;
    case AST_REGEX:
        buf_printf(out, " /" SLICE_FORMAT "/" SLICE_FORMAT, SLICE_ARGUMENTS(node->text),
                   SLICE_ARGUMENTS(node->flags));
        break;
    case AST_TEXT:
    case AST_NAME:
    case AST_MEMBER:
    case AST_PROPERTY:
        buf_printf(out, " `" SLICE_FORMAT "`", SLICE_ARGUMENTS(node->text));
        break;
    default:
        break;
    }
}

static bool dump_node(void *context, struct ast_node *node)
{
    struct dump *dump = context;
    buf_printf(dump->out, "%*s%s", (int)(dump->depth * 2), "", ast_kind_name(node->kind));
    append_detail(node, dump->out);
    if (node->optional)
        buf_append_text(dump->out, " optional");
    if (node->parenthesised)
        buf_append_text(dump->out, " parenthesised");
    buf_printf(dump->out, " %" PRIu32 "-%" PRIu32 "\n", node->start, node->end);
    dump->depth++;
    return true;
}

static void leave_node(void *context, struct ast_node *node)
{
    (void)node;
    ((struct dump *)context)->depth--;
}

void ast_dump(const struct ast_node *root, struct buf *out)
{
    struct dump dump = {out, 0};
    struct ast_visitor visitor = {.enter = dump_node, .leave = leave_node, .context = &dump};
    /* The walk takes a tree that visitors may change; this one does not. */
    ast_walk((struct ast_node *)(uintptr_t)root, &visitor);
}
