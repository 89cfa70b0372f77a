/* Lists and maps being written wait on a stack as deep as a tree may be. */

#include "document/tree_json.h"

#include "json.h"
#include "document/scalar.h"
#include "base/check.h"

struct frame {
    const struct tree_node *node;
    uint32_t next; /* number of the member or item to write */
};

static bool write_number(const struct tree_node *node, struct buf *out)
{
    struct arena scratch;
    arena_init(&scratch, 0);
    slice text = scalar_key_text(node, &scratch);
    char last = text.at[text.length - 1];
    bool is_finite = last >= '0' && last <= '9';
    buf_append(out, text);
    arena_fini(&scratch);
    return is_finite;
}

static bool write_scalar(const struct tree_node *node, struct buf *out)
{
    switch (node->kind) {
    case TREE_NULL:
        buf_append_text(out, "null");
        return true;
    case TREE_BOOLEAN:
        buf_append_text(out, node->boolean ? "true" : "false");
        return true;
    case TREE_NUMBER:
        return write_number(node, out);
    default:
        json_write_text(out, node->text.text);
        return true;
    }
}

static bool has_parts(const struct tree_node *node)
{
    return node->kind == TREE_MAP || node->kind == TREE_LIST;
}

/* Writes what stands before the next part of a list or map, and returns the part; NULL at the end.
 */
static const struct tree_node *next_part(struct frame *frame, struct buf *out)
{
    const struct tree_node *node = frame->node;
    bool is_map = node->kind == TREE_MAP;
    if (frame->next == node->count) {
        buf_append_byte(out, is_map ? '}' : ']');
        return NULL;
    }
    if (frame->next > 0)
        buf_append_byte(out, ',');
    uint32_t number = frame->next++;
    if (!is_map)
        return node->items[number];
    json_write_text(out, node->members[number].key.text);
    buf_append_byte(out, ':');
    return node->members[number].value;
}

const struct tree_node *tree_to_json(const struct tree_node *node, size_t max_bytes,
                                     struct buf *out)
{
    struct frame frames[TREE_MAX_DEPTH + 1];
    uint32_t depth = 0;
    size_t start = out->length;
    while (node != NULL) {
        if (out->length - start > max_bytes)
            return node;
        if (has_parts(node)) {
            CHECK(depth <= TREE_MAX_DEPTH);
            frames[depth++] = (struct frame){node, 0};
            buf_append_byte(out, node->kind == TREE_MAP ? '{' : '[');
        } else if (!write_scalar(node, out)) {
            return node;
        }
        node = NULL;
        while (depth > 0 && node == NULL) {
            node = next_part(&frames[depth - 1], out);
            depth -= node == NULL;
        }
    }
    return NULL;
}
