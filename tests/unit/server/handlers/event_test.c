/* Events: behaviour.md 4, and what must not get through (F16). */

#include "handlers/event.h"
#include "support/handler_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct listen_settings LISTEN = {.response_timeout_ms = 500};
static struct handler_world world;
static struct event_handler *events;

static int set_up(void **state)
{
    (void)state;
    handler_world_init(&world);
    events = event_handler_new(&world.services, &LISTEN);
    pipeline_add_handler(world.memory.pipeline, TOPIC_EVENT, event_handler_table(events));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handler_world_leave(&world);
    event_handler_free(&events);
    handler_world_fini(&world);
    return 0;
}

static struct memory_client *subscriber(const char *user, const char *name)
{
    struct memory_client *client = memory_login(&world.memory, user);
    say_names(client, TOPIC_EVENT, EVENT_SUBSCRIBE, "0", name, NULL);
    expect_ack(client, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "0");
    return client;
}

static void an_event_reaches_every_subscriber_but_its_author(void **state)
{
    (void)state;
    struct memory_client *bo = subscriber("bo", "news"), *al = subscriber("al", "news"),
                         *cy = subscriber("cy", "sport");
    say_more(bo, TOPIC_EVENT, EVENT_EMIT, "news", NULL, "{\"a\":1}");
    expect_more(al, TOPIC_EVENT, EVENT_EMIT, "news", NULL, "{\"a\":1}");
    say(cy, TOPIC_EVENT, EVENT_EMIT, "news");
    expect_name(al, TOPIC_EVENT, EVENT_EMIT, "news");
    expect_name(bo, TOPIC_EVENT, EVENT_EMIT, "news");
    memory_expect_nothing(bo);
    memory_expect_nothing(cy);
}

static void an_event_that_nobody_wants_is_answered_with_nothing(void **state)
{
    (void)state;
    struct memory_client *bo = memory_login(&world.memory, "bo");
    say_more(bo, TOPIC_EVENT, EVENT_EMIT, "news", NULL, "1");
    memory_expect_nothing(bo);
}

static void F16_nothing_but_name_and_data_is_passed_on(void **state)
{
    (void)state;
    const slice names[] = {SLICE("forged")};
    struct memory_client *bo = memory_login(&world.memory, "bo"), *al = subscriber("al", "news");
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, SLICE("news"));
    MESSAGE_SET(&message, data, SLICE("1"));
    MESSAGE_SET(&message, correlation_id, SLICE("0"));
    MESSAGE_SET(&message, is_ack, true);
    MESSAGE_SET(&message, is_error, true);
    MESSAGE_SET(&message, subscription, SLICE("forged"));
    MESSAGE_SET(&message, original_action, EVENT_SUBSCRIBE);
    message_set_names(&message, names, 1);
    memory_send(bo, &message);
    expect_more(al, TOPIC_EVENT, EVENT_EMIT, "news", NULL, "1");
    assert_int_equal(al->sent.items[al->taken - 1]->name_count, 0);
}

static void a_second_subscription_is_told_before_the_acknowledgement(void **state)
{
    (void)state;
    struct memory_client *bo = subscriber("bo", "news");
    say_names(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, "1", "news", "sport", NULL);
    expect_refusal(bo, TOPIC_EVENT, EVENT_MULTIPLE_SUBSCRIPTIONS, "news", NULL, EVENT_SUBSCRIBE,
                   false);
    expect_ack(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "1");
    memory_expect_nothing(bo);
}

static void B19_unsubscribing_from_what_never_was_is_acknowledged(void **state)
{
    (void)state;
    struct memory_client *bo = subscriber("bo", "news");
    say_names(bo, TOPIC_EVENT, EVENT_UNSUBSCRIBE, "2", "news", "never", NULL);
    expect_ack(bo, TOPIC_EVENT, EVENT_UNSUBSCRIBE, NULL, "2");
    struct memory_client *al = memory_login(&world.memory, "al");
    say(al, TOPIC_EVENT, EVENT_EMIT, "news");
    memory_expect_nothing(bo);
}

static void who_has_left_gets_nothing(void **state)
{
    (void)state;
    struct memory_client *bo = subscriber("bo", "news"), *al = subscriber("al", "news");
    struct memory_client *cy = memory_login(&world.memory, "cy");
    memory_disconnect(bo);
    say(cy, TOPIC_EVENT, EVENT_EMIT, "news");
    expect_name(al, TOPIC_EVENT, EVENT_EMIT, "news");
    memory_expect_nothing(bo);
}

