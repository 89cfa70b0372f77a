/* Questions whose rule needs records: loaded in order, once each, with one verdict at the end. */

#include "rule_bench.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENT = 4, RECORD = 5 };
enum { PUBLISH = 2, READ = 3, UPDATE = 18, CREATE = 15 };

static struct rule_bench bench;

static int set_up(void **state)
{
    (void)state;
    bench_init(&bench);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bench_fini(&bench);
    return 0;
}

static void make(const char *section, const char *path, const char *type, const char *rule)
{
    if (!bench_create_rule(&bench, section, path, type, rule))
        fail_msg("%s", bench.error.text);
}

static void with_records(const struct bench_record *records, size_t count)
{
    bench.records = records;
    bench.record_count = count;
}

static void ask_publish(const char *name)
{
    struct ds_permission_request request = {
        .topic = EVENT, .action = PUBLISH, .has_name = true, .name = slice_of(name)};
    bench_ask(&bench, &request);
}

static void a_reference_is_loaded_and_decides(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "owners/a", .json = "{\"id\":\"bo\"}"}};
    make("event", "$x", "publish", "\"_('owners/' + $x).id === user.id\"");
    with_records(records, 1);
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
    assert_int_equal(bench.read_count, 1);
}

static void a_missing_record_is_null(void **state)
{
    (void)state;
    make("event", "$x", "publish", "\"_('owners/' + $x) === null\"");
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
}

static void b20_without_records_every_record_is_missing(void **state)
{
    (void)state;
    bench.services.read_record = NULL;
    make("event", "$x", "publish", "\"_('a') === null && _('b') === null\"");
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
}

static void records_are_read_one_after_the_other_while_the_question_waits(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "one", .json = "{\"next\":\"two\"}"},
                                                  {.name = "two", .json = "{\"ok\":true}"}};
    make("event", "$x", "publish", "\"_(_('one').next).ok && name === 'a' && $x === 'a'\"");
    with_records(records, 2);
    bench.is_slow = true;
    char name[] = "a";
    ask_publish(name);
    name[0] = 'x'; /* the question was borrowed */
    assert_int_equal(bench.reads.count, 1);
    assert_string_equal(bench.reads.items[0].name, "one");
    bench_read_next(&bench);
    assert_int_equal(bench.verdicts, 0);
    assert_string_equal(bench.reads.items[0].name, "two");
    bench_read_next(&bench);
    assert_int_equal(bench.verdicts, 1);
    assert_int_equal(bench.last, DS_ALLOW);
}

static void a_payload_survives_the_wait(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "limit", .json = "{\"n\":5}"}};
    make("event", "a", "publish", "\"data.n < _('limit').n\"");
    with_records(records, 1);
    bench.is_slow = true;
    char data[] = "{\"n\":4}";
    struct ds_permission_request request = {.topic = EVENT,
                                            .action = PUBLISH,
                                            .has_name = true,
                                            .name = SLICE("a"),
                                            .payload = DS_PAYLOAD_JSON,
                                            .data = slice_of(data)};
    bench_ask(&bench, &request);
    memset(data, '9', sizeof data);
    bench_read_next(&bench);
    assert_int_equal(bench.last, DS_ALLOW);
}

static void the_record_at_hand_is_not_read_again(void **state)
{
    (void)state;
    make("record", "r", "write", "\"data.n > oldData.n && _('r').n === oldData.n\"");
    struct ds_record record = {.version = 3, .data = SLICE("{\"n\":1}")};
    struct ds_permission_request request = {.topic = RECORD,
                                            .action = UPDATE,
                                            .has_name = true,
                                            .name = SLICE("r"),
                                            .payload = DS_PAYLOAD_JSON,
                                            .data = SLICE("{\"n\":2}"),
                                            .record = &record};
    bench_ask(&bench, &request);
    assert_int_equal(bench.last, DS_ALLOW);
    assert_int_equal(bench.read_count, 0);
    record = (struct ds_record){.version = DS_MISSING};
    bench_ask(&bench, &request);
    assert_int_equal(bench.last, DS_UNDECIDED); /* oldData is null */
    assert_int_equal(bench.read_count, 0);
}

static void the_record_at_hand_counts_also_after_a_wait(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "r", .json = "{\"n\":100}"},
                                                  {.name = "other", .json = "{\"n\":1}"}};
    make("record", "r", "write", "\"_('other').n === oldData.n\"");
    with_records(records, 2);
    bench.is_slow = true;
    char json[] = "{\"n\":1}";
    struct ds_record record = {.version = 3, .data = slice_of(json)};
    struct ds_permission_request request = {
        .topic = RECORD, .action = UPDATE, .has_name = true, .name = SLICE("r"), .record = &record};
    bench_ask(&bench, &request);
    memset(json, 'x', sizeof json);
    assert_string_equal(bench.reads.items[0].name, "other");
    bench_read_next(&bench);
    assert_int_equal(bench.last, DS_ALLOW);
    assert_int_equal(bench.read_count, 1);
}

