/* Custom plugins are told of logins and logouts of connections, each once and behind the pipeline;
 * with no such plugin nothing stands before the pipeline. */

#include "node/custom_plugins.h"

#include "node/internal.h"
#include "support/memory_session.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;
static struct ds_node node;
static struct buf told;

struct listener {
    const char *name;
};

static void note(const struct listener *listener, const char *what, const struct ds_client *client)
{
    buf_printf(&told, "%s %s " SLICE_FORMAT " " SLICE_FORMAT "\n", listener->name, what,
               SLICE_ARGUMENTS(client->user_id), SLICE_ARGUMENTS(client->server_data));
}

static void on_login(void *self, const struct ds_client *client)
{
    note(self, "login", client);
}

static void on_logout(void *self, const struct ds_client *client)
{
    note(self, "logout", client);
}

static void expect_told(const char *text)
{
    buf_append_byte(&told, '\0');
    assert_string_equal(told.at, text);
    buf_clear(&told);
}

static const struct ds_custom_operations BOTH = {on_login, on_logout},
                                         ONLY_LOGIN = {on_login, NULL},
                                         ONLY_LOGOUT = {NULL, on_logout};
static const struct ds_plugin HEARS_BOTH = {.kind = DS_PLUGIN_CUSTOM, .operations = &BOTH},
                              HEARS_LOGIN = {.kind = DS_PLUGIN_CUSTOM, .operations = &ONLY_LOGIN},
                              HEARS_LOGOUT = {.kind = DS_PLUGIN_CUSTOM, .operations = &ONLY_LOGOUT},
                              HEARS_NOTHING = {.operations = NULL};

static void add(const struct ds_plugin *plugin, struct listener *listener)
{
    struct service *service = calloc(1, sizeof *service);
    CHECK(service != NULL);
    *service = (struct service){.plugin = plugin, .self = listener, .group = &node.custom};
    VEC_PUSH(&node.custom.all, service);
}

static int set_up(void **state)
{
    (void)state;
    memory_world_prepare(&world);
    node = (struct ds_node){.features.pipeline = world.pipeline};
    services_init(&node.custom, &world.log);
    return 0;
}

static void open_world(void)
{
    world.settings.events = custom_plugins_session_events(&node);
    memory_world_open(&world);
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    for (size_t i = 0; i < node.custom.all.count; i++)
        node.custom.all.items[i]->self = NULL;
    services_fini(&node.custom);
    buf_fini(&told);
    told = BUF_EMPTY;
    return 0;
}

static void without_plugins_nothing_stands_before_the_pipeline(void **state)
{
    (void)state;
    open_world();
    assert_ptr_equal(world.settings.events, pipeline_session_events(world.pipeline));
}

static void each_is_told_of_what_it_wants_to_know(void **state)
{
    (void)state;
    struct listener one = {"one"}, two = {"two"}, three = {"three"}, four = {"four"};
    add(&HEARS_BOTH, &one);
    add(&HEARS_LOGIN, &two);
    add(&HEARS_NOTHING, &four);
    add(&HEARS_LOGOUT, &three);
    open_world();
    struct memory_client *bo = memory_login(&world, "bo");
    expect_told("one login bo \ntwo login bo \n");
    memory_disconnect(bo);
    expect_told("one logout bo \nthree logout bo \n");
}

static void each_connection_of_a_user_counts(void **state)
{
    (void)state;
    struct listener one = {"one"};
    add(&HEARS_BOTH, &one);
    open_world();
    struct memory_client *first = memory_login(&world, "bo"), *second = memory_login(&world, "bo");
    memory_disconnect(first);
    memory_disconnect(second);
    expect_told("one login bo \none login bo \none logout bo \none logout bo \n");
}

static void who_never_logged_in_is_not_told_of(void **state)
{
    (void)state;
    struct listener one = {"one"};
    add(&HEARS_BOTH, &one);
    open_world();
    memory_disconnect(memory_connect(&world));
    expect_told("");
}

static void who_passes_is_not_told_of(void **state)
{
    (void)state;
    struct listener one = {"one"};
    add(&HEARS_BOTH, &one);
    open_world();
    struct memory_client *carrier = memory_connect(&world);
    struct session *before = carrier->session;
    struct ds_login_result user = {.outcome = DS_LOGIN_ACCEPTED, .has_id = true, .id = SLICE("bo")};
    struct session *passing =
        session_open_passing(world.endpoint, &carrier->outlet, SLICE("::1"), &user);
    assert_non_null(passing);
    session_ended(passing);
    expect_told("");
    carrier->session = before;
    memory_disconnect(carrier);
}

static void a_plugin_that_is_closed_is_told_of_nothing(void **state)
{
    (void)state;
    struct listener one = {"one"}, two = {"two"};
    add(&HEARS_BOTH, &one);
    add(&HEARS_BOTH, &two);
    open_world();
    struct memory_client *bo = memory_login(&world, "bo");
    node.custom.all.items[0]->self = NULL;
    buf_clear(&told);
    memory_disconnect(bo);
    expect_told("two logout bo \n");
}

static void keep_name(void *self, struct session *session, const struct message *message)
{
    (void)self;
    (void)session;
    buf_append(&told, message->name);
}

static void messages_go_on_to_the_pipeline(void **state)
{
    (void)state;
    static const struct handler handler = {.on_message = keep_name};
    pipeline_add_handler(world.pipeline, TOPIC_EVENT, &handler);
    struct listener one = {"one"};
    add(&HEARS_BOTH, &one);
    open_world();
    struct memory_client *bo = memory_login(&world, "bo");
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, SLICE("news"));
    buf_clear(&told);
    memory_send(bo, &message);
    expect_told("news");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_plugins_nothing_stands_before_the_pipeline),
        TEST(each_is_told_of_what_it_wants_to_know),
        TEST(each_connection_of_a_user_counts),
        TEST(who_never_logged_in_is_not_told_of),
        TEST(who_passes_is_not_told_of),
        TEST(a_plugin_that_is_closed_is_told_of_nothing),
        TEST(messages_go_on_to_the_pipeline),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
