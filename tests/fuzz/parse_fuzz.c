/* Any bytes are parsed or refused. A refused rule says why, at a place inside its file; a tree has
 * the shape that ast_nodes.def promises, its spans nest, and parsing again gives the same tree. */

#include "support/ast_dump.h"

#include "base/check.h"
#include "parse.h"

struct attempt {
    struct arena arena;
    struct source source;
    struct diagnostics diagnostics;
    struct mapped_text text;
    struct text_piece pieces[2];
    struct ast_node *tree;
};

/* The file holds the rule between quotes, with three more bytes before its second half. */
static void attempt_init(struct attempt *attempt, slice rule)
{
    arena_init(&attempt->arena, 0);
    diagnostics_init(&attempt->diagnostics, &attempt->arena);
    slice head = slice_part(rule, 0, rule.length / 2);
    slice tail = slice_part(rule, rule.length / 2, rule.length);
    struct buf file = BUF_EMPTY;
    buf_append_byte(&file, '"');
    buf_append(&file, head);
    buf_append_text(&file, "\\\n ");
    buf_append(&file, tail);
    buf_append_byte(&file, '"');
    slice kept = arena_copy(&attempt->arena, buf_slice(&file));
    buf_fini(&file);
    source_init(&attempt->source, SLICE("fuzz"), kept, &attempt->arena);
    attempt->pieces[0] = (struct text_piece){0, 1};
    attempt->pieces[1] = (struct text_piece){(uint32_t)head.length, (uint32_t)head.length + 4};
    bool one_piece = head.length == 0;
    attempt->text = (struct mapped_text){rule, &attempt->source,
                                         attempt->pieces + (one_piece ? 1 : 0), one_piece ? 1 : 2};
    attempt->tree = parse_expression(&attempt->text, &attempt->arena, &attempt->diagnostics);
}

static void attempt_fini(struct attempt *attempt)
{
    diagnostics_fini(&attempt->diagnostics);
    arena_fini(&attempt->arena);
}

static void check_child_count(const struct ast_node *node)
{
    static const int limits[][2] = {
#define AST(name, least, most, meaning) {least, most},
#include "ast_nodes.def"
#undef AST
    };
    int count = (int)ast_child_count(node);
    CHECK(count >= limits[node->kind][0]);
    CHECK(limits[node->kind][1] < 0 || count <= limits[node->kind][1]);
}

static bool check_node(void *context, struct ast_node *node)
{
    const struct attempt *attempt = context;
    CHECK(node->start <= node->end && node->end <= attempt->text.text.length);
    CHECK(node->name_start <= node->end);
    check_child_count(node);
    CHECK((node->parent == NULL) == (node == attempt->tree));
    if (node->parent != NULL)
        CHECK(node->parent->start <= node->start && node->end <= node->parent->end);
    if (node->next != NULL)
        CHECK(node->end <= node->next->start);
    return true;
}

static void check_findings(const struct attempt *attempt)
{
    const struct diagnostics *diagnostics = &attempt->diagnostics;
    CHECK((attempt->tree == NULL) == (diagnostics->error_count > 0));
    for (size_t i = 0; i < diagnostics->list.count; i++) {
        const struct diagnostic *found = &diagnostics->list.items[i];
        CHECK(found->start <= found->end && found->end <= attempt->source.text.length);
        CHECK(found->message.length > 0);
        struct buf shown = BUF_EMPTY;
        diagnostic_print(found, &shown, i % 2 == 0);
        CHECK(shown.length > 0);
        buf_fini(&shown);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice rule = {(const char *)data, size};
    struct attempt first, second;
    attempt_init(&first, rule);
    check_findings(&first);
    diagnostics_sort(&first.diagnostics);
    if (first.tree != NULL) {
        struct ast_visitor visitor = {.enter = check_node, .context = &first};
        ast_walk(first.tree, &visitor);
        attempt_init(&second, rule);
        struct buf once = BUF_EMPTY, again = BUF_EMPTY;
        ast_dump(first.tree, &once);
        ast_dump(second.tree, &again);
        CHECK(slice_equal(buf_slice(&once), buf_slice(&again)));
        buf_fini(&once);
        buf_fini(&again);
        attempt_fini(&second);
    }
    attempt_fini(&first);
    return 0;
}
