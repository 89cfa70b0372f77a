/* What a loaded plugin answers goes on once; more is named and goes nowhere, whatever the kind. */

#include "node/guard/plugin_guard.h"

#include "logging/log.h"

#include "base/check.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a plugin that keeps its callbacks ---- */

struct kept {
    ds_done *done;
    ds_record_done *record;
    ds_login_done *login;
    ds_verdict_done *verdict;
    ds_lock_done *lock;
    const struct ds_cluster_node_listener *listener;
    void *context;
};

static struct kept kept;

static void storage_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    (void)name;
    *(struct kept *)self = (struct kept){.record = done, .context = context};
}

static void storage_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    (void)name;
    (void)record;
    *(struct kept *)self = (struct kept){.done = done, .context = context};
}

static void storage_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                           void *context)
{
    (void)names;
    assert_int_equal(count, 2);
    *(struct kept *)self = (struct kept){.done = done, .context = context};
}

static const struct ds_storage_operations STORAGE_OPERATIONS = {storage_get, storage_set,
                                                                storage_remove};
static const struct ds_plugin STORAGE = {.kind = DS_PLUGIN_STORAGE,
                                         .operations = &STORAGE_OPERATIONS};
static const struct ds_plugin KEEPS_NOTHING = {.kind = DS_PLUGIN_STORAGE};

static void login(void *self, const struct ds_login *asked, ds_login_done *done, void *context)
{
    (void)asked;
    *(struct kept *)self = (struct kept){.login = done, .context = context};
}

static const struct ds_authentication_operations AUTHENTICATION_OPERATIONS = {.login = login};
static const struct ds_plugin AUTHENTICATION = {.kind = DS_PLUGIN_AUTHENTICATION,
                                                .operations = &AUTHENTICATION_OPERATIONS};

static void check_request(void *self, const struct ds_permission_request *request,
                          ds_verdict_done *done, void *context)
{
    (void)request;
    *(struct kept *)self = (struct kept){.verdict = done, .context = context};
}

static void *user_new(void *self, ds_slice id, bool is_authenticated, ds_slice server_data)
{
    (void)id;
    (void)is_authenticated;
    (void)server_data;
    return self;
}

static void user_free(void *self, void *user)
{
    assert_ptr_equal(self, user);
}

static const struct ds_permission_operations PERMISSION_OPERATIONS = {
    .user_new = user_new, .user_free = user_free, .check = check_request};
static const struct ds_plugin PERMISSION = {.kind = DS_PLUGIN_PERMISSION,
                                            .operations = &PERMISSION_OPERATIONS};
static void lock_get(void *self, ds_slice name, ds_lock_done *done, void *context)
{
    (void)name;
    *(struct kept *)self = (struct kept){.lock = done, .context = context};
}

static void lock_touch(void *self, ds_slice name)
{
    (void)name;
    assert_ptr_equal(self, &kept);
}

static const struct ds_lock_operations LOCK_OPERATIONS = {lock_get, lock_touch, lock_touch};
static const struct ds_plugin LOCKS = {.kind = DS_PLUGIN_LOCKS, .operations = &LOCK_OPERATIONS};

static void bus_send(void *self, uint8_t topic, ds_slice text)
{
    assert_ptr_equal(self, &kept);
    assert_int_equal(topic, 4);
    assert_true(slice_equal(text, SLICE("x")));
}

static void bus_send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    assert_true(slice_equal(server, SLICE("b")));
    bus_send(self, topic, text);
}

static void bus_subscribe(void *self, uint8_t topic)
{
    bus_send(self, topic, SLICE("x"));
}

static void bus_listen(void *self, const struct ds_cluster_node_listener *listener)
{
    ((struct kept *)self)->listener = listener;
}

static const struct ds_cluster_node_operations BUS_OPERATIONS = {bus_send, bus_send_direct,
                                                                 bus_subscribe, bus_listen};
static const struct ds_plugin BUS = {.kind = DS_PLUGIN_CLUSTER_NODE, .operations = &BUS_OPERATIONS};
static const struct ds_plugin LOGGER = {.kind = DS_PLUGIN_LOGGER};

/* ---- the world ---- */

static char log_text[4096];

static void keep(void *self, const struct ds_log_line *line)
{
    (void)self;
    size_t length = strlen(log_text);
    snprintf(log_text + length, sizeof log_text - length, SLICE_FORMAT "\n",
             SLICE_ARGUMENTS(line->text));
}

static const struct ds_logger_operations KEEPING = {.write = keep};
static struct log kept_log;
static unsigned answers;

