#include "diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct source source;
    struct diagnostics diagnostics;
};

static void begin(struct fixture *fixture, slice text)
{
    arena_init(&fixture->arena, 0);
    source_init(&fixture->source, SLICE("rules.yml"), text, &fixture->arena);
    diagnostics_init(&fixture->diagnostics, &fixture->arena);
}

static void end(struct fixture *fixture)
{
    diagnostics_fini(&fixture->diagnostics);
    arena_fini(&fixture->arena);
}

static void expect_text(slice actual, const char *expected)
{
    assert_int_equal(actual.length, strlen(expected));
    assert_memory_equal(actual.at, expected, actual.length);
}

static void message_and_hint_share_their_arguments(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("x"));
    diagnose(&fixture.diagnostics, DIAG_DUPLICATE_KEY, &fixture.source, 0, 1,
             SLICE_ARGUMENTS(SLICE("read")), 12u);
    diagnose(&fixture.diagnostics, DIAG_EMPTY_RULE, &fixture.source, 0, 0);
    const struct diagnostic *list = fixture.diagnostics.list.items;
    expect_text(list[0].message, "duplicate key `read`");
    expect_text(list[0].hint, "it stands in line 12 already: join the two, or remove one");
    expect_text(list[1].message, "rule can't be empty");
    expect_text(list[1].hint, "write true, false or an expression");
    end(&fixture);
}

static void errors_and_warnings_are_counted(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("x"));
    diagnose(&fixture.diagnostics, DIAG_EMPTY_RULE, &fixture.source, 0, 0);
    diagnose(&fixture.diagnostics, DIAG_ALWAYS_TRUE, &fixture.source, 0, 0);
    diagnose(&fixture.diagnostics, DIAG_ALWAYS_FALSE, &fixture.source, 0, 0);
    diagnose(&fixture.diagnostics, DIAG_EMPTY_PATH, &fixture.source, 0, 0);
    assert_int_equal(fixture.diagnostics.error_count, 1);
    assert_int_equal(fixture.diagnostics.warning_count, 2);
    assert_int_equal(fixture.diagnostics.list.count, 4);
    end(&fixture);
}

static void they_are_sorted_by_position_then_severity(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("abcdefghij"));
    for (uint32_t i = 0; i < 100; i++)
        diagnose(&fixture.diagnostics, i % 2 == 0 ? DIAG_ALWAYS_TRUE : DIAG_EMPTY_RULE,
                 &fixture.source, (i * 7) % 10, 10);
    diagnostics_sort(&fixture.diagnostics);
    for (size_t i = 1; i < 100; i++) {
        const struct diagnostic *before = &fixture.diagnostics.list.items[i - 1];
        const struct diagnostic *after = &fixture.diagnostics.list.items[i];
        assert_true(before->start <= after->start);
        if (before->start == after->start)
            assert_true(diagnostic_info(before->id)->severity <=
                        diagnostic_info(after->id)->severity);
    }
    end(&fixture);
}

static void equals_keep_their_order(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("abc"));
    for (unsigned i = 0; i < 33; i++)
        diagnose(&fixture.diagnostics, DIAG_RULES_TOO_LARGE, &fixture.source, i < 30 ? 1 : 0, 2, i);
    diagnostics_sort(&fixture.diagnostics);
    for (unsigned i = 0; i < 33; i++) {
        char expected[80];
        snprintf(expected, sizeof expected,
                 "the rules of a file may hold %u MiB, counting what aliases repeat",
                 i < 3 ? i + 30 : i - 3);
        expect_text(fixture.diagnostics.list.items[i].message, expected);
    }
    end(&fixture);
}

static void a_part_of_a_decoded_text_is_underlined_in_the_file(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, SLICE("a: 'it''s\n    so'"));
    const struct text_piece pieces[] = {{0, 4}, {3, 8}, {4, 9}, {5, 14}};
    struct mapped_text text = {SLICE("it's so"), &fixture.source, pieces, 4};
    diagnose_text(&fixture.diagnostics, DIAG_EMPTY_RULE, &text, 0, 4);
    diagnose_text(&fixture.diagnostics, DIAG_EMPTY_RULE, &text, 5, 7);
    diagnose_text(&fixture.diagnostics, DIAG_EMPTY_RULE, &text, 7, 7);
    const struct diagnostic *list = fixture.diagnostics.list.items;
    assert_int_equal(list[0].start, 4);
    assert_int_equal(list[0].end, 9);
    assert_int_equal(list[1].start, 14);
    assert_int_equal(list[1].end, 16);
    assert_int_equal(list[2].start, 16);
    assert_int_equal(list[2].end, 16);
    end(&fixture);
}

static void ids_are_words_and_messages_have_no_final_stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < DIAGNOSTIC_COUNT; i++) {
        const struct diagnostic_info *info = diagnostic_info((enum diagnostic_id)i);
        assert_true(info->id[0] != '\0' && info->message[0] != '\0');
        for (const char *at = info->id; *at != '\0'; at++)
            assert_true((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-');
        size_t length = strlen(info->message);
        assert_true(info->message[length - 1] != '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_and_hint_share_their_arguments),
        cmocka_unit_test(errors_and_warnings_are_counted),
        cmocka_unit_test(they_are_sorted_by_position_then_severity),
        cmocka_unit_test(equals_keep_their_order),
        cmocka_unit_test(a_part_of_a_decoded_text_is_underlined_in_the_file),
        cmocka_unit_test(ids_are_words_and_messages_have_no_final_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
