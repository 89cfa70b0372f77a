/* Limits are promises: what is below them parses, what is above is one error, and no input, however
 * deep or long, needs more stack. */

#include "parse_support.h"

static struct buf repeated(const char *head, const char *unit, size_t count, const char *middle,
                           const char *closing, const char *tail)
{
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, head);
    for (size_t i = 0; i < count; i++)
        buf_append_text(&text, unit);
    buf_append_text(&text, middle);
    for (size_t i = 0; i < count; i++)
        buf_append_text(&text, closing);
    buf_append_text(&text, tail);
    return text;
}

static void expect_parses(struct buf text)
{
    struct parsed parsed;
    parse(&parsed, buf_slice(&text));
    struct buf findings = BUF_EMPTY;
    append_findings(&parsed, &findings);
    buf_append_byte(&findings, '\0');
    assert_string_equal(findings.at, "");
    buf_fini(&findings);
    parsed_fini(&parsed);
    buf_fini(&text);
}

static void expect_too_deep(struct buf text)
{
    expect_refused_as(buf_slice(&text), "nested-too-deeply");
    buf_fini(&text);
}

struct nest {
    const char *unit, *middle, *closing;
};

static const struct nest NESTS[] = {
    {"(", "1", ")"},      {"[", "1", "]"},    {"{a:", "1", "}"},  {"_(", "1", ")"},
    {"a[", "1", "]"},     {"`${", "1", "}`"}, {"!", "1", ""},     {"- ", "1", ""},
    {"typeof ", "1", ""}, {"a?b:", "1", ""},  {"a?", "1", ":b"},  {"2**", "1", ""},
    {"{[", "1", "]:1}"},  {"a.b(", "1", ")"}, {"a?.[", "1", "]"}, {"void(", "1", ")"},
};

static void a_rule_may_be_nested_256_deep(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof NESTS / sizeof *NESTS; i++) {
        const struct nest *nest = &NESTS[i];
        size_t count = strlen(nest->unit) > 1 && strchr(nest->unit, '{') != NULL ? 128 : 120;
        expect_parses(repeated("", nest->unit, count, nest->middle, nest->closing, ""));
    }
    expect_parses(repeated("", "(", 256, "1", ")", ""));
    expect_parses(repeated("", "!", 255, "1", "", ""));
}

static void deeper_nesting_is_one_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof NESTS / sizeof *NESTS; i++) {
        const struct nest *nest = &NESTS[i];
        expect_too_deep(repeated("", nest->unit, 258, nest->middle, nest->closing, ""));
        expect_too_deep(repeated("", nest->unit, 5000, nest->middle, nest->closing, ""));
    }
    expect_too_deep(repeated("", "(", 257, "1", ")", ""));
}

static void long_chains_are_not_deep(void **state)
{
    (void)state;
    static const char *const units[] = {"a && ", "a || ", "a ?? ", "a + ", "a * ", "a == ",
                                        "a < ",  "a & ",  "a | ",  "a ^ ", "a >> "};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        expect_parses(repeated("", units[i], 10000, "a", "", ""));
    expect_parses(repeated("a", ".b", 10000, "", "", ""));
    expect_parses(repeated("a", "?.b", 10000, "", "", ""));
    expect_parses(repeated("a", "[0]", 10000, "", "", ""));
    expect_parses(repeated("a", "()", 10000, "", "", ""));
    expect_parses(repeated("[", "a,", 10000, "a]", "", ""));
    expect_parses(repeated("a(", "a,", 10000, "a)", "", ""));
    expect_parses(repeated("{", "a:1,", 10000, "}", "", ""));
    expect_parses(repeated("`", "${a}b", 10000, "`", "", ""));
    expect_parses(repeated("a", ";", 60000, "", "", ""));
    expect_parses(repeated("", "(a) + ", 10000, "a", "", ""));
    expect_parses(repeated("", "!a + ", 10000, "a", "", ""));
}

static void a_walk_needs_no_stack(void **state)
{
    (void)state;
    struct buf text = repeated("", "a+", 32000, "a", "", ""), dump = BUF_EMPTY;
    struct parsed parsed;
    parse(&parsed, buf_slice(&text));
    tree_text(parsed.tree, &dump);
    assert_int_equal(dump.length, 32000 * 6 + 1);
    buf_fini(&dump);
    parsed_fini(&parsed);
    buf_fini(&text);
}

static void a_rule_may_have_64_kibibytes(void **state)
{
    (void)state;
    expect_parses(repeated("'", "a", PARSE_MAX_TEXT_BYTES - 2, "'", "", ""));
    struct buf text = repeated("'", "a", PARSE_MAX_TEXT_BYTES - 1, "'", "", "");
    expect_refused_as(buf_slice(&text), "rule-too-long");
    buf_fini(&text);
}

static void hostile_texts_end_in_few_errors(void **state)
{
    (void)state;
    static const char *const units[] = {"(",
                                        ")",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        "`",
                                        "${",
                                        "'",
                                        "\"",
                                        "/",
                                        "/*",
                                        "*",
                                        "?",
                                        ":",
                                        "?.",
                                        ".",
                                        ",",
                                        ";",
                                        "=",
                                        "==",
                                        "!",
                                        "#",
                                        "\\",
                                        "a ",
                                        "1 ",
                                        "'' ",
                                        "`${",
                                        "{a:",
                                        "a(",
                                        "a?",
                                        "** ",
                                        "new ",
                                        "=> ",
                                        "a=",
                                        "\xFF",
                                        "\xE2\x80\x9C",
                                        "[a=",
                                        "(a b",
                                        "a=1;"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct parsed parsed;
        struct buf text = repeated("", units[i], 12000, "", "", "");
        parse(&parsed, buf_slice(&text));
        assert_true(parsed.diagnostics.list.count <= 20);
        parsed_fini(&parsed);
        buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_may_be_nested_256_deep),
        cmocka_unit_test(deeper_nesting_is_one_error),
        cmocka_unit_test(long_chains_are_not_deep),
        cmocka_unit_test(a_walk_needs_no_stack),
        cmocka_unit_test(a_rule_may_have_64_kibibytes),
        cmocka_unit_test(hostile_texts_end_in_few_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