static int set_up(void **state)
{
    (void)state;
    kept_log = (struct log){.operations = &KEEPING};
    log_text[0] = '\0';
    answers = 0;
    kept = (struct kept){0};
    return 0;
}

static struct plugin_guard *guard_of(const struct ds_plugin *plugin)
{
    return plugin_guard_new(plugin, &kept, "/x/a.so", &kept_log);
}

static void count_done(void *context, const char *error)
{
    assert_ptr_equal(context, &answers);
    assert_null(error);
    answers++;
}

static void count_record(void *context, const char *error, const struct ds_record *record)
{
    assert_ptr_equal(context, &answers);
    assert_null(error);
    assert_int_equal(record->version, 7);
    answers++;
}

static void count_login(void *context, const struct ds_login_result *result)
{
    assert_ptr_equal(context, &answers);
    assert_int_equal(result->outcome, DS_LOGIN_REFUSED);
    answers++;
}

static void count_verdict(void *context, enum ds_verdict verdict)
{
    assert_ptr_equal(context, &answers);
    assert_int_equal(verdict, DS_ALLOW);
    answers++;
}

static void close_connections(void *self, uint32_t grace_ms, ds_done *done, void *context)
{
    assert_ptr_equal(self, &kept);
    assert_int_equal(grace_ms, 9);
    kept.done = done;
    kept.context = context;
}

static const struct ds_http_service_operations HTTP_OPERATIONS = {.close_connections =
                                                                      close_connections};
static const struct ds_plugin HTTP = {.kind = DS_PLUGIN_HTTP_SERVICE,
                                      .operations = &HTTP_OPERATIONS};
static const struct ds_connection_endpoint_operations ENDPOINT_OPERATIONS = {.close_connections =
                                                                                 close_connections};
static const struct ds_plugin ENDPOINT = {.kind = DS_PLUGIN_CONNECTION_ENDPOINT,
                                          .operations = &ENDPOINT_OPERATIONS};

/* ---- tests ---- */

static void who_lets_clients_in_says_once_that_they_are_gone(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&HTTP);
    const struct ds_http_service_operations *service = plugin_guard_operations(guard);
    assert_true(service->reload == NULL && service->counters == NULL);
    service->close_connections(guard, 9, count_done, &answers);
    kept.done(kept.context, NULL);
    kept.done(kept.context, NULL);
    plugin_guard_free(&guard);
    guard = guard_of(&ENDPOINT);
    const struct ds_connection_endpoint_operations *endpoint = plugin_guard_operations(guard);
    endpoint->close_connections(guard, 9, count_done, &answers);
    kept.done(kept.context, NULL);
    kept.done(kept.context, NULL);
    plugin_guard_free(&guard);
    assert_int_equal(answers, 2);
    assert_string_equal(log_text,
                        "httpserver plugin /x/a.so: it answered the end of its connections once "
                        "more; this is ignored\n"
                        "connection plugin /x/a.so: it answered the end of its connections once "
                        "more; this is ignored\n");
}

static void a_storage_answers_once(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&STORAGE);
    const struct ds_storage_operations *operations = plugin_guard_operations(guard);
    struct ds_record record = {.version = 7, .data = SLICE("{}")};
    ds_slice names[2] = {SLICE("a"), SLICE("b")};
    operations->get(guard, names[0], count_record, &answers);
    kept.record(kept.context, NULL, &record);
    kept.record(kept.context, NULL, &record);
    assert_int_equal(answers, 1);
    operations->set(guard, names[0], &record, count_done, &answers);
    kept.done(kept.context, NULL);
    kept.done(kept.context, NULL);
    operations->remove(guard, names, 2, count_done, &answers);
    kept.done(kept.context, NULL);
    kept.done(kept.context, NULL);
    assert_int_equal(answers, 3);
    assert_string_equal(
        log_text, "storage plugin /x/a.so: it answered a get once more; this is ignored\n"
                  "storage plugin /x/a.so: it answered a set once more; this is ignored\n"
                  "storage plugin /x/a.so: it answered a remove once more; this is ignored\n");
    plugin_guard_free(&guard);
    assert_null(guard);
}

static void expect_no_record(void *context, const char *error, const struct ds_record *record)
{
    assert_non_null(error);
    assert_null(record);
    ++*(unsigned *)context;
}

