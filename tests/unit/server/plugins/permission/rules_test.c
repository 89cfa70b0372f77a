/* Questions that a rule decides at once: mapping, variables, errors. */

#include "rule_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EVENT = 4, RECORD = 5, RPC = 6, PRESENCE = 7 };

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

struct mapping {
    unsigned topic;
    const char *section, *type;
    unsigned actions[8]; /* ended by 0 */
};

static const struct mapping MAPPINGS[] = {
    {RECORD, "record", "read", {3, 5, 21, 22, 25}},
    {RECORD, "record", "write", {18, 19, 35}},
    {RECORD, "record", "delete", {9, 20}},
    {RECORD, "record", "create", {15}},
    {RECORD, "record", "listen", {27}},
    {RECORD, "record", "notify", {2}},
    {EVENT, "event", "publish", {2}},
    {EVENT, "event", "subscribe", {3}},
    {EVENT, "event", "listen", {5}},
    {RPC, "rpc", "request", {2}},
    {RPC, "rpc", "provide", {8}},
    {PRESENCE, "presence", "allow", {2, 4, 10, 12}},
};

static bool is_of(const struct mapping *mapping, unsigned topic, unsigned action)
{
    for (size_t i = 0; i < 8 && mapping->actions[i] != 0; i++) {
        if (mapping->topic == topic && mapping->actions[i] == action)
            return true;
    }
    return false;
}

static void each_action_asks_its_rule_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MAPPINGS / sizeof *MAPPINGS; i++) {
        set_up(NULL);
        make(MAPPINGS[i].section, "a/$x", MAPPINGS[i].type, "true");
        for (unsigned topic = 0; topic < 12; topic++) {
            for (unsigned action = 0; action < 300; action++) {
                enum ds_verdict expected = is_of(&MAPPINGS[i], topic, action) ? DS_ALLOW : DS_DENY;
                assert_int_equal(bench_decide(&bench, topic, action, "a/b"), expected);
            }
        }
        tear_down(NULL);
    }
    set_up(NULL);
}

static void h25_a_question_about_everybody_asks_the_root_alone(void **state)
{
    (void)state;
    make("presence", "undefined", "allow", "true");
    assert_int_equal(bench_decide(&bench, PRESENCE, 2, NULL), DS_DENY);
    assert_int_equal(bench_decide(&bench, PRESENCE, 4, "undefined"), DS_ALLOW);
}

static void what_no_rule_covers_is_denied_without_a_line(void **state)
{
    (void)state;
    make("event", "a", "publish", "true");
    assert_int_equal(bench_decide(&bench, EVENT, 2, "b"), DS_DENY);
    assert_string_equal(bench.log, "");
}

static void rules_see_user_name_action_and_data(void **state)
{
    (void)state;
    make(
        "event", "$x/news", "publish",
        "\"user.id === 'bo' && user.isAuthenticated && user.data.role === 'admin' && "
        "$x === 'a' && name === 'a/news' && action === 2 && data.n === 1 && now > 1600000000000\"");
    struct ds_permission_request request = {.topic = EVENT,
                                            .action = 2,
                                            .has_name = true,
                                            .name = SLICE("a/news"),
                                            .payload = DS_PAYLOAD_JSON,
                                            .data = SLICE("{\"n\":1}")};
    bench_ask(&bench, &request);
    assert_int_equal(bench.last, DS_ALLOW);
    request.data = SLICE("{\"n\":2}");
    bench_ask(&bench, &request);
    assert_int_equal(bench.last, DS_DENY);
    assert_int_equal(bench.verdicts, 2);
}

static void h24_a_payload_that_is_text_is_that_text(void **state)
{
    (void)state;
    make("event", "a", "publish", "\"data === '{'\"");
    struct ds_permission_request request = {.topic = EVENT,
                                            .action = 2,
                                            .has_name = true,
                                            .name = SLICE("a"),
                                            .payload = DS_PAYLOAD_TEXT,
                                            .data = SLICE("{")};
    bench_ask(&bench, &request);
    assert_int_equal(bench.last, DS_ALLOW);
}

