/* What a person sees: the caret stands below what is meant, whatever the line holds. */

#include "diag.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void print(struct buf *out, slice text, uint32_t start, uint32_t end, bool colour)
{
    struct arena arena;
    struct source source;
    struct diagnostics diagnostics;
    arena_init(&arena, 0);
    source_init(&source, SLICE("rules.yml"), text, &arena);
    diagnostics_init(&diagnostics, &arena);
    diagnose(&diagnostics, DIAG_BAD_REGEX, &source, start, end, SLICE_ARGUMENTS(SLICE("why")));
    diagnostic_print(&diagnostics.list.items[0], out, colour);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
}

#define HEAD(line, column)                                                                         \
    "rules.yml:" line ":" column ": error: invalid regular expression: why [bad-regex]\n"

static void expect(slice text, uint32_t start, uint32_t end, const char *expected)
{
    struct buf out = BUF_EMPTY;
    print(&out, text, start, end, false);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.at, expected);
    buf_fini(&out);
}

static void the_span_is_underlined(void **state)
{
    (void)state;
    expect(SLICE("one\ntwo three\nfour"), 8, 13,
           HEAD("2", "5") "    2 | two three\n"
                          "      |     ^~~~~\n");
}

static void an_empty_span_gets_one_caret(void **state)
{
    (void)state;
    expect(SLICE("abc"), 1, 1, HEAD("1", "2") "    1 | abc\n      |  ^\n");
    expect(SLICE(""), 0, 0, HEAD("1", "1") "    1 | \n      | ^\n");
}

static void the_end_of_a_line_can_be_pointed_at(void **state)
{
    (void)state;
    expect(SLICE("abc\r\nd"), 3, 3, HEAD("1", "4") "    1 | abc\n      |    ^\n");
    expect(SLICE("abc"), 3, 3, HEAD("1", "4") "    1 | abc\n      |    ^\n");
}

static void a_span_of_several_lines_underlines_the_first(void **state)
{
    (void)state;
    expect(SLICE("abc\ndef\n"), 1, 7, HEAD("1", "2") "    1 | abc\n      |  ^~\n");
}

static void characters_of_several_bytes_take_one_column(void **state)
{
    (void)state;
    expect(SLICE("\xC3\xA4\xE2\x82\xAC x\xC3\xB6y"), 6, 10,
           HEAD("1", "4") "    1 | \xC3\xA4\xE2\x82\xAC x\xC3\xB6y\n"
                          "      |    ^~~\n");
}

static void tabs_are_shown_as_one_blank(void **state)
{
    (void)state;
    expect(SLICE("\ta\tb"), 3, 4, HEAD("1", "4") "    1 |  a b\n      |    ^\n");
}

static void control_characters_cannot_steer_the_terminal(void **state)
{
    (void)state;
    expect(SLICE("a\x1B[31m b"), 7, 8,
           HEAD("1", "8") "    1 | a\\u001B[31m b\n"
                          "      |             ^\n");
    expect(SLICE("a\xE2\x80\xAE b"), 5, 6,
           HEAD("1", "4") "    1 | a\\u202E b\n"
                          "      |         ^\n");
}

static void a_lone_surrogate_is_shown_as_an_escape(void **state)
{
    (void)state;
    expect(SLICE("\xED\xA0\x80 b"), 4, 5,
           HEAD("1", "3") "    1 | \\uD800 b\n"
                          "      |        ^\n");
}

static void bytes_that_are_no_text_do_not_disturb(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    print(&out, SLICE("\xFF\x80 b"), 3, 4, false);
    assert_true(utf8_valid(buf_slice(&out), false));
    buf_fini(&out);
}

static void long_lines_are_cut_around_the_caret(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'a', sizeof text);
    memset(text + 500, 'b', 3);
    struct buf out = BUF_EMPTY;
    print(&out, (slice){text, sizeof text}, 500, 503, false);
    buf_append_byte(&out, '\0');
    const char *quote = strstr(out.at, "    1 | ");
    const char *line_end = strchr(quote, '\n');
    const char *caret = strchr(line_end, '^');
    assert_true(line_end - quote < 160);
    assert_true(strncmp(quote + 8, "...", 3) == 0 && strncmp(line_end - 3, "...", 3) == 0);
    /* the caret stands in the column of the first b */
    assert_int_equal(caret - (line_end + 1), strchr(quote, 'b') - quote);
    assert_true(strncmp(caret, "^~~\n", 4) == 0);
    buf_fini(&out);
}

static void colours_come_only_when_asked_for(void **state)
{
    (void)state;
    struct buf plain = BUF_EMPTY, coloured = BUF_EMPTY;
    print(&plain, SLICE("abc"), 0, 1, false);
    print(&coloured, SLICE("abc"), 0, 1, true);
    assert_null(memchr(plain.at, '\033', plain.length));
    assert_non_null(memchr(coloured.at, '\033', coloured.length));
    buf_fini(&plain);
    buf_fini(&coloured);
}

static void a_hint_stands_below(void **state)
{
    (void)state;
    struct arena arena;
    struct source source;
    struct diagnostics diagnostics;
    struct buf out = BUF_EMPTY;
    arena_init(&arena, 0);
    source_init(&source, SLICE("rules.yml"), SLICE("''"), &arena);
    diagnostics_init(&diagnostics, &arena);
    diagnose(&diagnostics, DIAG_EMPTY_RULE, &source, 0, 2);
    diagnostic_print(&diagnostics.list.items[0], &out, false);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.at, "rules.yml:1:1: error: rule can't be empty [empty-rule]\n"
                                "    1 | ''\n"
                                "      | ^~\n"
                                "      = hint: write true, false or an expression\n");
    buf_fini(&out);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_span_is_underlined),
        cmocka_unit_test(an_empty_span_gets_one_caret),
        cmocka_unit_test(the_end_of_a_line_can_be_pointed_at),
        cmocka_unit_test(a_span_of_several_lines_underlines_the_first),
        cmocka_unit_test(characters_of_several_bytes_take_one_column),
        cmocka_unit_test(tabs_are_shown_as_one_blank),
        cmocka_unit_test(control_characters_cannot_steer_the_terminal),
        cmocka_unit_test(a_lone_surrogate_is_shown_as_an_escape),
        cmocka_unit_test(bytes_that_are_no_text_do_not_disturb),
        cmocka_unit_test(long_lines_are_cut_around_the_caret),
        cmocka_unit_test(colours_come_only_when_asked_for),
        cmocka_unit_test(a_hint_stands_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