static void an_answer_that_holds_nothing_is_an_error(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&STORAGE);
    const struct ds_storage_operations *storage = plugin_guard_operations(guard);
    storage->get(guard, SLICE("a"), expect_no_record, &answers);
    kept.record(kept.context, NULL, NULL);
    storage->get(guard, SLICE("a"), expect_no_record, &answers);
    kept.record(kept.context, NULL, &(struct ds_record){.version = -7});
    storage->get(guard, SLICE("a"), expect_no_record, &answers);
    kept.record(kept.context, "away", &(struct ds_record){.version = 1});
    plugin_guard_free(&guard);
    guard = guard_of(&AUTHENTICATION);
    const struct ds_authentication_operations *authentication = plugin_guard_operations(guard);
    authentication->login(guard, &(struct ds_login){.auth_data = SLICE("{}")}, count_login,
                          &answers);
    kept.login(kept.context, NULL);
    plugin_guard_free(&guard);
    assert_int_equal(answers, 4);
#define NOTHING "with neither a result nor an error; this counts as an error\n"
    assert_string_equal(log_text, "storage plugin /x/a.so: it answered a get " NOTHING
                                  "storage plugin /x/a.so: it answered a get " NOTHING
                                  "authentication plugin /x/a.so: it answered a login " NOTHING);
#undef NOTHING
}

static void what_a_storage_holds_is_json_or_an_error(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&STORAGE);
    const struct ds_storage_operations *storage = plugin_guard_operations(guard);
    storage->get(guard, SLICE("a"), expect_no_record, &answers);
    kept.record(kept.context, NULL, &(struct ds_record){.version = 1, .data = SLICE("{nope")});
    storage->get(guard, SLICE("a"), count_record, &answers);
    kept.record(kept.context, NULL,
                &(struct ds_record){.version = 7, .data = SLICE("{\"a\":[1]}")});
    assert_int_equal(answers, 2);
    assert_string_equal(log_text, "storage plugin /x/a.so: it answered a get with data that is not "
                                  "JSON; this counts as an error\n");
    plugin_guard_free(&guard);
}

static void a_login_is_answered_once(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&AUTHENTICATION);
    const struct ds_authentication_operations *operations = plugin_guard_operations(guard);
    struct ds_login_result result = {.outcome = DS_LOGIN_REFUSED};
    operations->login(guard, &(struct ds_login){.auth_data = SLICE("{}")}, count_login, &answers);
    kept.login(kept.context, &result);
    kept.login(kept.context, &result);
    assert_int_equal(answers, 1);
    assert_non_null(strstr(log_text, "authentication plugin /x/a.so: it answered a login once"));
    operations->logged_out(guard, SLICE("bo")); /* which the plugin does not want to know */
    plugin_guard_free(&guard);
}

static void a_login_whose_data_is_not_json_is_refused(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&AUTHENTICATION);
    const struct ds_authentication_operations *operations = plugin_guard_operations(guard);
    struct ds_login_result results[] = {
        {.outcome = DS_LOGIN_ACCEPTED, .client_data = SLICE("{nope")},
        {.outcome = DS_LOGIN_ACCEPTED, .client_data = SLICE("\"\xff\"")},
        {.outcome = DS_LOGIN_ACCEPTED, .server_data = SLICE("{nope")},
        {.outcome = DS_LOGIN_REFUSED, .client_data = SLICE("{\"why\":1}")},
    };
    for (size_t i = 0; i < 4; i++) {
        operations->login(guard, &(struct ds_login){.auth_data = SLICE("{}")}, count_login,
                          &answers);
        kept.login(kept.context, &results[i]);
        assert_int_equal(answers, i + 1);
    }
#define NOT_JSON                                                                                   \
    "authentication plugin /x/a.so: it answered a login with data that is not JSON; this counts "  \
    "as an error\n"
    assert_string_equal(log_text, NOT_JSON NOT_JSON NOT_JSON);
#undef NOT_JSON
    plugin_guard_free(&guard);
}

static void a_permission_decides_once(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&PERMISSION);
    const struct ds_permission_operations *operations = plugin_guard_operations(guard);
    void *user = operations->user_new(guard, SLICE("bo"), true, SLICE(""));
    operations->check(guard, &(struct ds_permission_request){.user = user}, count_verdict,
                      &answers);
    kept.verdict(kept.context, DS_ALLOW);
    kept.verdict(kept.context, DS_DENY);
    assert_int_equal(answers, 1);
    assert_null(operations->reload);
    operations->user_free(guard, user);
    plugin_guard_free(&guard);
}

static void count_lock(void *context, bool got)
{
    assert_true(got);
    ++*(int *)context;
}

