/* Logging in: attempts, several entries of `auth`, what an accepted user becomes. */

#include "support/memory_session.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* An authentication that answers as the test says, at once or when told. */
struct entry_double {
    struct ds_login_result result;
    bool is_late;
    unsigned asked;
    unsigned logged_out;
    char connection_data[512];
    char auth_data[256];
    ds_login_done *done;
    void *context;
    bool (*is_wanted)(void *context);
    void *wanted_context;
};

static void copy(char *out, size_t capacity, slice text)
{
    assert_true(text.length < capacity);
    memcpy(out, text.at, text.length);
    out[text.length] = '\0';
}

static void double_login(void *self, const struct ds_login *login, ds_login_done *done,
                         void *context)
{
    struct entry_double *entry = self;
    entry->asked++;
    copy(entry->connection_data, sizeof entry->connection_data, login->connection_data);
    copy(entry->auth_data, sizeof entry->auth_data, login->auth_data);
    entry->done = done;
    entry->context = context;
    entry->is_wanted = login->is_wanted;
    entry->wanted_context = login->wanted_context;
    if (!entry->is_late)
        done(context, &entry->result);
}

static void double_logged_out(void *self, slice user_id)
{
    struct entry_double *entry = self;
    assert_true(user_id.length > 0);
    entry->logged_out++;
}

static const struct ds_authentication_operations operations = {.login = double_login,
                                                               .logged_out = double_logged_out};

static struct memory_world world;
static struct entry_double entries[3];
static struct session_authentication list[3];

static int set_up(void **state)
{
    (void)state;
    memory_world_prepare(&world);
    for (size_t i = 0; i < 3; i++) {
        entries[i] = (struct entry_double){.result = {.outcome = DS_LOGIN_NOT_MINE}};
        list[i] = (struct session_authentication){&operations, &entries[i]};
    }
    world.settings.authentications = list;
    memory_world_open(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    return 0;
}

static void send_login(struct memory_client *client, const char *data)
{
    struct message message = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    MESSAGE_SET(&message, data, slice_of(data));
    memory_send(client, &message);
}

static struct memory_client *ready_client(void)
{
    struct memory_client *client = memory_connect(&world);
    struct message challenge = MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    memory_send(client, &challenge);
    memory_expect(client, TOPIC_CONNECTION, CONNECTION_ACCEPT);
    return client;
}

static struct ds_login_result accepted(const char *id, const char *client_data)
{
    return (struct ds_login_result){.outcome = DS_LOGIN_ACCEPTED,
                                    .has_id = id != NULL,
                                    .id = slice_of(id == NULL ? "" : id),
                                    .client_data = slice_of(client_data)};
}

static void the_plugin_gets_connection_data_and_login_data(void **state)
{
    (void)state;
    send_login(ready_client(), "{\"username\":\"bo\"}");
    assert_string_equal(entries[0].auth_data, "{\"username\":\"bo\"}");
    assert_string_equal(entries[0].connection_data,
                        "{\"remoteAddress\":\"192.0.2.7\",\"headers\":{\"host\":\"node.example\","
                        "\"referer\":\"http://page.example/\"},"
                        "\"referer\":\"http://page.example/\"}");
}

static void client_data_goes_to_the_client_and_stays_with_the_session(void **state)
{
    (void)state;
    struct memory_client *client = ready_client();
    entries[0].result = accepted("bo", "{\"a\":1}");
    send_login(client, "{}");
    const struct message *answer = memory_expect(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    assert_true(slice_equal(answer->data, SLICE("{\"a\":1}")));
    assert_true(slice_equal(client->session->user_id, SLICE("bo")));
    assert_true(slice_equal(client->session->client_data, SLICE("{\"a\":1}")));
    assert_null(client->session->connection_data.at);
}

static void a_refused_login_may_be_tried_again(void **state)
{
    (void)state;
    struct memory_client *client = ready_client();
    entries[0].result =
        (struct ds_login_result){.outcome = DS_LOGIN_REFUSED, .client_data = SLICE("\"why\"")};
    send_login(client, "{}");
    const struct message *answer = memory_expect(client, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);
    assert_true(slice_equal(answer->data, SLICE("\"why\"")));
    assert_true(memory_logged(&world, "AUTH_UNSUCCESSFUL", "invalid authentication data"));
    entries[0].result = accepted("bo", "");
    send_login(client, "{}");
    answer = memory_expect(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    assert_false(MESSAGE_HAS(answer, data));
}

static void too_many_attempts_end_the_connection(void **state)
{
    (void)state;
    struct memory_client *client = ready_client();
    for (int i = 0; i < 3; i++) {
        assert_false(client->is_closing);
        send_login(client, "{}");
        memory_expect(client, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);
    }
    memory_expect(client, TOPIC_AUTH, AUTH_TOO_MANY_AUTH_ATTEMPTS);
    assert_true(client->is_closing);
    send_login(client, "{}");
    memory_expect_nothing(client);
    assert_int_equal(entries[0].asked, 3);
    assert_true(memory_logged(&world, "TOO_MANY_AUTH_ATTEMPTS", "too many"));
}

static void f5_one_attempt_at_a_time(void **state)
{
    (void)state;
    struct memory_client *client = ready_client();
    entries[0].is_late = true;
    entries[0].result = accepted("bo", "");
    send_login(client, "{}");
    send_login(client, "{}");
    memory_expect(client, TOPIC_AUTH, AUTH_INVALID_MESSAGE);
    memory_expect_nothing(client);
    assert_int_equal(entries[0].asked, 1);
    entries[0].done(entries[0].context, &entries[0].result);
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    memory_expect_nothing(client);
}

static void f5_an_answer_after_the_end_opens_nothing(void **state)
{
    (void)state;
    struct memory_client *client = ready_client();
    entries[0].is_late = true;
    entries[0].result = accepted("ghost", "");
    send_login(client, "{}");
    assert_true(entries[0].is_wanted(entries[0].wanted_context));
    memory_disconnect(client);
    assert_false(entries[0].is_wanted(entries[0].wanted_context));
    entries[0].done(entries[0].context, &entries[0].result);
    memory_expect_nothing(client);
    assert_false(memory_logged(&world, "AUTH_SUCCESSFUL", "ghost"));
    assert_true(memory_logged(&world, "CLIENT_DISCONNECTED", "null"));
    assert_int_equal(entries[0].logged_out, 0);
    assert_int_equal(session_endpoint_count(world.endpoint), 0);
}

static void s5_several_entries_are_asked_in_turn(void **state)
{
    (void)state;
    world.settings.authentication_count = 3;
    entries[1].result = accepted("bo", "");
    struct memory_client *client = ready_client();
    send_login(client, "{}");
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    assert_int_equal(entries[0].asked, 1);
    assert_int_equal(entries[1].asked, 1);
    assert_int_equal(entries[2].asked, 0);
}

static void a_refusal_is_final_for_later_entries(void **state)
{
    (void)state;
    world.settings.authentication_count = 3;
    entries[0].is_late = true;
    entries[1].result = (struct ds_login_result){.outcome = DS_LOGIN_REFUSED};
    entries[2].result = accepted("bo", "");
    struct memory_client *client = ready_client();
    send_login(client, "{}");
    memory_expect_nothing(client);
    entries[0].done(entries[0].context, &entries[0].result);
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);
    assert_int_equal(entries[2].asked, 0);
}

static void when_no_entry_knows_the_user_he_is_refused(void **state)
{
    (void)state;
    world.settings.authentication_count = 3;
    struct memory_client *client = ready_client();
    send_login(client, "{}");
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);
    assert_int_equal(entries[2].asked, 1);
}

static void without_any_entry_everybody_is_refused(void **state)
{
    (void)state;
    world.settings.authentication_count = 0;
    struct memory_client *client = ready_client();
    send_login(client, "{}");
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);
    assert_false(session_is_open(client->session));
    assert_int_equal(entries[0].asked, 0);
}

