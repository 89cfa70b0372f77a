/* Logins against the users of the configuration (server.md 6.3). */

#include "plugins/authentication/password.h"
#include "plugins/builtins.h"
#include "support/test_values.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <uv.h>

#include <cmocka.h>

#define HASHED                                                                                     \
    "\"hash\":\"md5\",\"iterations\":100,\"keyLength\":32,"                                        \
    "\"users\":{\"bo\":{\"password\":"                                                             \
    "\"rCOSZxJrgze2AZdVQh12c6ErDMOG0M+Rx5Yu7S5d91c=GS4SbTQYmoaGwjm2shEobg==\","                    \
    "\"clientData\":{\"nick\":\"b\"},\"serverData\":{\"role\":\"admin\"}}}"
#define PLAIN "\"users\":{\"al\":{\"password\":\"plain\"},\"constructor\":{\"password\":\"x\"}}"

static const struct ds_plugin *const plugin = &ds_authentication_file;

static struct arena arena;
static uv_loop_t loop;
static struct ds_services services;
static char logged[1024];

static void keep_log(void *host, enum ds_log_level level, const char *event, ds_slice text)
{
    (void)host;
    (void)level;
    snprintf(logged, sizeof logged, "%s | " SLICE_FORMAT, event, SLICE_ARGUMENTS(text));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    CHECK(uv_loop_init(&loop) == 0);
    services = (struct ds_services){.loop = &loop, .log = keep_log};
    logged[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
    arena_fini(&arena);
    return 0;
}

static void *create(const char *options)
{
    struct ds_error error = {.text = ""};
    void *self = plugin->create(&services, test_value(&arena, options), &error);
    if (self == NULL)
        fail_msg("%s", error.text);
    return self;
}

static void note_closed(void *context, const char *error)
{
    assert_null(error);
    *(bool *)context = true;
}

static void close_it(void *self)
{
    bool is_closed = false;
    plugin->close(self, note_closed, &is_closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(is_closed);
}

struct outcome {
    unsigned count;
    struct ds_login_result result;
    char id[64], client_data[256], server_data[256];
    bool has_left; /* does not wait for it */
};

static bool is_waiting(void *context)
{
    return !((struct outcome *)context)->has_left;
}

static void keep(char *out, slice text)
{
    memcpy(out, text.at, text.length);
    out[text.length] = '\0';
}

static void keep_outcome(void *context, const struct ds_login_result *result)
{
    struct outcome *outcome = context;
    outcome->count++;
    outcome->result = *result;
    if (result->id.length > 0)
        keep(outcome->id, result->id);
    if (result->client_data.length > 0)
        keep(outcome->client_data, result->client_data);
    if (result->server_data.length > 0)
        keep(outcome->server_data, result->server_data);
}

static void start_login(void *self, const char *data, struct outcome *outcome)
{
    const struct ds_authentication_operations *operations = plugin->operations;
    char copy[256];
    snprintf(copy, sizeof copy, "%s", data);
    struct ds_login login = {.auth_data = slice_of(copy),
                             .connection_data = SLICE("{}"),
                             .is_wanted = is_waiting,
                             .wanted_context = outcome};
    operations->login(self, &login, keep_outcome, outcome);
    memset(copy, 'x', sizeof copy); /* it was borrowed */
}

static struct outcome login(void *self, const char *data)
{
    struct outcome outcome = {0};
    start_login(self, data, &outcome);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(outcome.count, 1);
    return outcome;
}

static void a_hashed_password_logs_in_with_id_and_data(void **state)
{
    (void)state;
    void *self = create("{" HASHED "}");
    struct outcome outcome = login(self, "{\"username\":\"bo\",\"password\":\"password\"}");
    assert_int_equal(outcome.result.outcome, DS_LOGIN_ACCEPTED);
    assert_true(outcome.result.has_id);
    assert_string_equal(outcome.id, "bo");
    assert_string_equal(outcome.client_data, "{\"nick\":\"b\"}");
    assert_string_equal(outcome.server_data, "{\"role\":\"admin\"}");
    close_it(self);
}

static void a_plain_password_logs_in_and_has_null_data(void **state)
{
    (void)state;
    void *self = create("{\"hash\":false," PLAIN "}");
    struct outcome outcome = login(self, "{\"username\":\"al\",\"password\":\"plain\"}");
    assert_int_equal(outcome.result.outcome, DS_LOGIN_ACCEPTED);
    assert_string_equal(outcome.client_data, "null");
    assert_string_equal(outcome.server_data, "null");
    close_it(self);
}

static void a_wrong_password_is_refused_without_a_reason(void **state)
{
    (void)state;
    void *hashed = create("{" HASHED "}"), *plain = create("{" PLAIN "}");
    struct outcome outcome = login(hashed, "{\"username\":\"bo\",\"password\":\"wrong\"}");
    assert_int_equal(outcome.result.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(outcome.client_data, "");
    outcome = login(plain, "{\"username\":\"al\",\"password\":\"plain \"}");
    assert_int_equal(outcome.result.outcome, DS_LOGIN_REFUSED);
    close_it(hashed);
    close_it(plain);
}

static void an_unknown_user_is_left_to_the_next_entry(void **state)
{
    (void)state;
    void *hashed = create("{" HASHED "}"), *plain = create("{" PLAIN "}");
    struct outcome outcome = login(hashed, "{\"username\":\"eve\",\"password\":\"password\"}");
    assert_int_equal(outcome.result.outcome, DS_LOGIN_NOT_MINE);
    outcome = login(plain, "{\"username\":\"eve\",\"password\":\"plain\"}");
    assert_int_equal(outcome.result.outcome, DS_LOGIN_NOT_MINE);
    close_it(hashed);
    close_it(plain);
}

static void parameters_that_are_no_texts_are_refused_with_the_reason(void **state)
{
    (void)state;
    static const char *const data[] = {"{}",
                                       "[]",
                                       "{\"username\":\"bo\"}",
                                       "{\"password\":\"password\"}",
                                       "{\"username\":1,\"password\":\"x\"}",
                                       "{\"username\":\"bo\",\"password\":null}"};
    void *self = create("{" HASHED "}");
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        struct outcome outcome = login(self, data[i]);
        assert_int_equal(outcome.result.outcome, DS_LOGIN_REFUSED);
        assert_string_equal(
            outcome.client_data,
            "{\"error\":\"missing authentication parameter: username or/and password\"}");
    }
    close_it(self);
}

static void as_one_of_several_it_refuses_nothing(void **state)
{
    (void)state;
    void *self = create("{\"reportInvalidParameters\":false," PLAIN "}");
    assert_int_equal(login(self, "{}").result.outcome, DS_LOGIN_NOT_MINE);
    assert_int_equal(login(self, "{\"username\":\"al\",\"password\":\"no\"}").result.outcome,
                     DS_LOGIN_NOT_MINE);
    close_it(self);
}

static void s5_constructor_is_a_name_like_any_other(void **state)
{
    (void)state;
    void *self = create("{" PLAIN "}");
    assert_int_equal(
        login(self, "{\"username\":\"constructor\",\"password\":\"x\"}").result.outcome,
        DS_LOGIN_ACCEPTED);
    assert_int_equal(login(self, "{\"username\":\"toString\",\"password\":\"x\"}").result.outcome,
                     DS_LOGIN_NOT_MINE);
    assert_int_equal(login(self, "{\"username\":\"__proto__\",\"password\":\"x\"}").result.outcome,
                     DS_LOGIN_NOT_MINE);
    close_it(self);
}

static void many_logins_at_once_are_each_answered(void **state)
{
    (void)state;
    void *self = create("{" HASHED "}");
    static struct outcome outcomes[50];
    memset(outcomes, 0, sizeof outcomes);
    for (int i = 0; i < 50; i++)
        start_login(self,
                    i % 2 == 0 ? "{\"username\":\"bo\",\"password\":\"password\"}"
                               : "{\"username\":\"bo\",\"password\":\"wrong\"}",
                    &outcomes[i]);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(outcomes[i].count, 1);
        assert_int_equal(outcomes[i].result.outcome,
                         i % 2 == 0 ? DS_LOGIN_ACCEPTED : DS_LOGIN_REFUSED);
    }
    close_it(self);
}

static void closing_waits_for_what_is_computed_and_refuses_what_waits(void **state)
{
    (void)state;
    void *self = create("{" HASHED "}");
    static struct outcome outcomes[50];
    memset(outcomes, 0, sizeof outcomes);
    for (int i = 0; i < 50; i++)
        start_login(self, "{\"username\":\"bo\",\"password\":\"password\"}", &outcomes[i]);
    bool is_closed = false;
    plugin->close(self, note_closed, &is_closed);
    assert_false(is_closed);
    assert_int_equal(outcomes[0].count, 0);
    assert_int_equal(outcomes[49].count, 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(is_closed);
    for (int i = 0; i < 50; i++)
        assert_int_equal(outcomes[i].count, 1);
    assert_int_equal(outcomes[0].result.outcome, DS_LOGIN_ACCEPTED);
    assert_int_equal(outcomes[49].result.outcome, DS_LOGIN_REFUSED);
}

static void who_has_left_is_not_computed_for(void **state)
{
    (void)state;
    void *self = create("{" HASHED "}");
    static struct outcome outcomes[50];
    memset(outcomes, 0, sizeof outcomes);
    for (int i = 0; i < 50; i++)
        start_login(self, "{\"username\":\"bo\",\"password\":\"password\"}", &outcomes[i]);
    for (int i = 0; i < 49; i++)
        outcomes[i].has_left = true;
    uv_run(&loop, UV_RUN_DEFAULT);
    unsigned computed = 0;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(outcomes[i].count, 1);
        computed += outcomes[i].result.outcome == DS_LOGIN_ACCEPTED;
    }
    assert_int_equal(outcomes[49].result.outcome, DS_LOGIN_ACCEPTED);
    assert_in_range(computed, 2, 3); /* on one or two threads at once, then the last one */
    close_it(self);
}

static void expect_error(const char *options, const char *text)
{
    struct ds_error error = {.text = ""};
    assert_null(plugin->create(&services, test_value(&arena, options), &error));
    assert_string_equal(error.text, text);
}

static void what_is_wrong_at_the_start_is_said_with_its_place(void **state)
{
    (void)state;
    expect_error("{}", "no users present in user file");
    expect_error("{\"users\":{}}", "test.yml:/users: no users present in user file");
    expect_error("{\"users\":[1]}", "test.yml:/users: no users present in user file");
    expect_error("{\"users\":{\"bo\":{}}}", "test.yml:/users/bo: missing password for bo");
    expect_error("{\"users\":{\"bo\":\"x\"}}", "test.yml:/users/bo: missing password for bo");
    expect_error("{\"users\":{\"bo\":{\"password\":12}}}",
                 "test.yml:/users/bo/password: the password is no text, put it in quotes, for bo");
    expect_error("{\"hash\":\"md77\",\"iterations\":1,\"keyLength\":1," PLAIN "}",
                 "Validating settings failed for file auth: test.yml:/hash: hash is not the name "
                 "of a digest such as md5, sha256 or sha512");
    expect_error("{\"hash\":\"md5\",\"keyLength\":1," PLAIN "}",
                 "Validating settings failed for file auth: test.yml:/hash: iterations must be a "
                 "whole number from 1 to 100000000");
}

static void plain_passwords_under_a_hash_are_warned_about(void **state)
{
    (void)state;
    void *self = create("{\"hash\":\"md5\",\"iterations\":1,\"keyLength\":32,"
                        "\"users\":{\"al\":{\"password\":\"plain\"}}}");
    assert_string_equal(logged,
                        "AUTH_ERROR | the password of al is no hash with a salt: no login fits it");
    assert_int_equal(login(self, "{\"username\":\"al\",\"password\":\"plain\"}").result.outcome,
                     DS_LOGIN_REFUSED);
    close_it(self);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_hashed_password_logs_in_with_id_and_data),
        TEST(a_plain_password_logs_in_and_has_null_data),
        TEST(a_wrong_password_is_refused_without_a_reason),
        TEST(an_unknown_user_is_left_to_the_next_entry),
        TEST(parameters_that_are_no_texts_are_refused_with_the_reason),
        TEST(as_one_of_several_it_refuses_nothing),
        TEST(s5_constructor_is_a_name_like_any_other),
        TEST(many_logins_at_once_are_each_answered),
        TEST(closing_waits_for_what_is_computed_and_refuses_what_waits),
        TEST(who_has_left_is_not_computed_for),
        TEST(what_is_wrong_at_the_start_is_said_with_its_place),
        TEST(plain_passwords_under_a_hash_are_warned_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
