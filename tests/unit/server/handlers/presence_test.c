/* Presence: behaviour.md 8, and B18. */

#include "handlers/presence.h"
#include "support/handler_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct handler_world world;
static struct presence_handler *presence;

static int set_up(void **state)
{
    (void)state;
    handler_world_init(&world);
    presence = presence_handler_new(&world.services);
    pipeline_add_handler(world.memory.pipeline, TOPIC_PRESENCE, presence_handler_table(presence));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handler_world_leave(&world);
    presence_handler_free(&presence);
    handler_world_fini(&world);
    return 0;
}

static struct memory_client *login(const char *user)
{
    return memory_login(&world.memory, user);
}

static struct memory_client *watcher_of_all(const char *user)
{
    struct memory_client *client = login(user);
    say(client, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE_ALL, NULL);
    expect_ack(client, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE_ALL, NULL, NULL);
    return client;
}

static void a_user_comes_with_the_first_and_goes_with_the_last_connection(void **state)
{
    (void)state;
    struct memory_client *al = watcher_of_all("al");
    struct memory_client *one = login("dave"), *two = login("dave");
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_JOIN_ALL, "dave");
    memory_expect_nothing(al);
    memory_disconnect(one);
    memory_expect_nothing(al);
    memory_disconnect(two);
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_LEAVE_ALL, "dave");
    memory_expect_nothing(al);
}

static void who_subscribes_both_ways_is_told_twice_everybody_first(void **state)
{
    (void)state;
    struct memory_client *al = watcher_of_all("al");
    say_names(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, "5", "dave", "eve", NULL);
    expect_ack(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, NULL, "5");
    struct memory_client *dave = login("dave");
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_JOIN_ALL, "dave");
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_JOIN, "dave");
    memory_disconnect(dave);
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_LEAVE_ALL, "dave");
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_LEAVE, "dave");
    say_names(al, TOPIC_PRESENCE, PRESENCE_UNSUBSCRIBE, "6", "dave", NULL);
    expect_ack(al, TOPIC_PRESENCE, PRESENCE_UNSUBSCRIBE, NULL, "6");
    say(al, TOPIC_PRESENCE, PRESENCE_UNSUBSCRIBE_ALL, NULL);
    expect_ack(al, TOPIC_PRESENCE, PRESENCE_UNSUBSCRIBE_ALL, NULL, NULL);
    login("dave");
    memory_expect_nothing(al);
}

static void who_subscribes_to_a_user_hears_of_no_other(void **state)
{
    (void)state;
    struct memory_client *al = login("al");
    say_names(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, "5", "dave", NULL);
    expect_ack(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, NULL, "5");
    login("eve");
    memory_expect_nothing(al);
    login("dave");
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_JOIN, "dave");
    memory_expect_nothing(al);
}

static void repeated_subscriptions_are_refused_then_acknowledged(void **state)
{
    (void)state;
    struct memory_client *al = watcher_of_all("al");
    say_more(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE_ALL, NULL, "9", NULL);
    expect_refusal(al, TOPIC_PRESENCE, PRESENCE_MULTIPLE_SUBSCRIPTIONS, "%_EVERYONE_%", NULL,
                   PRESENCE_SUBSCRIBE_ALL, false);
    expect_ack(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE_ALL, NULL, NULL);
    say_names(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, "1", "dave", "dave", NULL);
    expect_refusal(al, TOPIC_PRESENCE, PRESENCE_MULTIPLE_SUBSCRIPTIONS, "dave", NULL,
                   PRESENCE_SUBSCRIBE, false);
    expect_ack(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, NULL, "1");
    memory_expect_nothing(al);
}

static void B18_nobody_in_particular_is_never_online(void **state)
{
    (void)state;
    struct memory_client *al = watcher_of_all("al");
    struct memory_client *lower = login("open"), *upper = login("OPEN"), *none = login("");
    say(al, TOPIC_PRESENCE, PRESENCE_QUERY_ALL, NULL);
    assert_int_equal(memory_expect(al, TOPIC_PRESENCE, PRESENCE_QUERY_ALL_RESPONSE)->name_count, 0);
    say_names(al, TOPIC_PRESENCE, PRESENCE_QUERY, "1", "open", "OPEN", NULL);
    expect_more(al, TOPIC_PRESENCE, PRESENCE_QUERY_RESPONSE, NULL, "1",
                "{\"open\":false,\"OPEN\":false}");
    memory_disconnect(lower);
    memory_disconnect(upper);
    memory_disconnect(none);
    memory_expect_nothing(al);
}

static void a_query_of_all_names_everybody_but_the_asker(void **state)
{
    (void)state;
    struct memory_client *al = login("al");
    login("al");
    login("dave");
    login("eve");
    say_more(al, TOPIC_PRESENCE, PRESENCE_QUERY_ALL, NULL, "3", NULL);
    const struct message *reply = memory_expect(al, TOPIC_PRESENCE, PRESENCE_QUERY_ALL_RESPONSE);
    assert_false(MESSAGE_HAS(reply, correlation_id));
    assert_int_equal(reply->name_count, 2);
    bool dave_first = slice_equal(reply->names[0], SLICE("dave"));
    assert_true(dave_first || slice_equal(reply->names[1], SLICE("dave")));
    assert_true(slice_equal(reply->names[dave_first ? 1 : 0], SLICE("eve")));
}

