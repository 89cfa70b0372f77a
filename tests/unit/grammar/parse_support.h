#pragma once
/* What the tests of the parser share: one expression, parsed, with what was said about it. */

#include "parse.h"
#include "tree_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct parsed {
    struct arena arena;
    struct source source;
    struct text_piece start;
    struct mapped_text text;
    struct diagnostics diagnostics;
    struct ast_node *tree;
};

static inline void parse(struct parsed *parsed, slice text)
{
    arena_init(&parsed->arena, 0);
    source_init(&parsed->source, SLICE("rule"), text, &parsed->arena);
    parsed->start = (struct text_piece){0, 0};
    parsed->text = (struct mapped_text){text, &parsed->source, &parsed->start, 1};
    diagnostics_init(&parsed->diagnostics, &parsed->arena);
    parsed->tree = parse_expression(&parsed->text, &parsed->arena, &parsed->diagnostics);
    assert_true((parsed->tree == NULL) == (parsed->diagnostics.error_count > 0));
}

static inline void parsed_fini(struct parsed *parsed)
{
    diagnostics_fini(&parsed->diagnostics);
    arena_fini(&parsed->arena);
}

static inline void append_findings(const struct parsed *parsed, struct buf *out)
{
    for (size_t i = 0; i < parsed->diagnostics.list.count; i++)
        diagnostic_print(&parsed->diagnostics.list.items[i], out, false);
}

/* The tree as tree_text.h writes it, or what is wrong. */
static inline void expect_tree_of(slice text, const char *expected)
{
    struct parsed parsed;
    struct buf shown = BUF_EMPTY;
    parse(&parsed, text);
    if (parsed.tree != NULL)
        tree_text(parsed.tree, &shown);
    append_findings(&parsed, &shown);
    buf_append_byte(&shown, '\0');
    assert_string_equal(shown.at, expected);
    buf_fini(&shown);
    parsed_fini(&parsed);
}

static inline void expect_tree(const char *text, const char *expected)
{
    expect_tree_of(slice_of(text), expected);
}

/* Exactly one finding, with this id. */
static inline void expect_refused_as(slice text, const char *id)
{
    struct parsed parsed;
    parse(&parsed, text);
    assert_null(parsed.tree);
    assert_int_equal(parsed.diagnostics.list.count, 1);
    assert_string_equal(diagnostic_info(parsed.diagnostics.list.items[0].id)->id, id);
    parsed_fini(&parsed);
}