static void events_stay_in_the_order_of_their_author(void **state)
{
    (void)state;
    struct memory_client *bo = memory_login(&world.memory, "bo"), *al = subscriber("al", "news");
    const char *const data[] = {"1", "2", "3"};
    for (size_t i = 0; i < 3; i++)
        say_more(bo, TOPIC_EVENT, EVENT_EMIT, "news", NULL, data[i]);
    for (size_t i = 0; i < 3; i++)
        expect_more(al, TOPIC_EVENT, EVENT_EMIT, "news", NULL, data[i]);
}

static enum double_answer deny_bad_names(void *context, const struct ds_permission_request *request)
{
    (void)context;
    return slice_starts_with(request->name, SLICE("deny")) ? ANSWER_DENY : ANSWER_ALLOW;
}

static void a_denied_name_of_many_is_not_subscribed_and_the_others_are(void **state)
{
    (void)state;
    world.memory.permission.answer = deny_bad_names;
    struct memory_client *bo = memory_login(&world.memory, "bo"),
                         *al = memory_login(&world.memory, "al");
    say_names(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, "1", "deny/1", "ok1", NULL);
    expect_refusal(bo, TOPIC_EVENT, EVENT_MESSAGE_DENIED, "deny/1", "1", EVENT_SUBSCRIBE, true);
    expect_ack(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "1");
    say_names(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, "2", "deny/1", NULL);
    expect_refusal(bo, TOPIC_EVENT, EVENT_MESSAGE_DENIED, "deny/1", "2", EVENT_SUBSCRIBE, true);
    memory_expect_nothing(bo);

    world.memory.permission.answer = NULL;
    say(al, TOPIC_EVENT, EVENT_EMIT, "deny/1");
    memory_expect_nothing(bo);
    say(al, TOPIC_EVENT, EVENT_EMIT, "ok1");
    expect_name(bo, TOPIC_EVENT, EVENT_EMIT, "ok1");
}

static void an_event_crosses_the_bus_once_and_comes_to_subscribers_there(void **state)
{
    (void)state;
    struct memory_cluster cluster;
    struct handler_world worlds[3];
    struct event_handler *handlers[3];
    const char *const servers[] = {"a", "b", "c"};
    memory_cluster_init(&cluster);
    for (size_t i = 0; i < 3; i++) {
        handler_world_init_in(&worlds[i], &cluster, servers[i]);
        handlers[i] = event_handler_new(&worlds[i].services, &LISTEN);
        pipeline_add_handler(worlds[i].memory.pipeline, TOPIC_EVENT,
                             event_handler_table(handlers[i]));
    }
    struct memory_client *bo = memory_login(&worlds[0].memory, "bo"),
                         *al = memory_login(&worlds[1].memory, "al");
    say_more(bo, TOPIC_EVENT, EVENT_EMIT, "news", NULL, "1");
    assert_int_equal(cluster.sent, 0);
    say_names(al, TOPIC_EVENT, EVENT_SUBSCRIBE, "0", "news", NULL);
    expect_ack(al, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "0");
    say_more(bo, TOPIC_EVENT, EVENT_EMIT, "news", NULL, "2");
    memory_cluster_deliver(&cluster);
    expect_more(al, TOPIC_EVENT, EVENT_EMIT, "news", NULL, "2");
    memory_expect_nothing(al);
    assert_int_equal(cluster.sent, 1);

    for (size_t i = 0; i < 3; i++) {
        handler_world_leave(&worlds[i]);
        event_handler_free(&handlers[i]);
        handler_world_fini(&worlds[i]);
    }
    memory_cluster_fini(&cluster);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_reaches_every_subscriber_but_its_author),
        TEST(an_event_that_nobody_wants_is_answered_with_nothing),
        TEST(F16_nothing_but_name_and_data_is_passed_on),
        TEST(a_second_subscription_is_told_before_the_acknowledgement),
        TEST(B19_unsubscribing_from_what_never_was_is_acknowledged),
        TEST(who_has_left_gets_nothing),
        TEST(events_stay_in_the_order_of_their_author),
        TEST(a_denied_name_of_many_is_not_subscribed_and_the_others_are),
        TEST(an_event_crosses_the_bus_once_and_comes_to_subscribers_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
