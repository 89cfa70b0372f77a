#include "ast.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct ast_node *name(struct arena *arena, const char *text)
{
    struct ast_node *node = ast_new(arena, AST_NAME, 0, 1);
    node->text = slice_of(text);
    return node;
}

/* [a b c] */
static struct ast_node *list(struct arena *arena)
{
    struct ast_node *node = ast_new(arena, AST_ARRAY, 0, 3);
    ast_append(node, name(arena, "a"));
    ast_append(node, name(arena, "b"));
    ast_append(node, name(arena, "c"));
    return node;
}

static bool trace_enter(void *context, struct ast_node *node)
{
    buf_printf(context, "<%s" SLICE_FORMAT, ast_kind_name(node->kind), SLICE_ARGUMENTS(node->text));
    return !(node->text.length == 1 && node->text.at[0] == 's');
}

static void trace_between(void *context, struct ast_node *parent, struct ast_node *done)
{
    assert_ptr_equal(done->parent, parent);
    buf_append_byte(context, '|');
}

static void trace_leave(void *context, struct ast_node *node)
{
    (void)node;
    buf_append_byte(context, '>');
}

static void expect_walk(struct ast_node *root, const char *expected)
{
    struct buf trace = BUF_EMPTY;
    struct ast_visitor visitor = {trace_enter, trace_between, trace_leave, &trace};
    ast_walk(root, &visitor);
    buf_append_byte(&trace, '\0');
    assert_string_equal(trace.at, expected);
    buf_fini(&trace);
}

static void children_are_linked_in_order(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct ast_node *node = list(&arena);
    assert_int_equal(ast_child_count(node), 3);
    assert_ptr_equal(node->first_child->parent, node);
    assert_ptr_equal(node->first_child->next->next, node->last_child);
    assert_null(node->last_child->next);
    assert_int_equal(ast_child_count(node->first_child), 0);
    arena_fini(&arena);
}

static void a_walk_visits_in_source_order(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct ast_node *node = list(&arena);
    ast_append(node, list(&arena));
    expect_walk(node, "<ARRAY<NAMEa>|<NAMEb>|<NAMEc>|<ARRAY<NAMEa>|<NAMEb>|<NAMEc>>>");
    arena_fini(&arena);
}

static void a_walk_stays_below_its_root(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct ast_node *node = list(&arena);
    expect_walk(node->first_child, "<NAMEa>");
    arena_fini(&arena);
}

static void a_refused_node_is_left_without_its_children(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct ast_node *node = list(&arena);
    struct ast_node *inner = list(&arena);
    inner->text = SLICE("s");
    ast_append(node, inner);
    ast_append(node, name(&arena, "d"));
    expect_walk(node, "<ARRAY<NAMEa>|<NAMEb>|<NAMEc>|<ARRAYs>|<NAMEd>>");
    arena_fini(&arena);
}

static void every_part_of_a_visitor_may_be_missing(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct ast_visitor visitor = {0};
    ast_walk(list(&arena), &visitor);
    arena_fini(&arena);
}

static void kinds_and_operators_have_names(void **state)
{
    (void)state;
    assert_string_equal(ast_kind_name(AST_CONDITIONAL), "CONDITIONAL");
    assert_string_equal(ast_operator_text(OPERATOR_NONE), "");
    assert_string_equal(ast_operator_text(OPERATOR_NOT), "!");
    assert_string_equal(ast_operator_text(OPERATOR_COALESCE), "??");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_are_linked_in_order),
        cmocka_unit_test(a_walk_visits_in_source_order),
        cmocka_unit_test(a_walk_stays_below_its_root),
        cmocka_unit_test(a_refused_node_is_left_without_its_children),
        cmocka_unit_test(every_part_of_a_visitor_may_be_missing),
        cmocka_unit_test(kinds_and_operators_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