static void a_lock_is_answered_once(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&LOCKS);
    const struct ds_lock_operations *operations = plugin_guard_operations(guard);
    operations->get(guard, SLICE("x"), count_lock, &answers);
    kept.lock(kept.context, true);
    kept.lock(kept.context, false);
    assert_int_equal(answers, 1);
    operations->renew(guard, SLICE("x"));
    operations->release(guard, SLICE("x"));
    plugin_guard_free(&guard);
}

static void count_text(void *context, uint8_t topic, ds_slice text)
{
    assert_int_equal(topic, 5);
    assert_true(slice_equal(text, SLICE("y")));
    ++*(int *)context;
}

static void count_state(void *context, bool is_connected)
{
    assert_true(is_connected);
    ++*(int *)context;
}

static void a_bus_is_heard_until_it_is_closed(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&BUS);
    const struct ds_cluster_node_operations *operations = plugin_guard_operations(guard);
    struct ds_cluster_node_listener listener = {&answers, count_text, count_state};
    operations->listen(guard, &listener);
    operations->subscribe(guard, 4);
    operations->send(guard, 4, SLICE("x"));
    operations->send_direct(guard, SLICE("b"), 4, SLICE("x"));
    kept.listener->on_text(kept.listener->context, 5, SLICE("y"));
    kept.listener->on_state(kept.listener->context, true);
    assert_int_equal(answers, 2);
    plugin_guard_end(guard);
    kept.listener->on_text(kept.listener->context, 5, SLICE("y"));
    kept.listener->on_state(kept.listener->context, true);
    assert_int_equal(answers, 2);
    assert_non_null(strstr(log_text, "clusternode plugin /x/a.so: it answered with a text after"));
    plugin_guard_free(&guard);
}

static void what_is_said_after_the_end_goes_nowhere(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&STORAGE);
    const struct ds_storage_operations *operations = plugin_guard_operations(guard);
    operations->set(guard, SLICE("a"), &(struct ds_record){.version = 1}, count_done, &answers);
    plugin_guard_end(guard);
    kept.done(kept.context, NULL);
    assert_int_equal(answers, 0);
    assert_string_equal(
        log_text,
        "storage plugin /x/a.so: it answered a set after it was closed; this is ignored\n");
    plugin_guard_free(&guard);
}

static void an_answer_is_known_again_after_a_thousand_others(void **state)
{
    (void)state;
    struct plugin_guard *guard = guard_of(&STORAGE);
    const struct ds_storage_operations *operations = plugin_guard_operations(guard);
    struct ds_record record = {.version = 1};
    operations->set(guard, SLICE("a"), &record, count_done, &answers);
    struct kept first = kept;
    first.done(first.context, NULL);
    for (int i = 0; i < 1000; i++) {
        operations->set(guard, SLICE("b"), &record, count_done, &answers);
        kept.done(kept.context, NULL);
    }
    operations->set(guard, SLICE("c"), &record, count_done, &answers);
    first.done(first.context, NULL);
    assert_int_equal(answers, 1001);
    for (int i = 0; i < 5000; i++) { /* memory is used again, and answers still find their way */
        operations->set(guard, SLICE("d"), &record, count_done, &answers);
        kept.done(kept.context, NULL);
    }
    assert_int_equal(answers, 6001);
    plugin_guard_free(&guard);
}

static void what_has_nothing_to_answer_needs_no_guard(void **state)
{
    (void)state;
    assert_null(guard_of(&LOGGER));
    assert_null(guard_of(&KEEPS_NOTHING));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_storage_answers_once, set_up),
        cmocka_unit_test_setup(an_answer_that_holds_nothing_is_an_error, set_up),
        cmocka_unit_test_setup(what_a_storage_holds_is_json_or_an_error, set_up),
        cmocka_unit_test_setup(a_login_is_answered_once, set_up),
        cmocka_unit_test_setup(a_login_whose_data_is_not_json_is_refused, set_up),
        cmocka_unit_test_setup(a_permission_decides_once, set_up),
        cmocka_unit_test_setup(a_lock_is_answered_once, set_up),
        cmocka_unit_test_setup(a_bus_is_heard_until_it_is_closed, set_up),
        cmocka_unit_test_setup(who_lets_clients_in_says_once_that_they_are_gone, set_up),
        cmocka_unit_test_setup(what_is_said_after_the_end_goes_nowhere, set_up),
        cmocka_unit_test_setup(an_answer_is_known_again_after_a_thousand_others, set_up),
        cmocka_unit_test_setup(what_has_nothing_to_answer_needs_no_guard, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
