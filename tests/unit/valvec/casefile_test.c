/* Test files of rules: which requests they become, what values mean, and how large they may be.
 * What is said about malformed ones is tested in tests/rules/test-command. */

#include "casefile.h"

#include "document/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define NOW 1777636800000.0 /* 2026-05-01T12:00:00Z */

static void open_file(struct casefile *file, const char *text)
{
    bool valid = casefile_open(file, SLICE("rules/a.test.yml"), slice_of(text), NOW);
    if (!valid)
        print_message(SLICE_FORMAT "\n", SLICE_ARGUMENTS(file->diagnostics.list.items[0].message));
    assert_true(valid);
}

static void expect_slice(slice text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.at, expected, text.length);
}

static void names_and_users_make_a_matrix(void **state)
{
    (void)state;
    struct casefile file;
    open_file(&file, "users: {al: , bo: }\n"
                     "tests:\n"
                     "- {name: t, read record: [x, y], expect: {al: allow, bo: deny}}\n"
                     "- {name: u, EMIT event: z, user: [bo, al], expect: error}\n");
    static const struct {
        const char *test, *name, *user;
        enum valve_decision expected;
    } CASES[] = {
        {"t", "x", "al", VALVE_ALLOW}, {"t", "x", "bo", VALVE_DENY},  {"t", "y", "al", VALVE_ALLOW},
        {"t", "y", "bo", VALVE_DENY},  {"u", "z", "bo", VALVE_ERROR}, {"u", "z", "al", VALVE_ERROR},
    };
    assert_int_equal(file.test_count, 2);
    assert_int_equal(file.cases.count, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct test_case *made = &file.cases.items[i];
        expect_slice(made->test->name, CASES[i].test);
        expect_slice(made->request.valve.name, CASES[i].name);
        expect_slice(made->user->name, CASES[i].user);
        assert_ptr_equal(made->request.valve.user, made->user->user);
        assert_int_equal(made->expected, CASES[i].expected);
    }
    casefile_close(&file);
}

static void questions_become_kinds_and_actions(void **state)
{
    (void)state;
    struct casefile file;
    open_file(&file, "users: {al: }\n"
                     "tests:\n"
                     "- {write record: x, user: al, expect: allow}\n"
                     "- {PATCH record: x, user: al, expect: allow}\n"
                     "- {write record: x, action: PATCH, user: al, expect: allow}\n"
                     "- {write record: x, action: 35, user: al, expect: allow}\n"
                     "- {QUERY_ALL presence: , user: al, expect: allow}\n"
                     "- {request rpc: 5, user: al, expect: allow}\n");
    static const struct {
        enum valve_rule_kind kind;
        uint32_t action;
    } CASES[] = {{VALVE_RECORD_WRITE, 18}, {VALVE_RECORD_WRITE, 19},  {VALVE_RECORD_WRITE, 19},
                 {VALVE_RECORD_WRITE, 35}, {VALVE_PRESENCE_ALLOW, 2}, {VALVE_RPC_REQUEST, 2}};
    assert_int_equal(file.cases.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(file.cases.items[i].request.valve.kind, CASES[i].kind);
        assert_int_equal(file.cases.items[i].request.valve.action, CASES[i].action);
        assert_int_equal(file.cases.items[i].request.valve.has_name, i != 4);
    }
    expect_slice(file.cases.items[5].request.valve.name, "5");
    casefile_close(&file);
}

static void values_become_json(void **state)
{
    (void)state;
    struct casefile file;
    open_file(
        &file,
        "users: {al: }\n"
        "records:\n"
        "  a: {t: \"x\\\"\\n\", n: 0x10, f: 1.50, b: True, d: 2026-05-01, z: ~, l: [1, [], {}]}\n"
        "  b: null\n"
        "tests:\n"
        "- {write record: a, data: 5, user: al, expect: allow}\n"
        "- {write record: a, dataText: '{', user: al, expect: allow}\n"
        "- {write record: a, oldData: null, user: al, expect: allow}\n"
        "- {write record: a, records: {a: 7}, user: al, expect: allow}\n");
    const struct test_case *cases = file.cases.items;
    expect_slice(
        request_record(&cases[0].request, SLICE("a")).json,
        "{\"t\":\"x\\\"\\n\",\"n\":16,\"f\":1.5,\"b\":true,\"d\":\"2026-05-01\",\"z\":null,"
        "\"l\":[1,[],{}]}");
    assert_false(request_record(&cases[0].request, SLICE("b")).exists);
    assert_int_equal(cases[0].request.valve.payload, VALVE_PAYLOAD_JSON);
    expect_slice(cases[0].request.valve.data, "5");
    expect_slice(cases[1].request.valve.data, "{");
    assert_int_equal(cases[2].request.valve.payload, VALVE_PAYLOAD_NONE);
    assert_false(request_record(&cases[2].request, SLICE("a")).exists);
    expect_slice(request_record(&cases[3].request, SLICE("a")).json, "7");
    casefile_close(&file);
}

