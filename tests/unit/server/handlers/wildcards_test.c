/* Events through filters: who gets them, who is asked, in which order, and across nodes. */

#include "handlers/event.h"
#include "support/handler_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct listen_settings LISTEN = {.response_timeout_ms = 500};

struct node {
    struct handler_world world;
    struct event_handler *events;
};

static struct node here, there;
static struct memory_cluster cluster;

static void add_events(struct node *node)
{
    node->events = event_handler_new(&node->world.services, &LISTEN);
    pipeline_add_handler(node->world.memory.pipeline, TOPIC_EVENT,
                         event_handler_table(node->events));
}

static void end(struct node *node)
{
    handler_world_leave(&node->world);
    event_handler_free(&node->events);
    handler_world_fini(&node->world);
}

static int set_up(void **state)
{
    (void)state;
    handler_world_init(&here.world);
    add_events(&here);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    end(&here);
    return 0;
}

static int set_up_two(void **state)
{
    (void)state;
    memory_cluster_init(&cluster);
    handler_world_init_in(&here.world, &cluster, "here");
    handler_world_init_in(&there.world, &cluster, "there");
    add_events(&here);
    add_events(&there);
    return 0;
}

static int tear_down_two(void **state)
{
    (void)state;
    end(&there);
    end(&here);
    memory_cluster_fini(&cluster);
    return 0;
}

/* As MQTT sessions do; others have no message for it. */
static void about_filter(struct node *node, struct memory_client *client, uint16_t action,
                         const char *filter)
{
    const slice names[] = {slice_of(filter)};
    struct message message = MESSAGE(TOPIC_EVENT, action);
    message_set_names(&message, names, 1);
    const struct handler *handler = event_handler_table(node->events);
    handler->on_message(handler->self, client->session, &message);
    expect_ack(client, TOPIC_EVENT, action, NULL, NULL);
}

static struct memory_client *with_filter(struct node *node, const char *user, const char *filter)
{
    struct memory_client *client = memory_login(&node->world.memory, user);
    about_filter(node, client, EVENT_SUBSCRIBE_FILTER, filter);
    return client;
}

static void emit(struct memory_client *client, const char *name, const char *data)
{
    say_more(client, TOPIC_EVENT, EVENT_EMIT, name, NULL, data);
}

static void expect_event(struct memory_client *client, const char *name, const char *data)
{
    expect_more(client, TOPIC_EVENT, EVENT_EMIT, name, NULL, data);
}

/* ---- one node ---- */

static void an_event_reaches_whose_filter_matches_once(void **state)
{
    (void)state;
    struct memory_client *al = with_filter(&here, "al", "a/+"), *bo = with_filter(&here, "bo", "#"),
                         *cy = with_filter(&here, "cy", "b/#");
    about_filter(&here, al, EVENT_SUBSCRIBE_FILTER, "a/#");
    say_names(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, "0", "a/b", NULL);
    expect_ack(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "0");
    emit(cy, "a/b", "1");
    expect_event(al, "a/b", "1");
    expect_event(bo, "a/b", "1");
    memory_expect_nothing(al);
    memory_expect_nothing(bo);
    memory_expect_nothing(cy);
    about_filter(&here, al, EVENT_UNSUBSCRIBE_FILTER, "a/#");
    about_filter(&here, al, EVENT_UNSUBSCRIBE_FILTER, "a/+");
    emit(cy, "a/b", "2");
    memory_expect_nothing(al);
}

static void an_end_of_a_connection_ends_its_filters(void **state)
{
    (void)state;
    struct memory_client *al = with_filter(&here, "al", "#"),
                         *bo = memory_login(&here.world.memory, "bo");
    memory_disconnect(al);
    emit(bo, "a", "1");
    memory_expect_nothing(al);
}

static enum double_answer refuse_secrets(void *context, const struct ds_permission_request *request)
{
    (void)context;
    if (request->topic == TOPIC_EVENT && request->action == EVENT_SUBSCRIBE &&
        slice_equal(request->name, SLICE("secret")))
        return ANSWER_DENY;
    if (request->action == EVENT_SUBSCRIBE && slice_equal(request->name, SLICE("broken")))
        return ANSWER_UNDECIDED;
    return request->action == EVENT_SUBSCRIBE && slice_equal(request->name, SLICE("later"))
               ? ANSWER_LATER
               : ANSWER_ALLOW;
}