/* The double of authentication takes the id as it stands in its JSON, so with the backslash. */
#define ODD_ID "z\\\"\xc3\xa4"
#define ODD_ID_AS_JSON "z\\\\\\\"\xc3\xa4"

static void a_query_answers_in_the_order_asked_each_once(void **state)
{
    (void)state;
    struct memory_client *al = login("al");
    login(ODD_ID);
    say_names(al, TOPIC_PRESENCE, PRESENCE_QUERY, "id", ODD_ID, "nobody", "al", ODD_ID, NULL);
    expect_more(al, TOPIC_PRESENCE, PRESENCE_QUERY_RESPONSE, NULL, "id",
                "{\"" ODD_ID_AS_JSON "\":true,\"nobody\":false,\"al\":true}");
    memory_expect_nothing(al);
}

static void the_name_for_everybody_is_no_user(void **state)
{
    (void)state;
    struct memory_client *al = login("al"), *all = watcher_of_all("cy");
    say_names(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, "1", "%_EVERYONE_%", NULL);
    expect_refusal(al, TOPIC_PRESENCE, PRESENCE_INVALID_PRESENCE_USERS, NULL, "1",
                   PRESENCE_SUBSCRIBE, true);
    login("dave");
    memory_expect_nothing(al);
    expect_name(all, TOPIC_PRESENCE, PRESENCE_PRESENCE_JOIN_ALL, "dave");
    login("%_EVERYONE_%");
    expect_name(all, TOPIC_PRESENCE, PRESENCE_PRESENCE_JOIN_ALL, "%_EVERYONE_%");
    memory_expect_nothing(all);
}

static void who_leaves_does_not_hear_of_it(void **state)
{
    (void)state;
    struct memory_client *al = watcher_of_all("al");
    say_names(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, "1", "al", NULL);
    expect_ack(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE, NULL, "1");
    struct memory_client *bo = watcher_of_all("bo");
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_JOIN_ALL, "bo");
    memory_disconnect(al);
    memory_expect_nothing(al);
    expect_name(bo, TOPIC_PRESENCE, PRESENCE_PRESENCE_LEAVE_ALL, "al");
}

static void a_user_on_two_nodes_comes_and_goes_once(void **state)
{
    (void)state;
    struct memory_cluster cluster;
    struct handler_world worlds[2];
    struct presence_handler *handlers[2];
    const char *const servers[] = {"a", "b"};
    memory_cluster_init(&cluster);
    for (size_t i = 0; i < 2; i++) {
        handler_world_init_in(&worlds[i], &cluster, servers[i]);
        handlers[i] = presence_handler_new(&worlds[i].services);
        pipeline_add_handler(worlds[i].memory.pipeline, TOPIC_PRESENCE,
                             presence_handler_table(handlers[i]));
    }
    struct memory_client *al = memory_login(&worlds[0].memory, "al");
    say(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE_ALL, NULL);
    expect_ack(al, TOPIC_PRESENCE, PRESENCE_SUBSCRIBE_ALL, NULL, NULL);
    struct memory_client *there = memory_login(&worlds[1].memory, "dave"),
                         *here = memory_login(&worlds[0].memory, "dave");
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_JOIN_ALL, "dave");
    say_names(al, TOPIC_PRESENCE, PRESENCE_QUERY, "1", "dave", NULL);
    expect_more(al, TOPIC_PRESENCE, PRESENCE_QUERY_RESPONSE, NULL, "1", "{\"dave\":true}");
    memory_disconnect(there);
    memory_expect_nothing(al);
    memory_disconnect(here);
    expect_name(al, TOPIC_PRESENCE, PRESENCE_PRESENCE_LEAVE_ALL, "dave");
    memory_expect_nothing(al);
    assert_int_equal(cluster.sent, 0);

    for (size_t i = 0; i < 2; i++) {
        handler_world_leave(&worlds[i]);
        presence_handler_free(&handlers[i]);
        handler_world_fini(&worlds[i]);
    }
    memory_cluster_fini(&cluster);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_user_comes_with_the_first_and_goes_with_the_last_connection),
        TEST(who_subscribes_both_ways_is_told_twice_everybody_first),
        TEST(who_subscribes_to_a_user_hears_of_no_other),
        TEST(repeated_subscriptions_are_refused_then_acknowledged),
        TEST(B18_nobody_in_particular_is_never_online),
        TEST(a_query_of_all_names_everybody_but_the_asker),
        TEST(a_query_answers_in_the_order_asked_each_once),
        TEST(the_name_for_everybody_is_no_user),
        TEST(who_leaves_does_not_hear_of_it),
        TEST(a_user_on_two_nodes_comes_and_goes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