static void old_data_that_is_not_at_hand_is_read(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "r", .json = "{\"owner\":\"bo\"}"}};
    make("record", "r", "read", "\"oldData.owner === user.id\"");
    with_records(records, 1);
    assert_int_equal(bench_decide(&bench, RECORD, READ, "r"), DS_ALLOW);
    assert_int_equal(bench.read_count, 1);
}

static void h29_a_record_that_says_loading_is_just_a_text(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "m", .json = "\"loading\""}};
    make("event", "a", "publish", "\"_('m') === 'loading'\"");
    with_records(records, 1);
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
}

static void h13_an_undefined_part_loads_nothing(void **state)
{
    (void)state;
    make("event", "a", "publish", "\"_('banned/' + user.data.missing) === undefined\"");
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_ALLOW);
    assert_int_equal(bench.read_count, 0);
}

static void a_failed_load_is_undecided_and_logged(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "broken", .error = "disk on fire"}};
    make("event", "a", "publish", "\"_('broken') === null || true\"");
    with_records(records, 1);
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_UNDECIDED);
    assert_string_equal(
        bench.log,
        "RECORD_LOAD_ERROR | failed to load record \"a\" for permissioning:disk on fire\n");
}

static void h5_an_error_after_a_load_is_one_verdict(void **state)
{
    (void)state;
    make("event", "a", "publish", "\"_('gone').x === 1 || true\"");
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_UNDECIDED);
    assert_int_equal(bench.verdicts, 1);
    assert_non_null(strstr(bench.log, "MESSAGE_PERMISSION_ERROR"));
}

static void questions_may_wait_at_the_same_time(void **state)
{
    (void)state;
    static const struct bench_record records[] = {{.name = "r/a", .json = "{\"ok\":true}"},
                                                  {.name = "r/b", .json = "{\"ok\":false}"}};
    make("event", "$x", "publish", "\"_('r/' + $x).ok\"");
    with_records(records, 2);
    bench.is_slow = true;
    ask_publish("a");
    ask_publish("b");
    bench_read_next(&bench);
    assert_int_equal(bench.verdicts, 1);
    assert_int_equal(bench.last, DS_ALLOW);
    bench_read_next(&bench);
    assert_int_equal(bench.verdicts, 2);
    assert_int_equal(bench.last, DS_DENY);
}

static void loads_of_one_question_are_bounded(void **state)
{
    (void)state;
    struct buf rule = BUF_EMPTY;
    buf_append_text(&rule, "\"true");
    for (int i = 0; i < 40; i++)
        buf_printf(&rule, " && _('r%d') === null", i);
    buf_append(&rule, (slice){"\"", 2}); /* and the terminator */
    make("event", "a", "publish", rule.at);
    buf_fini(&rule);
    assert_int_equal(bench_decide(&bench, EVENT, PUBLISH, "a"), DS_UNDECIDED);
    assert_true(bench.read_count <= 32);
}

static void note_closed(void *context, const char *error)
{
    assert_null(error);
    *(bool *)context = true;
}

static void closing_waits_for_questions_under_way(void **state)
{
    (void)state;
    const struct ds_permission_operations *operations = ds_permission_config.operations;
    make("event", "$x", "publish", "\"_('r/' + $x) === null && user.id === 'bo'\"");
    bench.is_slow = true;
    ask_publish("a");
    bool is_closed = false;
    ds_permission_config.close(bench.plugin, note_closed, &is_closed);
    assert_false(is_closed);
    bench_read_next(&bench);
    assert_true(is_closed);
    assert_int_equal(bench.last, DS_ALLOW);
    operations->user_free(bench.plugin, bench.user);
    bench.plugin = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_reference_is_loaded_and_decides),
        TEST(a_missing_record_is_null),
        TEST(b20_without_records_every_record_is_missing),
        TEST(records_are_read_one_after_the_other_while_the_question_waits),
        TEST(a_payload_survives_the_wait),
        TEST(the_record_at_hand_is_not_read_again),
        TEST(the_record_at_hand_counts_also_after_a_wait),
        TEST(old_data_that_is_not_at_hand_is_read),
        TEST(h29_a_record_that_says_loading_is_just_a_text),
        TEST(h13_an_undefined_part_loads_nothing),
        TEST(a_failed_load_is_undecided_and_logged),
        TEST(h5_an_error_after_a_load_is_one_verdict),
        TEST(questions_may_wait_at_the_same_time),
        TEST(loads_of_one_question_are_bounded),
        TEST(closing_waits_for_questions_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