static void rules_stand_beside_the_tests(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {{"", "rules/permissions.yml"},
                                           {"rules: x.json\n", "rules/x.json"},
                                           {"rules: ../x.vbc\n", "rules/../x.vbc"},
                                           {"rules: /x.yml\n", "/x.yml"}};
    for (size_t i = 0; i < 4; i++) {
        struct casefile file;
        char text[128];
        snprintf(text, sizeof text,
                 "%susers: {al: }\ntests: [{read record: x, user: al, expect: deny}]\n",
                 CASES[i][0]);
        open_file(&file, text);
        expect_slice(file.rules_path, CASES[i][1]);
        casefile_close(&file);
    }
}

static void the_time_is_of_the_test_or_the_file_or_the_present(void **state)
{
    (void)state;
    struct casefile file;
    open_file(&file, "users: {al: }\n"
                     "tests: [{read record: x, user: al, expect: deny}]\n");
    assert_true(file.cases.items[0].request.valve.now_ms == NOW);
    casefile_close(&file);
    open_file(&file, "now: 5\nusers: {al: }\n"
                     "tests:\n"
                     "- {read record: x, user: al, expect: deny}\n"
                     "- {read record: x, now: '1970-01-02', user: al, expect: deny}\n");
    assert_true(file.cases.items[0].request.valve.now_ms == 5);
    assert_true(file.cases.items[1].request.valve.now_ms == 86400000);
    casefile_close(&file);
}

/* What JavaScript's Date.parse answers. */
static void dates_are_milliseconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double ms;
    } CASES[] = {
        {"1970-01-01", 0},
        {"2026-05-01T12:00:00Z", NOW},
        {"2026-05-01 14:00:00 +02:00", NOW},
        {"2026-05-01T05:30:00-06:30", NOW},
        {"2026-05-01t12:00:00.25Z", NOW + 250},
        {"2024-02-29", 1709164800000},
        {"1969-12-31T23:59:59.999Z", -1},
        {"1600-02-29", -11670998400000},
        {"0000-01-01", -62167219200000},
        {"9999-12-31", 253402214400000},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        double ms;
        assert_true(timestamp_read(slice_of(CASES[i].text), &ms));
        assert_true(ms == CASES[i].ms);
    }
    static const char *const WRONG[] = {"2026-02-29",           "2026-13-01",
                                        "2026-00-10",           "1900-02-29",
                                        "2026-05-01T24:00:00Z", "2026-05-01T12:60:00Z"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        double ms;
        assert_false(timestamp_read(slice_of(WRONG[i]), &ms));
    }
}

static void expect_error(struct buf *text, enum diagnostic_id id, const char *message,
                         uint32_t line, uint32_t column)
{
    struct casefile file;
    assert_false(casefile_open(&file, SLICE("a.test.yml"), buf_slice(text), NOW));
    const struct diagnostic *first = &file.diagnostics.list.items[0];
    struct source_position position = source_position(&file.source, first->start);
    assert_int_equal(first->id, id);
    expect_slice(first->message, message);
    assert_int_equal(position.line, line);
    assert_int_equal(position.column, column);
    casefile_close(&file);
    buf_fini(text);
}

static void a_file_may_not_hold_too_many_cases(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "users: {al: }\ntests:\n- {read record: &n [");
    for (unsigned i = 0; i < 1000; i++)
        buf_append_text(&text, "x,");
    buf_append_text(&text, "x], user: al, expect: allow}\n");
    for (unsigned i = 0; i < 100; i++)
        buf_append_text(&text, "- {read record: *n, user: al, expect: allow}\n");
    expect_error(&text, DIAG_TEST_TOO_MANY,
                 "a test file may hold 100000 cases, counting each name and user", 102, 3);
}

static void aliases_may_not_repeat_values_without_end(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "records:\n  r0: &a '");
    for (unsigned i = 0; i < 1u << 20; i++)
        buf_append_byte(&text, 'x');
    buf_append_text(&text, "'\n");
    for (unsigned i = 1; i <= 64; i++)
        buf_printf(&text, "  r%u: *a\n", i);
    buf_append_text(&text, "users: {al: }\ntests: [{read record: x, user: al, expect: allow}]\n");
    expect_error(&text, DIAG_TEST_TOO_LARGE,
                 "the values of a test file may hold 64 MiB, counting what aliases repeat", 2, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_users_make_a_matrix),
        cmocka_unit_test(questions_become_kinds_and_actions),
        cmocka_unit_test(values_become_json),
        cmocka_unit_test(rules_stand_beside_the_tests),
        cmocka_unit_test(the_time_is_of_the_test_or_the_file_or_the_present),
        cmocka_unit_test(dates_are_milliseconds),
        cmocka_unit_test(a_file_may_not_hold_too_many_cases),
        cmocka_unit_test(aliases_may_not_repeat_values_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