static bool is_authenticated(const struct memory_client *client)
{
    return *(const bool *)client->session->user; /* as the permission double keeps it */
}

static struct memory_client *login_as(const char *id)
{
    struct memory_client *client = ready_client();
    entries[0].result = accepted(id, "");
    send_login(client, "{}");
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
    return client;
}

static void h21_a_login_without_an_id_is_open_and_not_authenticated(void **state)
{
    (void)state;
    struct memory_client *nobody = login_as(NULL), *empty = login_as("");
    assert_true(slice_equal(nobody->session->user_id, SLICE("OPEN")));
    assert_false(is_authenticated(nobody));
    assert_true(slice_equal(empty->session->user_id, SLICE("OPEN")));
    assert_false(is_authenticated(empty));
    assert_false(is_authenticated(login_as("open")));
    assert_true(is_authenticated(login_as("bo")));
    assert_true(is_authenticated(login_as("OPEN")));
}

static void server_data_that_is_not_json_refuses_the_login(void **state)
{
    (void)state;
    struct memory_client *client = ready_client();
    entries[0].result = accepted("bo", "");
    entries[0].result.server_data = SLICE("not json");
    send_login(client, "{}");
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);
    assert_false(session_is_open(client->session));
    assert_true(memory_logged(&world, "AUTH_ERROR", "bo"));
}

static void an_id_that_cannot_be_sent_refuses_the_login(void **state)
{
    (void)state;
    struct memory_client *client = ready_client();
    entries[0].result = accepted("\xed\xa0\x80", "");
    send_login(client, "{}");
    memory_expect(client, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);
    assert_int_equal(world.permission.user_count, 0);
}

static void authentication_hears_of_the_end_of_a_user(void **state)
{
    (void)state;
    world.settings.authentication_count = 2;
    struct memory_client *client = login_as("bo");
    memory_disconnect(client);
    assert_int_equal(entries[0].logged_out, 1);
    assert_int_equal(entries[1].logged_out, 1);
    assert_true(memory_logged(&world, "CLIENT_DISCONNECTED", "bo"));
}

static void login_data_is_logged_only_on_demand(void **state)
{
    (void)state;
    send_login(ready_client(), "{\"password\":\"secret\"}");
    assert_false(memory_logged(&world, "AUTH_UNSUCCESSFUL", "secret"));
    world.settings.log_invalid_auth_data = true;
    send_login(ready_client(), "{\"password\":\"secret\"}");
    assert_true(memory_logged(&world, "AUTH_UNSUCCESSFUL", "secret"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_plugin_gets_connection_data_and_login_data),
        TEST(client_data_goes_to_the_client_and_stays_with_the_session),
        TEST(a_refused_login_may_be_tried_again),
        TEST(too_many_attempts_end_the_connection),
        TEST(f5_one_attempt_at_a_time),
        TEST(f5_an_answer_after_the_end_opens_nothing),
        TEST(s5_several_entries_are_asked_in_turn),
        TEST(a_refusal_is_final_for_later_entries),
        TEST(when_no_entry_knows_the_user_he_is_refused),
        TEST(without_any_entry_everybody_is_refused),
        TEST(h21_a_login_without_an_id_is_open_and_not_authenticated),
        TEST(server_data_that_is_not_json_refuses_the_login),
        TEST(an_id_that_cannot_be_sent_refuses_the_login),
        TEST(authentication_hears_of_the_end_of_a_user),
        TEST(login_data_is_logged_only_on_demand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