static void h5_h6_broken_json_is_one_verdict_and_it_is_an_error(void **state)
{
    (void)state;
    make("event", "a", "publish", "\"user.id === 'nobody' || data.y !== 1\"");
    struct ds_permission_request request = {.topic = EVENT,
                                            .action = 2,
                                            .has_name = true,
                                            .name = SLICE("a"),
                                            .payload = DS_PAYLOAD_JSON,
                                            .data = SLICE("{broken")};
    bench_ask(&bench, &request);
    assert_int_equal(bench.verdicts, 1);
    assert_int_equal(bench.last, DS_UNDECIDED);
    assert_non_null(strstr(bench.log, "MESSAGE_PERMISSION_ERROR"));
}

static void s6_h1_falsy_results_deny(void **state)
{
    (void)state;
    static const char *const rules[] = {"\"user.data.missing\"", "\"null\"", "\"0\"", "\"''\"",
                                        "\"undefined\"",         "false"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        set_up(NULL);
        make("event", "a", "publish", rules[i]);
        assert_int_equal(bench_decide(&bench, EVENT, 2, "a"), DS_DENY);
        tear_down(NULL);
    }
    set_up(NULL);
}

static void an_error_is_one_line_with_place_rule_and_question(void **state)
{
    (void)state;
    make("record", "a/$x", "create", "\"user.data.team.name === 'x'\"");
    assert_int_equal(bench_decide(&bench, RECORD, 15, "a/b"), DS_UNDECIDED);
    assert_string_equal(
        bench.log,
        "MESSAGE_PERMISSION_ERROR | test.yml:/permissions/record/a/$x/create record/create "
        "\"a/$x\": TypeError: Cannot read properties of undefined (reading 'name') (user \"bo\", "
        "name \"a/b\", action 15)\n");
}

static void a_long_name_is_cut_in_the_log_at_a_whole_character(void **state)
{
    (void)state;
    make("record", ".*", "create", "\"user.data.team.name === 'x'\"");
    char name[1001];
    name[0] = 'x';
    for (size_t i = 1; i < 999; i += 2)
        memcpy(name + i, "\xc3\xa9", 2);
    name[999] = '\0';
    assert_int_equal(bench_decide(&bench, RECORD, 15, name), DS_UNDECIDED);
    const char *end = strstr(bench.log, "...\"");
    assert_non_null(end);
    assert_memory_equal(end - 2, "\xc3\xa9", 2);
    assert_true(strlen(bench.log) < 600);
}

static void users_with_data_that_is_not_json_are_refused(void **state)
{
    (void)state;
    const struct ds_permission_operations *operations = ds_permission_config.operations;
    make("event", "a", "publish", "true");
    assert_null(operations->user_new(bench.plugin, SLICE("x"), true, SLICE("{")));
    void *user = operations->user_new(bench.plugin, SLICE("x"), true, SLICE(""));
    assert_non_null(user);
    operations->user_free(bench.plugin, user);
}

static void note_verdict(void *context, enum ds_verdict verdict)
{
    *(enum ds_verdict *)context = verdict;
}

static void note_closed(void *context, const char *error)
{
    assert_null(error);
    *(bool *)context = true;
}

static void the_permission_none_allows_everything(void **state)
{
    (void)state;
    const struct ds_permission_operations *operations = ds_permission_none.operations;
    struct ds_error error;
    void *self = ds_permission_none.create(&bench.services, NULL, &error);
    assert_non_null(self);
    struct ds_permission_request request = {.topic = RECORD, .action = 9};
    request.user = operations->user_new(self, SLICE("x"), false, SLICE("null"));
    assert_non_null(request.user);
    enum ds_verdict verdict = DS_DENY;
    operations->check(self, &request, note_verdict, &verdict);
    assert_int_equal(verdict, DS_ALLOW);
    operations->user_free(self, request.user);
    bool is_closed = false;
    ds_permission_none.close(self, note_closed, &is_closed);
    assert_true(is_closed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_action_asks_its_rule_and_no_other),
        TEST(h25_a_question_about_everybody_asks_the_root_alone),
        TEST(what_no_rule_covers_is_denied_without_a_line),
        TEST(rules_see_user_name_action_and_data),
        TEST(h24_a_payload_that_is_text_is_that_text),
        TEST(h5_h6_broken_json_is_one_verdict_and_it_is_an_error),
        TEST(s6_h1_falsy_results_deny),
        TEST(an_error_is_one_line_with_place_rule_and_question),
        TEST(a_long_name_is_cut_in_the_log_at_a_whole_character),
        TEST(users_with_data_that_is_not_json_are_refused),
        TEST(the_permission_none_allows_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
