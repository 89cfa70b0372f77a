/* Where rules are from: files, compiled programs, the configuration; what is wrong with them;
 * reload.
 */

#include "rule_bench.h"

#include "program.h"
#include "valvec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENT = 4, PUBLISH = 2 };

static struct rule_bench bench;
static char folder[64];
static char file[128];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "rule_source_XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/permissions.yml", folder);
    bench_init(&bench);
    bench.services.config_dir = folder;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_fini(&bench);
    unlink(file);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static void write_bytes(slice bytes)
{
    FILE *out = fopen(file, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.at, 1, bytes.length, out), bytes.length);
    fclose(out);
}

#define REST                                                                                       \
    "rpc: {'*': {provide: true, request: true}}\n"                                                 \
    "record: {'*': {read: true}}\n"                                                                \
    "presence: {'*': {allow: true}}\n"

static void write_rule(const char *rule)
{
    char text[1024];
    snprintf(text, sizeof text, "event:\n  '*':\n    publish: %s\n" REST, rule);
    write_bytes(slice_of(text));
}

static bool create_from_file(void)
{
    return bench_create(&bench, "{\"permissions\":\"permissions.yml\"}");
}

static bool reload(void)
{
    const struct ds_permission_operations *operations = ds_permission_config.operations;
    return operations->reload(bench.plugin, &bench.error);
}

static void a_path_starts_at_the_folder_of_the_configuration(void **state)
{
    (void)state;
    write_rule("\"name === 'a'\"");
    assert_true(create_from_file());
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "b"), DS_DENY);
}

static void the_older_option_path_works(void **state)
{
    (void)state;
    write_rule("true");
    assert_true(bench_create(&bench, "{\"path\":\"permissions.yml\",\"maxRuleIterations\":5,"
                                     "\"cacheEvacuationInterval\":60000}"));
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
}

static void a_file_that_the_configuration_loaded_is_read_by_its_path(void **state)
{
    (void)state;
    write_rule("\"no.such.name\"");
    const struct ds_value *options = test_value_with_file(
        &bench.arena, "{\"permissions\":{\"stale\":true}}", "permissions", file);
    assert_true(bench_create_with(&bench, options));
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_UNDECIDED);
    char place[256];
    snprintf(place, sizeof place, "%s:3:15 event/publish \"*\": ReferenceError", file);
    assert_non_null(strstr(bench.log, place));
}

static void a_compiled_program_is_loaded_as_it_is(void **state)
{
    (void)state;
    struct arena arena;
    struct diagnostics diagnostics;
    struct valvec_options options = valvec_options_default();
    struct buf bytes = BUF_EMPTY;
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    struct program *program =
        valvec_compile(SLICE("p.yml"), SLICE("event: {'*': {publish: \"name === 'a'\"}}\n" REST),
                       &options, &arena, &diagnostics);
    assert_non_null(program);
    program_write(program, &bytes);
    write_bytes(buf_slice(&bytes));
    assert_true(create_from_file());
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "b"), DS_DENY);
    bytes.at[bytes.length / 2] ^= 1;
    write_bytes(buf_slice(&bytes));
    assert_false(reload());
    assert_non_null(strstr(bench.error.text, "permissions.yml: checksum"));
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
    buf_fini(&bytes);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
}

static void errors_have_file_line_and_column_and_are_all_logged(void **state)
{
    (void)state;
    write_bytes(
        SLICE("event:\n  '*':\n    publish: \"foo(1)\"\n    listen: \"user.id = 'x'\"\n" REST));
    assert_false(create_from_file());
    char expected[256];
    snprintf(expected, sizeof expected, "invalid permission config - %s:3:15: ", file);
    assert_memory_equal(bench.error.text, expected, strlen(expected));
    snprintf(expected, sizeof expected, "; %s:4:", file);
    assert_non_null(strstr(bench.error.text, expected));
    snprintf(expected, sizeof expected, "INVALID_CONFIG_DATA | %s:3:15: ", file);
    assert_non_null(strstr(bench.log, expected));
    snprintf(expected, sizeof expected, "INVALID_CONFIG_DATA | %s:4:", file);
    assert_non_null(strstr(bench.log, expected));
}

static void many_errors_are_counted(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "event:\n  '*': {}\n");
    for (int i = 0; i < 50; i++)
        buf_printf(&text, "  'path%d': {publish: 'unknown(%d)'}\n", i, i);
    buf_append_text(&text, REST);
    write_bytes(buf_slice(&text));
    buf_fini(&text);
    assert_false(create_from_file());
    assert_non_null(strstr(bench.error.text, " more)"));
    assert_true(strlen(bench.error.text) < sizeof bench.error.text - 1);
}

static void warnings_are_logged_and_do_not_stop(void **state)
{
    (void)state;
    write_rule("\"action === 'PATCH' || someName\"");
    assert_true(create_from_file());
    assert_non_null(strstr(bench.log, "INVALID_CONFIG_DATA | "));
}

