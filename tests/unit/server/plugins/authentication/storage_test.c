/* Logins against users who live in the storage (server.md 6.4), and how they come there. */

#include "plugins/authentication/password.h"
#include "plugins/builtins.h"
#include "support/login_check.h"
#include "support/store_double.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define METHOD "\"table\":\"Users\",\"hash\":\"md5\",\"iterations\":100,\"keyLength\":32"
#define HASH "rCOSZxJrgze2AZdVQh12c6ErDMOG0M+Rx5Yu7S5d91c=GS4SbTQYmoaGwjm2shEobg=="
#define BO "{\"username\":\"bo\",\"password\":\"password\"}"

static const struct ds_plugin *const plugin = &ds_authentication_storage;

static struct plugin_host host;
static struct store_double store;
static void *self;

static void get(void *context, ds_slice name, ds_record_done *done, void *done_context)
{
    (void)context;
    store_double_storage.get(&store, name, done, done_context);
}

static void set(void *context, ds_slice name, const struct ds_record *record, ds_done *done,
                void *done_context)
{
    (void)context;
    store_double_storage.set(&store, name, record, done, done_context);
}

static int set_up(void **state)
{
    (void)state;
    plugin_host_init(&host);
    host.services.storage_get = get;
    host.services.storage_set = set;
    store = (struct store_double){.keeps_order = true};
    self = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (self != NULL)
        plugin_host_close(&host, plugin, self);
    store_double_fini(&store);
    plugin_host_fini(&host);
    return 0;
}

static void open_with(const char *options)
{
    self = plugin_host_must_open(&host, plugin, options);
}

static struct login_outcome login(const char *data)
{
    return login_check(&host, plugin, self, data);
}

/* ---- users who are there ---- */

static void the_right_password_logs_in_under_the_stored_id(void **state)
{
    (void)state;
    open_with("{" METHOD "}");
    store_put(&store, "Users/bo", 1,
              "{\"username\":\"bo\",\"password\":\"" HASH "\",\"clientData\":{\"id\":\"u-1\"},"
              "\"serverData\":{\"created\":5}}");
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_ACCEPTED);
    assert_true(outcome.has_id);
    assert_string_equal(outcome.id, "u-1");
    assert_string_equal(outcome.client_data, "{\"id\":\"u-1\"}");
    assert_string_equal(outcome.server_data, "{\"created\":5}");
    assert_true(outcome.expires_ms == 0);
}

static void a_wrong_password_is_refused_without_a_reason(void **state)
{
    (void)state;
    open_with("{" METHOD "}");
    store_put(&store, "Users/bo", 1, "{\"password\":\"" HASH "\",\"clientData\":{\"id\":\"u-1\"}}");
    struct login_outcome outcome = login("{\"username\":\"bo\",\"password\":\"wrong\"}");
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(outcome.client_data, "");
}

static void an_unknown_user_is_left_to_the_next_entry(void **state)
{
    (void)state;
    open_with("{" METHOD ",\"createUser\":false}");
    assert_int_equal(login(BO).outcome, DS_LOGIN_NOT_MINE);
    assert_int_equal(store.calls[STORE_SET], 0);
}

static void missing_parameters_are_named_as_the_original_does(void **state)
{
    (void)state;
    open_with("{" METHOD "}");
    assert_string_equal(login("{}").client_data,
                        "{\"error\":\"missing authentication parameters: username password\"}");
    assert_string_equal(login("{\"username\":\"bo\",\"password\":1}").client_data,
                        "{\"error\":\"missing authentication parameters: false password\"}");
    assert_string_equal(login("{\"password\":\"x\"}").client_data,
                        "{\"error\":\"missing authentication parameters: username false\"}");
    assert_int_equal(login("[]").outcome, DS_LOGIN_REFUSED);
    assert_int_equal(store.calls[STORE_GET], 0);
}

static void as_one_of_several_it_refuses_little(void **state)
{
    (void)state;
    open_with("{" METHOD ",\"reportInvalidParameters\":false}");
    store_put(&store, "Users/bo", 1, "{\"password\":\"" HASH "\",\"clientData\":{\"id\":\"u-1\"}}");
    assert_int_equal(login("{}").outcome, DS_LOGIN_NOT_MINE);
    assert_int_equal(login("{\"username\":\"bo\",\"password\":\"no\"}").outcome, DS_LOGIN_NOT_MINE);
    store.errors[STORE_GET] = "gone";
    assert_int_equal(login(BO).outcome, DS_LOGIN_REFUSED);
}

