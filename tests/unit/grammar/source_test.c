#include "source.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct source source;
};

static void begin(struct fixture *fixture, slice text)
{
    arena_init(&fixture->arena, 0);
    source_init(&fixture->source, SLICE("rules.yml"), text, &fixture->arena);
}

static void end(struct fixture *fixture)
{
    arena_fini(&fixture->arena);
}

static void expect_position(const struct fixture *fixture, uint32_t offset, uint32_t line,
                            uint32_t column)
{
    struct source_position position = source_position(&fixture->source, offset);
    assert_int_equal(position.line, line);
    assert_int_equal(position.column, column);
}

static void expect_line(const struct fixture *fixture, uint32_t line, const char *text)
{
    assert_true(slice_equal(source_line(&fixture->source, line), slice_of(text)));
}

static void every_kind_of_line_end_ends_a_line(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("a\nb\r\nc\rd"));
    assert_int_equal(fixture.source.line_count, 4);
    expect_position(&fixture, 0, 1, 1);
    expect_position(&fixture, 1, 1, 2);
    expect_position(&fixture, 2, 2, 1);
    expect_position(&fixture, 5, 3, 1);
    expect_position(&fixture, 7, 4, 1);
    expect_line(&fixture, 1, "a");
    expect_line(&fixture, 2, "b");
    expect_line(&fixture, 3, "c");
    expect_line(&fixture, 4, "d");
    end(&fixture);
}

static void columns_count_characters_not_bytes(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80x"));
    expect_position(&fixture, 2, 1, 2);
    expect_position(&fixture, 5, 1, 3);
    expect_position(&fixture, 9, 1, 4);
    expect_position(&fixture, 10, 1, 5);
    end(&fixture);
}

static void an_empty_text_has_one_empty_line(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE(""));
    assert_int_equal(fixture.source.line_count, 1);
    expect_position(&fixture, 0, 1, 1);
    expect_line(&fixture, 1, "");
    end(&fixture);
}

static void a_line_end_at_the_end_begins_an_empty_line(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("a\n"));
    assert_int_equal(fixture.source.line_count, 2);
    expect_position(&fixture, 2, 2, 1);
    expect_line(&fixture, 2, "");
    end(&fixture);
}

static void an_offset_behind_the_text_is_its_end(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("ab\ncd"));
    expect_position(&fixture, 5, 2, 3);
    expect_position(&fixture, 99, 2, 3);
    end(&fixture);
}

static void decoded_text_is_found_in_its_file(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("a: 'it''s\n    so'"));
    const struct text_piece pieces[] = {{0, 4}, {3, 8}, {4, 9}, {5, 14}};
    struct mapped_text text = {SLICE("it's so"), &fixture.source, pieces, 4};
    assert_int_equal(mapped_text_file_offset(&text, 0), 4);
    assert_int_equal(mapped_text_file_offset(&text, 2), 6);
    assert_int_equal(mapped_text_file_offset(&text, 3), 8);
    assert_int_equal(mapped_text_file_offset(&text, 4), 9);
    assert_int_equal(mapped_text_file_offset(&text, 5), 14);
    assert_int_equal(mapped_text_file_offset(&text, 7), 16);
    end(&fixture);
}

static void text_in_one_piece_is_shifted(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("a: true"));
    const struct text_piece piece = {0, 3};
    struct mapped_text text = {SLICE("true"), &fixture.source, &piece, 1};
    assert_int_equal(mapped_text_file_offset(&text, 0), 3);
    assert_int_equal(mapped_text_file_offset(&text, 4), 7);
    end(&fixture);
}

static void columns_count_characters_far_along_a_line(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "first\n");
    for (int i = 0; i < 5000; i++)
        buf_append_text(&text, "\xC3\xA9x");
    struct source source;
    source_init(&source, SLICE("long"), buf_slice(&text), &arena);
    for (uint32_t i = 0; i < 5000; i++) {
        struct source_position position = source_position(&source, 6 + 3 * i + 2);
        assert_int_equal(position.line, 2);
        assert_int_equal(position.column, 2 * i + 2);
    }
    buf_fini(&text);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line_end_ends_a_line),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(an_empty_text_has_one_empty_line),
        cmocka_unit_test(a_line_end_at_the_end_begins_an_empty_line),
        cmocka_unit_test(an_offset_behind_the_text_is_its_end),
        cmocka_unit_test(decoded_text_is_found_in_its_file),
        cmocka_unit_test(text_in_one_piece_is_shifted),
        cmocka_unit_test(columns_count_characters_far_along_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