static void inline_rules_have_the_places_of_the_configuration(void **state)
{
    (void)state;
    assert_false(bench_create_rule(&bench, "record", "a/$x", "read", "\"user.id === \""));
    const char *expected = "invalid permission config - test.yml:/permissions/record/a/$x/read: ";
    assert_memory_equal(bench.error.text, expected, strlen(expected));
}

static void inline_rules_of_a_wrong_shape_are_errors(void **state)
{
    (void)state;
    static const char *const options[] = {
        "{\"permissions\":{}}",
        "{\"permissions\":{\"record\":1}}",
        "{\"permissions\":{\"record\":{\"*\":true}}}",
        "{\"permissions\":{\"record\":{\"*\":{\"read\":[1]}}}}",
        "{\"permissions\":[]}",
        "{\"permissions\":12}",
        "{}",
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        bench.error.text[0] = '\0';
        assert_false(bench_create(&bench, options[i]));
        assert_true(strlen(bench.error.text) > 20);
    }
}

static void a_missing_file_is_said(void **state)
{
    (void)state;
    assert_false(create_from_file());
    assert_non_null(strstr(bench.error.text, "cannot read the rules from "));
    assert_non_null(strstr(bench.error.text, "No such file"));
}

static void javascript_rules_are_refused(void **state)
{
    (void)state;
    assert_false(bench_create(&bench, "{\"permissions\":\"permissions.js\"}"));
    assert_string_equal(
        bench.error.text,
        "test.yml:/permissions: rules cannot be JavaScript: write them as YAML or JSON");
}

static void rounds_of_references_are_at_least_one(void **state)
{
    (void)state;
    write_rule("true");
    assert_false(
        bench_create(&bench, "{\"permissions\":\"permissions.yml\",\"maxRuleIterations\":0}"));
    assert_string_equal(
        bench.error.text,
        "test.yml:/maxRuleIterations: Maximum rule iteration has to be at least one");
    assert_false(
        bench_create(&bench, "{\"permissions\":\"permissions.yml\",\"maxRuleIterations\":2.5}"));
    assert_true(
        bench_create(&bench, "{\"permissions\":\"permissions.yml\",\"maxRuleIterations\":1}"));
}

static void rounds_of_references_are_counted(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "a", .json = "\"b\""},
                                                  {.name = "b", .json = "\"c\""}};
    bench.records = records;
    bench.record_count = 2;
    write_rule("\"_(_('a')) === 'c'\"");
    assert_true(
        bench_create(&bench, "{\"permissions\":\"permissions.yml\",\"maxRuleIterations\":2}"));
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "x"), DS_UNDECIDED);
    assert_non_null(strstr(bench.log, "Exceeded max iteration count"));
}

static void a_reload_takes_the_new_rules_or_keeps_the_old(void **state)
{
    (void)state;
    write_rule("false");
    assert_true(create_from_file());
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_DENY);
    write_rule("true");
    assert_true(reload());
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
    write_rule("\"foo(1)\"");
    assert_false(reload());
    assert_non_null(strstr(bench.error.text, ":3:15: "));
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
}

static void a_question_under_way_keeps_the_rules_it_began_with(void **state)
{
    (void)state;
    write_rule("\"_('r') === null\"");
    assert_true(create_from_file());
    bench.is_slow = true;
    struct ds_permission_request request = {
        .topic = EVENT, .action = PUBLISH, .has_name = true, .name = SLICE("a")};
    bench_ask(&bench, &request);
    write_rule("false");
    assert_true(reload());
    bench_read_next(&bench);
    assert_int_equal(bench.last, DS_ALLOW);
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_DENY);
}

static void inline_rules_reload_to_themselves(void **state)
{
    (void)state;
    assert_true(bench_create_rule(&bench, "event", "a", "publish", "true"));
    assert_true(reload());
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_path_starts_at_the_folder_of_the_configuration),
        TEST(the_older_option_path_works),
        TEST(a_file_that_the_configuration_loaded_is_read_by_its_path),
        TEST(a_compiled_program_is_loaded_as_it_is),
        TEST(errors_have_file_line_and_column_and_are_all_logged),
        TEST(many_errors_are_counted),
        TEST(warnings_are_logged_and_do_not_stop),
        TEST(inline_rules_have_the_places_of_the_configuration),
        TEST(inline_rules_of_a_wrong_shape_are_errors),
        TEST(a_missing_file_is_said),
        TEST(javascript_rules_are_refused),
        TEST(rounds_of_references_are_at_least_one),
        TEST(rounds_of_references_are_counted),
        TEST(a_reload_takes_the_new_rules_or_keeps_the_old),
        TEST(a_question_under_way_keeps_the_rules_it_began_with),
        TEST(inline_rules_reload_to_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