static void a_storage_that_fails_refuses_and_is_logged(void **state)
{
    (void)state;
    open_with("{" METHOD "}");
    store.errors[STORE_GET] = "connection lost";
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(outcome.client_data, "{\"error\":\"Error retrieving user from storage\"}");
    assert_true(plugin_host_has_logged(
        &host, "AUTH_ERROR Error retrieving user from storage: connection lost"));
}

static void s5_what_is_no_user_lets_nobody_in(void **state)
{
    (void)state;
    static const char *const users[] = {
        "{}",
        "[]",
        "5",
        "not json",
        "{\"password\":5,\"clientData\":{\"id\":\"u\"}}",
        "{\"password\":\"\",\"clientData\":{\"id\":\"u\"}}",
        "{\"password\":\"password\",\"clientData\":{\"id\":\"u\"}}",
        "{\"password\":\"" HASH "\"}",
        "{\"password\":\"" HASH "\",\"clientData\":null}",
        "{\"password\":\"" HASH "\",\"clientData\":{\"id\":7}}",
        "{\"password\":\"" HASH "\",\"clientData\":{\"id\":\"\"}}",
    };
    open_with("{" METHOD "}");
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        store_put(&store, "Users/bo", 1, users[i]);
        assert_int_equal(login(BO).outcome, DS_LOGIN_REFUSED);
    }
    assert_true(plugin_host_has_logged(&host, "no id in clientData: Users/bo"));
}

static void a_name_that_no_storage_could_have_is_none(void **state)
{
    (void)state;
    static char data[4096];
    open_with("{" METHOD ",\"createUser\":true}");
    snprintf(data, sizeof data, "{\"username\":\"%02000d\",\"password\":\"x\"}", 1);
    assert_int_equal(login(data).outcome, DS_LOGIN_REFUSED);
    assert_int_equal(login("{\"username\":\"\\ud800\",\"password\":\"x\"}").outcome,
                     DS_LOGIN_REFUSED);
    assert_int_equal(store.calls[STORE_GET], 0);
}

/* ---- users who are made ---- */

static bool is_uuid(const char *text)
{
    if (strlen(text) != 36 || text[14] != '4' || strchr("89ab", text[19]) == NULL)
        return false;
    for (size_t i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    }
    return true;
}

static void a_new_user_is_made_and_knows_his_password(void **state)
{
    (void)state;
    const char *data;
    open_with("{" METHOD ",\"createUser\":true}");
    struct login_outcome first = login(BO);
    assert_int_equal(first.outcome, DS_LOGIN_ACCEPTED);
    assert_true(is_uuid(first.id));
    assert_int_equal(store_version(&store, "Users/bo", &data), 1);
    assert_non_null(strstr(data, "{\"username\":\"bo\",\"password\":\""));
    assert_non_null(strstr(data, first.client_data));
    assert_non_null(strstr(data, first.server_data));
    assert_non_null(strstr(first.client_data, first.id));
    assert_non_null(strstr(first.server_data, "{\"created\":1"));
    assert_null(strstr(data, "\"password\":\"password\""));
    assert_true(plugin_host_has_logged(&host, "REGISTERING_USER Adding new user bo"));
    struct login_outcome again = login(BO);
    assert_int_equal(again.outcome, DS_LOGIN_ACCEPTED);
    assert_string_equal(again.id, first.id);
    assert_string_equal(again.server_data, first.server_data);
    assert_int_equal(login("{\"username\":\"bo\",\"password\":\"no\"}").outcome, DS_LOGIN_REFUSED);
}

static void names_are_part_of_the_key_as_they_are(void **state)
{
    (void)state;
    const char *data;
    open_with("{\"hash\":\"sha512\",\"iterations\":1,\"keyLength\":64,\"table\":\"T\","
              "\"tableSplitChar\":\"-\",\"createUser\":true}");
    assert_int_equal(login("{\"username\":\"a/\\\"b\\u0000\",\"password\":\"\"}").outcome,
                     DS_LOGIN_ACCEPTED);
    assert_int_equal(store.entries.count, 1);
    data = store.entries.items[0].data;
    assert_non_null(strstr(data, "\"username\":\"a/\\\"b\\u0000\""));
    assert_memory_equal(store.entries.items[0].name, "T-a/\"b", 6);
}

static void a_user_who_cannot_be_written_is_refused(void **state)
{
    (void)state;
    open_with("{" METHOD ",\"createUser\":true}");
    store.errors[STORE_SET] = "disk full";
    struct login_outcome outcome = login(BO);
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(outcome.client_data, "{\"error\":\"Error creating user\"}");
    assert_true(plugin_host_has_logged(&host, "Error creating user: disk full"));
    store.errors[STORE_SET] = NULL;
    assert_int_equal(login(BO).outcome, DS_LOGIN_ACCEPTED);
}