static void nothing_gets_through_that_its_name_would_not_allow(void **state)
{
    (void)state;
    here.world.memory.permission.answer = refuse_secrets;
    struct memory_client *al = with_filter(&here, "al", "#"),
                         *bo = memory_login(&here.world.memory, "bo");
    emit(bo, "secret", "1");
    emit(bo, "broken", "2");
    emit(bo, "open", "3");
    expect_event(al, "open", "3");
    memory_expect_nothing(al);
}

static void what_waits_for_a_decision_keeps_its_place(void **state)
{
    (void)state;
    struct permission_double *permission = &here.world.memory.permission;
    permission->answer = refuse_secrets;
    struct memory_client *al = with_filter(&here, "al", "#"),
                         *cy = with_filter(&here, "cy", "open"),
                         *bo = memory_login(&here.world.memory, "bo");
    emit(bo, "later", "1");
    emit(bo, "open", "2");
    emit(bo, "later", "3");
    memory_expect_nothing(al);
    expect_event(cy, "open", "2");
    assert_true(permission_double_decide(permission, DS_ALLOW));
    expect_event(al, "later", "1");
    expect_event(al, "open", "2");
    memory_expect_nothing(al);
    assert_true(permission_double_decide(permission, DS_DENY));
    emit(bo, "open", "4");
    expect_event(al, "open", "4");
    memory_expect_nothing(al);
}

static void a_decision_may_come_after_the_receiver_and_the_handler_have_gone(void **state)
{
    (void)state;
    here.world.memory.permission.answer = refuse_secrets;
    struct memory_client *al = with_filter(&here, "al", "#"),
                         *bo = memory_login(&here.world.memory, "bo");
    emit(bo, "later", "1");
    memory_disconnect(al);
    emit(bo, "later", "2");
    assert_true(permission_double_decide(&here.world.memory.permission, DS_ALLOW));
    memory_expect_nothing(al);
    with_filter(&here, "cy", "#");
    emit(bo, "later", "3"); /* decided when the world ends */
}

static void other_protocols_have_no_filters(void **state)
{
    (void)state;
    struct memory_client *bo = memory_login(&here.world.memory, "bo");
    say_names(bo, TOPIC_EVENT, EVENT_SUBSCRIBE_FILTER, "0", "#", NULL);
    memory_expect(bo, TOPIC_PARSER, PARSER_UNKNOWN_ACTION);
    emit(bo, "a", "1");
    memory_expect_nothing(bo);
}

/* ---- two nodes ---- */

static void an_event_crosses_the_bus_when_another_node_has_a_filter_for_it(void **state)
{
    (void)state;
    struct memory_client *bo = memory_login(&here.world.memory, "bo"),
                         *al = with_filter(&there, "al", "a/#"),
                         *cy = with_filter(&here, "cy", "a/#");
    emit(bo, "b", "0");
    assert_int_equal(cluster.sent, 0);
    emit(bo, "a/b", "1");
    assert_int_equal(cluster.sent, 1);
    memory_cluster_deliver(&cluster);
    expect_event(al, "a/b", "1");
    expect_event(cy, "a/b", "1");
    say_names(al, TOPIC_EVENT, EVENT_SUBSCRIBE, "0", "a/b", NULL);
    expect_ack(al, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "0");
    emit(bo, "a/b", "2");
    assert_int_equal(cluster.sent, 2);
    memory_cluster_deliver(&cluster);
    expect_event(al, "a/b", "2");
    memory_expect_nothing(al);
    memory_disconnect(al);
    emit(bo, "a/b", "3");
    assert_int_equal(cluster.sent, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ALONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        ALONE(an_event_reaches_whose_filter_matches_once),
        ALONE(an_end_of_a_connection_ends_its_filters),
        ALONE(nothing_gets_through_that_its_name_would_not_allow),
        ALONE(what_waits_for_a_decision_keeps_its_place),
        ALONE(a_decision_may_come_after_the_receiver_and_the_handler_have_gone),
        ALONE(other_protocols_have_no_filters),
#undef ALONE
        cmocka_unit_test_setup_teardown(
            an_event_crosses_the_bus_when_another_node_has_a_filter_for_it, set_up_two,
            tear_down_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