/* Of several who come at once one makes the user; the others have to know his password. */
static void of_two_at_once_the_first_one_makes_the_user(void **state)
{
    (void)state;
    static struct login_outcome outcomes[20];
    unsigned accepted = 0;
    open_with("{" METHOD ",\"createUser\":true}");
    for (size_t i = 0; i < 20; i++)
        login_begin(plugin, self, i % 2 == 0 ? BO : "{\"username\":\"bo\",\"password\":\"other\"}",
                    &outcomes[i]);
    for (size_t i = 0; i < 20; i++)
        plugin_host_wait(&host, &outcomes[i].is_done);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(outcomes[i].count, 1);
        assert_int_equal(outcomes[i].outcome, i % 2 == 0 ? DS_LOGIN_ACCEPTED : DS_LOGIN_REFUSED);
        if (outcomes[i].outcome == DS_LOGIN_ACCEPTED)
            assert_string_equal(outcomes[i].id, outcomes[0].id);
        accepted += outcomes[i].outcome == DS_LOGIN_ACCEPTED;
    }
    assert_int_equal(accepted, 10);
    assert_int_equal(store.calls[STORE_SET], 1);
}

static void after_one_who_failed_the_next_one_makes_the_user(void **state)
{
    (void)state;
    struct login_outcome first, second;
    open_with("{" METHOD ",\"createUser\":true}");
    store.is_late[STORE_SET] = true;
    store.errors[STORE_SET] = "disk full";
    login_begin(plugin, self, BO, &first);
    login_begin(plugin, self, BO, &second);
    while (store.waiting.count == 0)
        uv_run(&host.loop, UV_RUN_ONCE);
    store_answer(&store);
    assert_int_equal(first.outcome, DS_LOGIN_REFUSED);
    store.is_late[STORE_SET] = false;
    store.errors[STORE_SET] = NULL;
    plugin_host_wait(&host, &second.is_done);
    assert_int_equal(second.outcome, DS_LOGIN_ACCEPTED);
}

/* ---- the end ---- */

static void note_closed(void *context, const char *error)
{
    assert_null(error);
    *(bool *)context = true;
}

static void closing_waits_for_the_storage_and_for_hashes(void **state)
{
    (void)state;
    struct login_outcome outcomes[3];
    bool is_closed = false;
    open_with("{" METHOD ",\"createUser\":true}");
    store.is_late[STORE_GET] = true;
    for (size_t i = 0; i < 3; i++)
        login_begin(plugin, self, BO, &outcomes[i]);
    plugin->close(self, note_closed, &is_closed);
    self = NULL;
    store.is_late[STORE_GET] = false;
    while (store_answer(&store))
        assert_false(is_closed);
    plugin_host_wait(&host, &is_closed);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(outcomes[i].outcome, DS_LOGIN_ACCEPTED);
}

/* ---- settings ---- */

static void expect_error(const char *options, const char *text)
{
    plugin_host_must_refuse(&host, plugin, options, text);
}

static void what_is_wrong_at_the_start_is_said(void **state)
{
    (void)state;
    expect_error("{}", "Validating settings failed for storage auth: table is missing, which names "
                       "the users' place in the storage");
    expect_error("{\"table\":\"Users\"}",
                 "Validating settings failed for storage auth: hash is not the name of a digest "
                 "such as md5, sha256 or sha512");
    host.services.storage_get = NULL;
    expect_error("{" METHOD "}", "Validating settings failed for storage auth: it needs a storage "
                                 "that keeps users, but there is none");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_right_password_logs_in_under_the_stored_id),
        TEST(a_wrong_password_is_refused_without_a_reason),
        TEST(an_unknown_user_is_left_to_the_next_entry),
        TEST(missing_parameters_are_named_as_the_original_does),
        TEST(as_one_of_several_it_refuses_little),
        TEST(a_storage_that_fails_refuses_and_is_logged),
        TEST(s5_what_is_no_user_lets_nobody_in),
        TEST(a_name_that_no_storage_could_have_is_none),
        TEST(a_new_user_is_made_and_knows_his_password),
        TEST(names_are_part_of_the_key_as_they_are),
        TEST(a_user_who_cannot_be_written_is_refused),
        TEST(of_two_at_once_the_first_one_makes_the_user),
        TEST(after_one_who_failed_the_next_one_makes_the_user),
        TEST(closing_waits_for_the_storage_and_for_hashes),
        TEST(what_is_wrong_at_the_start_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
